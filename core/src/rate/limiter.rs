//! Buckets for one class of quotas: keys in, decisions out.
//!
//! One limiter a class, that is, one for callers' addresses, one for principals, and so on: keys an attacker
//! can choose must not share a table with keys that were authenticated, because newcomers inherit debt.
//!
//! State is per process. Reading no clock, a limiter relies on [`Now::mono`]: a clock that goes back stands
//! still until it has caught up; one that jumps ahead cannot be taken back.
//!
//! ```
//! use core::time::Duration;
//! use doorward::{Now, rate::{Limiter, Quota}};
//!
//! let limiter = Limiter::new(1 << 16, Quota::per(2, Duration::from_secs(1))?, [1, 2, 3, 4])?;
//! let spend = |seconds: u64| limiter.check(b"alice", limiter.base(), 1, Now::new(0.0, seconds * 1_000_000));
//!
//! assert!(spend(0).allowed && spend(0).allowed);
//! let denied = spend(0);
//! assert!(!denied.allowed);
//! assert_eq!(denied.retry_after_micros, 500_000);
//! assert!(spend(1).allowed);
//! # Ok::<(), doorward::rate::QuotaError>(())
//! ```

use super::decision::{Decision, micros};
use super::quota::{Quota, QuotaError};
use super::scale::{Prepared, Scale, same_class};
use super::table::{Receipt, Spend, Stats, Table};
use crate::Now;
use ahash::RandomState;
use core::fmt;
use core::hash::{BuildHasher as _, Hasher as _};

/// A bounded, lock-free table of rate buckets, one a key.
///
/// Memory is fixed when it is made: 64 bytes for every 7 slots. Keys are spread over sets of 7 by a seeded hash, and a
/// set that overflows makes its newcomers inherit debt, so that some are denied what is theirs. **Sizing:** give it twice
/// the slots of the keys that owe something at once (about 18 bytes a live key). Then 0.8 % of the checks are denied for
/// the table's sake where every key always spends all it may, and none where they spend half of it; with as many slots
/// as keys, 15 % and 0.3 %. Where keys can be made up, it is also saturated at `slots × capacity ÷ window` units a
/// second: a flood of up to half of that denies nobody, and one window after any flood nothing is left of it.
/// [`Stats::evictions_with_debt`] tells when that comes near. `benches/README.md` has the whole table.
///
/// A check is a hash, one cache line and one compare-and-swap; a denial writes nothing. Once every quarter of the
/// tick's range (over four hours for quotas of up to 60 a second, down to seconds for a million) one check also
/// sweeps the table, which takes some milliseconds for a million slots.
pub struct Limiter {
    table: Table,
    hasher: RandomState,
    base: Prepared,
}

impl Limiter {
    /// A table of at least `slots` slots (rounded up to whole sets of 7) for quotas like `base`.
    ///
    /// `seed` must be random and secret where keys come from outside: it keeps callers from aiming at each
    /// other's buckets.
    ///
    /// # Errors
    /// [`QuotaError`], where `base` cannot be counted or `slots` cannot be had.
    pub fn new(slots: usize, base: Quota, seed: [u64; 4]) -> Result<Self, QuotaError> {
        let scale = Scale::for_quota(&base)?;
        let base = scale.prepare(&base)?;
        let table = Table::new(slots, scale).ok_or(QuotaError::TooManySlots)?;
        let [a, b, c, d] = seed;
        Ok(Self { table, hasher: RandomState::with_seeds(a, b, c, d), base })
    }

    /// [`Limiter::new`] with a seed drawn from the operating system.
    ///
    /// # Errors
    /// As for [`Limiter::new`], and [`QuotaError::NoRandomness`].
    #[cfg(feature = "std")]
    pub fn with_random_seed(slots: usize, base: Quota) -> Result<Self, QuotaError> {
        let mut seed = [0; 4];
        for word in &mut seed {
            *word = getrandom::u64().map_err(|_| QuotaError::NoRandomness)?;
        }
        Self::new(slots, base, seed)
    }

    /// The base quota, prepared.
    #[must_use]
    pub const fn base(&self) -> &Prepared {
        &self.base
    }

    /// Another quota for this table, for keys that have their own.
    ///
    /// # Errors
    /// [`QuotaError::Rounding`], [`QuotaError::WindowTooLong`], and [`QuotaError::WindowsTooFarApart`] when its
    /// window is over 16 times the base quota's or under a sixteenth of it.
    pub fn prepare(&self, quota: &Quota) -> Result<Prepared, QuotaError> {
        if !same_class(quota, self.base.quota()) {
            return Err(QuotaError::WindowsTooFarApart);
        }
        self.table.scale().prepare(quota)
    }

    /// Spends `cost` units from the bucket of `key`.
    ///
    /// A cost of 0 is always allowed and writes nothing; one above [`Decision::limit`] is always denied, with
    /// [`Decision::NEVER`], and so is everything under a quota that a limiter with another tick prepared.
    #[inline(always)]
    pub fn check(&self, key: &[u8], quota: &Prepared, cost: u32, now: Now) -> Decision {
        if cost == 0 || !self.can_ever_admit(quota, cost) {
            return self.peek(key, quota, cost, now);
        }
        let spend = Spend { cost: u64::from(cost) * quota.interval, tolerance: quota.tolerance };
        Decision::of(self.table.check(self.hash(key), spend, now.mono), quota, now.mono)
    }

    /// What [`Limiter::check`] would say, spending nothing: `remaining` is what is left *before* the cost.
    ///
    /// Another thread may spend meanwhile.
    #[must_use]
    pub fn peek(&self, key: &[u8], quota: &Prepared, cost: u32, now: Now) -> Decision {
        let (debt, at) = self.table.peek(self.hash(key), now.mono);
        let standing = Decision::standing(true, debt, at, quota, now.mono);
        if cost == 0 {
            return standing;
        }
        if !self.can_ever_admit(quota, cost) {
            return Decision { allowed: false, retry_after_micros: Decision::NEVER, ..standing };
        }
        let cost = i64::try_from(u64::from(cost) * quota.interval).unwrap_or(i64::MAX);
        let over = debt.saturating_add(cost).saturating_sub_unsigned(quota.tolerance);
        Decision { allowed: over <= 0, retry_after_micros: micros(over, at, quota, now.mono), ..standing }
    }

    /// Takes one check back: its cost returns to the bucket, or what time has not returned of it already.
    ///
    /// False, and nothing given, where that is no longer safe or no longer means anything: the bucket has been
    /// full since, or the key or a neighbour in its set has had to make room while in debt.
    #[expect(clippy::needless_pass_by_value, reason = "a receipt is good for once")]
    pub fn give_back(&self, receipt: Receipt) -> bool {
        self.table.give_back(&receipt) > 0
    }

    /// Forgets the key's debt: an operator's act, outside the limiter's claim. Receipts of its set become void.
    ///
    /// False where the key has no bucket. Keys that lost their slot to it while in debt may gain by this.
    pub fn reset(&self, key: &[u8]) -> bool {
        self.table.reset(self.hash(key))
    }

    /// The counters, each exact, but not taken at one moment.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.table.stats()
    }

    fn can_ever_admit(&self, quota: &Prepared, cost: u32) -> bool {
        cost <= quota.capacity && quota.scale == self.base.scale
    }

    #[inline]
    pub(super) fn hash(&self, key: &[u8]) -> u64 {
        // Without a slice's length before it: one key is all that is hashed, and `write` mixes its length in.
        let mut hasher = self.hasher.build_hasher();
        hasher.write(key);
        hasher.finish()
    }
}

impl fmt::Debug for Limiter {
    /// Neither the seed nor the buckets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("base", self.base.quota())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
