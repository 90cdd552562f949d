//! The native module of the npm package `doorward`: it converts, calls core, and maps what comes back. What users see is
//! TypeScript, beside it in `ts/`; nothing here is called from elsewhere.

use napi_derive::napi;

/// The version of this module, which must be the package's.
#[napi]
#[must_use]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
