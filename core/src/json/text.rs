//! A JSON string as it stands in its text, unescaped only where somebody needs it.

use core::fmt;

/// The inside of a JSON string, borrowed, its escapes already known to be good.
///
/// Most strings in tokens hold no escape and are plain `&str`s; those that do are compared and read through
/// [`chars`](Self::chars), so that nothing is copied.
#[derive(Clone, Copy)]
pub struct JsonStr<'a> {
    pub(super) raw: &'a str,
    pub(super) spelling: Spelling,
}

/// Whether a string holds escapes. A whole word, so that nothing is copied that nobody wrote: behind a `bool` the
/// seven bytes of padding went along with every string, and each copy waited for the store before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Spelling {
    Plain,
    Escaped,
}

impl<'a> JsonStr<'a> {
    /// A string that holds no escape.
    #[inline]
    pub(crate) const fn plain(raw: &'a str) -> Self {
        Self { raw, spelling: Spelling::Plain }
    }

    const fn is_escaped(&self) -> bool {
        matches!(self.spelling, Spelling::Escaped)
    }

    /// The string, where it holds no escape.
    #[must_use]
    pub const fn as_plain(&self) -> Option<&'a str> {
        if self.is_escaped() { None } else { Some(self.raw) }
    }

    /// Its characters, unescaped (RFC 8259 §7).
    #[must_use]
    pub const fn chars(&self) -> Chars<'a> {
        Chars { rest: self.raw, escaped: self.is_escaped() }
    }

    /// The string as written, escapes and all, without its quotes.
    #[cfg(feature = "alloc")]
    pub(crate) const fn as_written(&self) -> &'a str {
        self.raw
    }

    /// Its parts between spaces, empty ones left out.
    pub(crate) fn split_spaces(self) -> impl Iterator<Item = JsonStr<'a>> {
        let mut rest = Some(self.raw);
        let parts = core::iter::from_fn(move || {
            let raw = rest?;
            let (part, behind) =
                raw.split_at_checked(if self.is_escaped() { space(raw) } else { plain_space(raw) })?;
            rest = behind.strip_prefix(' ').or_else(|| behind.strip_prefix(ESCAPED_SPACE));
            Some(JsonStr { raw: part, spelling: self.spelling })
        });
        parts.filter(|part| !part.is_empty())
    }

    /// Whether it is the empty string.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// The length in bytes as written, escapes included: never less than the unescaped length.
    #[must_use]
    pub const fn written_len(&self) -> usize {
        self.raw.len()
    }

    /// The length in bytes once unescaped.
    pub(crate) fn unescaped_len(&self) -> usize {
        match self.as_plain() {
            Some(plain) => plain.len(),
            None => self.chars().map(char::len_utf8).sum(),
        }
    }

    /// The string, copied only where it holds an escape.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn to_cow(&self) -> alloc::borrow::Cow<'a, str> {
        match self.as_plain() {
            Some(plain) => alloc::borrow::Cow::Borrowed(plain),
            None => alloc::borrow::Cow::Owned(self.chars().collect()),
        }
    }
}

impl PartialEq<str> for JsonStr<'_> {
    /// Byte for byte after unescaping. Not constant-time: for public names and values only. Inlined, so that a literal
    /// is compared as the word or two it is.
    #[inline]
    fn eq(&self, other: &str) -> bool {
        if self.is_escaped() { self.chars().eq(other.chars()) } else { self.raw == other }
    }
}

impl PartialEq for JsonStr<'_> {
    fn eq(&self, other: &Self) -> bool {
        if self.is_escaped() || other.is_escaped() {
            self.chars().eq(other.chars())
        } else {
            self.raw == other.raw
        }
    }
}

impl fmt::Debug for JsonStr<'_> {
    /// Its length alone: what it says is somebody's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonStr({} bytes)", self.raw.len())
    }
}

impl fmt::Display for JsonStr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        match self.as_plain() {
            Some(plain) => f.write_str(plain),
            None => self.chars().try_for_each(|c| f.write_char(c)),
        }
    }
}

/// The unescaped characters of a [`JsonStr`].
#[derive(Clone, Debug)]
pub struct Chars<'a> {
    rest: &'a str,
    escaped: bool,
}

impl Iterator for Chars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let first = chars.next()?;
        self.rest = chars.as_str();
        if !self.escaped || first != '\\' {
            return Some(first);
        }
        let (unescaped, used) = unescape(self.rest)?;
        self.rest = self.rest.get(used..)?;
        Some(unescaped)
    }
}

/// The one other way to write a space.
const ESCAPED_SPACE: &str = "\\u0020";

fn plain_space(raw: &str) -> usize {
    raw.find(' ').unwrap_or(raw.len())
}

/// Where the first space is, however it is written; the end where there is none.
fn space(raw: &str) -> usize {
    let mut at = 0;
    while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(' ') || rest.starts_with(ESCAPED_SPACE) {
            return at;
        }
        // A backslash takes the next byte with it, so that an escaped one begins no escape.
        at += if rest.starts_with('\\') { 2 } else { rest.chars().next().map_or(1, char::len_utf8) };
    }
    raw.len()
}

/// What the escape whose text begins just behind its backslash stands for, and how many bytes it takes there.
/// `None` is an escape that RFC 8259 does not know, or a lone surrogate.
pub(super) fn unescape(rest: &str) -> Option<(char, usize)> {
    let simple = match *rest.as_bytes().first()? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let high = hex4(rest.get(1..5)?)?;
            if !(0xD800..=0xDFFF).contains(&high) {
                return Some((char::from_u32(high)?, 5));
            }
            // RFC 8259 §7: beyond the basic plane, two escapes make one character; alone, neither is one.
            let low = hex4(rest.get(5..11)?.strip_prefix("\\u")?)?;
            if high >= 0xDC00 || !(0xDC00..=0xDFFF).contains(&low) {
                return None;
            }
            return Some((char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))?, 11));
        }
        _ => return None,
    };
    Some((simple, 1))
}

fn hex4(digits: &str) -> Option<u32> {
    digits.bytes().try_fold(0_u32, |value, digit| Some(value << 4 | char::from(digit).to_digit(16)?))
}

#[cfg(all(test, feature = "std"))]
mod space_tests {
    use super::{JsonStr, Spelling};
    use std::string::ToString as _;
    use std::vec::Vec;

    #[test]
    fn spaces_separate_however_they_are_written() {
        let words = |raw| {
            let spelling = if str::contains(raw, '\\') { Spelling::Escaped } else { Spelling::Plain };
            JsonStr { raw, spelling }.split_spaces().map(|w| w.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(words(" a  b "), ["a", "b"]);
        assert_eq!(words(r"a\u0020b\u0020\u0020c \u00e9"), ["a", "b", "c", "é"]);
        assert_eq!(words(r"a\\u0020b"), [r"a\u0020b"], "an escaped backslash begins no escape");
        assert!(words("").is_empty() && words("   ").is_empty());
    }
}
