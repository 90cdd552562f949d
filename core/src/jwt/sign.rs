//! Minting: tokens of our own, for services that call each other and for tests (RFC 7515 §5.1).

use super::{Algorithm, Claims, Limits, TokenError};
use crate::base64url;
use crate::keys::{Key, KeyError};
use alloc::string::String;
use core::fmt;

/// A shared secret that signs, with its algorithm and, where it has one, its `kid`.
pub struct SigningKey {
    key: Key,
    algorithm: Algorithm,
    kid: Option<String>,
}

/// Why a token was not minted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// The claims are not what a verifier would take back: one JSON object, registered claims of the right types.
    Claims(TokenError),
    /// There is no `exp`, and [`SigningKey::sign_without_expiry`] was not chosen.
    NoExpiry,
    /// The `kid` is empty or over 256 bytes.
    BadKid,
}

impl SignError {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Claims(error) => error.code(),
            Self::NoExpiry => "expiry_missing",
            Self::BadKid => KeyError::BadKid.code(),
        }
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Claims(error) => error.fmt(f),
            Self::NoExpiry => {
                f.write_str("a token without exp never ends: give it one, or choose to sign without")
            }
            Self::BadKid => KeyError::BadKid.fmt(f),
        }
    }
}

impl core::error::Error for SignError {}

impl SigningKey {
    /// A secret for an HS* algorithm.
    ///
    /// # Errors
    /// As [`Key::hmac`].
    pub fn hmac(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        Ok(Self { key: Key::hmac(algorithm, secret)?, algorithm, kid: None })
    }

    /// Names the key in the header of what it signs.
    #[must_use]
    pub fn with_kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// The algorithm it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// As [`sign`], for a token that is good for as long as the key is.
    ///
    /// # Errors
    /// The claims or the `kid` are not ones a verifier with [`Limits::DEFAULT`] would take back.
    pub fn sign_without_expiry(&self, claims: &str) -> Result<String, SignError> {
        const LIMITS: Limits = Limits::DEFAULT;
        Claims::read(claims, &LIMITS).map_err(SignError::Claims)?;
        if self.kid.as_ref().is_some_and(|kid| kid.is_empty() || kid.len() > LIMITS.kid) {
            return Err(SignError::BadKid);
        }
        let mut header = String::from("{\"alg\":\"");
        header.push_str(self.algorithm.name());
        header.push_str("\",\"typ\":\"JWT\"");
        if let Some(kid) = &self.kid {
            header.push_str(",\"kid\":\"");
            escape_into(kid, &mut header);
            header.push('"');
        }
        header.push('}');
        let mut token = String::with_capacity((header.len() + claims.len()) * 4 / 3 + 96);
        base64url::encode_append(header.as_bytes(), &mut token);
        token.push('.');
        base64url::encode_append(claims.as_bytes(), &mut token);
        let mut signature = [0; 64];
        let signature = self.key.sign_hmac(token.as_bytes(), &mut signature);
        token.push('.');
        base64url::encode_append(signature, &mut token);
        if token.len() > LIMITS.token { Err(SignError::Claims(TokenError::TooLarge)) } else { Ok(token) }
    }
}

/// Signs `claims`, a JSON object with an `exp`.
///
/// # Errors
/// The claims are not ones a verifier with [`Limits::DEFAULT`] would take back, or have no `exp`; or the key's
/// `kid` is empty or too long.
///
/// ```
/// use doorward::jwt::{self, Algorithm, SigningKey};
/// let key = SigningKey::hmac(Algorithm::HS256, b"a secret of at least 32 bytes, kept well")?;
/// let token = jwt::sign(r#"{"sub":"anna","exp":4102444800}"#, &key)?;
/// assert_eq!(token.split('.').count(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sign(claims: &str, key: &SigningKey) -> Result<String, SignError> {
    if Claims::read(claims, &Limits::DEFAULT).map_err(SignError::Claims)?.expiry().is_none() {
        return Err(SignError::NoExpiry);
    }
    key.sign_without_expiry(claims)
}

/// JSON's escapes (RFC 8259 §7) for what is ours to write: a kid.
fn escape_into(text: &str, out: &mut String) {
    use fmt::Write as _;
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            '\0'..='\u{1f}' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
