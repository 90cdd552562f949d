//! aws-lc-rs: keys are parsed when they are configured. AWS-LC binds a parsed RSA key to one hash and padding, so there is
//! one for each algorithm. It keeps the key's Montgomery numbers from the first verification on.
//!
//! The blocks that AWS-LC allocates are C's: Rust's allocator is not asked, and a refusal by C's is a bad signature.

use super::{Curve, Prepare};
use crate::jwt::Algorithm;
use alloc::sync::Arc;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    VerificationAlgorithm,
};

/// See [`Prepare`]. One parsed key an algorithm, shared by clones.
#[derive(Clone)]
pub(in super::super) struct Prepared(Arc<[(Algorithm, ParsedPublicKey)]>);

impl Prepare for Prepared {
    fn rsa(n: &[u8], e: &[u8], algorithms: &[Algorithm]) -> Option<Self> {
        let numbers = RsaPublicKeyComponents { n, e };
        let parse = |algorithm: &Algorithm| {
            Some((*algorithm, numbers.to_parsed_public_key(parameters(*algorithm)?).ok()?))
        };
        algorithms.iter().map(parse).collect::<Option<_>>().map(Self)
    }

    fn point(curve: Curve, point: &[u8]) -> Option<Self> {
        let verification: &'static dyn VerificationAlgorithm = match curve {
            Curve::P256 => &ECDSA_P256_SHA256_FIXED,
            Curve::P384 => &ECDSA_P384_SHA384_FIXED,
            Curve::Ed25519 => &ED25519,
        };
        let key = ParsedPublicKey::new(verification, point).ok()?;
        Some(Self([(curve.algorithm(), key)].into()))
    }

    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let key = self.0.iter().find(|(its, _)| *its == algorithm);
        key.is_some_and(|(_, key)| key.verify_sig(message, signature).is_ok())
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
