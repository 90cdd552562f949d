//! RSA keys: RSASSA-PKCS1-v1_5 (RFC 8017 §8.2) and RSASSA-PSS (§8.1, with the hash's own length of salt and MGF1 of the
//! same hash, RFC 7518 §3.5).
//!
//! Sizes are decided here and not by whichever library verifies. Whether the modulus is a product of two primes is not
//! looked at: a verifier cannot know.

use crate::keys::KeyError;
use alloc::vec::Vec;

/// Modulus and exponent, big-endian, no leading zeros.
#[derive(Clone)]
pub(in crate::keys) struct RsaKey {
    n: Vec<u8>,
    e: Vec<u8>,
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
        Ok(Self { n: n.to_vec(), e: e.to_vec() })
    }

    /// Modulus and exponent.
    pub(in crate::keys) fn numbers(&self) -> (&[u8], &[u8]) {
        (&self.n, &self.e)
    }
}
