//! One bucket in one `u64`.
//!
//! ```text
//! bits 63..36   fingerprint of the key, never 0 (an all-zero word is an empty slot)
//! bits 35..0    TAT, the theoretical arrival time: ticks modulo 2^36; ahead of now by the debt
//! ```
//!
//! A TAT alone says nothing: it is read relative to a moment known to be within half the range of it.
//! `clock.rs` keeps that true. Two keys of one set share a fingerprint, and so a bucket, once in 2^28; they
//! can then only be denied more, and nobody without the seed can aim for it.

/// Bits of a TAT.
pub(super) const TICK_BITS: u32 = 36;
const TICK_MASK: u64 = (1 << TICK_BITS) - 1;
/// The longest debt or window, in ticks: a quarter of the range.
pub(super) const MAX_TICKS: u64 = 1 << (TICK_BITS - 2);

/// 28 bits of a key's seeded hash, never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint(u32);

impl Fingerprint {
    /// From the hash's upper bits; the set is chosen by the lower 32, so the two are independent.
    pub(super) const fn of(hash: u64) -> Self {
        let bits = (hash >> TICK_BITS) as u32;
        Self(if bits == 0 { 1 } else { bits })
    }
}

/// A slot's contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(pub(super) u64);

impl Word {
    pub(super) const EMPTY: Self = Self(0);

    /// `tat` is taken modulo 2^36.
    pub(super) const fn new(key: Fingerprint, tat: u64) -> Self {
        Self(((key.0 as u64) << TICK_BITS) | (tat & TICK_MASK))
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn holds(self, key: Fingerprint) -> bool {
        self.0 >> TICK_BITS == key.0 as u64
    }

    /// The TAT, in ticks modulo 2^36.
    pub(super) const fn tat(self) -> u64 {
        self.0 & TICK_MASK
    }

    /// The same key with another TAT.
    pub(super) const fn with_tat(self, tat: u64) -> Self {
        Self((self.0 & !TICK_MASK) | (tat & TICK_MASK))
    }

    /// How far the TAT is ahead of `reference`, in ticks; negative when behind.
    pub(super) const fn ahead_of(self, reference: u64) -> i64 {
        ahead(self.0, reference)
    }
}

/// `tat - reference` modulo 2^36, read as a signed number in [-2^35, 2^35).
pub(super) const fn ahead(tat: u64, reference: u64) -> i64 {
    (tat.wrapping_sub(reference) << (64 - TICK_BITS)) as i64 >> (64 - TICK_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_and_unpacks() {
        let key = Fingerprint::of(0xabcd_ef12_3456_789a);
        let word = Word::new(key, TICK_MASK + 6);
        assert!(word.holds(key) && !word.is_empty());
        assert_eq!(word.tat(), 5);
        assert_eq!(word.with_tat(9).tat(), 9);
        assert!(word.with_tat(9).holds(key));
    }

    #[test]
    fn no_hash_makes_an_empty_word() {
        for hash in [0, 1, (1 << TICK_BITS) - 1, u64::MAX] {
            assert!(!Word::new(Fingerprint::of(hash), 0).is_empty());
            assert!(!Word::EMPTY.holds(Fingerprint::of(hash)));
        }
    }

    #[test]
    fn differences_are_signed_across_the_edge() {
        let half = 1_i64 << (TICK_BITS - 1);
        for start in [0, 7, TICK_MASK - 3, 1 << 60] {
            for distance in [0, 1, -1, 1000, -1000, half - 1, -half] {
                let tat = u64::wrapping_add_signed(start, distance);
                assert_eq!(Word::new(Fingerprint::of(0), tat).ahead_of(start), distance);
            }
        }
    }
}
