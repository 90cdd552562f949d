//! The reader itself: one pass over the bytes, a value at a time.

use super::names::{MAX_ESCAPED_NAME, MAX_MEMBERS, Names, pack, pack_short};
use super::text::{Spelling, unescape};
use super::{JsonError, JsonStr, Number, Value};

/// How far the reader goes: nesting, and members an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Depth {
    /// Levels of nesting still allowed below here.
    pub(crate) left: usize,
    /// The bound on members where names are checked; `None` leaves nested objects' names unchecked.
    pub(crate) members: Option<usize>,
}

impl Depth {
    #[inline]
    pub(crate) fn deeper(self) -> Result<Self, JsonError> {
        let left = self.left.checked_sub(1).ok_or(JsonError::TooDeep)?;
        Ok(Self { left, ..self })
    }
}

/// A place in a JSON text. What is not inlined takes text and place and gives the place behind: a reader whose address
/// somebody had would live in memory, every step a store and a load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

const HIGH: u64 = 0x8080_8080_8080_8080;
const LOW: u64 = 0x0101_0101_0101_0101;

/// Where in the eight bytes of `word`, the first in its lowest byte, the plain run of string bytes ends: at a quote, a
/// backslash or a control character; 8 where there is none.
#[inline]
const fn first_stop(word: u64) -> usize {
    // With this bit turned over the quote is 0x20 and control characters stay below it: one comparison for both. Bits
    // above the first hit may be wrong (the usual borrow), the lowest is right.
    let low = word ^ (LOW * 0x02);
    let slash = word ^ (LOW * 0x5C);
    let stops = ((low.wrapping_sub(LOW * 0x21) & !low) | (slash.wrapping_sub(LOW) & !slash)) & HIGH;
    (stops.trailing_zeros() / 8) as usize
}

/// Whether all eight bytes are decimal digits: 3 is the high half of each, also when 6 is added.
#[inline]
pub(super) const fn eight_digits(word: u64) -> bool {
    const HALVES: u64 = LOW * 0xF0;
    word & HALVES == LOW * 0x30 && word.wrapping_add(LOW * 6) & HALVES == LOW * 0x30
}

/// What kind of value a [`Raw`] is. A whole word, as [`Spelling`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum RawKind {
    Plain,
    Escaped,
    Number,
    Array,
    Object,
    True,
    False,
    Null,
}

/// A value on its way to who asked for it: what it is, and its text, of a string without the quotes. Three whole words,
/// whatever it is. As a [`Value`], the pointer of every string went through the one byte of a `bool` and seven others, and
/// was stored in four pieces.
#[derive(Clone, Copy)]
pub(crate) struct Raw<'a> {
    kind: RawKind,
    text: &'a str,
}

impl<'a> Raw<'a> {
    #[inline(always)]
    const fn of(text: JsonStr<'a>) -> Self {
        let kind = match text.spelling {
            Spelling::Plain => RawKind::Plain,
            Spelling::Escaped => RawKind::Escaped,
        };
        Self { kind, text: text.raw }
    }

    /// The string, if it is one.
    #[inline(always)]
    pub(crate) const fn as_str(self) -> Option<JsonStr<'a>> {
        match self.kind {
            RawKind::Plain => Some(JsonStr { raw: self.text, spelling: Spelling::Plain }),
            RawKind::Escaped => Some(JsonStr { raw: self.text, spelling: Spelling::Escaped }),
            _ => None,
        }
    }

    /// The number, if it is one.
    #[inline(always)]
    pub(crate) const fn as_number(self) -> Option<Number<'a>> {
        if matches!(self.kind, RawKind::Number) { Some(Number(self.text)) } else { None }
    }

    #[inline]
    pub(crate) const fn value(self) -> Value<'a> {
        match self.kind {
            RawKind::Plain => Value::String(JsonStr::plain(self.text)),
            RawKind::Escaped => Value::String(JsonStr { raw: self.text, spelling: Spelling::Escaped }),
            RawKind::Number => Value::Number(Number(self.text)),
            RawKind::Array => Value::Array(self.text),
            RawKind::Object => Value::Object(self.text),
            RawKind::True => Value::Bool(true),
            RawKind::False => Value::Bool(false),
            RawKind::Null => Value::Null,
        }
    }
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    #[inline(always)]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline(always)]
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or(&[])
    }

    /// The next byte that is not white space (RFC 8259 §2), left in place.
    #[inline(always)]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        if let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte() {
            self.at = behind_space(self.text, self.at);
        }
        self.byte()
    }

    /// Takes `expected`, which is no white space, if it is the next byte that is none.
    #[inline(always)]
    pub(crate) fn take(&mut self, expected: u8) -> bool {
        if self.byte() != Some(expected) && self.peek() != Some(expected) {
            return false;
        }
        self.at += 1;
        true
    }

    #[inline(always)]
    fn need(&mut self, expected: u8) -> Result<(), JsonError> {
        if self.take(expected) { Ok(()) } else { Err(JsonError::Syntax) }
    }

    /// Nothing but white space is left.
    #[inline]
    pub(crate) fn end(mut self) -> Result<(), JsonError> {
        if self.peek().is_none() { Ok(()) } else { Err(JsonError::Syntax) }
    }

    /// The text from `start` to here.
    #[inline(always)]
    fn since(&self, start: usize) -> Result<&'a str, JsonError> {
        self.text.get(start..self.at).ok_or(JsonError::Syntax)
    }

    /// Where the plain run of string bytes that begins here ends.
    #[inline(always)]
    fn plain_end(&self) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
            let stop = first_stop(u64::from_le_bytes(*chunk));
            at += stop;
            if stop < 8 {
                return at;
            }
        }
        last_plain_end(bytes, at)
    }

    /// A string whose opening quote was taken.
    #[inline(always)]
    fn string(&mut self) -> Result<JsonStr<'a>, JsonError> {
        let start = self.at;
        self.at = self.plain_end();
        if self.byte() != Some(b'"') {
            let (text, at) = escaped_string(self.text, start, self.at)?;
            self.at = at;
            return Ok(text);
        }
        let raw = self.since(start)?;
        self.at += 1;
        Ok(JsonStr::plain(raw))
    }

    /// A member's name whose opening quote was taken, and its packed word (see [`pack`]).
    #[inline(always)]
    fn name(&mut self) -> Result<(JsonStr<'a>, u64), JsonError> {
        // Nearly every name in a token has at most seven bytes: one load finds its end and packs it.
        if let Some(chunk) = self.rest().first_chunk::<8>() {
            let word = u64::from_le_bytes(*chunk);
            let len = first_stop(word);
            if chunk.get(len) == Some(&b'"')
                && let Some(packed) = pack_short(word, len)
            {
                // Never the default, for both ends are beside a quote; and nothing at all where nobody asks for it.
                let raw = self.text.get(self.at..self.at + len).unwrap_or_default();
                self.at += len + 1;
                return Ok((JsonStr::plain(raw), packed));
            }
        }
        let (name, packed, at) = long_name(self.text, self.at)?;
        self.at = at;
        Ok((name, packed))
    }

    #[inline]
    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while let Some(chunk) = self.rest().first_chunk::<8>()
            && eight_digits(u64::from_le_bytes(*chunk))
        {
            self.at += 8;
        }
        while let Some(b'0'..=b'9') = self.byte() {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(JsonError::Syntax) }
    }

    #[inline]
    fn number(&mut self) -> Result<(), JsonError> {
        self.at += usize::from(self.byte() == Some(b'-'));
        match self.byte() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn literal(&mut self, word: &str) -> Result<(), JsonError> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(JsonError::Syntax);
        }
        self.at += word.len();
        Ok(())
    }

    /// One value of any kind. `depth.left` counts the levels it may open.
    ///
    /// Strings are read in place, always: handed back through memory, each stalled a load that overlapped two
    /// stores.
    #[inline(always)]
    pub(crate) fn raw(&mut self, depth: Depth) -> Result<Raw<'a>, JsonError> {
        if self.take(b'"') {
            return Ok(Raw::of(self.string()?));
        }
        let (raw, at) = other_value(self.text, self.at, depth)?;
        self.at = at;
        Ok(raw)
    }

    /// A nested object of which only the correctness matters.
    fn skip_object(&mut self, depth: Depth) -> Result<(), JsonError> {
        let Some(bound) = depth.members else {
            let mut more = self.opens()?;
            while more {
                self.need(b'"')?;
                self.string()?;
                self.need(b':')?;
                self.raw(depth)?;
                more = self.goes_on()?;
            }
            return Ok(());
        };
        let mut names = Names::new();
        let mut more = self.opens()?;
        while more {
            self.need(b'"')?;
            names.insert(self.name()?.1, bound)?;
            self.need(b':')?;
            self.raw(depth)?;
            more = self.goes_on()?;
        }
        Ok(())
    }

    /// Takes an object's opening brace; whether a member follows. Then each is read by [`member`](Self::member), and
    /// [`goes_on`](Self::goes_on) asked behind it.
    #[inline(always)]
    pub(crate) fn opens(&mut self) -> Result<bool, JsonError> {
        self.need(b'{')?;
        Ok(!self.take(b'}'))
    }

    /// Whether another member follows, its comma taken; else the closing brace is.
    #[inline(always)]
    pub(crate) fn goes_on(&mut self) -> Result<bool, JsonError> {
        if self.take(b',') {
            return Ok(true);
        }
        self.need(b'}')?;
        Ok(false)
    }

    /// A member's name and colon: the name and its packed word (see [`pack`]).
    #[inline(always)]
    pub(crate) fn member(&mut self) -> Result<(JsonStr<'a>, u64), JsonError> {
        self.need(b'"')?;
        let name = self.name()?;
        self.need(b':')?;
        Ok(name)
    }

    /// The items of an array, in order.
    #[inline]
    pub(crate) fn array<E: From<JsonError>>(
        &mut self,
        depth: Depth,
        mut item: impl FnMut(Raw<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.need(b'[')?;
        if self.take(b']') {
            return Ok(());
        }
        loop {
            item(self.raw(depth)?)?;
            if !self.take(b',') {
                return Ok(self.need(b']')?);
            }
        }
    }
}

/// Apart, because tokens hold no white space.
#[cold]
#[inline(never)]
fn behind_space(text: &str, at: usize) -> usize {
    let mut reader = Reader { text, at };
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = reader.byte() {
        reader.at += 1;
    }
    reader.at
}

/// A name that is not plain and short, its packed word, and the place behind it.
#[inline(never)]
fn long_name(text: &str, at: usize) -> Result<(JsonStr<'_>, u64, usize), JsonError> {
    let mut reader = Reader { text, at };
    let name = reader.string()?;
    if name.as_plain().is_none() && name.written_len() > MAX_ESCAPED_NAME {
        return Err(JsonError::Syntax);
    }
    Ok((name, pack(&name), reader.at))
}

/// A string from `start` of which all is plain up to `at`, and the place behind it.
#[cold]
#[inline(never)]
fn escaped_string(text: &str, start: usize, at: usize) -> Result<(JsonStr<'_>, usize), JsonError> {
    let mut reader = Reader { text, at };
    loop {
        match reader.byte() {
            Some(b'"') => {
                let raw = reader.since(start)?;
                return Ok((JsonStr { raw, spelling: Spelling::Escaped }, reader.at + 1));
            }
            Some(b'\\') => {
                let rest = text.get(reader.at + 1..).ok_or(JsonError::Syntax)?;
                let (_, used) = unescape(rest).ok_or(JsonError::Syntax)?;
                reader.at += 1 + used;
                reader.at = reader.plain_end();
            }
            _ => return Err(JsonError::Syntax),
        }
    }
}

/// A value that is no string, and the place behind it.
fn other_value(text: &str, at: usize, depth: Depth) -> Result<(Raw<'_>, usize), JsonError> {
    let mut reader = Reader { text, at };
    let kind = match reader.byte().ok_or(JsonError::Syntax)? {
        b'-' | b'0'..=b'9' => {
            reader.number()?;
            RawKind::Number
        }
        b'{' => {
            reader.skip_object(depth.deeper()?)?;
            RawKind::Object
        }
        b'[' => {
            reader.array(depth.deeper()?, |_| Ok::<_, JsonError>(()))?;
            RawKind::Array
        }
        b't' => {
            reader.literal("true")?;
            RawKind::True
        }
        b'f' => {
            reader.literal("false")?;
            RawKind::False
        }
        b'n' => {
            reader.literal("null")?;
            RawKind::Null
        }
        _ => return Err(JsonError::Syntax),
    };
    Ok((Raw { kind, text: reader.since(at)? }, reader.at))
}

/// Where the plain run that begins at `at` ends, fewer than eight bytes being left: the last eight are looked at again.
#[inline(always)]
fn last_plain_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or(&[]);
    match bytes.last_chunk() {
        // What was read before goes out below, and zeros come in above: the end of the text is a stop.
        Some(last) if (1..8).contains(&rest.len()) => {
            at + first_stop(u64::from_le_bytes(*last) >> (64 - 8 * rest.len()))
        }
        _ => at + rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F)).unwrap_or(rest.len()),
    }
}

/// The members of one object that is a whole text, one by one. Every name, here and below, is checked against the others
/// of its object.
///
/// A loop over it rather than a closure in it: what a closure is given went through memory.
pub(crate) struct Members<'a> {
    reader: Reader<'a>,
    depth: Depth,
    bound: usize,
    names: Names,
    opened: bool,
}

impl<'a> Members<'a> {
    #[inline(always)]
    pub(crate) fn of(text: &'a str, depth: Depth) -> Result<Self, JsonError> {
        let mut reader = Reader::new(text);
        if reader.peek() != Some(b'{') {
            reader.raw(depth)?;
            return Err(JsonError::NotAnObject);
        }
        let depth = depth.deeper()?;
        let bound = depth.members.unwrap_or(MAX_MEMBERS);
        Ok(Self { reader, depth, bound, names: Names::new(), opened: false })
    }

    /// Whether there is another, to be read by [`read`](Self::read); if not, nothing but white space follows the object.
    #[inline(always)]
    pub(crate) fn more(&mut self) -> Result<bool, JsonError> {
        let more = if self.opened { self.reader.goes_on()? } else { self.reader.opens()? };
        self.opened = true;
        if !more {
            self.reader.end()?;
        }
        Ok(more)
    }

    /// A member: its name, its packed word (see [`pack`]), its value.
    #[inline(always)]
    pub(crate) fn read(&mut self) -> Result<(JsonStr<'a>, u64, Raw<'a>), JsonError> {
        let (name, packed) = self.reader.member()?;
        self.names.insert(packed, self.bound)?;
        Ok((name, packed, self.reader.raw(self.depth)?))
    }
}

/// Reads `text` as one object and nothing else, as [`Members`] does; `member` gets each with its packed word.
#[inline]
pub(crate) fn object_members<'a, E: From<JsonError>>(
    text: &'a str,
    depth: Depth,
    mut member: impl FnMut(u64, JsonStr<'a>, Value<'a>) -> Result<(), E>,
) -> Result<(), E> {
    let mut members = Members::of(text, depth)?;
    while members.more()? {
        let (name, packed, raw) = members.read()?;
        member(packed, name, raw.value())?;
    }
    Ok(())
}

/// The items of an array's text that a [`Reader`] has already checked.
pub(crate) fn array_items<'a>(text: &'a str, mut item: impl FnMut(Value<'a>)) {
    let depth = Depth { left: usize::MAX, members: None };
    // Checked before, so the only way this ends early is at its end.
    let _: Result<(), JsonError> = Reader::new(text).array(depth, |value| {
        item(value.value());
        Ok(())
    });
}

#[cfg(test)]
mod tests {
    use super::{eight_digits, first_stop, last_plain_end};

    #[test]
    fn the_first_stop_is_found_among_any_bytes() {
        for byte in 0..=255_u8 {
            for at in 0..8 {
                for filler in [b'a', b'!', 0x20, 0x23, 0x5B, 0x5D, 0x7F, 0x80, 0xFF] {
                    let mut word = [filler; 8];
                    word[at] = byte;
                    let stop = matches!(byte, b'"' | b'\\' | 0..=0x1F);
                    let first = if stop { at } else { 8 };
                    assert_eq!(first_stop(u64::from_le_bytes(word)), first, "{word:?}");
                    for from in 0..=8 {
                        let first = if stop && from <= at { at } else { 8 };
                        assert_eq!(last_plain_end(&word, from), first, "{word:?} from {from}");
                        let two = [&[b'"'; 3][..], &word[..]].concat();
                        assert_eq!(last_plain_end(&two, from + 3), first + 3, "{word:?} from {from}");
                        let short = &word[..at];
                        assert_eq!(last_plain_end(short, from.min(at)), at, "{short:?} from {from}");
                    }
                    word[at..].fill(byte);
                    assert_eq!(first_stop(u64::from_le_bytes(word)), first, "{word:?}");
                }
            }
        }
    }

    #[test]
    fn eight_digits_are_eight_digits() {
        for byte in 0..=255_u8 {
            for at in 0..8 {
                for filler in [b'0', b'9'] {
                    let mut word = [filler; 8];
                    word[at] = byte;
                    assert_eq!(eight_digits(u64::from_le_bytes(word)), byte.is_ascii_digit(), "{word:?}");
                }
            }
        }
    }
}
