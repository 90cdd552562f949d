//! The cases, one file a domain, in the order of the report.

pub mod api_keys;
pub mod gate;
pub mod jwt;
pub mod rate;
pub mod sharing;

use crate::Case;

/// All of them.
#[must_use]
pub fn all() -> Vec<Case> {
    [jwt::cases(), api_keys::cases(), rate::cases(), gate::cases()].into_iter().flatten().collect()
}
