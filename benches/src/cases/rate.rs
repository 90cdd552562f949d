//! Rate buckets beside keyed `governor`, on the same keys, in the same order, at the same made-up times.
//!
//! Time moves by 1 µs every 16 checks, about as fast as it would; quotas are such that every check is admitted,
//! for a denial is cheaper on both sides.

use crate::material::{Random, Round, number};
use crate::{Budget, Case, Run, timed};
use doorward::Now;
use doorward::rate::{Limiter, Prepared, Quota};
use governor::clock::Clock;
use governor::nanos::Nanos;
use std::cell::Cell;
use std::hash::Hash;
use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

const U64_KEYS: &str = "governor 0.10, u64 keys";
const STRING_KEYS: &str = "governor 0.10, String keys";

/// The cases of this domain.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for keys in [1, 100_000, 1_000_000] {
        let id = format!("rate/check/{keys}");
        let budget = |case: Case| {
            let case = if keys == 1 { case } else { case.long_batches() };
            case.budget(Budget::Ratio(0.5))
        };
        cases.push(budget(Case::versus(
            id.as_str(),
            U64_KEYS,
            move || check(keys, number),
            move || check_governor(keys, number),
        )));
        cases.push(budget(Case::versus(
            id.as_str(),
            STRING_KEYS,
            move || check(keys, name),
            move || check_governor(keys, name),
        )));
    }
    cases.push(
        Case::versus("rate/hot/2-threads", U64_KEYS, hot, hot_governor)
            .long_batches()
            .budget(Budget::Ratio(0.5)),
    );
    cases
}

/// An application's key.
pub trait Key: Hash + Eq + Clone + 'static {
    /// Hands out its bytes, as doorward takes them.
    fn with_bytes<R>(&self, take: impl FnOnce(&[u8]) -> R) -> R;
}

impl Key for u64 {
    #[inline(always)]
    fn with_bytes<R>(&self, take: impl FnOnce(&[u8]) -> R) -> R {
        take(&self.to_ne_bytes())
    }
}

impl Key for String {
    #[inline(always)]
    fn with_bytes<R>(&self, take: impl FnOnce(&[u8]) -> R) -> R {
        take(self.as_bytes())
    }
}

/// A principal's id.
fn name(n: usize) -> String {
    format!("jwt:https://issuer.example:user-{n:07}")
}

/// Checks in random order over so many keys, all of which have a bucket already.
#[must_use]
pub fn check<K: Key>(keys: usize, key: fn(usize) -> K) -> Run {
    // Twice the slots, as `Limiter` advises.
    let limiter = Limiter::new(keys * 2, quota(keys), [1, 2, 3, 4]).expect("a quota that can be counted");
    let keys = shuffled(keys, key);
    let base = *limiter.base();
    for key in &keys {
        assert!(spend(&limiter, &base, key), "a first check");
    }
    let mut keys = Round::new(&keys);
    timed(move || assert!(spend(&limiter, &base, black_box(keys.turn())), "a check that fits"))
}

fn spend(limiter: &Limiter, base: &Prepared, key: &impl Key) -> bool {
    key.with_bytes(|bytes| limiter.check(bytes, base, 1, tick()).allowed)
}

fn check_governor<K: Key>(keys: usize, key: fn(usize) -> K) -> Run {
    let limiter = governor::RateLimiter::dashmap_with_clock(governor_quota(keys), Ticks);
    let keys = shuffled(keys, key);
    for key in &keys {
        assert!(limiter.check_key(key).is_ok(), "a first check");
    }
    let mut keys = Round::new(&keys);
    timed(move || assert!(limiter.check_key(black_box(keys.turn())).is_ok(), "a check that fits"))
}

/// Two threads on one key; the time is that of one check on either.
fn hot() -> Run {
    let limiter = Limiter::new(64, quota(1), [1, 2, 3, 4]).expect("a quota that can be counted");
    let base = *limiter.base();
    let key = number(1);
    // Where one thread is interrupted as it sweeps, the other is denied after a while, and that is counted.
    let denied = AtomicU64::new(0);
    two_threads(move || {
        spend(&limiter, &base, black_box(&key)) || denied.fetch_add(1, Relaxed) < limiter.stats().busy_denials
    })
}

fn hot_governor() -> Run {
    let limiter = governor::RateLimiter::dashmap_with_clock(governor_quota(1), Ticks);
    let key = number(1);
    two_threads(move || limiter.check_key(black_box(&key)).is_ok())
}

fn two_threads(op: impl Fn() -> bool + Sync + 'static) -> Run {
    // `governor` counts from the moment it was made.
    let mut begin = NOW.get();
    Box::new(move |times| {
        let barrier = Barrier::new(2);
        let work = || {
            NOW.set(begin);
            barrier.wait();
            let start = Instant::now();
            for _ in 0..times {
                assert!(op(), "a check that fits");
            }
            (start.elapsed(), NOW.get())
        };
        let both = thread::scope(|scope| [scope.spawn(work), scope.spawn(work)].map(|one| one.join()));
        let [(one, end), (other, _)] = both.map(|one| one.expect("neither panics"));
        begin = end;
        one.max(other)
    })
}

/// A million keys are each seen every 60 ms; one alone, every 60 ns. Its burst outlasts what one thread may be ahead
/// of the other, 20 ms.
fn quota(keys: usize) -> Quota {
    let quota = if keys == 1 {
        Quota::per(100, Duration::from_micros(1)).and_then(|quota| quota.burst(2_000_000))
    } else {
        Quota::per(1000, Duration::from_secs(1))
    };
    quota.expect("neither is 0")
}

fn governor_quota(keys: usize) -> governor::Quota {
    let (period, burst) = if keys == 1 { (10, 2_000_000) } else { (1_000_000, 1000) };
    let quota = governor::Quota::with_period(Duration::from_nanos(period)).expect("not 0");
    quota.allow_burst(NonZeroU32::new(burst).expect("not 0"))
}

fn shuffled<K>(keys: usize, key: fn(usize) -> K) -> Vec<K> {
    let mut order: Vec<usize> = (0..keys).collect();
    Random(5).shuffle(&mut order);
    order.into_iter().map(key).collect()
}

thread_local! {
    /// Sixteenths of a microsecond.
    static NOW: Cell<u64> = const { Cell::new(0) };
}

/// The made-up time, which has moved on.
fn micros() -> u64 {
    let now = NOW.get() + 1;
    NOW.set(now);
    now / 16
}

fn tick() -> Now {
    Now::new(0.0, micros())
}

/// The same for `governor`.
#[derive(Clone)]
struct Ticks;

impl Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(micros() * 1000)
    }
}

/// Keys whose buckets are kept, for counting the bytes they take.
pub struct Resident {
    /// How many had to share: buckets that were taken over while in debt.
    pub evictions_with_debt: u64,
    /// What holds them.
    pub table: Box<dyn std::any::Any>,
}

/// A limiter with so many live keys.
#[must_use]
pub fn resident(keys: usize) -> Resident {
    let limiter = Limiter::new(keys * 2, quota(keys), [1, 2, 3, 4]).expect("a quota that can be counted");
    for n in 0..keys {
        spend(&limiter, limiter.base(), &number(n));
    }
    Resident { evictions_with_debt: limiter.stats().evictions_with_debt, table: Box::new(limiter) }
}

/// The same keys in `governor`.
#[must_use]
pub fn resident_governor(keys: usize) -> Resident {
    let limiter = governor::RateLimiter::dashmap_with_clock(governor_quota(keys), Ticks);
    for n in 0..keys {
        let _ = limiter.check_key(&number(n));
    }
    Resident { evictions_with_debt: 0, table: Box::new(limiter) }
}
