//! A quota as the script counts it, and as one process counts its share when there is no server to ask.

use super::settings::{Fallback, SharedError};
use crate::rate::{Limiter, Prepared, Quota, QuotaError};

/// The longest debt a bucket may have, in µs: 35 years. The script refuses a TAT that is further off.
pub(super) const LONGEST_MICROS: u64 = 1 << 50;

/// A quota in the arguments of the script. Made once, where the quota is configured, by
/// [`SharedLimiter::prepare`](super::SharedLimiter::prepare).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedQuota {
    /// Microseconds a unit takes to flow back.
    pub(super) interval: u64,
    /// Microseconds of debt allowed: `interval × capacity`.
    pub(super) tolerance: u64,
    pub(super) capacity: u32,
    /// This process's share in an outage.
    pub(super) local: Option<Prepared>,
    quota: Quota,
}

impl SharedQuota {
    /// Rounded up to whole microseconds a unit, so that the limit is never exceeded.
    pub(super) fn new(
        quota: &Quota,
        fallback: Fallback,
        local: Option<&Limiter>,
    ) -> Result<Self, SharedError> {
        let (nanos, units) = quota.refill();
        let per = units.saturating_mul(1000);
        let interval = nanos.div_ceil(per);
        let over = interval.saturating_mul(per).saturating_sub(nanos);
        if over > nanos / 100 {
            return Err(QuotaError::Rounding.into());
        }
        let tolerance = interval.saturating_mul(u128::from(quota.capacity()));
        let (Ok(interval), Ok(tolerance)) = (u64::try_from(interval), u64::try_from(tolerance)) else {
            return Err(QuotaError::WindowTooLong.into());
        };
        if tolerance > LONGEST_MICROS {
            return Err(QuotaError::WindowTooLong.into());
        }
        let local = match (fallback, local) {
            (Fallback::LocalAtLimitOver(processes), Some(local)) => {
                Some(local.prepare(&quota.split(processes))?)
            }
            _ => None,
        };
        Ok(Self { interval, tolerance, capacity: quota.capacity(), local, quota: *quota })
    }

    /// The quota this was made from.
    #[must_use]
    pub const fn quota(&self) -> &Quota {
        &self.quota
    }
}
