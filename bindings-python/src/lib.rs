//! The native module of the Python package: it converts, calls the core, and maps what comes back.
//!
//! | module | what it converts |
//! |---|---|
//! | `convert` | text, bytes, times and lists on their way in |
//! | `errors` | the core's errors, as exceptions with their codes |
//! | `value` | JSON values, as Python's own |
//! | `claims` | a token's claims, as a mapping nobody can change |
//! | `keys` | keys that verify and keys that sign |
//! | `verifier` | tokens to claims |
//! | `api_keys` | sets of API keys |
//! | `rate` | quotas and limiters |
//!
//! Classes are frozen, so that threads share them freely. The interpreter is detached for public-key signatures and for
//! batches, and not for HMAC, where detaching costs a tenth of the work. No `unsafe`: what PyO3's safe interface has is enough.

mod api_keys;
mod claims;
mod convert;
mod errors;
mod keys;
mod rate;
mod value;
mod verifier;

use pyo3::prelude::*;

/// Free-threaded CPython has no abi3 before 3.15: it needs a wheel of its own, which is not built yet.
#[pymodule(gil_used = true)]
mod _doorward {
    #[pymodule_export]
    use super::api_keys::{PyApiKey, PyApiKeys, PyNewKey, generate_key};
    #[pymodule_export]
    use super::claims::PyClaims;
    #[pymodule_export]
    use super::keys::{PyKey, PyKeySet, PySigningKey, sign};
    #[pymodule_export]
    use super::rate::{PyDecision, PyLimiter, PyQuota};
    #[pymodule_export]
    use super::verifier::PyVerifier;

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
