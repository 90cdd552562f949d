//! Digest → position, by a look at one bucket.
//!
//! SipHash-2-4 under a random 128-bit key says which bucket; every slot of it is compared, and the position
//! is selected without a branch. What remains visible is the number of the bucket, which is a keyed
//! pseudo-random function of the digest: without the key it tells nothing about other digests, not even
//! whether two that are close in any sense are near each other.
//!
//! Slots no key needs hold random words, so that neither time nor content says how full a bucket is. A dummy
//! selects [`NOBODY`]: even one that equalled a digest would be a miss.
//!
//! **Load.** With S slots a table begins at S/4 keys a bucket. For 16 slots, occupancy is Poisson with mean
//! 4 and P(more than 16) = 1.13e-6; a million keys need 250,000 buckets, of which 0.28 are expected to
//! overflow. So a first draw succeeds with probability 0.75, all eight fail with 1.4e-5, and after one
//! growth (mean 3.2: 5.4e-8 a bucket) with 6e-15. At ten million keys the first eight draws succeed together
//! with probability 0.38, those after one growth with 1 − 3e-7.
//!
//! **Memory.** A bucket of 16 slots is 576 bytes, nine cache lines; 144 bytes a key at the first size.
//!
//! **Measured** on one core of a shared AMD EPYC virtual machine, medians of 21 runs, from a digest to the
//! verdict: 80 ns with 1 key and 84 ns with 1,000, of which SipHash takes 22. With 1,000,000 keys asked for at
//! random, 144 MB of table and as much of entries no longer fit a cache: 300 ns for a miss, 520 ns for a hit,
//! which also reads its entry.

use super::KeyDigest;
use crate::constant_time::declassify;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use sha2::{Digest as _, Sha256};
use siphasher::sip::SipHasher24;
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};
use zeroize::Zeroize as _;

/// The position of no key. Keys are counted from 1.
pub(super) const NOBODY: u32 = 0;

/// Keys of the hash drawn at one size before the table grows.
const DRAWS: u32 = 8;
/// Sizes tried, each by a quarter larger than the one before: from a load of 1/4 down to 1/46 of the slots.
const SIZES: u32 = 12;

/// A table whose buckets have `S` slots: 16 in use, fewer in tests, to make buckets overflow.
#[derive(Clone)]
pub(super) struct Table<const S: usize> {
    key: [u8; 16],
    buckets: Vec<Bucket<S>>,
}

#[derive(Clone)]
#[repr(align(64))]
struct Bucket<const S: usize> {
    digests: [KeyDigest; S],
    positions: [u32; S],
}

/// No draw at any size left every bucket within its slots.
#[derive(Debug, PartialEq)]
pub(super) struct Crowded;

impl<const S: usize> Table<S> {
    /// A table in which the n-th digest, counted from 0, has the position n + 1. The digests are distinct,
    /// and fewer than `u32::MAX`.
    pub(super) fn build(digests: &[KeyDigest], seed: &[u8; 32]) -> Result<Self, Crowded> {
        let mut buckets = digests.len().div_ceil((S / 4).max(1)).max(1);
        for draw in 0..DRAWS * SIZES {
            let mut keys = Keys::draw(seed, draw);
            if let Some(loads) = loads::<S>(digests, &keys.bucket, buckets) {
                return Ok(Self::fill(digests, &mut keys, loads));
            }
            if draw % DRAWS == DRAWS - 1 {
                buckets += buckets / 4 + 1;
            }
        }
        Err(Crowded)
    }

    /// Puts the digests where `loads` found room, and dummies everywhere else.
    fn fill(digests: &[KeyDigest], keys: &mut Keys, mut loads: Vec<u8>) -> Self {
        let empty = Bucket { digests: [KeyDigest::from_words([0; 4]); S], positions: [NOBODY; S] };
        let mut buckets = vec![empty; loads.len()];
        let mut dummies = Dummies { key: keys.dummy, count: 0 };
        for (bucket, load) in buckets.iter_mut().zip(&loads) {
            bucket.digests.iter_mut().skip(usize::from(*load)).for_each(|slot| *slot = dummies.next_digest());
        }
        for (digest, position) in digests.iter().zip(1..) {
            let at = bucket_of(&keys.bucket, digest, loads.len());
            let (Some(bucket), Some(load)) = (buckets.get_mut(at), loads.get_mut(at)) else { continue };
            *load = load.saturating_sub(1);
            let slot = usize::from(*load);
            if let (Some(to), Some(number)) = (bucket.digests.get_mut(slot), bucket.positions.get_mut(slot)) {
                *to = *digest;
                *number = position;
            }
        }
        Self { key: keys.bucket, buckets }
    }

    /// The position of a digest, or [`NOBODY`]. The same instructions run for every digest; the addresses
    /// they touch depend on the bucket alone. Bucket and position are no secrets any more.
    #[inline]
    pub(super) fn find(&self, digest: &KeyDigest) -> u32 {
        let mut found = NOBODY;
        // There is always a bucket; `get` only avoids saying so with a panic.
        let at = declassify("bucket", bucket_of(&self.key, digest, self.buckets.len()));
        if let Some(bucket) = self.buckets.get(at) {
            // In two passes, so that the loads of all lines are under way before the first barrier.
            let mut differences = [0; S];
            for (difference, slot) in differences.iter_mut().zip(&bucket.digests) {
                *difference = slot.difference(digest);
            }
            for (difference, position) in differences.iter().zip(&bucket.positions) {
                found.conditional_assign(position, difference.ct_eq(&0));
            }
        }
        declassify("verdict", found)
    }
}

impl<const S: usize> Table<S> {
    /// The first `count` digests, in the order they were given to [`build`](Self::build).
    pub(super) fn digests(&self, count: usize) -> Vec<KeyDigest> {
        let mut digests = vec![KeyDigest::from_words([0; 4]); count];
        for bucket in &self.buckets {
            for (digest, position) in bucket.digests.iter().zip(&bucket.positions) {
                let place = (*position as usize).checked_sub(1).and_then(|place| digests.get_mut(place));
                if let Some(place) = place {
                    *place = *digest;
                }
            }
        }
        digests
    }
}

impl<const S: usize> Drop for Table<S> {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl<const S: usize> fmt::Debug for Table<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("buckets", &self.buckets.len())
            .field("slots", &S)
            .finish_non_exhaustive()
    }
}

/// How many digests fall in each bucket, or nothing if one has more than S.
fn loads<const S: usize>(digests: &[KeyDigest], key: &[u8; 16], buckets: usize) -> Option<Vec<u8>> {
    let mut loads = vec![0_u8; buckets];
    for digest in digests {
        let load = loads.get_mut(bucket_of(key, digest, buckets))?;
        *load += 1;
        if usize::from(*load) > S {
            return None;
        }
    }
    Some(loads)
}

/// Multiply-shift: the high half of hash × buckets is below `buckets` for any number of them, without a
/// division.
#[inline]
fn bucket_of(key: &[u8; 16], digest: &KeyDigest, buckets: usize) -> usize {
    let hash = SipHasher24::new_with_key(key).hash(&digest.to_bytes());
    ((u128::from(hash) * buckets as u128) >> 64) as usize
}

/// The two keys of one draw: SHA-256 of the seed, the number of the draw and a name for the use.
struct Keys {
    bucket: [u8; 16],
    dummy: [u8; 16],
}

impl Keys {
    fn draw(seed: &[u8; 32], draw: u32) -> Self {
        let mut output = Sha256::new()
            .chain_update(b"doorward api-key table 1")
            .chain_update(seed)
            .chain_update(draw.to_le_bytes())
            .finalize();
        let mut keys = Self { bucket: [0; 16], dummy: [0; 16] };
        if let ([bucket, dummy], _) = output.as_slice().as_chunks::<16>() {
            keys = Self { bucket: *bucket, dummy: *dummy };
        }
        output.as_mut_slice().zeroize();
        keys
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.bucket.zeroize();
        self.dummy.zeroize();
    }
}

/// Random words for the slots of nobody: SipHash-2-4 of a counter.
struct Dummies {
    key: [u8; 16],
    count: u64,
}

impl Dummies {
    fn next_digest(&mut self) -> KeyDigest {
        let hasher = SipHasher24::new_with_key(&self.key);
        let mut words = [0; 4];
        for word in &mut words {
            *word = hasher.hash(&self.count.to_le_bytes());
            self.count = self.count.wrapping_add(1);
        }
        KeyDigest::from_words(words)
    }
}

impl Drop for Dummies {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::format;

    fn digests(count: u32) -> Vec<KeyDigest> {
        (0..count).map(|n| KeyDigest::of(&n.to_le_bytes())).collect()
    }

    fn all_found<const S: usize>(table: &Table<S>, digests: &[KeyDigest]) {
        for (digest, position) in digests.iter().zip(1..) {
            assert_eq!(table.find(digest), position);
        }
        assert_eq!(table.digests(digests.len()), digests);
        for stranger in 0..1000_u32 {
            assert_eq!(table.find(&KeyDigest::of(format!("stranger {stranger}").as_bytes())), NOBODY);
        }
    }

    #[test]
    fn buckets_are_whole_cache_lines() {
        assert_eq!((size_of::<Bucket<16>>(), align_of::<Bucket<16>>()), (576, 64));
    }

    #[test]
    fn tables_of_every_small_size_find_their_own() {
        for count in 0..200 {
            let digests = digests(count);
            all_found(&Table::<16>::build(&digests, &[3; 32]).unwrap(), &digests);
        }
    }

    #[test]
    fn positions_can_be_in_any_slot() {
        let digests = digests(16);
        let keys = &mut Keys::draw(&[1; 32], 0);
        let table = Table::<16>::fill(&digests, keys, vec![16]);
        all_found(&table, &digests);
        assert!(table.buckets[0].positions.iter().all(|position| *position != NOBODY));
    }

    #[test]
    fn one_other_bit_is_another_digest() {
        let digest = KeyDigest::of(b"one bucket");
        let table = Table::<16>::build(&[digest], &[5; 32]).unwrap();
        assert_eq!(table.find(&digest), 1);
        for bit in 0..256 {
            let mut bytes = digest.to_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(table.find(&KeyDigest::from_bytes(&bytes)), NOBODY, "bit {bit}");
        }
    }

    /// With two slots and a load of one half, seeds are found for each way a build can go.
    #[test]
    fn an_overflow_draws_another_key_and_then_grows() {
        let (mut first, mut redrawn, mut grown) = (0, 0, 0);
        for seed in 0..200 {
            let digests = digests(12);
            let table = Table::<2>::build(&digests, &[seed; 32]).unwrap();
            all_found(&table, &digests);
            if table.key == Keys::draw(&[seed; 32], 0).bucket {
                first += 1;
            } else if table.buckets.len() == 12 {
                redrawn += 1;
            } else {
                assert_eq!(table.buckets.len(), 16);
                grown += 1;
            }
        }
        assert!(first > 0 && redrawn > 0 && grown > 0, "{first} {redrawn} {grown}");
    }

    #[test]
    fn a_hopeless_table_ends() {
        assert_eq!(Table::<1>::build(&digests(2000), &[0; 32]).unwrap_err(), Crowded);
    }

    #[test]
    fn the_same_seed_gives_the_same_table_and_another_another() {
        let digests = digests(100);
        let build = |seed| Table::<16>::build(&digests, &[seed; 32]).unwrap();
        let places =
            |table: &Table<16>| table.buckets.iter().map(|bucket| bucket.positions).collect::<Vec<_>>();
        assert_eq!(places(&build(1)), places(&build(1)));
        assert_ne!(places(&build(1)), places(&build(2)));
    }

    #[test]
    fn dummies_are_distinct_and_match_nothing() {
        let digests = digests(1000);
        let table = Table::<16>::build(&digests, &[9; 32]).unwrap();
        let mut seen = BTreeSet::new();
        for bucket in &table.buckets {
            for (slot, position) in bucket.digests.iter().zip(bucket.positions) {
                assert!(seen.insert(slot.words_vartime()));
                let own = position.checked_sub(1).map(|n| digests[n as usize]);
                assert!(own.is_none_or(|own| own == *slot));
                assert_eq!(own.is_some(), digests.contains(slot));
                assert_eq!(table.find(slot), position);
                assert!(slot.words_vartime().iter().all(|word| *word != 0));
            }
        }
        assert_eq!(seen.len(), table.buckets.len() * 16);
    }

    #[test]
    fn digests_spread_evenly() {
        let digests = digests(100_000);
        let loads = loads::<16>(&digests, &Keys::draw(&[4; 32], 0).bucket, 25_000).unwrap();
        // Poisson with mean 4: 1.83 % of buckets empty.
        let empty = loads.iter().filter(|load| **load == 0).count();
        assert!((380..540).contains(&empty), "{empty}");
    }
}
