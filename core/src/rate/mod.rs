//! Rate buckets: GCRA in a bounded, lock-free table whose errors only ever deny.
//!
//! | file | role |
//! |---|---|
//! | `quota` | what may be spent, as its owner states it |
//! | `scale` | ticks, and rounding that never admits more |
//! | `word` | one bucket in a `u64` |
//! | `set` | one cache line of buckets and its lock |
//! | `clock` | time that does not go back, and when to sweep |
//! | `table` | check, give back, sweep; the argument that no flood of keys resets a bucket |
//! | `decision` | the answer, in the caller's units |
//! | `limiter` | keys, seeds, quotas: the door to all of it |
//! | `headers` | the answer, in HTTP |
//! | `layers` | several named limits at once, by principal, tool, address or all |
//! | `shared` | one limit for several processes, kept in Redis |
//!
//! See [`Limiter`] for an example.

mod clock;
mod decision;
mod headers;
pub mod layers;
mod limiter;
#[cfg(doorward_loom)]
#[doc(hidden)]
pub mod model;
mod quota;
mod scale;
mod set;
#[cfg(feature = "std")]
pub mod shared;
mod table;
mod word;

#[cfg(all(test, not(doorward_loom)))]
mod tests;

pub use decision::Decision;
pub use headers::{BadPolicyName, HeaderLines, RateHeaders};
pub use limiter::Limiter;
pub use quota::{Quota, QuotaError};
pub use scale::Prepared;
pub use table::{Receipt, Stats};
