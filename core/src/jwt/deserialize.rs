//! Claims as a type of the service's own, by serde.
//!
//! The payload has been checked by then: one JSON object, every name once, depth and members bounded. What serde is
//! given is that text, and no tree is built of it.

use super::{Claims, OwnedClaims};
use core::fmt;
use serde::Deserialize;

/// Why claims are not what a type asks for: where in the payload, and never what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimsError {
    /// The line of the payload, from 1.
    pub line: usize,
    /// The byte in that line behind which it was found out.
    pub column: usize,
}

impl ClaimsError {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "claims_unexpected"
    }
}

impl fmt::Display for ClaimsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column } = self;
        write!(f, "the claims are not what is asked of them, at line {line}, column {column} of the payload")
    }
}

impl core::error::Error for ClaimsError {}

impl<'a> Claims<'a> {
    /// The claims as a `T`. Strings may be borrowed as `Cow<'a, str>` (with `#[serde(borrow)]`); as `&'a str` only where
    /// they hold no escape.
    ///
    /// Registered claims are as they were checked; all else is for `T` to ask for: an `Option` where it may be missing.
    ///
    /// # Errors
    /// The payload has not the form of a `T`.
    ///
    /// ```
    /// use doorward::{Now, jwt::{Algorithm, Rules, SigningKey, Verifier, sign}};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Session<'a> {
    ///     #[serde(borrow)]
    ///     sub: std::borrow::Cow<'a, str>,
    ///     tenant: u32,
    ///     region: Option<String>,
    /// }
    ///
    /// let key = SigningKey::hmac(Algorithm::HS256, b"a secret of at least 32 bytes, kept well")?;
    /// let token = sign(r#"{"sub":"anna","tenant":7,"exp":4102444800}"#, &key)?;
    /// let verifier = Verifier::new(key.verifying_key().into(), Rules::new())?;
    /// let claims = verifier.verify(token.as_bytes(), Now::new(1_800_000_000.0, 0))?;
    ///
    /// let session: Session<'_> = claims.deserialize()?;
    /// assert!(session.sub == "anna" && session.tenant == 7 && session.region.is_none());
    /// assert_eq!(claims.deserialize::<Vec<u8>>().unwrap_err().code(), "claims_unexpected");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn deserialize<T: Deserialize<'a>>(&self) -> Result<T, ClaimsError> {
        of(self.payload())
    }
}

impl OwnedClaims {
    /// As [`Claims::deserialize`]; what is borrowed is borrowed from here.
    ///
    /// # Errors
    /// The payload has not the form of a `T`.
    pub fn deserialize<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ClaimsError> {
        of(self.payload())
    }
}

/// serde_json's message says what it met, which is the token's; its place is all that is kept.
fn of<'a, T: Deserialize<'a>>(payload: &'a str) -> Result<T, ClaimsError> {
    serde_json::from_str(payload).map_err(|error| ClaimsError { line: error.line(), column: error.column() })
}
