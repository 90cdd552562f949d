//! The table's sense of time: how far it has come, and how far it has been swept.
//!
//! A slot holds 36 bits of a moment. What keeps them readable is one invariant, in absolute ticks:
//!
//! ```text
//! swept  ≤  TAT of every slot in use  ≤  high + granularity + a quarter of the range
//! high   <  swept + half the range
//! ```
//!
//! so that a TAT lies within half the range of `high`, and its difference from it, read as a signed number,
//! is the true one. Time passed in may run ahead of `swept` by half the range and no more; from a quarter on,
//! the next check sweeps the table (`table.rs`), and only then does `swept` move.
//!
//! Moments are microseconds. A check counts with `max(what its caller passed, high)`. `high` is written only
//! when time is ahead of it by more than [`GRANULARITY`], so that it stays in every core's cache; moments
//! closer together than that are used as they come, in whatever order. Hence the rule that runs through the
//! table: *to spend, count with now; to forget something, count with `high`*, because a later check may still
//! come with any moment from `high` on.
//!
//! **Order of reading.** The word first, then `high`. Whoever wrote the word had seen some `high` before, so
//! by coherence this reader sees at least that one, and the invariant's upper half holds for the pair.

use super::scale::Scale;
use crate::sync::{AtomicU32, AtomicU64, Ordering, spin_loop};

/// How far time may run ahead of `high` before `high` is written, in µs.
pub(super) const GRANULARITY: u64 = 1024;
/// Times beyond this, 292,000 years, stand still.
pub(super) const LAST_MOMENT: u64 = u64::MAX >> 1;
/// How often a check waits, in turns of a spin loop, for another thread that is sweeping after a long jump.
const PATIENCE: u32 = if cfg!(doorward_loom) { 2 } else { 1 << 16 };

/// On a cache line of its own: every check reads it, and few write it.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Clock {
    scale: Scale,
    /// 2^36 ticks in µs.
    range: u64,
    high: AtomicU64,
    swept: AtomicU64,
    /// 1 while a thread sweeps.
    sweeping: AtomicU32,
}

/// A moment, and the `high` it was seen with.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    /// µs.
    pub(super) high: u64,
    /// `high` in ticks, of which the lower 36 bits mean anything: what words are read relative to.
    pub(super) reference: u64,
    /// The moment this check counts with, in µs.
    pub(super) now: u64,
    /// `now` in ticks after `reference`.
    pub(super) elapsed: i64,
}

impl Clock {
    pub(super) fn new(scale: Scale) -> Self {
        Self {
            scale,
            range: scale.range_micros(),
            high: AtomicU64::new(0),
            swept: AtomicU64::new(0),
            sweeping: AtomicU32::new(0),
        }
    }

    pub(super) const fn scale(&self) -> Scale {
        self.scale
    }

    /// The present, for a caller who says it is `mono` µs. Read it after the words it will be compared with.
    pub(super) fn view(&self, mono: u64) -> View {
        let high = self.high.load(Ordering::Acquire);
        let now = mono.max(high);
        View { high, reference: self.scale.ticks(high), now, elapsed: self.scale.between(high, now) }
    }

    /// Whether `mono` is so close to `high`, or so far behind it, that there is nothing to take note of.
    #[inline]
    pub(super) fn is_near(&self, mono: u64) -> bool {
        // Never wraps: `high` stops at `LAST_MOMENT`.
        mono <= self.high.load(Ordering::Acquire).wrapping_add(GRANULARITY)
    }

    /// Takes note of the time, and has `sweep` clear what lies behind `high` where that is due.
    ///
    /// `sweep` says whether it got through the whole table. False means that time has jumped further than
    /// unswept words allow, and that somebody else is at it: the check must be denied. `mono` is at most
    /// [`LAST_MOMENT`].
    pub(super) fn advance(&self, mono: u64, sweep: impl FnMut() -> bool) -> bool {
        self.is_near(mono) || self.advance_slowly(mono, sweep)
    }

    #[cold]
    fn advance_slowly(&self, mono: u64, mut sweep: impl FnMut() -> bool) -> bool {
        for _ in 0..PATIENCE {
            // `swept` only grows, so an old value only makes this stricter.
            let ahead = mono.saturating_sub(self.swept.load(Ordering::Acquire));
            if ahead < self.range / 2 {
                self.high.fetch_max(mono, Ordering::AcqRel);
                if ahead >= self.range / 4
                    && let Some(_claim) = self.claim()
                {
                    self.sweep_up(&mut sweep);
                }
                return true;
            }
            if let Some(_claim) = self.claim() {
                return self.jump(mono, &mut sweep);
            }
            spin_loop();
        }
        false
    }

    /// The ordinary sweep, among running checks. Given up where a set stays locked: the next check tries again.
    fn sweep_up(&self, sweep: &mut impl FnMut() -> bool) {
        let high = self.high.load(Ordering::Acquire);
        // Somebody else may have finished just before this claim.
        let due = high.saturating_sub(self.swept.load(Ordering::Acquire)) >= self.range / 4;
        if due && sweep() {
            self.swept.store(high, Ordering::Release);
        }
    }

    /// Time has jumped by half the range or more: an idle night, or years.
    ///
    /// Until `swept` moves nobody can raise `high` beyond `top`, and all who come with a later time wait. After
    /// the sweep every word left lies within one tolerance after `top`. Moving `high` and `swept` together by
    /// whole turns of the range changes no difference modulo 2^36, so threads in the midst of a check do not
    /// notice; debt left at that point would look younger, which could only deny, but there is none as long as
    /// sweeps are finished within a quarter of the range. What then remains is less than one turn: at most three
    /// sweeps in all.
    fn jump(&self, mono: u64, sweep: &mut impl FnMut() -> bool) -> bool {
        loop {
            let swept = self.swept.load(Ordering::Acquire);
            let top = swept.saturating_add(self.range / 2 - 1);
            if mono <= top {
                self.high.fetch_max(mono, Ordering::AcqRel);
                // Leaves the next jump a whole tolerance before `top`, so that nothing looks younger after it.
                self.sweep_up(sweep);
                return true;
            }
            self.high.fetch_max(top, Ordering::AcqRel);
            if !sweep() {
                return false;
            }
            let turns = (mono - top) / self.range;
            let start = top.saturating_add(turns.saturating_mul(self.range));
            self.high.fetch_max(start, Ordering::AcqRel);
            self.swept.store(start, Ordering::Release);
        }
    }

    fn claim(&self) -> Option<Claim<'_>> {
        self.sweeping.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).ok()?;
        Some(Claim(&self.sweeping))
    }

    /// A quarter of the range, in µs: no debt is older.
    pub(super) const fn quarter(&self) -> u64 {
        self.range / 4
    }
}

struct Claim<'a>(&'a AtomicU32);

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Release);
    }
}

#[cfg(all(test, not(doorward_loom)))]
mod tests {
    use super::*;
    use crate::rate::Quota;
    use core::time::Duration;

    fn clock() -> Clock {
        Clock::new(Scale::for_quota(&Quota::per(60, Duration::from_secs(60)).unwrap()).unwrap())
    }

    fn state(clock: &Clock) -> (u64, u64) {
        (clock.high.load(Ordering::Relaxed), clock.swept.load(Ordering::Relaxed))
    }

    #[test]
    fn small_steps_write_nothing_and_time_does_not_go_back() {
        let clock = clock();
        assert!(clock.advance(GRANULARITY, || unreachable!()));
        assert_eq!(state(&clock), (0, 0));
        assert_eq!(clock.view(GRANULARITY).now, GRANULARITY);
        assert!(clock.advance(GRANULARITY + 1, || unreachable!()));
        assert_eq!(state(&clock), (GRANULARITY + 1, 0));
        assert!(clock.advance(3, || unreachable!()));
        assert_eq!(clock.view(3).now, GRANULARITY + 1);
    }

    #[test]
    fn a_quarter_of_the_range_sweeps_once() {
        let clock = clock();
        let mut sweeps = 0;
        let mut advance = |mono| {
            assert!(clock.advance(mono, || {
                sweeps += 1;
                true
            }));
            (state(&clock), sweeps)
        };
        let quarter = clock.quarter();
        assert_eq!(advance(quarter - 1), ((quarter - 1, 0), 0));
        assert_eq!(advance(quarter + 5000), ((quarter + 5000, quarter + 5000), 1));
        assert_eq!(advance(quarter + 9000).1, 1);
    }

    #[test]
    fn jumps_of_any_length_arrive_with_at_most_three_sweeps() {
        for turns in [0, 1, 2, 1000, 1 << 26] {
            for rest in [0, 1, 2, 3] {
                let clock = clock();
                let mono = turns * clock.range + rest * clock.range / 4 + 5000;
                let mut sweeps = 0;
                assert!(clock.advance(mono, || {
                    sweeps += 1;
                    true
                }));
                let (high, swept) = state(&clock);
                assert_eq!(high, mono);
                assert!(high - swept < clock.range / 4 && sweeps <= 3);
            }
        }
    }

    #[test]
    fn an_unfinished_sweep_lets_time_no_further() {
        let clock = clock();
        assert!(clock.advance(clock.range / 2 - 1, || false));
        assert_eq!(state(&clock), (clock.range / 2 - 1, 0));
        let late = clock.range / 2 + GRANULARITY;
        assert!(!clock.advance(late, || false));
        assert_eq!(state(&clock), (clock.range / 2 - 1, 0));
        assert!(clock.advance(late, || true));
    }
}
