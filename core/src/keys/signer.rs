//! What signs: a shared secret, or a private key.

use super::Key;
#[cfg(feature = "asymmetric")]
use super::{KeyError, jwk, private::PrivateKey};
use crate::jwt::Algorithm;
#[cfg(feature = "asymmetric")]
use alloc::string::String;
use alloc::vec::Vec;

/// A key that signs with one algorithm, which goes with it.
pub(crate) struct Signer {
    algorithm: Algorithm,
    key: Signing,
}

#[allow(clippy::large_enum_variant, reason = "one of them a service, and it stays where it is")]
enum Signing {
    Secret(Key),
    #[cfg(feature = "asymmetric")]
    Private {
        key: PrivateKey,
        verifying: Key,
    },
}

impl Signer {
    /// `secret` must have been made for `algorithm`.
    pub(crate) const fn secret(algorithm: Algorithm, secret: Key) -> Self {
        Self { algorithm, key: Signing::Secret(secret) }
    }

    /// PEM of a private key.
    #[cfg(feature = "asymmetric")]
    pub(crate) fn from_pem(pem: &str, algorithm: Algorithm) -> Result<Self, KeyError> {
        Self::private(PrivateKey::from_pem(pem)?, algorithm)
    }

    /// DER of a private key.
    #[cfg(feature = "asymmetric")]
    pub(crate) fn from_der(der: &[u8], algorithm: Algorithm) -> Result<Self, KeyError> {
        Self::private(PrivateKey::from_der(der)?, algorithm)
    }

    /// A private JWK or a secret one, and its `kid`.
    #[cfg(feature = "asymmetric")]
    pub(crate) fn from_jwk(jwk: &str) -> Result<(Option<String>, Self), KeyError> {
        jwk::read_signing(jwk)
    }

    #[cfg(feature = "asymmetric")]
    pub(super) fn private(key: PrivateKey, algorithm: Algorithm) -> Result<Self, KeyError> {
        let verifying = Key::public(key.public(), &[algorithm])?;
        Ok(Self { algorithm, key: Signing::Private { key, verifying } })
    }

    pub(crate) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The signature of `message`, as a JWS has it; nothing for want of random numbers.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match &self.key {
            Signing::Secret(secret) => Some(secret.sign_hmac(message, &mut [0; 64]).to_vec()),
            #[cfg(feature = "asymmetric")]
            Signing::Private { key, .. } => key.sign(self.algorithm, message),
        }
    }

    /// What verifies what this signs, and nothing else.
    pub(crate) fn verifying_key(&self) -> Key {
        match &self.key {
            Signing::Secret(secret) => secret.clone(),
            #[cfg(feature = "asymmetric")]
            Signing::Private { verifying, .. } => verifying.clone(),
        }
    }

    /// The public half as a JWK; nothing for a secret.
    #[cfg(feature = "asymmetric")]
    pub(crate) fn public_jwk(&self, kid: Option<&str>) -> Option<String> {
        match &self.key {
            Signing::Secret(_) => None,
            Signing::Private { key, .. } => Some(jwk::write(key.public(), self.algorithm, kid)),
        }
    }
}
