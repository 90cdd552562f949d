//! One limit shared by several processes: the state machine.

use super::breaker::{Breaker, Epoch, Mode};
use super::memory::{Denial, Known, Memory};
use super::quota::SharedQuota;
use super::reply::{Failure, Grant, Reply, lacks_script, read};
use super::script::{SCRIPT, SCRIPT_SHA1, key};
use super::settings::{Fallback, Settings, SharedError};
use crate::Now;
use crate::rate::{Decision, Limiter, Quota};
use ahash::RandomState;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A quota that several processes keep together: see the [module](super).
pub struct SharedLimiter {
    settings: Settings,
    base: SharedQuota,
    hasher: RandomState,
    memory: Memory,
    health: Mutex<Health>,
    /// Counts in an outage.
    local: Option<Limiter>,
    counters: Counters,
}

struct Health {
    breaker: Breaker,
    last_failure: Option<Failure>,
}

#[derive(Default)]
struct Counters {
    asked: AtomicU64,
    from_lease: AtomicU64,
    from_memory: AtomicU64,
    failed: AtomicU64,
    fell_back: AtomicU64,
}

/// What a shared limit has done since it was made, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedStats {
    /// Commands for the server.
    pub asked: u64,
    /// Admissions paid from a lease, without a command.
    pub from_lease: u64,
    /// Denials that were still known, without a command.
    pub from_memory: u64,
    /// Commands that came to nothing.
    pub failed: u64,
    /// Decisions by the fallback.
    pub fell_back: u64,
}

/// What [`SharedLimiter::begin`] and [`SharedLimiter::answered`] come to.
#[derive(Debug)]
pub enum Spend {
    /// It is decided.
    Decided(Outcome),
    /// A command for the server: bring its reply to [`SharedLimiter::answered`].
    Ask(Ask),
}

/// A decision, and how it came about.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// What it is.
    pub verdict: Verdict,
    /// Where the bucket stands; with [`Verdict::Unavailable`], only when to try again.
    pub decision: Decision,
    /// Who decided.
    pub source: Source,
    /// Why the server could not, where it was to.
    pub failure: Option<Failure>,
}

/// Three answers, for a limit that can't be counted is neither kept nor exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The cost is spent.
    Admitted,
    /// The cost does not fit.
    Denied,
    /// The server can't be asked, and nobody is admitted meanwhile.
    Unavailable,
}

/// Who decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The server, just now.
    Store,
    /// Units that the server had granted before.
    Lease,
    /// A denial of the server's that still holds.
    Memory,
    /// The quota itself: the cost is above what it ever holds.
    Quota,
    /// The fallback.
    Fallback,
}

/// A command to be run, with all that is needed to go on. `Send`, and borrows nothing.
///
/// One that is dropped spends nothing here; what the server has done by then stays.
pub struct Ask {
    key: Vec<u8>,
    hash: u64,
    quota: SharedQuota,
    cost: u32,
    want: u32,
    epoch: Epoch,
    /// When it began, in µs: an answer tells of a moment after that.
    at: u64,
    deadline: u64,
    by_source: bool,
}

impl Ask {
    /// `EVALSHA` or `EVAL`.
    #[must_use]
    pub const fn command(&self) -> &'static str {
        if self.by_source { "EVAL" } else { "EVALSHA" }
    }

    /// The first argument: the script's SHA-1, or the script.
    #[must_use]
    pub const fn script(&self) -> &'static str {
        if self.by_source { SCRIPT } else { SCRIPT_SHA1 }
    }

    /// The one key, behind the number of keys, which is 1. It names the caller.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// What follows the key, each as a decimal number.
    #[must_use]
    pub const fn args(&self) -> [u64; 4] {
        [self.quota.interval, self.quota.tolerance, self.cost as u64, self.want as u64]
    }

    /// How long the reply may take from `now` on. Nothing is to be sent when none is left.
    #[must_use]
    pub const fn time_left(&self, now: Now) -> Duration {
        // A clock that went back gives no more than there was.
        let passed = now.mono.saturating_sub(self.at);
        Duration::from_micros(self.deadline.saturating_sub(passed))
    }
}

impl fmt::Debug for Ask {
    /// Not the key: it names a caller.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask")
            .field("command", &self.command())
            .field("args", &self.args())
            .finish_non_exhaustive()
    }
}

impl SharedLimiter {
    /// A shared limit for quotas like `base`. The seed must be random and secret where keys come from outside.
    ///
    /// # Errors
    /// The quota can't be counted: units of under 100 µs that are no whole microseconds, for one; or a name is wrong.
    pub fn new(base: Quota, settings: Settings, seed: [u64; 4]) -> Result<Self, SharedError> {
        settings.check()?;
        let local = match settings.fallback {
            Fallback::LocalAtLimitOver(processes) => {
                let [a, b, c, d] = seed;
                Some(Limiter::new(settings.slots, base.split(processes), [b, c, d, a])?)
            }
            _ => None,
        };
        let [a, b, c, d] = seed;
        Ok(Self {
            base: SharedQuota::new(&base, settings.fallback, local.as_ref())?,
            hasher: RandomState::with_seeds(a, b, c, d),
            memory: Memory::new(settings.remembered, micros(settings.lease_time)),
            health: Mutex::new(Health {
                breaker: Breaker::new(settings.failures, micros(settings.cool_down)),
                last_failure: None,
            }),
            local,
            counters: Counters::default(),
            settings,
        })
    }

    /// [`SharedLimiter::new`] with a seed drawn from the operating system.
    ///
    /// # Errors
    /// As for [`SharedLimiter::new`]; and there is no randomness.
    pub fn with_random_seed(base: Quota, settings: Settings) -> Result<Self, SharedError> {
        let mut seed = [0; 4];
        for word in &mut seed {
            *word = getrandom::u64().map_err(|_| crate::rate::QuotaError::NoRandomness)?;
        }
        Self::new(base, settings, seed)
    }

    /// The base quota, prepared.
    #[must_use]
    pub const fn base(&self) -> &SharedQuota {
        &self.base
    }

    /// Another quota for this limit, for keys that have their own.
    ///
    /// # Errors
    /// It can't be counted; or in an outage not beside the base quota, for its window differs by more than 16 times.
    pub fn prepare(&self, quota: &Quota) -> Result<SharedQuota, SharedError> {
        SharedQuota::new(quota, self.settings.fallback, self.local.as_ref())
    }

    /// Begins to spend `cost` units from the bucket of `id`, which is injective: a principal's canonical id, say.
    ///
    /// A cost above the quota's capacity is denied with [`Decision::NEVER`], and its `remaining` is not asked for.
    pub fn begin(&self, id: &[u8], quota: &SharedQuota, cost: u32, now: Now) -> Spend {
        if cost > quota.capacity {
            let decision = told(quota, false, 0, 0, Decision::NEVER);
            return decided(Verdict::Denied, decision, Source::Quota);
        }
        let key = key(&self.settings.prefix, &self.settings.name, id);
        let hash = self.hasher.hash_one(&key);
        if cost > 0 {
            match self.memory.spend(hash, cost, now.mono) {
                Known::Nothing => {}
                Known::Paid(left, full_at) => {
                    self.counters.from_lease.fetch_add(1, Relaxed);
                    let (left, full_in) = (left.min(quota.capacity), full_at.saturating_sub(now.mono));
                    return decided(Verdict::Admitted, told(quota, true, left, full_in, 0), Source::Lease);
                }
                Known::Denied(denial, denied) => {
                    self.counters.from_memory.fetch_add(1, Relaxed);
                    let more = u64::from(cost.saturating_sub(denied)).saturating_mul(quota.interval);
                    let retry = denial.retry_at.saturating_sub(now.mono).saturating_add(more).max(1);
                    let reset = denial.reset_at.saturating_sub(now.mono).max(retry);
                    let decision = told(quota, false, denial.remaining.min(cost - 1), reset, retry);
                    return decided(Verdict::Denied, decision, Source::Memory);
                }
            }
        }
        let Some(epoch) = self.health().breaker.may_ask(now.mono) else {
            return Spend::Decided(self.fall_back(&key, quota, cost, Failure::BreakerOpen, now));
        };
        self.counters.asked.fetch_add(1, Relaxed);
        let lease = if cost > 0 && self.memory.can_lease() { self.settings.lease } else { cost };
        Spend::Ask(Ask {
            key,
            hash,
            quota: *quota,
            cost,
            want: lease.clamp(cost, quota.capacity),
            epoch,
            at: now.mono,
            deadline: micros(self.settings.deadline),
            by_source: false,
        })
    }

    /// Goes on with the server's reply. It may ask once more: for a server that does not know the script yet.
    pub fn answered(&self, ask: Ask, reply: &Reply, now: Now) -> Spend {
        if lacks_script(reply) && !ask.by_source {
            if ask.time_left(now) > Duration::ZERO {
                self.counters.asked.fetch_add(1, Relaxed);
                return Spend::Ask(Ask { by_source: true, ..ask });
            }
            return Spend::Decided(self.failed(&ask, Failure::TimedOut, now));
        }
        match read(reply, &ask.quota, ask.cost, ask.want) {
            Ok(grant) => {
                self.health().breaker.ended(ask.epoch, true, now.mono);
                Spend::Decided(self.granted(&ask, grant, now))
            }
            Err(failure) => Spend::Decided(self.failed(&ask, failure, now)),
        }
    }

    fn granted(&self, ask: &Ask, grant: Grant, now: Now) -> Outcome {
        let verdict = if grant.retry == 0 { Verdict::Admitted } else { Verdict::Denied };
        if verdict == Verdict::Denied {
            let denial = Denial {
                remaining: grant.remaining,
                // Counted from before the server was asked: never longer than it said.
                reset_at: ask.at.saturating_add(grant.reset),
                retry_at: ask.at.saturating_add(grant.retry),
            };
            self.memory.denied(ask.hash, ask.cost, denial, now.mono);
        }
        let kept = grant.taken.saturating_sub(ask.cost);
        if kept > 0 {
            let rest = (grant.remaining, ask.at.saturating_add(grant.reset));
            self.memory.leased(ask.hash, kept, self.settings.lease, rest, now.mono);
        }
        let left = grant.remaining.saturating_add(kept).min(ask.quota.capacity);
        let decision = told(&ask.quota, verdict == Verdict::Admitted, left, grant.reset, grant.retry);
        Outcome { verdict, decision, source: Source::Store, failure: None }
    }

    fn failed(&self, ask: &Ask, failure: Failure, now: Now) -> Outcome {
        self.counters.failed.fetch_add(1, Relaxed);
        let mut health = self.health();
        health.breaker.ended(ask.epoch, !failure.is_of_the_server(), now.mono);
        health.last_failure = Some(failure);
        drop(health);
        self.fall_back(&ask.key, &ask.quota, ask.cost, failure, now)
    }

    fn fall_back(&self, key: &[u8], quota: &SharedQuota, cost: u32, failure: Failure, now: Now) -> Outcome {
        self.counters.fell_back.fetch_add(1, Relaxed);
        let (verdict, decision) = match (self.settings.fallback, &self.local, &quota.local) {
            (Fallback::Allow, ..) => {
                (Verdict::Admitted, told(quota, true, quota.capacity.saturating_sub(cost), 0, 0))
            }
            (Fallback::LocalAtLimitOver(_), Some(local), Some(share)) => {
                let decision = local.check(key, share, cost, now);
                (if decision.allowed { Verdict::Admitted } else { Verdict::Denied }, decision)
            }
            _ => {
                let wait = micros(self.settings.cool_down).max(1);
                (Verdict::Unavailable, told(quota, false, 0, wait, wait))
            }
        };
        Outcome { verdict, decision, source: Source::Fallback, failure: Some(failure) }
    }

    /// How the limit is kept at the moment.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.health().breaker.mode()
    }

    /// What went wrong last, since the limiter was made.
    #[must_use]
    pub fn last_failure(&self) -> Option<Failure> {
        self.health().last_failure
    }

    /// The counters, each exact, but not taken at one moment.
    #[must_use]
    pub fn stats(&self) -> SharedStats {
        SharedStats {
            asked: self.counters.asked.load(Relaxed),
            from_lease: self.counters.from_lease.load(Relaxed),
            from_memory: self.counters.from_memory.load(Relaxed),
            failed: self.counters.failed.load(Relaxed),
            fell_back: self.counters.fell_back.load(Relaxed),
        }
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SharedLimiter {
    /// Neither the seed nor the buckets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedLimiter")
            .field("settings", &self.settings)
            .field("base", self.base.quota())
            .field("mode", &self.mode())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

const fn decided(verdict: Verdict, decision: Decision, source: Source) -> Spend {
    Spend::Decided(Outcome { verdict, decision, source, failure: None })
}

const fn told(quota: &SharedQuota, allowed: bool, remaining: u32, reset: u64, retry: u64) -> Decision {
    Decision {
        allowed,
        limit: quota.capacity,
        remaining,
        reset_after_micros: reset,
        retry_after_micros: retry,
        receipt: None,
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
