//! Minting: tokens of our own, for services that call each other, for issuers and for tests (RFC 7515 §5.1).
//!
//! A key signs with the one algorithm it was made for. What is signed is what a verifier would take back: the claims
//! are read before they are signed, and there is no `exp` only where that was asked for.

use super::{Algorithm, Claims, Limits, TokenError};
use crate::keys::{Key, KeyError, Signer};
use crate::{base64url, escape};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A key that signs with one algorithm, a shared secret or a private key, with its `kid` where it has one.
///
/// ```
/// use doorward::{Now, jwt::{self, Algorithm, Rules, SigningKey, Verifier}, keys::KeySet};
///
/// let pem = "-----BEGIN PRIVATE KEY-----\n\
///     MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
///     -----END PRIVATE KEY-----";
/// let key = SigningKey::from_pem(pem, Algorithm::EdDSA)?.with_kid("2026-11").with_type("at+jwt");
/// let token = jwt::sign(r#"{"iss":"https://a.example","aud":"https://mcp.example","exp":4102444800}"#, &key)?;
///
/// // What others verify it with: a JWK Set to publish, of public halves only.
/// let set = format!(r#"{{"keys":[{}]}}"#, key.public_jwk().unwrap_or_default());
/// let (keys, _) = KeySet::from_jwks(&set)?;
/// let rules = Rules::new().issuer("https://a.example").audience("https://mcp.example").token_type("at+jwt");
/// Verifier::new(keys, rules)?.verify(token.as_bytes(), Now::new(1_800_000_000.0, 0))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SigningKey {
    signer: Signer,
    kid: Option<String>,
    typ: Option<String>,
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
    /// The `typ` is empty, over 128 bytes, or holds what no media type does (RFC 7515 §4.1.9).
    BadType,
    /// The operating system gave no random numbers, which all but HS* and EdDSA need.
    NoRandomness,
}

impl SignError {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Claims(error) => error.code(),
            Self::NoExpiry => "expiry_missing",
            Self::BadKid => KeyError::BadKid.code(),
            Self::BadType => "token_type_invalid",
            Self::NoRandomness => KeyError::NoRandomness.code(),
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
            Self::BadType => f.write_str("a typ must be a media type of 1 to 128 bytes"),
            Self::NoRandomness => KeyError::NoRandomness.fmt(f),
        }
    }
}

impl core::error::Error for SignError {}

impl SigningKey {
    const fn new(signer: Signer, kid: Option<String>) -> Self {
        Self { signer, kid, typ: None }
    }

    /// A secret for an HS* algorithm.
    ///
    /// # Errors
    /// As [`Key::hmac`].
    pub fn hmac(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        Ok(Self::new(Signer::secret(algorithm, Key::hmac(algorithm, secret)?), None))
    }

    /// As [`hmac`](Self::hmac), with a secret that may be shorter than the hash (RFC 7518 §3.2 forbids it): whoever sees
    /// one token can try out all short secrets at home.
    ///
    /// # Errors
    /// As [`Key::hmac_allowing_short`].
    pub fn hmac_allowing_short(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        Ok(Self::new(Signer::secret(algorithm, Key::hmac_allowing_short(algorithm, secret)?), None))
    }

    /// A private key from PEM: `PRIVATE KEY` (PKCS#8, RFC 5958 §2) with RSA, P-256, P-384 or Ed25519, `RSA PRIVATE KEY`
    /// (PKCS#1, RFC 8017 §A.1.2) or `EC PRIVATE KEY` (SEC 1, RFC 5915 §3); for one algorithm that goes with it.
    ///
    /// # Errors
    /// Not such a key, encrypted, or a public one; an algorithm that does not go with it; RSA of other than 2048, 3072 or
    /// 4096 bits, of more than two primes or with an exponent below 65537; an EC key without its public half; numbers
    /// that do not belong together; no random numbers to be had.
    #[cfg(feature = "asymmetric")]
    pub fn from_pem(pem: &str, algorithm: Algorithm) -> Result<Self, KeyError> {
        Ok(Self::new(Signer::from_pem(pem, algorithm)?, None))
    }

    /// A private key from DER: PKCS#8, PKCS#1 or SEC 1; for one algorithm that goes with it.
    ///
    /// # Errors
    /// As [`from_pem`](Self::from_pem).
    #[cfg(feature = "asymmetric")]
    pub fn from_der(der: &[u8], algorithm: Algorithm) -> Result<Self, KeyError> {
        Ok(Self::new(Signer::from_der(der, algorithm)?, None))
    }

    /// A private key or a secret from a JWK (RFC 7518 §6, RFC 8037 §2), with its `kid` where it has one.
    ///
    /// It signs with its `alg`; without one, an RSA key with RS256, a key on a curve with its curve's algorithm, and a
    /// secret (`oct`) is refused.
    ///
    /// # Errors
    /// Not such a JWK, all its members there (of RSA also `p`, `q`, `dp`, `dq` and `qi`); a public one; `use` or `key_ops`
    /// that forbid signing; and as [`from_pem`](Self::from_pem) and [`hmac`](Self::hmac).
    #[cfg(feature = "asymmetric")]
    pub fn from_jwk(jwk: &str) -> Result<Self, KeyError> {
        let (kid, signer) = Signer::from_jwk(jwk)?;
        Ok(Self::new(signer, kid))
    }

    /// A private key, or a JWK of a secret, from PEM, DER or a JWK, whichever it is, with its `kid` where it is a JWK that
    /// has one. It signs with this algorithm, else with its `alg`, else an RSA key with RS256, a key on a curve with its
    /// curve's.
    ///
    /// # Errors
    /// As [`from_pem`](Self::from_pem), [`from_der`](Self::from_der) and [`from_jwk`](Self::from_jwk); a JWK of another
    /// algorithm.
    #[cfg(feature = "asymmetric")]
    pub fn from_private(key: &[u8], algorithm: Option<Algorithm>) -> Result<Self, KeyError> {
        let (kid, signer) = Signer::from_any(key, algorithm)?;
        Ok(Self::new(signer, kid))
    }

    /// Names the key in the header of what it signs.
    #[must_use]
    pub fn with_kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// Says what kind of token it signs, in the header's `typ`: `at+jwt` for access tokens (RFC 9068 §2.1), say. Without,
    /// a token's `typ` is `JWT`.
    #[must_use]
    pub fn with_type(mut self, typ: impl Into<String>) -> Self {
        self.typ = Some(typ.into());
        self
    }

    /// The algorithm it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.signer.algorithm()
    }

    /// The `kid` it names.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// What verifies the tokens it signs, by its one algorithm: the public half, or the same secret.
    #[must_use]
    pub fn verifying_key(&self) -> Key {
        self.signer.verifying_key()
    }

    /// The public half as a JWK (RFC 7517), with `alg`, `use` and its `kid`: for a set that others verify by. Nothing for
    /// a shared secret.
    #[cfg(feature = "asymmetric")]
    #[must_use]
    pub fn public_jwk(&self) -> Option<String> {
        self.signer.public_jwk(self.kid())
    }

    /// As [`sign`], for a token that is good for as long as the key is.
    ///
    /// # Errors
    /// The claims, the `kid` or the `typ` are not ones a verifier with [`Limits::DEFAULT`] would take back; or there are
    /// no random numbers to be had.
    pub fn sign_without_expiry(&self, claims: &str) -> Result<String, SignError> {
        Claims::read(claims, &Limits::DEFAULT).map_err(SignError::Claims)?;
        self.seal(Some(self.typ.as_deref().unwrap_or("JWT")), claims.as_bytes())
    }

    /// Signs any payload as a JWS in compact form (RFC 7515 §5.1), for [`verify_jws`](super::verify_jws): no token, and
    /// with no `typ` unless one was chosen.
    ///
    /// # Errors
    /// The JWS would be longer than [`Limits::DEFAULT`] allows, the payload is empty, or the `kid` or `typ` is not one a
    /// verifier would take back; or there are no random numbers to be had.
    pub fn sign_jws(&self, payload: &[u8]) -> Result<String, SignError> {
        if payload.is_empty() {
            return Err(SignError::Claims(TokenError::Malformed));
        }
        self.seal(self.typ.as_deref(), payload)
    }

    /// The signature of any bytes, as a JWS has it (RFC 7515 §5.1, step 5). For surfaces that put a JWS together as another
    /// library does: a header of their own is theirs to get right.
    ///
    /// ```
    /// use doorward::jwt::{Algorithm, SigningKey};
    /// let key = SigningKey::hmac_allowing_short(Algorithm::HS256, b"short")?;
    /// let signature = key.sign_message(b"header.payload")?;
    /// assert!(key.verifying_key().verify(Algorithm::HS256, b"header.payload", &signature));
    /// assert!(!key.verifying_key().verify(Algorithm::HS256, b"header.Payload", &signature));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// There are no random numbers to be had.
    pub fn sign_message(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.signer.sign(message).ok_or(SignError::NoRandomness)
    }

    /// A JWS in compact form with a header of the caller's own, which is theirs to get right, `alg` above all: for surfaces
    /// that put a JWS together as another library does. There is no limit to its length.
    ///
    /// ```
    /// use doorward::jwt::{self, Algorithm, Limits, SigningKey};
    /// let key = SigningKey::hmac_allowing_short(Algorithm::HS256, b"short")?;
    /// let jws = key.sign_under(br#"{"alg":"HS256","typ":"JWT"}"#, b"hello")?;
    /// let mut scratch = [0; 256];
    /// assert_eq!(jwt::verify_jws(jws.as_bytes(), &key.verifying_key(), &Limits::DEFAULT, &mut scratch)?, b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// There are no random numbers to be had.
    pub fn sign_under(&self, header: &[u8], payload: &[u8]) -> Result<String, SignError> {
        let mut token = String::with_capacity((header.len() + payload.len()) * 4 / 3 + 96);
        base64url::encode_append(header, &mut token);
        token.push('.');
        base64url::encode_append(payload, &mut token);
        let signature = self.signer.sign(token.as_bytes()).ok_or(SignError::NoRandomness)?;
        token.push('.');
        base64url::encode_append(&signature, &mut token);
        Ok(token)
    }

    fn seal(&self, typ: Option<&str>, payload: &[u8]) -> Result<String, SignError> {
        const LIMITS: Limits = Limits::DEFAULT;
        if self.kid().is_some_and(|kid| kid.is_empty() || kid.len() > LIMITS.kid) {
            return Err(SignError::BadKid);
        }
        if typ.is_some_and(|typ| !is_media_type(typ)) {
            return Err(SignError::BadType);
        }
        let mut header = String::from("{\"alg\":\"");
        header.push_str(self.algorithm().name());
        for (name, value) in [("\",\"typ\":\"", typ), ("\",\"kid\":\"", self.kid())] {
            if let Some(value) = value {
                header.push_str(name);
                escape::json_into(value, &mut header);
            }
        }
        header.push_str("\"}");
        // Looked at before any work is done on it, and once more when all of it is there.
        if payload.len() > LIMITS.token {
            return Err(SignError::Claims(TokenError::TooLarge));
        }
        let token = self.sign_under(header.as_bytes(), payload)?;
        if token.len() > LIMITS.token { Err(SignError::Claims(TokenError::TooLarge)) } else { Ok(token) }
    }
}

/// Signs `claims`, a JSON object with an `exp`.
///
/// # Errors
/// The claims are not ones a verifier with [`Limits::DEFAULT`] would take back, or have no `exp`; the key's `kid` or `typ`
/// is not one either; or there are no random numbers to be had.
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

/// The characters of a media type and its parameters, as far as they need no quotes (RFC 6838 §4.2, RFC 9110 §5.6.2).
fn is_media_type(typ: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~/;=".contains(&byte);
    (1..=128).contains(&typ.len()) && typ.bytes().all(allowed)
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("algorithm", &self.algorithm()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515 appendix A.1: its header has a line break in it, which ours never have.
    #[test]
    fn the_mac_of_rfc_7515_a1() {
        let mut secret = [0; 64];
        let text = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let mut room = [0; 86];
        secret.copy_from_slice(base64url::decode(text.as_bytes(), &mut room).unwrap());
        let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQog\
                      Imh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let key = SigningKey::hmac(Algorithm::HS256, &secret).unwrap();
        let mut signature = String::new();
        base64url::encode_append(&key.signer.sign(signed.as_bytes()).unwrap(), &mut signature);
        assert_eq!(signature, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }
}
