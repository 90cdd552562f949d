//! ring: a key is parsed again by each verification, for it has nothing to keep a parsed one in.
//!
//! RSA keys are handed over as numbers: ring's reading of PKCS#1 is then no part of a verification.

use super::{Curve, Prepare};
use crate::jwt::Algorithm;
use alloc::vec::Vec;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};

/// See [`Prepare`].
#[derive(Clone)]
pub(in super::super) enum Prepared {
    /// With one bit an algorithm.
    Rsa(u16, RsaPublicKeyComponents<Vec<u8>>),
    Point(Algorithm, UnparsedPublicKey<Vec<u8>>),
}

impl Prepare for Prepared {
    fn rsa(n: &[u8], e: &[u8], algorithms: &[Algorithm]) -> Option<Self> {
        let bits = algorithms.iter().fold(0, |bits, algorithm| bits | algorithm.bit());
        Some(Self::Rsa(bits, RsaPublicKeyComponents { n: n.to_vec(), e: e.to_vec() }))
    }

    fn point(curve: Curve, point: &[u8]) -> Option<Self> {
        let verification: &'static dyn VerificationAlgorithm = match curve {
            Curve::P256 => &ECDSA_P256_SHA256_FIXED,
            Curve::P384 => &ECDSA_P384_SHA384_FIXED,
            Curve::Ed25519 => &ED25519,
        };
        Some(Self::Point(curve.algorithm(), UnparsedPublicKey::new(verification, point.to_vec())))
    }

    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa(bits, key) => {
                bits & algorithm.bit() != 0
                    && parameters(algorithm)
                        .is_some_and(|parameters| key.verify(parameters, message, signature).is_ok())
            }
            Self::Point(its, key) => *its == algorithm && key.verify(message, signature).is_ok(),
        }
    }
}

fn parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::RS384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RS512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::PS384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::PS512 => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}
