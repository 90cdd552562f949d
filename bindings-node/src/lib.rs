//! The native module of the npm package `doorward`: it converts, calls core, and maps what comes back. What users see is
//! TypeScript, beside it in `ts/`; nothing here is called from elsewhere.
//!
//! | module | what it converts |
//! |---|---|
//! | `boundary` | strings and bytes as they are, and functions that are called all the time: the one `unsafe` module |
//! | `now` | both clocks |
//! | `errors` | the core's errors, as codes, messages and names of classes |
//! | `convert` | names of algorithms, lists, spans of time |
//! | `keys`, `sign` | keys that verify, sets of them, keys that sign |
//! | `jwks` | key sets that are fetched |
//! | `verifier` | tokens to claims |
//! | `jsonwebtoken` | what `doorward/jsonwebtoken` needs besides |
//! | `api_keys` | sets of API keys |
//! | `rate` | quotas and limiters |
//! | `policy` | who may reach what |
//! | `gate` | whole requests to decisions |
//! | `share` | what threads have in common |

// Lints look at it as a test too, and napi registers no function then: none would be used.
#![cfg_attr(test, allow(dead_code))]

mod api_keys;
mod boundary;
mod convert;
mod errors;
mod gate;
mod jsonwebtoken;
mod jwks;
mod keys;
mod now;
mod policy;
mod rate;
mod share;
mod sign;
mod verifier;

use napi_derive::napi;

/// The version of this module, which must be the package's.
#[napi]
#[must_use]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
