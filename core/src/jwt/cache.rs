//! The verified-token cache: a token that was good a moment ago need not be verified again.
//!
//! Memory is fixed when it is made: sets of eight entries, a lock a set. A token is found by a seeded hash of its end,
//! where the signature is, and then compared whole, in constant time. Only successes are kept. An entry ends when its token does, after a time to
//! live, or with the cache: a verifier whose keys or rules change is another verifier, with another cache. Dates
//! are checked again on every hit. Tokens are zeroised when they go; host values are dropped outside the lock.

use super::Window;
use crate::Now;
use crate::constant_time::{declassify, equal};
use ahash::RandomState;
use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::boxed::Box;
use std::sync::{Mutex, PoisonError};
use std::vec::Vec;
use zeroize::Zeroizing;

/// Entries a set.
const WAYS: usize = 8;
/// A longer token is verified every time, so that the cache's bytes stay bounded: 4 KiB.
const MAX_TOKEN: usize = 4096;
/// Bytes of a token that are hashed, from its end: of a signature, 384 bits, or the whole of a short one. To hash all
/// of 640 bytes took more than half of a hit. Only tokens that were verified are kept, so whoever would have two of
/// one end must have made a signature fit another's; that done, both would lie in one set, and be told apart there.
const HASHED: usize = 64;

struct Entry<V> {
    hash: u64,
    token: Zeroizing<Box<[u8]>>,
    window: Window,
    /// `Now::mono` from which the entry is stale.
    ends: u64,
    /// `Now::mono` of the last hit.
    used: u64,
    value: V,
}

type Set<V> = Mutex<[Option<Entry<V>>; WAYS]>;

/// A bounded map from tokens that were verified to a value of the host's.
pub struct TokenCache<V> {
    sets: Box<[Set<V>]>,
    hasher: RandomState,
    ttl: u64,
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: AtomicU64,
}

/// What a cache has done since it was made. Counts, each exact in itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStats {
    /// Tokens found.
    pub hits: u64,
    /// Tokens not found, or found too old.
    pub misses: u64,
    /// Entries that were still good when another took their place.
    pub evictions: u64,
}

impl<V: Clone> TokenCache<V> {
    /// Room for about `entries` tokens (rounded up to whole sets of eight), each kept `ttl` microseconds at most.
    /// `seed` decides where tokens lie and should be random.
    #[must_use]
    pub fn new(entries: usize, ttl: u64, seed: [u64; 4]) -> Self {
        let sets = entries.div_ceil(WAYS).max(1);
        let [a, b, c, d] = seed;
        Self {
            sets: (0..sets).map(|_| Mutex::new([const { None }; WAYS])).collect(),
            hasher: RandomState::with_seeds(a, b, c, d),
            ttl,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            evictions: AtomicU64::new(0),
        }
    }

    /// Where a token lies is no secret to whoever cannot know the seed.
    fn hash(&self, token: &[u8]) -> u64 {
        let hash = match token.last_chunk::<HASHED>() {
            Some(end) => self.hasher.hash_one(end),
            None => self.hasher.hash_one(token),
        };
        declassify("token hash", hash)
    }

    fn set(&self, hash: u64) -> Option<&Set<V>> {
        // The high half chooses the set, by multiplication rather than division.
        let index = (u128::from(hash) * self.sets.len() as u128) >> 64;
        self.sets.get(index as usize)
    }

    /// The value kept for a token, if the token is still good.
    pub fn get(&self, token: &[u8], now: Now) -> Option<V> {
        let found = self.find(token, now);
        self.count(found.is_some());
        found
    }

    /// As [`get`](Self::get), for what may be no token at all: nothing is counted.
    pub(crate) fn find(&self, token: &[u8], now: Now) -> Option<V> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let hash = self.hash(token);
        let mut set = self.set(hash)?.lock().unwrap_or_else(PoisonError::into_inner);
        let entry =
            set.iter_mut().flatten().find(|entry| entry.hash == hash && equal(&entry.token, token))?;
        if now.mono >= entry.ends || !entry.window.contains(now.unix) {
            return None;
        }
        entry.used = now.mono;
        Some(entry.value.clone())
    }

    /// Counts a token that was found, or was not.
    pub(crate) fn count(&self, found: bool) {
        let count = if found { &self.hits } else { &self.misses };
        count.fetch_add(1, Relaxed);
    }

    /// Keeps the value of a token that was just verified. A full set gives up what is stale, else what was used
    /// longest ago: that value is given back, for whoever has something to do when one goes. Where the token is not kept,
    /// it is the value that was given.
    pub fn insert(&self, token: &[u8], window: Window, now: Now, value: V) -> Option<V> {
        if token.len() > MAX_TOKEN || !window.contains(now.unix) {
            return Some(value);
        }
        let hash = self.hash(token);
        let Some(set) = self.set(hash) else { return Some(value) };
        let entry = Entry {
            hash,
            token: Zeroizing::new(token.into()),
            window,
            ends: now.mono.saturating_add(self.ttl),
            used: now.mono,
            value,
        };
        let gone = {
            let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
            let stale = |entry: &Entry<V>| now.mono >= entry.ends || !entry.window.contains(now.unix);
            let place = set.iter_mut().min_by_key(|slot| match slot {
                Some(old) if old.hash == hash && equal(&old.token, token) => (0, 0),
                None => (1, 0),
                Some(old) if stale(old) => (2, old.used),
                Some(old) => (3, old.used),
            });
            let gone = place.and_then(|place| place.replace(entry));
            if gone.as_ref().is_some_and(|old| !stale(old) && old.hash != hash) {
                self.evictions.fetch_add(1, Relaxed);
            }
            gone
        };
        gone.map(|gone| gone.value)
    }

    /// Forgets everything: after a key, a rule or a role has changed.
    pub fn clear(&self) {
        for set in &self.sets {
            let gone: Vec<_> = {
                let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
                set.iter_mut().filter_map(Option::take).collect()
            };
            drop(gone);
        }
    }

    /// What it has done so far.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.hits.load(Relaxed),
            misses: self.misses.load(Relaxed),
            evictions: self.evictions.load(Relaxed),
        }
    }
}

impl<V> fmt::Debug for TokenCache<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").field("sets", &self.sets.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    const OPEN: Window = Window { from: f64::NEG_INFINITY, until: 100.0 };

    fn cache(entries: usize) -> TokenCache<u32> {
        TokenCache::new(entries, 1_000_000, [1, 2, 3, 4])
    }

    #[test]
    fn an_entry_ends_with_its_token_and_its_time_to_live() {
        let cache = cache(64);
        cache.insert(b"t", OPEN, Now::new(10.0, 0), 1);
        assert_eq!(cache.get(b"t", Now::new(99.9, 0)), Some(1));
        assert_eq!(cache.get(b"t", Now::new(100.0, 0)), None, "at its expiry");
        for broken in [f64::NAN, f64::NEG_INFINITY, f64::INFINITY] {
            assert_eq!(cache.get(b"t", Now::new(broken, 0)), None, "as it is when verified: {broken}");
        }
        assert_eq!(cache.get(b"t", Now::new(10.0, 999_999)), Some(1));
        assert_eq!(cache.get(b"t", Now::new(10.0, 1_000_000)), None, "at its time to live");
        assert_eq!(cache.get(b"u", Now::new(10.0, 0)), None);
        cache.clear();
        assert_eq!(cache.get(b"t", Now::new(10.0, 0)), None);
    }

    #[test]
    fn tokens_of_one_end_are_told_apart() {
        let cache = cache(64);
        let token = |first: char, len: usize| format!("{first}{}", "x".repeat(len));
        for len in [HASHED - 1, HASHED, HASHED + 1, 600] {
            cache.insert(token('a', len).as_bytes(), OPEN, Now::new(1.0, 0), 1);
            assert_eq!(cache.get(token('b', len).as_bytes(), Now::new(1.0, 0)), None, "{len}");
            assert_eq!(cache.get(&token('a', len).as_bytes()[1..], Now::new(1.0, 0)), None, "{len}");
            cache.insert(token('b', len).as_bytes(), OPEN, Now::new(1.0, 0), 2);
            assert_eq!(cache.get(token('a', len).as_bytes(), Now::new(1.0, 0)), Some(1), "{len}");
            assert_eq!(cache.get(token('b', len).as_bytes(), Now::new(1.0, 0)), Some(2), "{len}");
        }
        for n in 0..8_u8 {
            cache.insert(token((b'c' + n) as char, 600).as_bytes(), OPEN, Now::new(1.0, u64::from(n) + 1), 3);
        }
        assert_eq!(cache.get(token('a', 600).as_bytes(), Now::new(1.0, 9)), None, "they share a set");
    }

    #[test]
    fn not_before_is_checked_on_a_hit_too() {
        let cache = cache(64);
        cache.insert(b"t", Window { from: 50.0, until: 100.0 }, Now::new(60.0, 0), 1);
        assert_eq!(cache.get(b"t", Now::new(49.0, 0)), None, "the wall clock stepped back");
        cache.insert(b"early", Window { from: 50.0, until: 100.0 }, Now::new(40.0, 0), 1);
        assert_eq!(cache.get(b"early", Now::new(60.0, 0)), None, "what was not good was not kept");
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let cache = cache(8);
        for n in 0..8_u32 {
            assert_eq!(cache.insert(format!("t{n}").as_bytes(), OPEN, Now::new(1.0, u64::from(n)), n), None);
        }
        assert_eq!(cache.get(b"t0", Now::new(1.0, 20)), Some(0));
        assert_eq!(cache.insert(b"new", OPEN, Now::new(1.0, 21), 9), Some(1));
        assert_eq!(cache.get(b"t1", Now::new(1.0, 22)), None);
        assert_eq!(cache.get(b"t0", Now::new(1.0, 22)), Some(0));
        assert_eq!(cache.stats().evictions, 1);
        assert_eq!(cache.insert(&[b'x'; MAX_TOKEN + 1], OPEN, Now::new(1.0, 23), 10), Some(10));
        assert_eq!(cache.get(&[b'x'; MAX_TOKEN + 1], Now::new(1.0, 23)), None);
    }
}
