//! RSA public keys and RSASSA-PKCS1-v1_5 (RFC 8017 §8.2), by ring.
//!
//! The modulus and exponent are taken out of their DER once: ring's own parse of a PKCS#1 key is then no part of
//! a verification.

use super::KeyError;
use crate::jwt::Algorithm;
use alloc::vec::Vec;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RsaPublicKeyComponents,
};
use spki::der::asn1::{AnyRef, UintRef};
use spki::der::{Decode as _, Reader as _, SliceReader, pem};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Modulus and exponent, big-endian, no leading zeros.
pub(super) struct PublicKey {
    components: RsaPublicKeyComponents<Vec<u8>>,
}

impl PublicKey {
    pub(super) fn from_pem(text: &str) -> Result<Self, KeyError> {
        let (label, der) = pem::decode_vec(text.trim().as_bytes()).map_err(|_| KeyError::Unreadable)?;
        match label {
            "PUBLIC KEY" => Self::from_spki(&der),
            "RSA PUBLIC KEY" => Self::from_pkcs1(&der),
            label if label.contains("PRIVATE") => Err(KeyError::PrivateKey),
            _ => Err(KeyError::Unsupported),
        }
    }

    pub(super) fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        match Self::from_spki(der) {
            Err(KeyError::Unreadable) => Self::from_pkcs1(der),
            other => other,
        }
    }

    fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        let info = SubjectPublicKeyInfoRef::try_from(der).map_err(|_| KeyError::Unreadable)?;
        if info.algorithm.oid != RSA_ENCRYPTION {
            return Err(KeyError::Unsupported);
        }
        if info.algorithm.parameters.is_some_and(|parameters: AnyRef<'_>| !parameters.is_null()) {
            return Err(KeyError::Unreadable);
        }
        Self::from_pkcs1(info.subject_public_key.as_bytes().ok_or(KeyError::Unreadable)?)
    }

    fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        let mut reader = SliceReader::new(der).map_err(|_| KeyError::Unreadable)?;
        let (n, e) = reader
            .sequence(|inner| -> Result<_, spki::der::Error> {
                Ok((UintRef::decode(inner)?, UintRef::decode(inner)?))
            })
            .map_err(|_| KeyError::Unreadable)?;
        if !reader.is_finished() {
            return Err(KeyError::Unreadable);
        }
        Self::from_components(n.as_bytes(), e.as_bytes())
    }

    /// `n` and `e`, big-endian, without leading zeros.
    pub(super) fn from_components(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
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

    pub(super) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let parameters = match algorithm {
            Algorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
            Algorithm::RS384 => &RSA_PKCS1_2048_8192_SHA384,
            Algorithm::RS512 => &RSA_PKCS1_2048_8192_SHA512,
            _ => return false,
        };
        self.components.verify(parameters, message, signature).is_ok()
    }
}
