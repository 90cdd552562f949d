//! From microseconds and quotas to ticks, rounded so that a limit is never exceeded.
//!
//! One tick is 2^shift µs and belongs to the limiter. Choosing it weighs two things: a unit of the base quota
//! should be many ticks (little rounding), and its window few (36 bits must hold four of them, better 64, so
//! that quotas with 16 times the window fit beside it).
//!
//! **Why rounding never admits one too many.** Let *T* be the tick, *J* the exact time per unit in ticks, *I*
//! the integer used. In ticks GCRA admits, beyond the burst, at most *n* units between the moments *a* and *b*
//! where n·I ≤ ⌊b/T⌋ − ⌊a/T⌋.
//! - T ≤ 1 µs: both floors are exact, and I = ⌈J⌉ ≥ J gives n·J ≤ (b−a)/T.
//! - T > 1 µs: the floors may add up to one tick (less than one, never one): (b−a)/T > n·I − 1. With
//!   I = ⌈J⌉ + 1 that is ≥ n·J + n − 1 ≥ n·J for every n ≥ 1. (⌊J⌋ + 1 would not do: J = 9.75 and T = 4 µs
//!   let two units 37 µs apart through, where 39 are due.)

use super::quota::{Quota, QuotaError};
use super::word::{MAX_TICKS, TICK_BITS};

/// Windows of quotas that share a table differ from the base quota's by at most this factor.
const CLASS_RATIO: u128 = 16;
/// Ticks per unit that leave rounding out of sight, and that are still good enough (0.2 % at worst).
const FINE: u128 = 1 << 14;
const GOOD: u128 = 1 << 10;
/// The finest tick leaves a range of 65 ms, far above the clock's granularity; the coarsest, 146,000 years.
const FINEST: i8 = -20;
const COARSEST: i8 = 26;
/// What the choice of a tick leaves for rounding up: a 64th.
const ROOM: u128 = MAX_TICKS as u128 - MAX_TICKS as u128 / 64;

/// The length of a tick: 2^shift µs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    shift: i8,
}

/// A quota in the ticks of the limiter that prepared it.
///
/// Preparing is done once, where a quota is configured; [`Limiter::check`](super::Limiter::check) then only
/// adds and compares. Limiters that differ in their tick deny what was prepared by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prepared {
    pub(super) scale: Scale,
    /// Ticks a unit takes to flow back.
    pub(super) interval: u64,
    /// Ticks of debt allowed: `interval × capacity`.
    pub(super) tolerance: u64,
    pub(super) capacity: u32,
    quota: Quota,
}

impl Prepared {
    /// The quota this was made from.
    #[must_use]
    pub const fn quota(&self) -> &Quota {
        &self.quota
    }
}

impl Scale {
    /// The tick for a table whose base quota is `base`.
    pub(super) fn for_quota(base: &Quota) -> Result<Self, QuotaError> {
        let (nanos, units) = base.refill();
        let window = base.window_nanos();
        let shortest =
            |limit: u128, time: u128| (FINEST..=COARSEST).find(|&shift| whole_ticks(time, 1, shift) <= limit);
        let longest =
            |ticks: u128| (FINEST..=COARSEST).rev().find(|&shift| whole_ticks(nanos, units, shift) >= ticks);
        let needed = shortest(ROOM, window).ok_or(QuotaError::WindowTooLong)?;
        let roomy = shortest(ROOM, window.saturating_mul(CLASS_RATIO)).unwrap_or(COARSEST);
        let fine = longest(FINE).unwrap_or(FINEST);
        let good = longest(GOOD).unwrap_or(FINEST);
        let shift = if needed <= 0 && 0 <= fine {
            // 1 µs where it fits (up to 61 a second, and windows up to 4.7 hours): nothing is rounded that
            // was whole, and whoever waits for the exact moment is let through.
            0
        } else if roomy <= fine {
            0.clamp(roomy, fine)
        } else {
            needed.max(roomy.min(good))
        };
        Ok(Self { shift })
    }

    /// `quota` in these ticks.
    pub(super) fn prepare(self, quota: &Quota) -> Result<Prepared, QuotaError> {
        let (nanos, units) = quota.refill();
        let (time, per) = fraction(nanos, units, self.shift);
        // See the proof above.
        let interval = time.div_ceil(per) + u128::from(self.shift > 0);
        if interval > u128::from(MAX_TICKS) || whole_ticks(quota.window_nanos(), 1, self.shift) > ROOM {
            return Err(QuotaError::WindowTooLong);
        }
        if (interval * per).saturating_sub(time) > time / 100 {
            return Err(QuotaError::Rounding);
        }
        let tolerance = interval * u128::from(quota.capacity());
        match (u64::try_from(interval), u64::try_from(tolerance)) {
            (Ok(interval), Ok(tolerance)) if tolerance <= MAX_TICKS => {
                Ok(Prepared { scale: self, interval, tolerance, capacity: quota.capacity(), quota: *quota })
            }
            _ => Err(QuotaError::WindowTooLong),
        }
    }

    /// `micros` as ticks; only the lower 36 bits mean anything.
    #[inline]
    pub(super) const fn ticks(self, micros: u64) -> u64 {
        let by = self.shift.unsigned_abs() as u32;
        if self.shift < 0 { micros.wrapping_shl(by) } else { micros.wrapping_shr(by) }
    }

    /// Ticks that begin after the one `from` is in, up to that of `to` (µs, `from` ≤ `to` < 2^63); what is over 2^40
    /// may be cut to that.
    #[inline]
    pub(super) const fn between(self, from: u64, to: u64) -> i64 {
        const MOST: u64 = 1 << 40;
        let by = self.shift.unsigned_abs() as u32;
        let ticks = if self.shift < 0 {
            let (micros, most) = (to.wrapping_sub(from), MOST.wrapping_shr(by));
            if micros < most { micros.wrapping_shl(by) } else { MOST }
        } else {
            to.wrapping_shr(by).wrapping_sub(from.wrapping_shr(by))
        };
        ticks.cast_signed()
    }

    /// Microseconds from `now` to the beginning of the tick that is `ticks` after `now`'s; 0 for none.
    #[inline]
    pub(super) fn micros_until(self, ticks: i64, now: u64) -> u64 {
        let Ok(ticks) = u64::try_from(ticks) else { return 0 };
        let by = u32::from(self.shift.unsigned_abs());
        if self.shift < 0 {
            ticks.saturating_add((1 << by) - 1) >> by
        } else {
            let into_this_tick = now & ((1 << by) - 1);
            ticks.saturating_mul(1 << by).saturating_sub(into_this_tick)
        }
    }

    /// 2^36 ticks, in µs: at least 2^16, at most 2^62.
    pub(super) const fn range_micros(self) -> u64 {
        1 << TICK_BITS.saturating_add_signed(self.shift as i32)
    }
}

/// Whether quotas with these two windows (ns) may share a table.
pub(super) fn same_class(a: &Quota, b: &Quota) -> bool {
    let (a, b) = (a.window_nanos(), b.window_nanos());
    a <= b.saturating_mul(CLASS_RATIO) && b <= a.saturating_mul(CLASS_RATIO)
}

/// `nanos / units` in ticks, as numerator and denominator.
const fn fraction(nanos: u128, units: u128, shift: i8) -> (u128, u128) {
    let by = shift.unsigned_abs() as u32;
    if shift < 0 {
        (nanos.saturating_mul(1 << by), units.saturating_mul(1000))
    } else {
        (nanos, units.saturating_mul(1000 << by))
    }
}

const fn whole_ticks(nanos: u128, units: u128, shift: i8) -> u128 {
    let (time, per) = fraction(nanos, units, shift);
    time / per
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    fn quota(amount: u32, micros: u64) -> Quota {
        Quota::per(amount, Duration::from_micros(micros)).unwrap()
    }

    const SECOND: u64 = 1_000_000;
    const DAY: u64 = 86_400 * SECOND;

    #[test]
    fn the_usual_quotas_count_in_microseconds() {
        for usual in
            [quota(30, 60 * SECOND), quota(100, 60 * SECOND), quota(50, SECOND), quota(1000, 3600 * SECOND)]
        {
            let scale = Scale::for_quota(&usual).unwrap();
            assert_eq!(scale.shift, 0, "{usual:?}");
            let prepared = scale.prepare(&usual).unwrap();
            let exact = usual.period().as_micros().div_ceil(u128::from(usual.limit()));
            assert_eq!(u128::from(prepared.interval), exact);
        }
    }

    #[test]
    fn every_sensible_rate_has_a_tick() {
        for amount in [1, 2, 3, 7, 10, 60, 100, 999, 1000, 12_345, 100_000, 1_000_000] {
            for period in [1000, SECOND, 60 * SECOND, 3600 * SECOND, DAY, 30 * DAY, 365 * DAY] {
                for quota in [quota(amount, period), quota(amount, period).strict()] {
                    let scale = Scale::for_quota(&quota).unwrap();
                    assert!(scale.prepare(&quota).is_ok(), "{quota:?} {scale:?}");
                }
            }
        }
    }

    #[test]
    fn the_rate_is_never_rounded_up_and_the_floor_of_now_is_paid_for() {
        for (amount, period) in [(7, DAY), (1_000_000, DAY), (100, 365 * DAY), (3, SECOND), (999_983, SECOND)]
        {
            let quota = quota(amount, period);
            let scale = Scale::for_quota(&quota).unwrap();
            let prepared = scale.prepare(&quota).unwrap();
            let (time, per) = fraction(quota.refill().0, quota.refill().1, scale.shift);
            let slack = if scale.shift > 0 { per } else { 0 };
            assert!(u128::from(prepared.interval) * per >= time + slack, "{quota:?}");
        }
    }

    #[test]
    fn refuses_what_it_cannot_keep() {
        // A unit every 10.5 ticks, and a window of a week beside a tick made for a second.
        let fast = Scale::for_quota(&quota(1_000_000, SECOND)).unwrap();
        assert_eq!(fast.prepare(&quota(97_523_810, SECOND)), Err(QuotaError::Rounding));
        assert_eq!(fast.prepare(&quota(1, 7 * DAY)), Err(QuotaError::WindowTooLong));
        assert_eq!(fast.prepare(&quota(10, SECOND).burst(u32::MAX).unwrap()), Err(QuotaError::WindowTooLong));
        let ever = Quota::per(u32::MAX, Duration::MAX).unwrap().burst(u32::MAX).unwrap();
        assert_eq!(Scale::for_quota(&ever), Err(QuotaError::WindowTooLong));
        let instant = Quota::per(u32::MAX, Duration::from_nanos(1)).unwrap();
        let scale = Scale::for_quota(&instant).unwrap();
        assert_eq!(scale.prepare(&instant), Err(QuotaError::Rounding));
    }

    #[test]
    fn classes_span_sixteen_times() {
        let minute = quota(10, 60 * SECOND);
        assert!(same_class(&minute, &quota(10, 16 * 60 * SECOND)));
        assert!(!same_class(&minute, &quota(10, 16 * 60 * SECOND + 1)));
        assert!(same_class(&quota(10, 16 * 60 * SECOND), &minute));
        // A burst of 17 windows is a window of 17.
        assert!(!same_class(&minute, &minute.burst(170).unwrap()));
    }

    #[test]
    fn waiting_ends_exactly_where_the_tick_begins() {
        for shift in [-20, -3, 0, 1, 5, 26] {
            let scale = Scale { shift };
            for now in [0, 1, 31, 32, 1 << 40, (1 << 50) + 12_345] {
                for ticks in [1, 2, 31, 1000, 1 << 34] {
                    let wait = scale.micros_until(ticks, now);
                    assert!(scale.between(now, now + wait) >= ticks);
                    assert!(scale.between(now, now + wait - 1) < ticks);
                }
                assert_eq!(scale.micros_until(0, now) | scale.micros_until(-5, now), 0);
            }
        }
    }
}
