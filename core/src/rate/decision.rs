//! What a check comes to, in the caller's units.

use super::scale::Prepared;
use super::table::{Outcome, Receipt};

/// Whether a caller may go on, and where its bucket stands.
///
/// `limit` and `remaining` count units of cost; times are microseconds from the moment the caller passed.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision {
    /// Whether the cost fits.
    pub allowed: bool,
    /// The size of the bucket: [`Quota::capacity`](super::Quota::capacity).
    pub limit: u32,
    /// Units left after this check.
    pub remaining: u32,
    /// Until the bucket is full again, in µs.
    pub reset_after_micros: u64,
    /// Until this very cost can be admitted, in µs and never too short: 0 when allowed, [`Decision::NEVER`] when
    /// the cost is above `limit`.
    pub retry_after_micros: u64,
    /// For [`Limiter::give_back`](super::Limiter::give_back), where something was spent.
    pub receipt: Option<Receipt>,
}

/// What is asked of a caller who was denied because a word or a set stayed busy, in µs.
const BUSY_MICROS: u64 = 1000;

impl Decision {
    /// The `retry_after_micros` of a cost that never fits.
    pub const NEVER: u64 = u64::MAX;

    /// Whether waiting helps: false when allowed already, and when the cost is above the limit.
    #[must_use]
    pub const fn can_retry(&self) -> bool {
        !self.allowed && self.retry_after_micros != Self::NEVER
    }

    /// From a table's answer to a check at `mono` µs.
    // In line for those who were admitted, so that who asks for `allowed` alone pays for no division.
    #[inline(always)]
    pub(super) fn of(outcome: Outcome, quota: &Prepared, mono: u64) -> Self {
        match outcome {
            Outcome::Admitted { now, debt, receipt } => {
                Self { receipt: Some(receipt), ..Self::standing(true, debt, now, quota, mono) }
            }
            Outcome::Denied { now, debt, wait } => Self::denied(now, debt, wait, quota, mono),
            Outcome::Busy => Self::busy(quota, mono),
        }
    }

    fn denied(now: u64, debt: i64, wait: i64, quota: &Prepared, mono: u64) -> Self {
        let retry_after_micros = micros(wait, now, quota, mono);
        Self { retry_after_micros, ..Self::standing(false, debt, now, quota, mono) }
    }

    #[cold]
    fn busy(quota: &Prepared, mono: u64) -> Self {
        Self {
            remaining: 0,
            reset_after_micros: BUSY_MICROS,
            retry_after_micros: BUSY_MICROS,
            ..Self::standing(false, 0, mono, quota, mono)
        }
    }

    /// A bucket `debt` ticks in debt at `now` µs, told to somebody whose time is `mono` µs.
    #[inline(always)]
    pub(super) fn standing(allowed: bool, debt: i64, now: u64, quota: &Prepared, mono: u64) -> Self {
        let left = quota.tolerance.saturating_sub(u64::try_from(debt).unwrap_or(0));
        let remaining = left.checked_div(quota.interval).unwrap_or(0);
        Self {
            allowed,
            limit: quota.capacity,
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            reset_after_micros: micros(debt, now, quota, mono),
            retry_after_micros: 0,
            receipt: None,
        }
    }
}

/// `ticks` after `now` in µs after `mono`: a clock that went back has that much longer to go.
#[inline(always)]
pub(super) fn micros(ticks: i64, now: u64, quota: &Prepared, mono: u64) -> u64 {
    if ticks <= 0 {
        return 0;
    }
    quota.scale.micros_until(ticks, now).saturating_add(now.saturating_sub(mono))
}
