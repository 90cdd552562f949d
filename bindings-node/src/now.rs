//! Moments: both clocks are read in JavaScript, so that whoever fakes them there is heeded here.

use doorward::Now;

/// Seconds since the epoch (`Date.now() / 1000`), and milliseconds of a clock that never steps (`performance.now()`).
///
/// What is no number stays none on the first clock, which no token and no entry is good at; on the second it is 0. That one is
/// taken to the nearest microsecond: milliseconds come near most of them and no nearer, and who comes back exactly when a
/// decision said would be a microsecond early.
#[inline]
pub(crate) fn now(unix: f64, milliseconds: f64) -> Now {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; NaN is 0")]
    let mono = (milliseconds * 1e3 + 0.5) as u64;
    Now { unix, mono }
}
