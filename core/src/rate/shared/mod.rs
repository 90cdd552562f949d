//! One limit for several processes, kept in Redis or Valkey: the protocol without the socket.
//!
//! | file | role |
//! |---|---|
//! | `script.lua` | GCRA on one key, by the server's own time |
//! | `script` | the script, its SHA-1, and how keys are named |
//! | `quota` | a quota in the script's arguments, and its share in an outage |
//! | `reply` | what a server's reply means; anything unexpected is a failure, never an admission |
//! | `breaker` | when to stop asking a server that does not answer, and when to try again |
//! | `memory` | leases and denials kept here, so that not every decision is a round trip |
//! | `settings` | what the user chooses |
//! | `limiter` | begin, ask, answered: the state machine |
//!
//! [`SharedLimiter::begin`] decides, or returns an [`Ask`]: the host runs its command by whatever client it has, and
//! brings the [`Reply`] to [`SharedLimiter::answered`]. An ask that has had no reply within
//! [`Ask::time_left`] is answered with [`Reply::TimedOut`].
//!
//! **Claim.** In any interval [a, b] of the server's clock, all processes together admit at most
//! `burst + (b − a) × rate` to one key, and `lease` more for every process that takes leases: those are units taken
//! before *a* and spent after it. It holds while the server keeps its data and its clock does not jump ahead; a failover
//! that loses writes, an eviction or a flush forgets what was spent, and an outage is what [`Fallback`] says. A clock
//! that goes back by *d* lengthens waits by up to *d*.
//!
//! Needs Redis 6.2 or newer, or Valkey, with `maxmemory-policy noeviction`. One command names one key, so a cluster takes
//! it as it is.
//!
//! ```
//! use core::time::Duration;
//! use doorward::{Now, rate::Quota};
//! use doorward::rate::shared::{Reply, Settings, SharedLimiter, Source, Spend, Verdict};
//!
//! let quota = Quota::per(100, Duration::from_secs(60))?;
//! let limiter = SharedLimiter::new(quota, Settings::new("principal"), [1, 2, 3, 4])?;
//!
//! let now = Now::new(0.0, 0);
//! let Spend::Ask(ask) = limiter.begin(b"key:ci", limiter.base(), 1, now) else { panic!("nothing is known yet") };
//! assert_eq!(ask.key(), b"doorward:principal:{key:ci}");
//! // EVALSHA sha 1 key args…, and what the server said to it:
//! let reply = Reply::Integers(vec![1, 99, 600_000, 0]);
//! let Spend::Decided(outcome) = limiter.answered(ask, &reply, now) else { panic!("a good reply") };
//! assert_eq!((outcome.verdict, outcome.source), (Verdict::Admitted, Source::Store));
//! assert_eq!(outcome.decision.remaining, 99);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod breaker;
mod limiter;
mod memory;
mod quota;
mod reply;
mod script;
mod settings;

#[cfg(all(test, not(doorward_loom)))]
mod tests;

pub use breaker::Mode;
pub use limiter::{Ask, Outcome, SharedLimiter, SharedStats, Source, Spend, Verdict};
pub use quota::SharedQuota;
pub use reply::{Failure, Reply};
pub use script::{SCRIPT, SCRIPT_SHA1};
pub use settings::{Fallback, Settings, SharedError};
