//! The time, as an argument: the core reads no clock.

/// One moment, told on two clocks.
///
/// `unix` is what a token's `exp`, `nbf` and `iat` are compared with. `mono` is what buckets, caches and
/// cool-downs count with, so that a step of the wall clock freezes or frees nobody.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Now {
    /// Seconds since 1970-01-01T00:00:00Z, with fractions (RFC 7519 §2, NumericDate).
    pub unix: f64,
    /// Microseconds since any fixed start, from a clock that does not step.
    pub mono: u64,
}

impl Now {
    /// `unix` seconds since the epoch, `mono` microseconds since a start of the host's choosing.
    #[must_use]
    pub const fn new(unix: f64, mono: u64) -> Self {
        Self { unix, mono }
    }
}

#[cfg(feature = "std")]
mod system {
    use super::Now;
    use std::sync::OnceLock;
    use std::time::{Instant, SystemTime, UNIX_EPOCH};

    impl Now {
        /// The operating system's clocks: `SystemTime` for `unix`; `Instant`, counted from the first call in
        /// this process, for `mono`.
        #[must_use]
        pub fn system() -> Self {
            static START: OnceLock<Instant> = OnceLock::new();
            let start = *START.get_or_init(Instant::now);
            let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
            let mono = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
            Self { unix, mono }
        }
    }
}
