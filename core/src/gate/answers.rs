//! What a host answered of credentials that the gate can't know, kept for a while.
//!
//! Good answers and bad ones are kept apart, so that guesses push out no good one. Both are bounded, found by a digest,
//! and kept for at most a minute. Forgetting is a count going up: an answer to a question from before is for its own
//! request alone, for it may tell of what was withdrawn since.

use crate::Now;
use crate::jwt::{TokenCache, Window};
use core::time::Duration;
use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};

/// The longest an answer is kept.
const LONGEST: Duration = Duration::from_secs(60);
/// An answer that holds for a time and not by any date.
pub(super) const ALWAYS: Window = Window { from: f64::NEG_INFINITY, until: f64::INFINITY };

/// How answers are kept, and how long the host may take to give one.
#[derive(Clone, Debug)]
pub(super) struct Keeping {
    good_for: Duration,
    bad_for: Duration,
    pub(super) entries: usize,
    pub(super) deadline: Duration,
}

impl Keeping {
    pub(super) const fn new(deadline: Duration) -> Self {
        Self { good_for: LONGEST, bad_for: Duration::from_secs(10), entries: 10_000, deadline }
    }

    pub(super) fn good_for(&mut self, time: Duration) {
        self.good_for = time.min(LONGEST);
    }

    pub(super) fn bad_for(&mut self, time: Duration) {
        self.bad_for = time.min(LONGEST);
    }
}

/// The answers that are kept.
pub(super) struct Answers<G, B> {
    good: TokenCache<(G, u64)>,
    bad: TokenCache<(B, u64)>,
    /// Counts how often everything was forgotten.
    generation: AtomicU64,
}

impl<G: Clone, B: Clone> Answers<G, B> {
    pub(super) fn new(keeping: &Keeping, seed: [u64; 4]) -> Self {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Self {
            good: TokenCache::new(keeping.entries, micros(keeping.good_for), seed),
            bad: TokenCache::new(keeping.entries, micros(keeping.bad_for), seed.map(|word| !word)),
            generation: AtomicU64::new(0),
        }
    }

    /// A good answer of a moment ago.
    pub(super) fn good(&self, digest: &[u8; 32], now: Now) -> Option<G> {
        let (value, generation) = self.good.get(digest, now)?;
        self.remembers(generation).then_some(value)
    }

    /// A bad answer of a moment ago.
    pub(super) fn bad(&self, digest: &[u8; 32], now: Now) -> Option<B> {
        let (value, generation) = self.bad.get(digest, now)?;
        self.remembers(generation).then_some(value)
    }

    /// Keeps a good answer, to a question of that generation.
    pub(super) fn keep_good(&self, digest: &[u8; 32], window: Window, now: Now, value: G, generation: u64) {
        self.good.insert(digest, window, now, (value, generation));
    }

    /// Keeps a bad answer, to a question of that generation.
    pub(super) fn keep_bad(&self, digest: &[u8; 32], now: Now, value: B, generation: u64) {
        self.bad.insert(digest, ALWAYS, now, (value, generation));
    }

    /// How often everything had been forgotten by now: for a question to remember.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Acquire)
    }

    /// Forgets every answer.
    pub(super) fn forget(&self) {
        self.generation.fetch_add(1, Release);
    }

    /// Whether an answer of that generation has not been forgotten.
    pub(super) fn remembers(&self, generation: u64) -> bool {
        self.generation() == generation
    }
}
