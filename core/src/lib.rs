//! doorward answers one question for an MCP server, on every request: *may this caller do this, now?*
//!
//! | module | what it is |
//! |---|---|
//! | [`jwt`] | tokens: [`jwt::verify`] with one key and no allocation, `Verifier` with several, `sign` |
//! | [`keys`] | verification keys, each bound to its algorithms |
//! | `jwks` | key sets that are fetched: when, from where, and how long they are good |
//! | `api_keys` | API keys held as digests, found in constant time |
//! | `rate` | rate buckets: GCRA in a bounded lock-free table; limits that processes share |
//! | `policy` | roles to tools, resources, prompts and methods |
//! | `address` | whose address a request counts against |
//! | `origin` | Host and Origin rules |
//! | `oauth` | the server as an OAuth resource server: metadata, issuers and their claims |
//! | `mcp` | what an MCP message asks for |
//! | `gate` | all of the above as one pipeline |
//! | `config` | all of it from variables or TOML |
//!
//! The core is sans-IO: it reads no clock, no socket and no environment. Time comes in as [`Now`], seeds as bytes.
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `std` | yes | the operating system's clocks and random numbers, the verified-token cache, revocation, fetched key sets, SIMD chosen at run time |
//! | `alloc` | by `std` | everything that owns memory: all modules but `jwt::verify` and HS* keys |
//! | `asymmetric` | yes | RS*, PS*, ES256, ES384 and EdDSA, by ring, and keys from PEM, DER, JWK and JWK Sets |
//! | `aws-lc-rs` | no | these verified by aws-lc-rs: RS256 in three quarters of ring's time, ES384 in a quarter |
//! | `key-file` | no | `api_keys::file`: files of keys' digests |
//! | `config` | no | `config`: variables and TOML |
//! | `serde` | no | `jwt::Claims::deserialize`: claims as a type of the service's own |
//!
//! Features add API and never change what is accepted.
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
mod constant_time;
mod escape;
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
#[cfg(all(feature = "std", feature = "asymmetric"))]
pub mod jwks;
pub mod jwt;
pub mod keys;
#[cfg(feature = "alloc")]
pub mod mcp;
#[cfg(doorward_memcheck)]
pub mod memcheck;
#[cfg(feature = "alloc")]
pub mod oauth;
#[cfg(feature = "alloc")]
pub mod origin;
#[cfg(feature = "alloc")]
pub mod policy;
#[cfg(feature = "alloc")]
pub mod rate;

pub use now::Now;
