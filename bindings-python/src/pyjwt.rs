//! What `doorward.pyjwt` needs beyond the package's own interface: dicts that may be changed, and signatures of bytes, for
//! a module that takes a token apart and puts it together as PyJWT does.

use crate::convert::{self, Octets, When};
use crate::errors;
use crate::errors::OrConfigError;
use crate::keys::{PyKey, PySigningKey};
use crate::verifier::PyVerifier;
use doorward::jwt::SigningKey;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

/// The claims of a token, as a new dict. Raises as ``Verifier.verify``.
#[pyfunction]
pub(crate) fn _decode<'py>(
    py: Python<'py>,
    verifier: &Bound<'py, PyVerifier>,
    token: Octets<'_>,
    now: When,
) -> PyResult<Bound<'py, PyDict>> {
    verifier.get().verify(py, token, Some(now))?.get().to_dict(py)
}

/// Whether the signature is over the message, by that algorithm and key. Raises ``ConfigError``: no such algorithm.
#[pyfunction]
pub(crate) fn _verify(
    py: Python<'_>,
    key: &Bound<'_, PyKey>,
    algorithm: &str,
    message: &[u8],
    signature: &[u8],
) -> PyResult<bool> {
    let (key, algorithm) = (&key.get().key, convert::algorithm(py, algorithm)?);
    Ok(match key.is_secret() {
        true => key.verify(algorithm, message, signature),
        false => py.detach(|| key.verify(algorithm, message, signature)),
    })
}

/// The message's signature. Raises ``SignError``.
#[pyfunction]
pub(crate) fn _sign<'py>(
    py: Python<'py>,
    key: &Bound<'py, PySigningKey>,
    message: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    let signature = key.get().run(py, |key| key.sign_message(message));
    Ok(PyBytes::new(py, &signature.map_err(|error| errors::sign(py, error))?))
}

/// As ``SigningKey.from_secret``, for a secret of any length but none.
#[pyfunction]
pub(crate) fn _signing_secret(py: Python<'_>, secret: &[u8], algorithm: &str) -> PyResult<PySigningKey> {
    let algorithm = convert::algorithm(py, algorithm)?;
    let key = SigningKey::hmac_allowing_short(algorithm, secret).or_config_error(py)?;
    Ok(PySigningKey::made(key, None, None))
}
