//! Text that others wrote, written where it must not be taken for more than text: in JSON, and in a log.

use core::fmt;

/// The most bytes of one piece of such a text in a log.
const LONGEST: usize = 128;

/// Writes a piece of text fit for a log: at most 128 bytes, a longer one cut at `…`. What could end a line or a quoted
/// string, turn the direction of the text or not be seen at all is escaped as in Rust (`\n`, `\"`, `\u{202e}`), and
/// so is the backslash, so that no two texts look alike.
pub(crate) fn for_the_log(
    text: impl Iterator<Item = char>,
    out: &mut (impl fmt::Write + ?Sized),
) -> fmt::Result {
    for_the_log_within(LONGEST, text, out)
}

/// As [`for_the_log`], of at most `longest` bytes.
pub(crate) fn for_the_log_within(
    longest: usize,
    text: impl Iterator<Item = char>,
    out: &mut (impl fmt::Write + ?Sized),
) -> fmt::Result {
    const MARK: char = '…';
    let mut written = 0;
    for character in text {
        // `escape_debug` knows what can be printed (Unicode's Cc, Cf, Zl, Zp and the like cannot).
        let escaped = character.escape_debug();
        let plain = character == '\'';
        let length = if plain { 1 } else { escaped.clone().map(char::len_utf8).sum() };
        if written + length > longest - MARK.len_utf8() {
            return out.write_char(MARK);
        }
        written += length;
        if plain { out.write_char(character)? } else { write!(out, "{escaped}")? }
    }
    Ok(())
}

/// Appends the inside of a JSON string (RFC 8259 §7).
#[cfg(feature = "alloc")]
pub(crate) fn json_into(text: &str, out: &mut alloc::string::String) {
    use fmt::Write as _;
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            '\0'..='\u{1f}' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;
    use alloc::string::String;

    fn logged(text: &str) -> String {
        let mut out = String::new();
        for_the_log(text.chars(), &mut out).unwrap();
        out
    }

    #[test]
    fn what_could_be_taken_for_more_than_text_is_escaped() {
        assert_eq!(logged("tools/call 'é' 日本 🚪"), "tools/call 'é' 日本 🚪");
        assert_eq!(logged("a\nb\r\t\0\u{1b}[31m\u{7f}"), r"a\nb\r\t\0\u{1b}[31m\u{7f}");
        assert_eq!(logged(r#"a" or "b\n"#), r#"a\" or \"b\\n"#);
        let unseen = "\u{61c}\u{200b}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\
                      \u{2060}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}\u{ad}\u{85}\u{e0041}\u{fff9}";
        for character in unseen.chars() {
            let code = u32::from(character);
            assert_eq!(logged(&String::from(character)), std::format!("\\u{{{code:x}}}"));
        }
    }

    #[test]
    fn a_piece_is_cut_at_128_bytes_and_never_inside_an_escape() {
        for (unit, shown) in [("x", "x"), ("é", "é"), ("\n", "\\n"), ("\u{202e}", "\\u{202e}"), ("🚪", "🚪")]
        {
            for count in 0..200 {
                let out = logged(&unit.repeat(count));
                assert!(out.len() <= LONGEST, "{count} of {shown}: {}", out.len());
                match out.strip_suffix('…') {
                    None => assert_eq!(out, shown.repeat(count)),
                    Some(whole) => {
                        let fit = (LONGEST - 3) / shown.len();
                        assert_eq!(whole, shown.repeat(fit));
                        assert!(count > fit);
                    }
                }
            }
        }
    }

    #[test]
    fn json_takes_it_back() {
        let all: String = (0..0x250).chain([0x2028, 0xffff, 0x1_f6aa]).filter_map(char::from_u32).collect();
        let mut inside = String::new();
        json_into(&all, &mut inside);
        let back: String = serde_json::from_str(&std::format!("\"{inside}\"")).unwrap();
        assert_eq!(back, all);
    }
}
