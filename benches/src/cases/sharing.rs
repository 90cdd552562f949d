//! What a bounded table denies that an unbounded one would admit: counted beside exact buckets, at made-up times, and so the
//! same on every machine.
//!
//! Every key is asked for at random, as often on average as its quota allows (or half as often), so that nearly all of
//! them owe something at any time: that is the worst a table of so many live keys can be asked.

use crate::material::{Random, number};
use doorward::Now;
use doorward::rate::{Limiter, Quota};
use std::collections::HashMap;
use std::time::Duration;

/// Slots of the tables here: 512 sets.
pub const SLOTS: usize = 512 * 7;
/// Units of every key's bucket.
const BURST: u64 = 10;
/// Time in which a unit flows back, in µs.
const INTERVAL: u64 = 1_000_000;

/// Of how many checks so many were denied for the table's sake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// All checks.
    pub checks: u64,
    /// Those denied that exact buckets with the same past would have admitted.
    pub falsely: u64,
}

impl Share {
    /// In per cent of the checks.
    #[must_use]
    pub fn percent(self) -> f64 {
        100.0 * self.falsely as f64 / self.checks as f64
    }

    fn note(&mut self, falsely: bool) {
        self.checks += 1;
        self.falsely += u64::from(falsely);
    }
}

/// A table with exact buckets beside it, which spend what the table admits.
struct Pair {
    table: Limiter,
    exact: HashMap<u64, u64>,
    now: u64,
}

impl Pair {
    fn new() -> Self {
        let quota = Quota::per(BURST as u32, Duration::from_micros(BURST * INTERVAL)).expect("not 0");
        let table = Limiter::new(SLOTS, quota, [1, 2, 3, 4]).expect("a quota that can be counted");
        assert_eq!(table.stats().slots, SLOTS);
        Self { table, exact: HashMap::new(), now: 0 }
    }

    /// One check; whether it was denied for the table's sake.
    ///
    /// # Panics
    /// If the table admits what the exact bucket does not.
    fn check(&mut self, key: u64) -> bool {
        let now = Now::new(0.0, self.now);
        let admitted = self.table.check(&key.to_ne_bytes(), self.table.base(), 1, now).allowed;
        let tat = self.exact.entry(key).or_insert(0);
        let next = (*tat).max(self.now) + INTERVAL;
        let fits = next <= self.now + BURST * INTERVAL;
        assert!(fits || !admitted, "over-admitted");
        if admitted {
            *tat = next;
        }
        fits && !admitted
    }
}

/// A table with so many live keys a slot, each asked for `pace` times as often as its quota allows.
#[must_use]
pub fn at_load(load: f64, pace: f64) -> Share {
    let keys = (load * SLOTS as f64) as u64;
    let step = INTERVAL as f64 / pace / keys as f64;
    let (mut pair, mut random, mut share) = (Pair::new(), Random(7), Share::default());
    // Until debts have spread as they will, and as long again.
    let turns = 10 * BURST * keys;
    for turn in 0..2 * turns {
        pair.now = (turn as f64 * step) as u64;
        let falsely = pair.check(number((random.word() % keys) as usize));
        if turn >= turns {
            share.note(falsely);
        }
    }
    share
}

/// What a flood of keys that nobody has seen before does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flood {
    /// To the fresh keys themselves, and so to any newcomer, while it lasts.
    pub newcomers: Share,
    /// To keys in use, a quarter of the slots, at half their quotas, while it lasts.
    pub regulars: Share,
    /// To newcomers, in the window that begins one window after it has ended.
    pub after: Share,
}

/// A flood of `strength` times the checks that the table can let flow back: a slot's unit every interval.
#[must_use]
pub fn flood(strength: f64) -> Flood {
    let (mut pair, mut random, mut flood) = (Pair::new(), Random(7), Flood::default());
    let regulars = SLOTS as u64 / 4;
    let per_interval = regulars as f64 / 2.0 + strength * SLOTS as f64;
    let mut fresh = 1 << 40;
    let mut newcomer = || {
        fresh += 1;
        number(fresh)
    };
    let window = (BURST as f64 * per_interval) as u64;
    let of_regulars = regulars as f64 / 2.0 / per_interval;
    for turn in 0..8 * window {
        pair.now = (turn as f64 * INTERVAL as f64 / per_interval) as u64;
        let regular = random.word() as f64 / u64::MAX as f64;
        let share = if regular < of_regulars {
            let falsely = pair.check(number((random.word() % regulars) as usize));
            (&mut flood.regulars, falsely)
        } else {
            (&mut flood.newcomers, pair.check(newcomer()))
        };
        if turn >= 4 * window {
            share.0.note(share.1);
        }
    }
    // A newcomer a hundred slots and interval: they must not be a flood themselves.
    let end = pair.now + BURST * INTERVAL;
    let few = SLOTS as u64 / 100 * BURST;
    for turn in 0..few {
        pair.now = end + turn * BURST * INTERVAL / few;
        let falsely = pair.check(newcomer());
        flood.after.note(falsely);
    }
    flood
}

/// A million keys at one moment in a table as large as the gate's for addresses, thirty units each: the share of them that is
/// denied, and what the next newcomer finds left.
#[must_use]
pub fn million() -> (Share, u32) {
    let quota = Quota::per(30, Duration::from_secs(60)).expect("not 0");
    let table = Limiter::new(1 << 18, quota, [1, 2, 3, 4]).expect("a quota that can be counted");
    let mut share = Share::default();
    for n in 0..1_000_000 {
        let key = number(n).to_ne_bytes();
        share.note(!table.check(&key, table.base(), 1, Now::new(0.0, 0)).allowed);
    }
    let left = (2_000_000..2_001_000)
        .map(|n| table.peek(&number(n).to_ne_bytes(), table.base(), 1, Now::new(0.0, 0)).remaining);
    (share, left.min().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Per cent of the checks, as benches/README.md has them; none may be more, and not much less.
    #[test]
    fn false_denials_are_what_is_stated() {
        for (load, at_quota, at_half) in [
            (0.25, 0.0, 0.0),
            (0.5, 1.0, 0.0),
            (0.75, 7.0, 0.1),
            (0.9, 13.0, 0.2),
            (1.0, 17.0, 0.5),
            (1.5, 38.0, 4.0),
        ] {
            for (pace, most) in [(1.0, at_quota), (0.5, at_half)] {
                let denied = at_load(load, pace).percent();
                assert!(denied <= most && denied >= most / 10.0, "{load} at {pace}: {denied} %");
            }
        }
    }

    #[test]
    fn a_flood_denies_nobody_up_to_half_of_what_flows_back_and_leaves_nothing_behind() {
        for (strength, most) in [(0.25, 0.0), (0.5, 0.0), (1.0, 10.0), (2.0, 60.0)] {
            let flood = flood(strength);
            let denied = flood.newcomers.percent();
            assert!(denied <= most && denied >= most / 10.0, "{strength}: {denied} %");
            assert_eq!((most == 0.0, flood.after.falsely), (flood.regulars.falsely == 0, 0), "{flood:?}");
            assert!(flood.after.checks > 300);
        }
    }

    #[test]
    fn a_million_addresses_at_once_leave_every_newcomer_most_of_its_attempts() {
        let (flood, left) = million();
        assert_eq!((flood.checks, flood.falsely), (1_000_000, 0));
        assert!((20..30).contains(&left), "{left}");
    }
}
