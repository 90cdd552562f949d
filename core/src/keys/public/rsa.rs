//! RSA: RSASSA-PKCS1-v1_5 (RFC 8017 §8.2) and RSASSA-PSS (§8.1, with the hash's own length of salt and MGF1 of the
//! same hash, RFC 7518 §3.5).
//!
//! The modulus and exponent are taken out of their DER once: ring's own parse of a PKCS#1 key is then no part of
//! a verification.

use crate::jwt::Algorithm;
use crate::keys::KeyError;
use alloc::vec::Vec;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaPublicKeyComponents,
};

/// Modulus and exponent, big-endian, no leading zeros.
#[derive(Clone)]
pub(in crate::keys) struct RsaKey {
    components: RsaPublicKeyComponents<Vec<u8>>,
}

impl RsaKey {
    /// `n` and `e`, big-endian, without leading zeros.
    pub(super) fn new(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let bits = n.first().map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
        if !(2048..=8192).contains(&bits) || n.last().is_some_and(|last| last % 2 == 0) {
            return Err(KeyError::RsaSize);
        }
        let exponent = match e {
            [] | [_, _, _, _, _, _, ..] => return Err(KeyError::RsaExponent),
            bytes => bytes.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte)),
        };
        if exponent < 3 || exponent % 2 == 0 || exponent >= 1 << 33 {
            return Err(KeyError::RsaExponent);
        }
        Ok(Self { components: RsaPublicKeyComponents { n: n.to_vec(), e: e.to_vec() } })
    }

    /// Modulus and exponent.
    pub(in crate::keys) fn numbers(&self) -> (&[u8], &[u8]) {
        (&self.components.n, &self.components.e)
    }

    pub(super) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let parameters = match algorithm {
            Algorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
            Algorithm::RS384 => &RSA_PKCS1_2048_8192_SHA384,
            Algorithm::RS512 => &RSA_PKCS1_2048_8192_SHA512,
            Algorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
            Algorithm::PS384 => &RSA_PSS_2048_8192_SHA384,
            Algorithm::PS512 => &RSA_PSS_2048_8192_SHA512,
            _ => return false,
        };
        self.components.verify(parameters, message, signature).is_ok()
    }
}
