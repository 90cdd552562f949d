//! Other spellings of a segment's bytes, and what is no base64url at all.

use crate::random::Random;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(crate) fn respell(random: &mut Random, made: &mut Vec<&'static str>, segment: &mut String) {
    match random.below(8) {
        0 | 1 => {
            made.push("a padded segment");
            let missing = (4 - segment.len() % 4) % 4;
            let count = if random.chance(70) { missing } else { random.pick(&[1, 2, 3, 4]) };
            segment.push_str(&"=".repeat(count));
        }
        2 => {
            made.push("a segment in the other alphabet");
            *segment = segment.replace('-', "+").replace('_', "/");
        }
        3 | 4 => {
            made.push("spare bits in a segment");
            spare_bits(random, segment);
        }
        5 | 6 => {
            made.push("something inside a segment");
            let odd = random.pick(&[
                ' ', '\n', '\t', '\r', '\0', '\u{B}', '!', '%', '\u{165}', '\u{A0}', '=', '\u{FEFF}',
            ]);
            let at = if random.chance(30) { segment.len() } else { random.place(segment.len()) };
            if segment.is_char_boundary(at) {
                segment.insert(at, odd);
            }
        }
        _ => {
            made.push("a segment cut or extended");
            if random.chance(50) {
                segment.pop();
            } else {
                segment.push('A');
            }
        }
    }
}

/// Sets a bit behind the last byte, where the last character has some.
fn spare_bits(random: &mut Random, segment: &mut String) {
    let spare = match segment.len() % 4 {
        2 => 4,
        3 => 2,
        _ => return,
    };
    let Some(last) = segment.pop() else { return };
    let value = ALPHABET.iter().position(|one| char::from(*one) == last).unwrap_or_default();
    let other = value ^ (1 + random.below((1 << spare) - 1));
    segment.push(char::from(ALPHABET[other]));
}
