//! The table as the loom models see it: two slots, one set, ticks of one microsecond.

use super::quota::Quota;
use super::scale::Scale;
use super::table::{Outcome, Receipt, Spend, Table};
use core::time::Duration;

/// A table of one set of two slots.
#[derive(Debug)]
pub struct Model(Table<2>);

/// Ticks, and so microseconds, a unit takes to flow back.
pub const INTERVAL: u64 = 1_000_000;
/// 2^36 ticks in microseconds.
pub const RANGE: u64 = 1 << 36;

impl Default for Model {
    fn default() -> Self {
        Self::new()
    }
}

impl Model {
    /// An empty table at moment 0.
    #[must_use]
    #[expect(clippy::expect_used, reason = "only models are built with this")]
    pub fn new() -> Self {
        let quota = Quota::per(1, Duration::from_micros(INTERVAL)).expect("a plain quota");
        let scale = Scale::for_quota(&quota).expect("a plain quota");
        assert_eq!(scale.range_micros(), RANGE);
        Self(Table::new(2, scale).expect("two slots"))
    }

    /// Spends one unit of `burst` for the key, an upper part of a hash, at `mono` microseconds.
    pub fn check(&self, key: u32, burst: u64, mono: u64) -> Option<Receipt> {
        let spend = Spend { cost: INTERVAL, tolerance: burst * INTERVAL };
        match self.0.check(hash(key), spend, mono) {
            Outcome::Admitted { receipt, .. } => Some(receipt),
            Outcome::Denied { .. } | Outcome::Busy => None,
        }
    }

    /// Ticks given back.
    pub fn give_back(&self, receipt: &Receipt) -> u64 {
        self.0.give_back(receipt)
    }

    /// The key's debt in ticks at `mono` microseconds.
    #[must_use]
    pub fn debt(&self, key: u32, mono: u64) -> i64 {
        self.0.peek(hash(key), mono).0
    }
}

const fn hash(key: u32) -> u64 {
    (key as u64) << 36
}
