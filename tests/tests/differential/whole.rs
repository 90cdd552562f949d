//! Changes to a finished token, which no signature covers.

use crate::generator::Draft;

pub(crate) fn change(draft: &mut Draft, token: &mut String) {
    draft.note("a change of the whole token");
    let random = &mut draft.random;
    match random.below(12) {
        0 => {
            let at = random.place(token.len());
            if token.is_char_boundary(at) && token.is_char_boundary(at + 1) {
                token.remove(at);
            }
        }
        1..4 => {
            let at = random.place(token.len());
            if token.is_char_boundary(at) && token.is_char_boundary(at + 1) {
                let old = token.remove(at);
                let other = match random.below(4) {
                    // The low byte is the right one.
                    0 => char::from_u32(u32::from(old) + 0x100).unwrap_or('x'),
                    1 => char::from(random.below(128) as u8),
                    _ => char::from(random.pick(b"ABCDEFGHIJKLMNOPabcdefghijklmnop0123456789-_.")),
                };
                token.insert(at, other);
            }
        }
        4 => token.insert_str(0, random.pick(&[" ", "\n", "Bearer ", ".", "\u{FEFF}", "A"])),
        5 => token.push_str(random.pick(&[" ", "\n", ".", "\0", ".e30", "A", "=", "\r\n"])),
        6 => {
            let parts: Vec<&str> = token.split('.').collect();
            let keep = random.below(parts.len() + 1);
            *token = parts[..keep].join(".");
        }
        7 => {
            let mut parts: Vec<&str> = token.split('.').collect();
            let at = random.below(parts.len());
            parts[at] = "";
            *token = parts.join(".");
        }
        8 => {
            let mut parts: Vec<&str> = token.split('.').collect();
            let (a, b) = (random.below(parts.len()), random.below(parts.len()));
            parts.swap(a, b);
            *token = parts.join(".");
        }
        9 => {
            *token =
                random.pick(&["", ".", "..", "...", "a.b.c", "e30.e30.", "eyJhbGciOiJub25lIn0.e30."]).into()
        }
        10 => {
            let mut parts: Vec<&str> = token.split('.').collect();
            let at = random.below(parts.len() + 1);
            parts.insert(at, random.pick(&["", "AAAA", "e30"]));
            *token = parts.join(".");
        }
        _ => token.push_str(&".".repeat(random.pick(&[1, 2, 3, 1000]))),
    }
}
