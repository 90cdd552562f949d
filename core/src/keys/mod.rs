//! Verification keys, each bound to the algorithms it was made for (RFC 8725 §3.1, §3.2).
//!
//! A key is prepared once and never per call. What must not be a key at all, a secret that is really somebody's
//! public key above all, is refused here, when it is configured.

#[cfg(feature = "asymmetric")]
mod any_form;
mod error;
mod guard;
mod hmac;
#[cfg(feature = "asymmetric")]
mod jwk;
#[cfg(feature = "asymmetric")]
mod private;
#[cfg(feature = "asymmetric")]
mod public;
#[cfg(feature = "alloc")]
mod set;
#[cfg(feature = "alloc")]
mod signer;
#[cfg(all(test, feature = "asymmetric", feature = "std"))]
mod wycheproof;

pub use error::KeyError;
#[cfg(feature = "alloc")]
pub use set::KeySet;
#[cfg(feature = "alloc")]
pub(crate) use signer::Signer;

use crate::jwt::Algorithm;
use core::fmt;

/// One prepared key and the algorithms it may be used with.
///
/// ```
/// use doorward::{jwt::Algorithm, keys::{Key, KeyError}};
/// assert_eq!(Key::hmac(Algorithm::HS256, b"too short").unwrap_err(), KeyError::SecretTooShort);
/// assert_eq!(Key::hmac(Algorithm::RS256, &[7; 64]).unwrap_err(), KeyError::AlgorithmMismatch);
/// ```
#[derive(Clone)]
pub struct Key {
    backend: Backend,
    /// One bit an algorithm.
    algorithms: u16,
}

#[derive(Clone)]
#[allow(clippy::large_enum_variant, reason = "HMAC must do without an allocator")]
enum Backend {
    Hmac(hmac::Prepared),
    #[cfg(feature = "asymmetric")]
    Public(public::VerifyingKey),
}

impl Key {
    /// A shared secret for one HS* algorithm.
    ///
    /// # Errors
    /// The algorithm is not HS*; the secret is empty, shorter than the hash (RFC 7518 §3.2), or looks like a PEM,
    /// DER, JWK or OpenSSH key: whoever holds the public half could then sign.
    pub fn hmac(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        if !secret.is_empty() && algorithm.shortest_secret().is_some_and(|least| secret.len() < least) {
            return Err(KeyError::SecretTooShort);
        }
        Self::hmac_allowing_short(algorithm, secret)
    }

    /// As [`hmac`](Self::hmac), for a secret that is shorter than RFC 7518 §3.2 allows and can't be changed.
    /// A short secret can be guessed offline from any one token.
    ///
    /// # Errors
    /// As [`hmac`](Self::hmac), length aside; an empty secret is always refused.
    pub fn hmac_allowing_short(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        if secret.is_empty() {
            return Err(KeyError::SecretEmpty);
        }
        if guard::looks_like_a_key(secret) {
            return Err(KeyError::SecretIsAKey);
        }
        let prepared = hmac::Prepared::new(algorithm, secret).ok_or(KeyError::AlgorithmMismatch)?;
        Ok(Self { backend: Backend::Hmac(prepared), algorithms: algorithm.bit() })
    }

    /// A public key from PEM: `BEGIN PUBLIC KEY` (SPKI, RFC 5280 §4.1) with RSA, P-256, P-384 or Ed25519, or
    /// `BEGIN RSA PUBLIC KEY` (PKCS#1, RFC 8017 §A.1.1); for these algorithms.
    ///
    /// # Errors
    /// Not such a key; a private key; RSA under 2048 bits or with an exponent that is 1 or even; a point of the wrong
    /// length or form, not on its curve (P-256, P-384), or not reduced or of low order (Ed25519); no algorithm, or one
    /// that does not go with the key.
    #[cfg(feature = "asymmetric")]
    pub fn from_pem(pem: &str, algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        Self::public(&public::PublicKey::from_pem(pem)?, algorithms)
    }

    /// A public key from DER: SPKI, or an RSA key's PKCS#1; for these algorithms.
    ///
    /// # Errors
    /// As [`from_pem`](Self::from_pem).
    #[cfg(feature = "asymmetric")]
    pub fn from_der(der: &[u8], algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        Self::public(&public::PublicKey::from_der(der)?, algorithms)
    }

    /// A public key or a secret from a JWK (RFC 7517, RFC 7518 §6, RFC 8037 §2), with its `kid` where it has one.
    ///
    /// It is bound to its `alg`; without one, an RSA key to RS256, RS384 and RS512, a key on a curve to its curve's
    /// algorithm, and a secret (`oct`) is refused.
    ///
    /// # Errors
    /// Not such a JWK; private members (RFC 7518 §6.2.2, §6.3.2); `use` or `key_ops` that forbid verifying; and as
    /// [`from_pem`](Self::from_pem) and [`hmac`](Self::hmac).
    ///
    /// ```
    /// use doorward::{jwt::Algorithm, keys::Key};
    /// let jwk = r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    /// let (kid, key) = Key::from_jwk(jwk)?;
    /// assert!(kid.as_deref() == Some("a") && key.allows(Algorithm::EdDSA));
    /// # Ok::<(), doorward::keys::KeyError>(())
    /// ```
    #[cfg(feature = "asymmetric")]
    pub fn from_jwk(jwk: &str) -> Result<(Option<alloc::string::String>, Self), KeyError> {
        jwk::read(jwk)
    }

    #[cfg(feature = "asymmetric")]
    fn public(key: &public::PublicKey, algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        if algorithms.is_empty() || algorithms.iter().any(|algorithm| !key.fits(*algorithm)) {
            return Err(KeyError::AlgorithmMismatch);
        }
        let backend = Backend::Public(key.prepare(algorithms)?);
        Ok(Self { backend, algorithms: algorithms.iter().fold(0, |bits, algorithm| bits | algorithm.bit()) })
    }

    /// Whether the key may be used with that algorithm.
    #[must_use]
    pub const fn allows(&self, algorithm: Algorithm) -> bool {
        self.algorithms & algorithm.bit() != 0
    }

    /// Whether it is a shared secret: whoever can verify with it can also sign.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        matches!(self.backend, Backend::Hmac(_))
    }

    /// Whether `signature` is over `message`, by an algorithm the key [`allows`](Self::allows): RFC 7518's signatures, and
    /// no more. For surfaces that take a JWS apart as another library does;
    /// [`verify_jws`](crate::jwt::verify_jws) and [`verify`](crate::jwt::verify) do all of it.
    #[must_use]
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        if !self.allows(algorithm) {
            return false;
        }
        match &self.backend {
            Backend::Hmac(prepared) => prepared.verify(message, signature),
            #[cfg(feature = "asymmetric")]
            Backend::Public(key) => key.verify(algorithm, message, signature),
        }
    }

    /// The HMAC of `message`, in the front of `out`; nothing for a public key.
    #[cfg(feature = "alloc")]
    pub(crate) fn sign_hmac<'o>(&self, message: &[u8], out: &'o mut [u8; 64]) -> &'o [u8] {
        match &self.backend {
            Backend::Hmac(prepared) => prepared.sign(message, out),
            #[cfg(feature = "asymmetric")]
            Backend::Public(_) => &[],
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Algorithm::ALL.into_iter().filter(|algorithm| self.allows(*algorithm));
        f.debug_list().entries(names).finish()
    }
}
