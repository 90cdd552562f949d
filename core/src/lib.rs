//! doorward answers one question for an MCP server, on every request: *may this caller do this, now?*
#![no_std]
#![deny(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod base64url;
#[cfg(feature = "std")]
mod constant_time;
mod json;
mod now;
#[cfg(feature = "alloc")]
mod sync;

#[cfg(feature = "alloc")]
pub mod address;
#[cfg(feature = "alloc")]
pub mod api_keys;
#[cfg(feature = "config")]
pub mod config;
#[cfg(feature = "alloc")]
pub mod gate;
pub mod jwt;
pub mod keys;
#[cfg(feature = "alloc")]
pub mod mcp;
#[cfg(feature = "alloc")]
pub mod origin;
#[cfg(feature = "alloc")]
pub mod policy;
#[cfg(feature = "alloc")]
pub mod rate;

pub use now::Now;
