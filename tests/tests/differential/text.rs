//! Changes to the text of a header or payload as a whole: what is JSON, and what only looks like it.

use crate::generator::Draft;
use crate::random::Random;

pub(crate) fn change(draft: &mut Draft, text: &mut Vec<u8>) {
    draft.note("a change of the text");
    let random = &mut draft.random;
    match random.below(19) {
        0 => insert(text, 0, random.pick(&[&b" "[..], b"\t\r\n ", b"\x0B", b"\0", b"\xC2\xA0"])),
        1 => text.extend(random.pick(&[&b" "[..], b"\r\n\t", b"\0", b"\xE2\x80\xA8"])),
        2 => text.extend(random.pick(&[&b"}"[..], b"x", b",", b"{}", b"null", b" 1", b"//"])),
        3 => insert(text, 0, b"\xEF\xBB\xBF"),
        4 => *text = [&b"["[..], text.as_slice(), b"]"].concat(),
        5 => *text = random.pick(&[&b"null"[..], b"\"x\"", b"1", b"[]", b"true", b"{}", b" "]).to_vec(),
        6 => text.truncate(random.place(text.len())),
        7 => {
            // No UTF-8: a stray byte, an overlong NUL, a surrogate, a code point too large, a cut sequence.
            let bad =
                random.pick(&[&b"\xFF"[..], b"\xC0\x80", b"\xED\xA0\x80", b"\xF4\x90\x80\x80", b"\xE2\x82"]);
            let at = inside_a_string(random, text);
            insert(text, at, bad);
        }
        8 => {
            let at = inside_a_string(random, text);
            let control = random.pick(&[&b"\x01"[..], b"\n", b"\0", b"\x7F", b"\t"]);
            insert(text, at, control);
        }
        9 => {
            let at = inside_a_string(random, text);
            let escape = random.pick(&[
                &b"\\ud800"[..],
                b"\\udc00",
                b"\\ud83d\\u0041",
                b"\\x41",
                b"\\u00g0",
                b"\\",
                b"\\/",
                b"\\u0000",
            ]);
            insert(text, at, escape);
        }
        10 => widen(text, &[1, 0], random.chance(50)),
        11 => widen(text, &[0, 1], random.chance(50)),
        12 => widen(text, &[1, 0, 0, 0], false),
        13 => {
            if let Some(brace) = text.iter().rposition(|byte| *byte == b'}') {
                insert(text, brace, random.pick(&[&b","[..], b"/**/", b";", b",,", b" ", b",\"x\":NaN"]));
            }
        }
        14 => {
            for byte in text.iter_mut().filter(|byte| **byte == b'"') {
                *byte = b'\'';
            }
        }
        15 => {
            let (more, at) =
                (random.pick(&[&b" "[..], b"\n", b"\t", b"\x0C", b"\xA0"]), random.place(text.len()));
            insert(text, at, more);
        }
        _ => {
            let at = random.place(text.len());
            if let Some(byte) = text.get_mut(at) {
                *byte = if random.chance(50) {
                    random.pick(b"\"\\{}[],:0e.-+x \n")
                } else {
                    random.below(256) as u8
                };
            }
        }
    }
}

/// Behind a quote that opens a value.
fn inside_a_string(random: &mut Random, text: &[u8]) -> usize {
    let pairs = text.windows(2).enumerate().filter(|(_, pair)| *pair == b":\"");
    let places: Vec<usize> = pairs.map(|(at, _)| at + 2).collect();
    if places.is_empty() { 0 } else { random.pick(&places) }
}

fn insert(text: &mut Vec<u8>, at: usize, more: &[u8]) {
    text.splice(at..at, more.iter().copied());
}

/// UTF-16 or UTF-32, one unit for each byte; `places` has a 1 where the byte goes.
fn widen(text: &mut Vec<u8>, places: &[u8], mark: bool) {
    let unit = |byte: u8| places.iter().map(move |place| place * byte);
    let body: Vec<u8> = text.iter().flat_map(|byte| unit(*byte)).collect();
    *text = if mark && places.len() == 2 {
        let order = if places[0] == 1 { [0xFF, 0xFE] } else { [0xFE, 0xFF] };
        [&order[..], &body].concat()
    } else {
        body
    };
}
