//! Which member names an object has had, in fixed memory.

use super::{JsonError, JsonStr};

/// The most members one object may have, whatever the configured bound: the room in [`Names`].
pub(crate) const MAX_MEMBERS: usize = 64;

/// The names seen in one object, each as one word: see [`pack`].
pub(crate) struct Names {
    /// One bit a name: as long as a new name's bit is clear, no earlier name need be looked at.
    filter: u64,
    len: usize,
    first: [u64; FIRST],
    /// Written only by objects that have more members, which tokens seldom do.
    more: Option<[u64; MAX_MEMBERS - FIRST]>,
}

/// Members for which there is room at once.
const FIRST: usize = 16;

impl Names {
    pub(crate) const fn new() -> Self {
        Self { filter: 0, len: 0, first: [0; FIRST], more: None }
    }

    /// Notes a name; an error if it was there already or there is no room under `bound` for it.
    #[inline(always)]
    pub(crate) fn insert(&mut self, name: u64, bound: usize) -> Result<(), JsonError> {
        let bit = 1_u64 << (name.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 58);
        if self.filter & bit != 0 && self.seen().any(|seen| *seen == name) {
            return Err(JsonError::Duplicate);
        }
        if self.len >= bound {
            return Err(JsonError::TooManyMembers);
        }
        let slot = match self.first.get_mut(self.len) {
            Some(slot) => slot,
            None => self.further(self.len - FIRST).ok_or(JsonError::TooManyMembers)?,
        };
        *slot = name;
        self.filter |= bit;
        self.len += 1;
        Ok(())
    }

    fn seen(&self) -> impl Iterator<Item = &u64> {
        self.first.iter().chain(self.more.iter().flatten()).take(self.len)
    }

    #[cold]
    fn further(&mut self, at: usize) -> Option<&mut u64> {
        self.more.get_or_insert([0; MAX_MEMBERS - FIRST]).get_mut(at)
    }
}

/// A name as one word: up to seven bytes stand for themselves, longer names are hashed to 64 bits with the top
/// byte set. Equal names give equal words, so a duplicate is never missed; two different long names meeting by
/// chance (about 2⁻⁵⁶ a pair) refuse the object, which is the safe side.
#[inline]
pub(crate) fn pack(name: &JsonStr<'_>) -> u64 {
    match name.as_plain() {
        Some(plain) => pack_bytes(plain.as_bytes()),
        None => pack_escaped(name),
    }
}

/// [`pack`] of the first `len` bytes of a word; nothing beyond seven.
#[inline(always)]
pub(crate) fn pack_short(word: u64, len: usize) -> Option<u64> {
    const BYTES: [u64; 8] =
        [0, 0xFF, 0xFFFF, 0xFF_FFFF, 0xFFFF_FFFF, 0xFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF, 0xFF_FFFF_FFFF_FFFF];
    Some(word & BYTES.get(len)? | (len as u64) << 56)
}

#[inline]
pub(crate) const fn pack_bytes(name: &[u8]) -> u64 {
    let mut word = 0;
    let mut rest = name;
    if rest.len() <= 7 {
        let mut shift = 0;
        while let [first, tail @ ..] = rest {
            word |= (*first as u64) << shift;
            shift += 8;
            rest = tail;
        }
        // The length above the bytes keeps "a" and "a\0" apart.
        return word | (name.len() as u64) << 56;
    }
    let mut hash = name.len() as u64;
    while let Some((chunk, tail)) = rest.split_first_chunk::<8>() {
        hash = mix(hash, u64::from_le_bytes(*chunk));
        rest = tail;
    }
    let mut shift = 0;
    while let [first, tail @ ..] = rest {
        word |= (*first as u64) << shift;
        shift += 8;
        rest = tail;
    }
    mix(hash, word) | 0xFF << 56
}

/// One folded multiplication: every bit of both words reaches the result.
const fn mix(hash: u64, word: u64) -> u64 {
    let product =
        ((hash ^ 0x9E37_79B9_7F4A_7C15) as u128).wrapping_mul((word ^ 0xD6E8_FEB8_6659_FD93) as u128);
    (product as u64) ^ ((product >> 64) as u64) ^ hash.rotate_left(23)
}

#[cold]
fn pack_escaped(name: &JsonStr<'_>) -> u64 {
    // Names are bounded by the token; an escaped one is copied into a small buffer so that it packs as its
    // plain spelling does. A name too long for the buffer is hashed by characters under another tag: it can
    // then only be missed against a plain spelling of over 256 bytes, so such names are refused by `Reader`.
    let mut buffer = [0_u8; 256];
    let mut len = 0;
    for character in name.chars() {
        let mut utf8 = [0_u8; 4];
        for byte in character.encode_utf8(&mut utf8).bytes() {
            if let Some(slot) = buffer.get_mut(len) {
                *slot = byte;
            }
            len += 1;
        }
    }
    pack_bytes(buffer.get(..len).unwrap_or(&buffer))
}

/// The longest member name that may hold an escape, in bytes as written.
pub(crate) const MAX_ESCAPED_NAME: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::text::Spelling;

    #[test]
    fn names_of_any_length_are_told_apart() {
        let names = ["", "a", "aud", "scope", "sevenby", "eightbyt", "created_at_1", "created_at_2"];
        for (i, a) in names.iter().enumerate() {
            for (j, b) in names.iter().enumerate() {
                assert_eq!(pack_bytes(a.as_bytes()) == pack_bytes(b.as_bytes()), i == j, "{a} {b}");
            }
        }
    }

    #[test]
    fn an_escaped_name_packs_as_its_plain_spelling() {
        let escaped = JsonStr { raw: "\\u0061ud", spelling: Spelling::Escaped };
        assert_eq!(pack(&escaped), pack_bytes(b"aud"));
        let long = JsonStr { raw: "created\\u005fat_and_more", spelling: Spelling::Escaped };
        assert_eq!(pack(&long), pack_bytes(b"created_at_and_more"));
    }

    #[test]
    fn a_short_name_packs_as_its_bytes_do() {
        for len in 0..=7 {
            let packed = pack_short(u64::from_le_bytes(*b"scope\":x"), len);
            assert_eq!(packed, Some(pack_bytes(&b"scope\":x"[..len])));
        }
        assert_eq!(pack_short(0, 8), None);
    }

    #[test]
    fn the_bound_is_kept() {
        let mut names = Names::new();
        for n in 0..64 {
            assert_eq!(names.insert(n, 64), Ok(()));
        }
        assert_eq!(names.insert(64, 64), Err(JsonError::TooManyMembers));
        assert_eq!(names.insert(63, 64), Err(JsonError::Duplicate));
        assert_eq!(Names::new().insert(1, 0), Err(JsonError::TooManyMembers));
    }
}
