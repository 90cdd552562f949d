//! What a caller may spend: an amount per period, and how much of it at once.
//!
//! A quota is refilled evenly (GCRA, the leaky bucket as a meter: ITU-T I.371), not at the edge of a window.
//! In any time of length *d* it lets through at most `capacity + d × refill`. This file knows only the
//! quota as its owner states it; `scale.rs` turns it into ticks.
//!
//! ```
//! use core::time::Duration;
//! use doorward::rate::Quota;
//!
//! let quota = Quota::per(100, Duration::from_secs(60))?;
//! assert_eq!((quota.limit(), quota.capacity()), (100, 100));
//! assert_eq!(quota.burst(20)?.capacity(), 20);
//! assert_eq!(quota.strict().capacity(), 50);
//! # Ok::<(), doorward::rate::QuotaError>(())
//! ```

use core::fmt;
use core::time::Duration;

/// An amount per period, with a burst.
///
/// With the default burst (the whole amount) a window of one period admits at most twice the amount: a full
/// bucket, and what flows back meanwhile. [`Quota::strict`] keeps every window to the amount itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    amount: u32,
    period: Duration,
    burst: u32,
    strict: bool,
}

impl Quota {
    /// `amount` units of cost every `period`, all of which may be spent at once.
    ///
    /// # Errors
    /// [`QuotaError::ZeroAmount`] and [`QuotaError::ZeroPeriod`]. Whether a period is too long or too
    /// short to count with is known when a [`Limiter`](super::Limiter) is made from it.
    pub const fn per(amount: u32, period: Duration) -> Result<Self, QuotaError> {
        if amount == 0 {
            return Err(QuotaError::ZeroAmount);
        }
        if period.is_zero() {
            return Err(QuotaError::ZeroPeriod);
        }
        Ok(Self { amount, period, burst: amount, strict: false })
    }

    /// Lets `burst` units through at once; the refill stays as it was.
    ///
    /// # Errors
    /// [`QuotaError::ZeroBurst`].
    pub const fn burst(self, burst: u32) -> Result<Self, QuotaError> {
        if burst == 0 {
            return Err(QuotaError::ZeroBurst);
        }
        Ok(Self { burst, ..self })
    }

    /// Keeps *every* window of one period to at most `limit()` units, both ends included, wherever it starts.
    ///
    /// For an amount *n*: the refill is halved to *n* every two periods, and the burst is cut to ⌈n/2⌉ (or
    /// stays what [`Quota::burst`] made it, where that is less; the order of the two calls does not matter).
    /// One period then admits at most ⌈n/2⌉ + ⌊n/2⌋ = *n*. The price is that a steady caller gets half.
    #[must_use]
    pub const fn strict(self) -> Self {
        Self { strict: true, ..self }
    }

    /// The amount per period, in units of cost, as given to [`Quota::per`].
    #[must_use]
    pub const fn limit(&self) -> u32 {
        self.amount
    }

    /// The period, as given to [`Quota::per`].
    #[must_use]
    pub const fn period(&self) -> Duration {
        self.period
    }

    /// The most that can be spent at once, in units of cost: the size of the bucket.
    #[must_use]
    pub const fn capacity(&self) -> u32 {
        let half = self.amount.div_ceil(2);
        if self.strict && self.burst > half { half } else { self.burst }
    }

    /// Whether every window is kept to the amount: see [`Quota::strict`].
    #[must_use]
    pub const fn is_strict(&self) -> bool {
        self.strict
    }

    /// One of so many equal shares: the refill divided exactly, the burst rounded down, but one at least.
    #[cfg(feature = "std")]
    pub(super) const fn split(self, shares: u32) -> Self {
        let burst = self.capacity() / shares;
        let burst = if burst == 0 { 1 } else { burst };
        Self { period: self.period.saturating_mul(shares), burst, ..self }
    }

    /// The time one unit takes to flow back, as an exact fraction: (nanoseconds, units).
    pub(super) const fn refill(&self) -> (u128, u128) {
        let periods = if self.strict { 2 } else { 1 };
        (self.period.as_nanos().saturating_mul(periods), self.amount as u128)
    }

    /// The longer of the period and the time an empty bucket takes to fill, in nanoseconds.
    pub(super) fn window_nanos(&self) -> u128 {
        let (nanos, units) = self.refill();
        let fill = nanos.saturating_mul(u128::from(self.capacity())).div_ceil(units);
        fill.max(self.period.as_nanos())
    }
}

/// Why a quota cannot be counted exactly enough to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QuotaError {
    /// The amount is 0.
    ZeroAmount,
    /// The period is 0.
    ZeroPeriod,
    /// The burst is 0.
    ZeroBurst,
    /// Rounded to this limiter's ticks, the rate would be off by more than 1 %.
    Rounding,
    /// The period, or the time the burst takes to flow back, is over a quarter of what 36 bits of ticks hold.
    WindowTooLong,
    /// The window is over 16 times, or under a sixteenth of, the limiter's base quota's.
    WindowsTooFarApart,
    /// The table has more slots than can be addressed, or than there is memory for.
    TooManySlots,
    /// The operating system gave no random numbers to seed the table with.
    NoRandomness,
}

impl QuotaError {
    /// The error's stable name, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ZeroAmount => "quota_zero_amount",
            Self::ZeroPeriod => "quota_zero_period",
            Self::ZeroBurst => "quota_zero_burst",
            Self::Rounding => "quota_rounding",
            Self::WindowTooLong => "quota_window_too_long",
            Self::WindowsTooFarApart => "quota_windows_too_far_apart",
            Self::TooManySlots => "limiter_too_many_slots",
            Self::NoRandomness => "limiter_no_randomness",
        }
    }
}

impl fmt::Display for QuotaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ZeroAmount => "the amount of a quota must be at least 1; to forbid something, use the policy",
            Self::ZeroPeriod => "the period of a quota must be longer than 0",
            Self::ZeroBurst => "the burst of a quota must be at least 1",
            Self::Rounding => {
                "the quota cannot be kept to within 1 % in this limiter's ticks; lower the amount, or give it \
                 a limiter of its own"
            }
            Self::WindowTooLong => {
                "the period, or the time the burst takes to flow back, is too long to count beside this rate; \
                 shorten it, lower the burst, or give it a limiter of its own"
            }
            Self::WindowsTooFarApart => {
                "the window differs from the limiter's base quota by more than 16 times; give it a limiter of \
                 its own"
            }
            Self::TooManySlots => "there is no memory for so many slots; ask for fewer",
            Self::NoRandomness => {
                "the operating system gave no random numbers; pass a seed of your own to `Limiter::new`"
            }
        })
    }
}

impl core::error::Error for QuotaError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn refuses_nothing_at_all() {
        let second = Duration::from_secs(1);
        assert_eq!(Quota::per(0, second), Err(QuotaError::ZeroAmount));
        assert_eq!(Quota::per(1, Duration::ZERO), Err(QuotaError::ZeroPeriod));
        assert_eq!(Quota::per(1, second).unwrap().burst(0), Err(QuotaError::ZeroBurst));
    }

    #[test]
    fn strict_halves_both_in_either_order() {
        let quota = |n| Quota::per(n, Duration::from_secs(1)).unwrap();
        for n in [1, 2, 3, 99, 100, u32::MAX] {
            assert_eq!(quota(n).strict().capacity(), n.div_ceil(2));
            assert!(quota(n).strict().is_strict() && !quota(n).is_strict());
            assert_eq!(quota(n).strict().refill(), (2_000_000_000, u128::from(n)));
        }
        assert_eq!(quota(10).burst(3).unwrap().strict(), quota(10).strict().burst(3).unwrap());
        assert_eq!(quota(10).strict().burst(30).unwrap().capacity(), 5);
    }

    #[test]
    fn codes_and_messages_are_well_formed() {
        use QuotaError::*;
        let all = [
            ZeroAmount,
            ZeroPeriod,
            ZeroBurst,
            Rounding,
            WindowTooLong,
            WindowsTooFarApart,
            TooManySlots,
            NoRandomness,
        ];
        for (i, error) in all.iter().enumerate() {
            assert!(error.code().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
            assert!(all[i + 1..].iter().all(|other| other.code() != error.code()));
            let text = error.to_string();
            assert!(text.starts_with("the") && !text.ends_with('.'), "{text}");
        }
    }
}
