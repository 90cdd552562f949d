//! The native module of the npm package `doorward`: it converts, calls core, and maps what comes back. What users see is
//! TypeScript, beside it in `ts/`; nothing here is called from elsewhere.
//!
//! | module | what it converts |
//! |---|---|
//! | `boundary` | strings and bytes as they are, and functions that are called all the time: the one `unsafe` module |
//! | `now` | both clocks |
//! | `jsonwebtoken` | what `doorward/jsonwebtoken` needs besides |
//! | `errors` | the core's errors, as codes, messages and names of classes |

mod boundary;
mod errors;
mod jsonwebtoken;
mod now;

use napi_derive::napi;

/// The version of this module, which must be the package's.
#[napi]
#[must_use]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
