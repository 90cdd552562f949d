//! What doorward costs, beside what its users would take instead.
//!
//! A [`Case`] says once what is done, ours and the peer's; criterion (`benches/`), the interleaving reporter
//! (`report`) and the instruction counter (`one`) all run the same ones.
//!
//! | folder | what |
//! |---|---|
//! | [`cases`] | the cases, one file a domain |
//! | [`material`] | tokens and keys they work on; every one of them is public and for tests only |

mod case;
pub mod cases;
pub mod material;

pub use case::{Budget, Case, Clock, Run, Sides, timed};
