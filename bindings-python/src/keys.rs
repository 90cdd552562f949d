//! Keys that verify, sets of them, keys that sign.

use crate::convert::{self, Octets, Secret, Strings, When};
use crate::errors::{self, OrConfigError};
use doorward::jwt::{self, Algorithm, Limits, SigningKey};
use doorward::keys::{Key, KeyError, KeySet};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDateTime, PyDict, PyFloat, PyMapping, PyString, PyTuple};

/// JSON as its text, or as a mapping to be written as such.
pub(crate) struct JsonText(String);

impl<'py> FromPyObject<'_, 'py> for JsonText {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if object.cast::<PyString>().is_ok() || object.cast::<PyBytes>().is_ok() {
            let text = Secret::extract(object)?;
            return match std::str::from_utf8(text.as_ref()) {
                Ok(text) => Ok(Self(text.to_owned())),
                Err(_) => Err(errors::config(object.py(), "text_invalid", "the text is no UTF-8")),
            };
        }
        match object.cast::<PyMapping>() {
            Ok(mapping) => json(&mapping).map(Self),
            Err(_) => Err(convert::wrong_type(&object, "str, bytes or a mapping")),
        }
    }
}

impl JsonText {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A mapping as JSON, by Python's own writer; its dates may be a `datetime`, cut to the second. NaN and infinities, which JSON has not, are its `ValueError`.
fn json(mapping: &Bound<'_, PyMapping>) -> PyResult<String> {
    let py = mapping.py();
    let plain = PyDict::new(py);
    plain.update(mapping)?;
    for claim in [intern!(py, "exp"), intern!(py, "nbf"), intern!(py, "iat")] {
        if let Some(found) = plain.get_item(claim)?
            && found.cast::<PyDateTime>().is_ok()
        {
            let When(seconds) = found.extract()?;
            plain.set_item(claim, PyFloat::new(py, seconds).call_method0(intern!(py, "__floor__"))?)?;
        }
    }
    let options = PyDict::new(py);
    options.set_item(intern!(py, "separators"), (",", ":"))?;
    options.set_item(intern!(py, "allow_nan"), false)?;
    py.import(intern!(py, "json"))?.call_method(intern!(py, "dumps"), (plain,), Some(&options))?.extract()
}

/// A key that verifies, bound to the algorithms it is for.
///
/// ``Key.from_public`` takes a public key in whatever form it comes; the other constructors one form each.
#[pyclass(frozen, name = "Key", module = "doorward")]
pub(crate) struct PyKey {
    pub(crate) key: Key,
    pub(crate) kid: Option<String>,
}

fn listed(py: Python<'_>, names: Option<&Strings>) -> PyResult<Vec<Algorithm>> {
    names.map_or_else(|| Ok(Vec::new()), |names| convert::algorithms(py, names))
}

#[pymethods]
impl PyKey {
    /// A shared secret for one HS* algorithm.
    ///
    /// Raises ``ConfigError``: it is empty, shorter than the hash (RFC 7518 §3.2: 32, 48 or 64 bytes) unless
    /// ``allow_short``, or the text of a public or private key; or the algorithm is not HS*.
    #[staticmethod]
    #[pyo3(signature = (secret, algorithm="HS256", *, kid=None, allow_short=false))]
    fn from_secret(
        py: Python<'_>,
        secret: Secret<'_>,
        algorithm: &str,
        kid: Option<String>,
        allow_short: bool,
    ) -> PyResult<Self> {
        let key =
            hmac(convert::algorithm(py, algorithm)?, secret.as_ref(), allow_short).or_config_error(py)?;
        Ok(Self { key, kid })
    }

    /// A public key from PEM, DER or a JWK's text, whichever it is; without ``algorithms``, for the usual ones of its kind:
    /// RS256, RS384 and RS512, or its curve's.
    ///
    /// Raises ``ConfigError``: not such a key, a private key, RSA under 2048 bits, a weak exponent or point, an algorithm
    /// that does not go with it.
    #[staticmethod]
    #[pyo3(signature = (key, algorithms=None, *, kid=None))]
    fn from_public(
        py: Python<'_>,
        key: Secret<'_>,
        algorithms: Option<Strings>,
        kid: Option<String>,
    ) -> PyResult<Self> {
        let algorithms = listed(py, algorithms.as_ref())?;
        let (own, key) = Key::from_public(key.as_ref(), &algorithms).or_config_error(py)?;
        Ok(Self { key, kid: kid.or(own) })
    }

    /// A public key from PEM (``PUBLIC KEY`` or ``RSA PUBLIC KEY``), for these algorithms. Raises as ``from_public``.
    #[staticmethod]
    #[pyo3(signature = (pem, algorithms, *, kid=None))]
    fn from_pem(
        py: Python<'_>,
        pem: &Bound<'_, PyString>,
        algorithms: Strings,
        kid: Option<String>,
    ) -> PyResult<Self> {
        let key = Key::from_pem(convert::str_of(pem)?, &convert::algorithms(py, &algorithms)?)
            .or_config_error(py)?;
        Ok(Self { key, kid })
    }

    /// A public key from DER (SPKI, or PKCS#1 of an RSA key), for these algorithms. Raises as ``from_public``.
    #[staticmethod]
    #[pyo3(signature = (der, algorithms, *, kid=None))]
    fn from_der(py: Python<'_>, der: &[u8], algorithms: Strings, kid: Option<String>) -> PyResult<Self> {
        let key = Key::from_der(der, &convert::algorithms(py, &algorithms)?).or_config_error(py)?;
        Ok(Self { key, kid })
    }

    /// A public key or a secret from a JWK (RFC 7517), as text or mapping; for its ``alg``, else for the usual algorithms of
    /// its kind. Raises as ``from_public``.
    #[staticmethod]
    fn from_jwk(py: Python<'_>, jwk: JsonText) -> PyResult<Self> {
        let (kid, key) = Key::from_jwk(jwk.as_str()).or_config_error(py)?;
        Ok(Self { key, kid })
    }

    /// The payload of a JWS in compact form (RFC 7515) that this key verifies, whatever that payload is: nothing is asked
    /// of it, no expiry either.
    ///
    /// Raises ``TokenError``: shape, header, algorithm or signature.
    fn verify_jws<'py>(&self, py: Python<'py>, jws: Octets<'_>) -> PyResult<Bound<'py, PyBytes>> {
        let jws = jws.as_ref();
        if jws.len() > Limits::DEFAULT.token {
            return Err(errors::token(py, jwt::TokenError::TooLarge));
        }
        let mut scratch = vec![0; jws.len()];
        let payload = match self.key.is_secret() {
            true => jwt::verify_jws(jws, &self.key, &Limits::DEFAULT, &mut scratch),
            false => py.detach(|| jwt::verify_jws(jws, &self.key, &Limits::DEFAULT, &mut scratch)),
        };
        payload.map(|payload| PyBytes::new(py, payload)).map_err(|error| errors::token(py, error))
    }

    /// The algorithms it is for.
    #[getter]
    fn algorithms<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.names())
    }

    /// Its ``kid``, or ``None``.
    #[getter]
    fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether it is a shared secret: who can verify with it can also sign.
    #[getter]
    fn is_secret(&self) -> bool {
        self.key.is_secret()
    }

    fn __repr__(&self) -> String {
        format!("<doorward.Key for {}>", self.names().join(", "))
    }
}

impl PyKey {
    fn names(&self) -> Vec<&'static str> {
        let allowed = Algorithm::ALL.into_iter().filter(|algorithm| self.key.allows(*algorithm));
        allowed.map(Algorithm::name).collect()
    }
}

pub(crate) fn hmac(algorithm: Algorithm, secret: &[u8], allow_short: bool) -> Result<Key, KeyError> {
    match allow_short {
        true => Key::hmac_allowing_short(algorithm, secret),
        false => Key::hmac(algorithm, secret),
    }
}

/// Several keys, found by ``kid`` and algorithm. Keys without a ``kid`` are for rotation: each is tried, at most four a token.
///
/// Raises ``ConfigError``: a ``kid`` that is empty, over 256 bytes, or there twice.
#[pyclass(frozen, name = "KeySet", module = "doorward")]
pub(crate) struct PyKeySet {
    pub(crate) keys: KeySet,
    left_out: Vec<(usize, &'static str)>,
}

impl PyKeySet {
    /// The keys of an iterable.
    pub(crate) fn of(keys: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = keys.py();
        let mut set = KeySet::new();
        for key in keys.try_iter()? {
            let key = key?;
            let PyKey { key, kid } =
                key.cast::<PyKey>().map_err(|_| convert::wrong_type(&key, "a Key"))?.get();
            set = match kid {
                Some(kid) => set.with_kid(kid.as_str(), key.clone()).or_config_error(py)?,
                None => set.with(key.clone()),
            };
        }
        Ok(Self { keys: set, left_out: Vec::new() })
    }

    pub(crate) fn of_jwks(py: Python<'_>, jwks: &JsonText) -> PyResult<Self> {
        let (keys, left_out) = KeySet::from_jwks(jwks.as_str()).or_config_error(py)?;
        let left_out = left_out.into_iter().map(|(place, error)| (place, error.code())).collect();
        Ok(Self { keys, left_out })
    }
}

#[pymethods]
impl PyKeySet {
    #[new]
    fn new(keys: &Bound<'_, PyAny>) -> PyResult<Self> {
        Self::of(keys)
    }

    /// The keys of a JWK Set (RFC 7517 §5), as text or mapping, that can verify signatures; ``left_out`` tells of the
    /// others. Shared secrets are left out.
    ///
    /// Raises ``ConfigError``: not JSON, no JWK Set, over 256 KiB or 100 keys.
    #[staticmethod]
    fn from_jwks(py: Python<'_>, jwks: JsonText) -> PyResult<Self> {
        Self::of_jwks(py, &jwks)
    }

    /// The ``kid`` of each key, in order; ``None`` for a key without one.
    #[getter]
    fn kids(&self) -> Vec<Option<&str>> {
        self.keys.kids().collect()
    }

    /// The place in the JWK Set of each key that was left out, and why, by its code.
    #[getter]
    fn left_out(&self) -> Vec<(usize, &'static str)> {
        self.left_out.clone()
    }

    fn __len__(&self) -> usize {
        self.keys.len()
    }

    fn __repr__(&self) -> String {
        format!("<doorward.KeySet of {}>", self.keys.len())
    }
}

/// A key that signs with one algorithm: a shared secret or a private key.
#[pyclass(frozen, name = "SigningKey", module = "doorward")]
pub(crate) struct PySigningKey {
    key: SigningKey,
}

impl PySigningKey {
    pub(crate) fn made(key: SigningKey, kid: Option<String>, token_type: Option<String>) -> Self {
        let key = match kid {
            Some(kid) => key.with_kid(kid),
            None => key,
        };
        match token_type {
            Some(typ) => Self { key: key.with_type(typ) },
            None => Self { key },
        }
    }

    /// Detached for what takes as long as a private key's signature.
    pub(crate) fn run<T: Send>(&self, py: Python<'_>, sign: impl FnOnce(&SigningKey) -> T + Send) -> T {
        match self.key.algorithm().is_symmetric() {
            true => sign(&self.key),
            false => py.detach(|| sign(&self.key)),
        }
    }
}

#[pymethods]
impl PySigningKey {
    /// A secret for an HS* algorithm; ``token_type`` is the header's ``typ``. Raises as ``Key.from_secret``.
    #[staticmethod]
    #[pyo3(signature = (secret, algorithm="HS256", *, kid=None, token_type=None))]
    fn from_secret(
        py: Python<'_>,
        secret: Secret<'_>,
        algorithm: &str,
        kid: Option<String>,
        token_type: Option<String>,
    ) -> PyResult<Self> {
        let key =
            SigningKey::hmac(convert::algorithm(py, algorithm)?, secret.as_ref()).or_config_error(py)?;
        Ok(Self::made(key, kid, token_type))
    }

    /// A private key from PEM, DER or a JWK's text, whichever it is; without ``algorithm``, RS256 or its curve's.
    ///
    /// Raises ``ConfigError``: not such a key, encrypted, a public one, RSA of other than 2048, 3072 or 4096 bits, an
    /// algorithm that does not go with it.
    #[staticmethod]
    #[pyo3(signature = (key, algorithm=None, *, kid=None, token_type=None))]
    fn from_private(
        py: Python<'_>,
        key: Secret<'_>,
        algorithm: Option<&str>,
        kid: Option<String>,
        token_type: Option<String>,
    ) -> PyResult<Self> {
        let algorithm = algorithm.map(|name| convert::algorithm(py, name)).transpose()?;
        let key = SigningKey::from_private(key.as_ref(), algorithm).or_config_error(py)?;
        Ok(Self::made(key, kid, token_type))
    }

    /// A private key from PEM (PKCS#8, PKCS#1 or SEC 1). Raises as ``from_private``.
    #[staticmethod]
    #[pyo3(signature = (pem, algorithm, *, kid=None, token_type=None))]
    fn from_pem(
        py: Python<'_>,
        pem: &Bound<'_, PyString>,
        algorithm: &str,
        kid: Option<String>,
        token_type: Option<String>,
    ) -> PyResult<Self> {
        let key = SigningKey::from_pem(convert::str_of(pem)?, convert::algorithm(py, algorithm)?)
            .or_config_error(py)?;
        Ok(Self::made(key, kid, token_type))
    }

    /// A private key from DER (PKCS#8, PKCS#1 or SEC 1). Raises as ``from_private``.
    #[staticmethod]
    #[pyo3(signature = (der, algorithm, *, kid=None, token_type=None))]
    fn from_der(
        py: Python<'_>,
        der: &[u8],
        algorithm: &str,
        kid: Option<String>,
        token_type: Option<String>,
    ) -> PyResult<Self> {
        let key = SigningKey::from_der(der, convert::algorithm(py, algorithm)?).or_config_error(py)?;
        Ok(Self::made(key, kid, token_type))
    }

    /// A private key or a secret from a JWK, as text or mapping: by its ``alg``, else RS256 or its curve's. Raises as
    /// ``from_private``.
    #[staticmethod]
    #[pyo3(signature = (jwk, *, token_type=None))]
    fn from_jwk(py: Python<'_>, jwk: JsonText, token_type: Option<String>) -> PyResult<Self> {
        Ok(Self::made(SigningKey::from_jwk(jwk.as_str()).or_config_error(py)?, None, token_type))
    }

    /// A token of these claims, a mapping or the text of a JSON object.
    ///
    /// Raises ``SignError``: no ``exp`` (unless ``without_expiry``), a registered claim of the wrong type, a token over
    /// 16 KiB, a bad ``kid`` or ``typ``. What JSON has no words for is a ``TypeError`` or ``ValueError``.
    #[pyo3(signature = (claims, *, without_expiry=false))]
    fn sign(&self, py: Python<'_>, claims: JsonText, without_expiry: bool) -> PyResult<String> {
        let token = self.run(py, |key| match without_expiry {
            true => key.sign_without_expiry(claims.as_str()),
            false => jwt::sign(claims.as_str(), key),
        });
        token.map_err(|error| errors::sign(py, error))
    }

    /// A JWS in compact form (RFC 7515) of any payload but an empty one. Raises ``SignError``.
    fn sign_jws(&self, py: Python<'_>, payload: Octets<'_>) -> PyResult<String> {
        let payload = payload.as_ref();
        self.run(py, |key| key.sign_jws(payload)).map_err(|error| errors::sign(py, error))
    }

    /// What verifies the tokens it signs: the public half, or the same secret.
    fn verifying_key(&self) -> PyKey {
        PyKey { key: self.key.verifying_key(), kid: self.key.kid().map(Into::into) }
    }

    /// The public half as a JWK to publish; ``None`` for a shared secret.
    fn public_jwk<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let json = py.import(intern!(py, "json"))?;
        self.key.public_jwk().map(|jwk| json.call_method1(intern!(py, "loads"), (jwk,))).transpose()
    }

    /// The algorithm it signs with.
    #[getter]
    fn algorithm(&self) -> &'static str {
        self.key.algorithm().name()
    }

    /// The ``kid`` it names, or ``None``.
    #[getter]
    fn kid(&self) -> Option<&str> {
        self.key.kid()
    }

    fn __repr__(&self) -> String {
        format!("<doorward.SigningKey for {}>", self.key.algorithm())
    }
}

/// A token of these claims, signed by a secret, a private key in PEM, DER or JWK, or a ``SigningKey``.
///
/// ``claims`` is a mapping or the text of a JSON object, with an ``exp``: seconds since the epoch, or in a mapping a ``datetime`` with its time zone, as ``nbf``
/// and ``iat``. Without ``algorithm`` a
/// secret signs HS256; a private key needs one of its own.
///
/// Raises ``ConfigError`` for the key, ``SignError`` for the claims (see ``SigningKey.sign``).
///
/// >>> token = sign({"sub": "anna", "exp": 4102444800}, "a secret of at least 32 bytes, kept well")
/// >>> token.count(".")
/// 2
#[pyfunction]
#[pyo3(signature = (claims, key, algorithm=None))]
pub(crate) fn sign(
    py: Python<'_>,
    claims: JsonText,
    key: &Bound<'_, PyAny>,
    algorithm: Option<&str>,
) -> PyResult<String> {
    if let Ok(key) = key.cast::<PySigningKey>() {
        let key = key.get();
        return match algorithm {
            Some(name) if name != key.key.algorithm().name() => {
                Err(KeyError::AlgorithmMismatch).or_config_error(py)
            }
            _ => key.sign(py, claims, false),
        };
    }
    let secret = key.extract::<Secret<'_>>()?;
    let algorithm = convert::algorithm(py, algorithm.unwrap_or("HS256"))?;
    let key = match algorithm.is_symmetric() {
        true => SigningKey::hmac(algorithm, secret.as_ref()),
        false => SigningKey::from_private(secret.as_ref(), Some(algorithm)),
    };
    PySigningKey { key: key.or_config_error(py)? }.sign(py, claims, false)
}
