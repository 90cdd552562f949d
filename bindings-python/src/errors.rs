//! The core's errors as exceptions: the classes are Python's (`doorward/_errors.py`), codes and messages the core's.

use doorward::address::AddressError;
use doorward::api_keys::file::KeyFileError;
use doorward::api_keys::{ApiKeyError, ApiKeyRefusal};
use doorward::config::ConfigError;
use doorward::gate::{GateError, SessionError};
use doorward::jwks::UrlError;
use doorward::jwt::{RevocationsFull, SignError, TokenError, VerifierError};
use doorward::keys::KeyError;
use doorward::oauth::{EndpointError, IssuerError, ResourceError};
use doorward::origin::OriginError;
use doorward::policy::{FilterError, PolicyError};
use doorward::rate::QuotaError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

/// The exceptions' class of that name.
fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = MODULE.get_or_try_init(py, || py.import("doorward._errors").map(Bound::unbind))?;
    module.bind(py).getattr(name)
}

fn make(py: Python<'_>, name: &str, code: &str, message: &str) -> PyErr {
    let made = class(py, name).and_then(|class| {
        let error = class.call1((message,))?;
        error.setattr(intern!(py, "code"), PyString::intern(py, code))?;
        Ok(PyErr::from_value(error))
    });
    made.unwrap_or_else(|error| error)
}

/// What is wrong with an argument or a setting.
#[cold]
pub(crate) fn config(py: Python<'_>, code: &str, message: &str) -> PyErr {
    make(py, "ConfigError", code, message)
}

/// What is wrong with a setting, by its name.
#[cold]
pub(crate) fn setting(py: Python<'_>, error: &ConfigError) -> PyErr {
    let raised = config(py, error.code(), &error.to_string());
    match raised.value(py).setattr(intern!(py, "setting"), error.setting()) {
        Ok(()) => raised,
        Err(error) => error,
    }
}

/// Why a token is refused: a subclass for what callers tell apart, and the code.
#[cold]
pub(crate) fn token(py: Python<'_>, error: TokenError) -> PyErr {
    let class = match error {
        TokenError::TooLarge
        | TokenError::Malformed
        | TokenError::Encrypted
        | TokenError::Detached
        | TokenError::Nested
        | TokenError::InvalidHeader
        | TokenError::CriticalHeader
        | TokenError::InvalidPayload => "MalformedToken",
        TokenError::AlgorithmNotAllowed | TokenError::KeyNotFound | TokenError::IssuerUnknown => "UnknownKey",
        TokenError::KeysUnavailable => "KeysUnavailable",
        TokenError::InvalidSignature => "BadSignature",
        TokenError::Expired | TokenError::TooOld => "ExpiredToken",
        TokenError::NotYetValid | TokenError::IssuedInFuture => "ImmatureToken",
        TokenError::IssuerMismatch => "WrongIssuer",
        TokenError::AudienceMismatch => "WrongAudience",
        TokenError::MissingClaim => "MissingClaim",
        TokenError::InvalidClaim
        | TokenError::SubjectMismatch
        | TokenError::TypeMismatch
        | TokenError::IdMismatch
        | TokenError::NonceMismatch
        | TokenError::LifetimeTooLong => "InvalidClaim",
        TokenError::Revoked => "RevokedToken",
        _ => "TokenError",
    };
    make(py, class, error.code(), &error.to_string())
}

/// Why a presented API key is refused.
#[cold]
pub(crate) fn refusal(py: Python<'_>, error: ApiKeyRefusal) -> PyErr {
    make(py, "ApiKeyError", error.code(), &error.to_string())
}

/// Whom a token is from that names nobody: the gate's word for it.
#[cold]
pub(crate) fn nobody(py: Python<'_>) -> PyErr {
    make(py, "MissingClaim", "subject_missing", "the token names no subject")
}

/// Why a list can't be filtered.
#[cold]
pub(crate) fn list(py: Python<'_>, error: FilterError) -> PyErr {
    make(py, "ListError", error.code(), &error.to_string())
}

/// Why a token was not minted.
#[cold]
pub(crate) fn sign(py: Python<'_>, error: SignError) -> PyErr {
    make(py, "SignError", error.code(), &error.to_string())
}

/// An error of the core's about what was configured.
pub(crate) trait Configured: std::fmt::Display {
    /// Its stable code.
    fn stable_code(&self) -> &'static str;
}

macro_rules! configured {
    ($($error:ty),*) => {$(
        impl Configured for $error {
            fn stable_code(&self) -> &'static str {
                self.code()
            }
        }
    )*};
}

configured!(
    KeyError,
    VerifierError,
    RevocationsFull,
    ApiKeyError,
    KeyFileError,
    QuotaError,
    UrlError,
    PolicyError,
    GateError,
    SessionError,
    OriginError,
    AddressError,
    ResourceError,
    EndpointError,
    IssuerError
);

/// Raises such an error as a `ConfigError`.
pub(crate) trait OrConfigError<T> {
    /// The value, or the exception.
    fn or_config_error(self, py: Python<'_>) -> PyResult<T>;
}

impl<T, E: Configured> OrConfigError<T> for Result<T, E> {
    fn or_config_error(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| config(py, error.stable_code(), &error.to_string()))
    }
}
