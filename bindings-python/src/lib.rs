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
//! | `pyjwt` | what `doorward.pyjwt` needs besides |
//! | `jwks` | key sets that are fetched |
//! | `policy` | who may reach what |
//! | `oauth` | issuers, and how their claims are read |
//! | `revocation` | a revocation list of the host's own |
//! | `gate` | whole requests to decisions |
//!
//! Classes are frozen, so that threads share them freely. The interpreter is detached for public-key signatures and for
//! batches, and not for HMAC, where detaching costs a tenth of the work. No `unsafe`: what PyO3's safe interface has is enough.

mod api_keys;
mod claims;
mod convert;
mod errors;
mod gate;
mod jwks;
mod keys;
mod oauth;
mod policy;
mod pyjwt;
mod rate;
mod revocation;
mod value;
mod verifier;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// Python's allocator aligns to two words, whatever a class wants.
const fn is_aligned<T>() {
    assert!(align_of::<T>() <= 2 * size_of::<usize>());
}

const _: () = {
    is_aligned::<api_keys::PyApiKey>();
    is_aligned::<api_keys::PyApiKeys>();
    is_aligned::<api_keys::PyNewKey>();
    is_aligned::<claims::PyClaims>();
    is_aligned::<gate::PyAdmitted>();
    is_aligned::<gate::PyAsk>();
    is_aligned::<gate::PyDenial>();
    is_aligned::<gate::PyGate>();
    is_aligned::<gate::PyIntrospection>();
    is_aligned::<gate::PyLimit>();
    is_aligned::<gate::PyNeedBody>();
    is_aligned::<gate::PyPrincipal>();
    is_aligned::<gate::PySharedLimit>();
    is_aligned::<jwks::PyFetch>();
    is_aligned::<jwks::PyFetched>();
    is_aligned::<jwks::PyJwks>();
    is_aligned::<keys::PyKey>();
    is_aligned::<keys::PyKeySet>();
    is_aligned::<keys::PySigningKey>();
    is_aligned::<oauth::PyClaimMapping>();
    is_aligned::<oauth::PyIssuer>();
    is_aligned::<oauth::PyPreset>();
    is_aligned::<policy::PyPolicy>();
    is_aligned::<revocation::PyRevocable>();
    is_aligned::<rate::PyDecision>();
    is_aligned::<rate::PyLimiter>();
    is_aligned::<rate::PyQuota>();
    is_aligned::<verifier::PyVerifier>();
};

/// Raises `ImportError` in a second interpreter of the process (`mod_wsgi`'s): classes and names are kept once a process, and one
/// interpreter must not see another's. PyO3 does not look after this for modules of its own kind of initialisation.
fn only_interpreter(py: Python<'_>) -> PyResult<()> {
    static FIRST: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    // Each has its own; held, so that no other takes its place in memory.
    let builtins = py.import("builtins")?;
    match FIRST.get_or_init(py, || builtins.clone().unbind()).is(&builtins) {
        true => Ok(()),
        false => Err(PyImportError::new_err("doorward does not support subinterpreters yet")),
    }
}

/// Free-threaded CPython has no abi3 before 3.15: it needs a wheel of its own, which is not built yet.
#[pymodule(gil_used = true)]
mod _doorward {
    #[pymodule_export]
    use super::api_keys::{PyApiKey, PyApiKeys, PyNewKey, generate_key};
    #[pymodule_export]
    use super::claims::PyClaims;
    #[pymodule_export]
    use super::gate::{
        PyAdmitted, PyAsk, PyDenial, PyGate, PyIntrospection, PyLimit, PyNeedBody, PyPrincipal, PySharedLimit,
    };
    #[pymodule_export]
    use super::jwks::{PyFetch, PyFetched, PyJwks};
    #[pymodule_export]
    use super::keys::{PyKey, PyKeySet, PySigningKey, sign};
    #[pymodule_export]
    use super::oauth::{PyClaimMapping, PyIssuer, PyPreset};
    #[pymodule_export]
    use super::policy::PyPolicy;
    #[pymodule_export]
    use super::pyjwt::{_decode, _sign, _signing_secret, _verify};
    #[pymodule_export]
    use super::rate::{PyDecision, PyLimiter, PyQuota};
    #[pymodule_export]
    use super::revocation::PyRevocable;
    #[pymodule_export]
    use super::verifier::PyVerifier;

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::only_interpreter(module.py())?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
