//! Resource URIs: what of them could be read as another than the one that is written.

/// Whether a URI holds what could lead out of the folder it seems to be in. URL parsers leave out tabs and line ends
/// (WHATWG URL §4.4), which makes `..` of `.`, tab, `.`: no URI holds a control character.
pub(super) fn climbs(uri: &str) -> bool {
    let mut rest = uri.as_bytes();
    loop {
        match rest {
            [] => return false,
            [b'\\', ..] | [b'.', b'.', ..] => return true,
            [b'%', high, low, ..]
                if matches!((high, low | 0x20), (b'2', b'e' | b'f' | b'5') | (b'5', b'c')) =>
            {
                return true;
            }
            [first, ..] if first.is_ascii_control() => return true,
            [_, behind @ ..] => rest = behind,
        }
    }
}

/// Whether a URI may stand for another than it seems to, so that no prefix can tell where it lies.
pub(super) fn is_ambiguous(uri: &str) -> bool {
    climbs(uri) || uri.contains([' ']) || uri.contains("/./") || uri.ends_with("/.")
}

/// The bytes by which spellings of one URI are compared: `%41` is `A` (RFC 3986 §6.2.2.2), letters are small, and slashes
/// that follow each other are one. More URIs are alike by this than are the same, which is the safe side for a
/// restriction.
pub(super) fn canonical(uri: &str) -> impl Iterator<Item = u8> + '_ {
    let mut rest = uri.as_bytes();
    let decoded = core::iter::from_fn(move || {
        let (byte, behind) = match rest {
            [b'%', high, low, behind @ ..] => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, behind),
                _ => (b'%', rest.get(1..)?),
            },
            [first, behind @ ..] => (*first, behind),
            [] => return None,
        };
        rest = behind;
        Some(byte.to_ascii_lowercase())
    });
    let mut last = 0;
    decoded.filter(move |byte| {
        let repeats = *byte == b'/' && last == b'/';
        last = *byte;
        !repeats
    })
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::{format, vec::Vec};

    #[test]
    fn what_leads_out_is_found_wherever_it_stands() {
        for part in ["..", "%2e", "%2E", "%2f", "%2F", "%5c", "%5C", "%25", "\\", "\t", "\0", "\u{7f}"] {
            for (before, behind) in [("", ""), ("docs://a/", "/b"), ("%", ""), (".a%41", "%"), ("é", "é")] {
                assert!(climbs(&format!("{before}{part}{behind}")), "{before}{part}{behind}");
            }
        }
        for uri in ["", ".", "a.b.c", "%", "%2", "%41%3a%2", "docs://a/b%20c", "%2g%5b%35", "é.é"] {
            assert!(!climbs(uri), "{uri}");
        }
    }

    #[test]
    fn spellings_of_one_uri_are_alike() {
        let text = |uri: &str| String::from_utf8(canonical(uri).collect::<Vec<_>>()).unwrap();
        for same in ["docs://a/B", "DOCS://a/b", "docs:/a//b", "docs://%61/%42", "d%6Fcs:///a/b"] {
            assert_eq!(text(same), "docs:/a/b", "{same}");
        }
        assert_eq!(text("%4%zz%"), "%4%zz%");
    }
}
