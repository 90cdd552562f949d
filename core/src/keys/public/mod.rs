//! Public keys of every kind, and the texts they come in.
//!
//! What a key may be used with is decided by its kind, then narrowed by whoever configures it. Signatures of
//! elliptic curves are the raw `r ‖ s` of RFC 7518 §3.4, never DER; the libraries that verify refuse `r` and `s` of zero
//! and of the group's order or above (CVE-2022-21449).

mod backend;
mod elliptic;
pub(super) mod oid;
mod rsa;
mod spki;

use super::KeyError;
use crate::jwt::Algorithm;
use alloc::vec::Vec;
use backend::{Prepare as _, Prepared};

/// A public key, its numbers taken out of their encoding once.
#[derive(Clone)]
pub(super) enum PublicKey {
    Rsa(rsa::RsaKey),
    Elliptic(elliptic::EllipticKey),
}

impl PublicKey {
    /// PEM: `PUBLIC KEY` (SPKI, RFC 5280 §4.1), or `RSA PUBLIC KEY` (PKCS#1, RFC 8017 §A.1.1).
    pub(super) fn from_pem(text: &str) -> Result<Self, KeyError> {
        spki::from_pem(text)
    }

    /// DER: SPKI, or an RSA key's PKCS#1.
    pub(super) fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        spki::from_der(der)
    }

    /// An RSA key by its numbers, big-endian, no leading zeros.
    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        rsa::RsaKey::new(n, e).map(Self::Rsa)
    }

    /// A point on a curve of RFC 7518 §6.2.1, each coordinate as long as the field.
    pub(super) fn ec(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        if x.len() != y.len() {
            return Err(KeyError::Point);
        }
        let point: Vec<u8> = [&[4], x, y].concat();
        Self::point(curve, &point)
    }

    /// A point in its encoding: SEC 1 §2.3.3 without compression, or RFC 8032 §5.1.2.
    pub(super) fn point(curve: Curve, point: &[u8]) -> Result<Self, KeyError> {
        elliptic::EllipticKey::new(curve, point).map(Self::Elliptic)
    }

    /// An Ed25519 key (RFC 8037 §2): 32 bytes.
    pub(super) fn ed25519(x: &[u8]) -> Result<Self, KeyError> {
        Self::point(Curve::Ed25519, x)
    }

    /// What it may be used with where nobody says: RSA keys with RS*, for a key should not be used both with
    /// PKCS#1 v1.5 and with PSS (RFC 8017 §7 asks for one scheme a key); each curve with its one algorithm.
    pub(super) fn usual(&self) -> &'static [Algorithm] {
        match self {
            Self::Rsa(_) => &[Algorithm::RS256, Algorithm::RS384, Algorithm::RS512],
            Self::Elliptic(key) => match key.curve() {
                Curve::P256 => &[Algorithm::ES256],
                Curve::P384 => &[Algorithm::ES384],
                Curve::Ed25519 => &[Algorithm::EdDSA],
            },
        }
    }

    /// Whether an algorithm goes with a key of this kind.
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Rsa(_) => algorithm.is_rsa(),
            Self::Elliptic(key) => key.curve().algorithm() == algorithm,
        }
    }

    /// The key as it verifies, for algorithms that all [`fit`](Self::fits) it.
    pub(super) fn prepare(&self, algorithms: &[Algorithm]) -> Result<VerifyingKey, KeyError> {
        let prepared = match self {
            Self::Rsa(key) => {
                let (n, e) = key.numbers();
                Prepared::rsa(n, e, algorithms)
            }
            Self::Elliptic(key) => Prepared::point(key.curve(), key.point()),
        };
        prepared.map(VerifyingKey).ok_or(KeyError::Unreadable)
    }
}

/// A public key prepared for its algorithms.
#[derive(Clone)]
pub(super) struct VerifyingKey(Prepared);

impl VerifyingKey {
    /// False for an algorithm it was not prepared for.
    pub(super) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify(algorithm, message, signature)
    }
}

/// The curves there are algorithms for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    Ed25519,
}

impl Curve {
    /// The one that goes with it (RFC 7518 §3.4, RFC 8037 §3.1).
    const fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::ES256,
            Self::P384 => Algorithm::ES384,
            Self::Ed25519 => Algorithm::EdDSA,
        }
    }
}
