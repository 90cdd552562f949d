//! The core's errors on their way to JavaScript: codes and messages are the core's, the classes TypeScript's
//! (`ts/_errors.ts`).
//!
//! What is called all the time answers with a number, [`refused`], and throws nothing: to throw and catch takes longer than
//! to verify. All else throws an `Error` whose `code` is `Class code`, or `Class code SETTING`, for `_errors.ts` to take
//! apart and to throw an instance of that class.

use doorward::address::AddressError;
use doorward::api_keys::ApiKeyError;
use doorward::api_keys::file::KeyFileError;
use doorward::config::ConfigError;
use doorward::gate::{GateError, SessionError};
use doorward::jwks::UrlError;
use doorward::jwt::{RevocationsFull, SignError, TokenError, VerifierError};
use doorward::keys::KeyError;
use doorward::oauth::{EndpointError, IssuerError, ResourceError};
use doorward::origin::OriginError;
use doorward::policy::PolicyError;
use doorward::rate::QuotaError;
use napi_derive::napi;

/// What is thrown.
pub(crate) type Thrown = napi::Error<String>;

/// What can throw. By this name, for that is how napi knows that it can.
pub(crate) type Result<T> = std::result::Result<T, Thrown>;

fn make(class: &str, code: &str, message: impl Into<String>) -> Thrown {
    Thrown::new(format!("{class} {code}"), message.into())
}

/// What is wrong with an argument or a setting.
#[cold]
pub(crate) fn config(code: &str, message: impl Into<String>) -> Thrown {
    make("ConfigError", code, message)
}

/// What is wrong with a setting, by its name.
#[cold]
pub(crate) fn setting(error: &ConfigError) -> Thrown {
    let class = format!("ConfigError {} {}", error.code(), error.setting().unwrap_or_default());
    Thrown::new(class, error.to_string())
}

/// A text that is none: of a lone surrogate, or of bytes that are no UTF-8.
#[cold]
pub(crate) fn no_text() -> Thrown {
    config("text_invalid", "the text has a lone surrogate, or its bytes are no UTF-8")
}

/// Why a token is refused, where that is thrown.
#[cold]
pub(crate) fn token(error: TokenError) -> Thrown {
    make(class(error), error.code(), error.to_string())
}

/// Why a token was not minted.
#[cold]
pub(crate) fn sign(error: SignError) -> Thrown {
    make("SignError", error.code(), error.to_string())
}

/// A list that can't be filtered.
#[cold]
pub(crate) fn list(code: &str, message: &str) -> Thrown {
    make("ListError", code, message)
}

/// What is good for once, and was used.
#[cold]
pub(crate) fn used() -> Thrown {
    make("DoorwardError", "used", "this is good for once, and was used")
}

/// A file that can't be read, as Node has it.
#[cold]
pub(crate) fn file(error: &std::io::Error, path: &std::path::Path) -> Thrown {
    let code = match error.kind() {
        std::io::ErrorKind::NotFound => "ENOENT",
        std::io::ErrorKind::PermissionDenied => "EACCES",
        std::io::ErrorKind::IsADirectory => "EISDIR",
        std::io::ErrorKind::InvalidData => "EILSEQ",
        _ => "EIO",
    };
    Thrown::new(code.into(), format!("{code}: {error}, open '{}'", path.display()))
}

/// The subclass of `TokenError` for what callers tell apart.
fn class(error: TokenError) -> &'static str {
    match error {
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
    }
}

/// A refusal as a number below zero: −1 less its place in [`token_errors`].
#[cold]
pub(crate) fn refused(error: TokenError) -> i32 {
    let place = TokenError::ALL.iter().position(|one| *one == error).unwrap_or(TokenError::ALL.len());
    -1 - i32::try_from(place).unwrap_or(0)
}

/// What an argument is told by that is neither text nor bytes.
pub(crate) const WRONG_TYPE: i32 = i32::MIN;

/// One of the refusals.
#[napi(object, object_from_js = false)]
pub(crate) struct Refusal {
    /// The name of its class.
    pub class: &'static str,
    /// Its code.
    pub code: &'static str,
    /// Its message.
    pub message: String,
}

/// Every reason a token is refused for, in the order of their numbers.
#[napi]
pub(crate) fn token_errors() -> Vec<Refusal> {
    let all = TokenError::ALL.into_iter();
    all.map(|error| Refusal { class: class(error), code: error.code(), message: error.to_string() }).collect()
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

/// Throws such an error as a `ConfigError`.
pub(crate) trait OrConfigError<T> {
    /// The value, or what is thrown.
    fn or_config_error(self) -> Result<T>;
}

impl<T, E: Configured> OrConfigError<T> for std::result::Result<T, E> {
    fn or_config_error(self) -> Result<T> {
        self.map_err(|error| config(error.stable_code(), error.to_string()))
    }
}
