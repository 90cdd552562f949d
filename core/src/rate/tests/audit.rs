//! Many threads on one table, every admission noted and audited afterwards, key by key.
//!
//! Five million operations, or `DOORWARD_AUDIT_OPS` of them: `make audit` runs fifty million.

use super::super::clock::GRANULARITY;
use super::*;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

const THREADS: u64 = 16;

/// Of one audit; there are four.
fn operations() -> u64 {
    let all = std::env::var("DOORWARD_AUDIT_OPS").map_or(5_000_000, |text| text.parse().expect("a number"));
    all / 4
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// A hot key, sixty-four with a long tail, and a flood nobody has seen before.
fn key(random: &mut Random) -> u64 {
    let key = match random.below(10) {
        0..3 => 0,
        3..8 => 63 / (1 + random.below(64)),
        _ => 1000 + random.next() % (1 << 40),
    };
    Random(key).next()
}

/// Threads share a clock that each now and then moves on by `step` µs, or far.
fn audit<const SLOTS: usize>(slots: usize, base: Quota, step: u64, give_backs: bool, seed: u64) {
    let (table, quota) = table::<SLOTS>(slots, base);
    let clock = AtomicU64::new(0);
    let far = quota.scale.range_micros() / 8 / step * step;
    let logs: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (table, clock, quota) = (&table, &clock, &quota);
                scope.spawn(move || {
                    let mut random = Random(seed ^ thread << 32);
                    let mut events = BTreeMap::new();
                    let mut held: Vec<(u64, u32, Receipt)> = Vec::new();
                    for _ in 0..operations() / THREADS {
                        match random.below(1000) {
                            0..30 => {
                                clock.fetch_add(step * random.below(4), Ordering::Relaxed);
                            }
                            30 if random.below(50) == 0 => {
                                clock.fetch_add(far * random.below(12), Ordering::Relaxed);
                            }
                            31..150 if give_backs && !held.is_empty() => {
                                let index = usize::try_from(random.next()).unwrap() % held.len();
                                let (key, cost, receipt) = held.swap_remove(index);
                                let (given, at) = table.give_back_at(&receipt);
                                if given > 0 {
                                    let ticks = -i64::try_from(given).unwrap();
                                    let event = Event { at, units: -units(cost), ticks };
                                    events.entry(key).or_insert_with(Vec::new).push(event);
                                }
                            }
                            _ => {
                                let (key, mono) = (key(&mut random), clock.load(Ordering::Relaxed));
                                let cost = 1 + u32::try_from(random.below(2)).unwrap();
                                if let Some(receipt) = note(table, &mut events, key, quota, cost, mono)
                                    && held.len() < 64
                                {
                                    held.push((key, cost, receipt));
                                }
                            }
                        }
                    }
                    events
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut events = BTreeMap::<u64, Vec<Event>>::new();
    for (key, log) in logs.into_iter().flatten() {
        events.entry(key).or_default().extend(log);
    }
    let hot = &events[&Random(0).next()];
    let given: usize = hot.iter().filter(|event| event.units < 0).count();
    let stats = table.stats();
    // The run must have gone through what it is there for.
    assert!(
        hot.len() > 200 && stats.sweeps > 2 && stats.evictions_with_debt > 100,
        "{} {stats:?}",
        hot.len()
    );
    assert_eq!(given > 10, give_backs, "{given} given back");
    assert_claim(&mut events, &quota);
}

/// Steps finer than the clock's granularity: moments come in any order.
#[test]
fn sixteen_threads_with_moments_out_of_order() {
    audit::<7>(70, per(5, 2_000), 100, false, 1);
    audit::<2>(4, per(5, 10_000), 100, false, 2);
}

/// Steps coarser than it: `high` is every check's now, and a give-back has a moment of its own.
#[test]
fn sixteen_threads_with_give_backs() {
    audit::<7>(70, per(5, 100_000), 2 * GRANULARITY, true, 3);
    audit::<2>(4, per(5, 100_000), 2 * GRANULARITY, true, 4);
}
