//! Named limits in several layers: one request spends from each that concerns it, in order.
//!
//! | file | role |
//! |---|---|
//! | `layer` | one limit: its name, its quota, what it counts by and whom and what it concerns |
//! | `names` | which calls it concerns, by what they name |
//! | `calls` | what one request asks for, as its limits count it |
//! | `set` | all of them: spend in order, give back what a later one refuses |
//!
//! - **Each layer has a table of its own**, so that keys an attacker can choose, such as addresses, push nobody out of
//!   another layer's.
//! - **Refused is refused by one layer**, whose bucket the answer tells of; an admission tells of the layer with the
//!   fewest calls left. What the layers before it spent is given back by receipt: best effort, for a receipt is void once a
//!   neighbour in the table had to make room ([`Limiter::give_back`](super::Limiter::give_back)). While a request is under way,
//!   units that will come back are missing, so that another may be refused meanwhile. Errors only ever deny: what is
//!   admitted by all layers is, in each of them, at most `burst + time × rate` for any key, whatever the interleaving.
//! - **A batch counts as the sum of its members**, each where it belongs: a layer that concerns two of five counts two; where each
//!   tool has a bucket of its own, each is spent from once, by as many calls as name it. More than a bucket ever holds is
//!   refused for good ([`Decision::NEVER`](super::Decision::NEVER)), however the calls are spread over the batch.
//!
//! ```
//! use core::time::Duration;
//! use doorward::mcp::Kind;
//! use doorward::rate::{Quota, layers::{Caller, Layer, Layers, Per}};
//! use doorward::Now;
//!
//! let minute = Duration::from_secs(60);
//! let layers = Layers::new(
//!     [
//!         Layer::new("search", Quota::per(2, minute)?, Per::Principal).tools(["search_*"]),
//!         Layer::new("trial", Quota::per(3, minute)?, Per::Principal).roles(["trial"]),
//!         Layer::new("all", Quota::per(1000, minute)?, Per::Everybody),
//!     ],
//!     [1, 2, 3, 4],
//! )?;
//! let id = "jwt:https://issuer.example:anna";
//! let anna = Caller { principal: id, is_anonymous: false, roles: &["trial"], address: b"" };
//! let call = |tool| layers.check(&anna, [(Kind::Tool, tool)], Now::new(0.0, 0));
//!
//! let spent = call("search_files").expect("there is room in all");
//! let told = spent.least().expect("they concern it");
//! assert_eq!((layers.name(told.layer), told.decision.remaining), ("search", 1));
//! call("search_mail").expect("there is room in all");
//! let refused = call("search_files").expect_err("twice a minute");
//! assert_eq!(layers.name(refused.layer), "search");
//! assert_eq!(refused.decision.retry_after_micros, 30_000_000);
//! // Refused calls cost nothing of the other layers: of three there is one left.
//! call("read").expect("there is room in all");
//! assert_eq!(layers.name(call("read").expect_err("three a minute").layer), "trial");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod calls;
mod layer;
mod names;
mod set;

#[cfg(all(test, not(doorward_loom)))]
mod tests;

pub use calls::Calls;
pub use layer::{Layer, LayerError, Per};
pub use set::{Caller, LayerId, Layers, LayersError, Spent, Taken, Told};
