//! HMAC with SHA-2 (RFC 2104, RFC 7518 §3.2), its key schedule done once.
//!
//! RustCrypto's `hmac` and `sha2`: measured ahead of ring with prepared keys (238 against 287 ns over 285 bytes, one
//! run, SHA-NI) and the only one of the two that links without `alloc`.

use crate::constant_time::equal;
use crate::jwt::Algorithm;
use hmac::{Hmac, KeyInit as _, Mac};
use sha2::{Sha256, Sha384, Sha512};

/// The inner and outer states behind the padded key. The states are zeroised when dropped.
#[derive(Clone)]
pub(super) enum Prepared {
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

impl Prepared {
    /// `None` for an algorithm that is not HS*.
    pub(super) fn new(algorithm: Algorithm, secret: &[u8]) -> Option<Self> {
        Some(match algorithm {
            Algorithm::HS256 => Self::Sha256(Hmac::new_from_slice(secret).ok()?),
            Algorithm::HS384 => Self::Sha384(Hmac::new_from_slice(secret).ok()?),
            Algorithm::HS512 => Self::Sha512(Hmac::new_from_slice(secret).ok()?),
            _ => return None,
        })
    }

    /// Compares in constant time; only the public length may end it early.
    #[inline]
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        fn check<M: Mac + Clone>(state: &M, message: &[u8], signature: &[u8]) -> bool {
            equal(&state.clone().chain_update(message).finalize().into_bytes(), signature)
        }
        match self {
            Self::Sha256(state) => check(state, message, signature),
            Self::Sha384(state) => check(state, message, signature),
            Self::Sha512(state) => check(state, message, signature),
        }
    }

    #[cfg(feature = "alloc")]
    pub(super) fn sign<'o>(&self, message: &[u8], out: &'o mut [u8; 64]) -> &'o [u8] {
        fn tag<'o, M: Mac + Clone>(state: &M, message: &[u8], out: &'o mut [u8; 64]) -> &'o [u8] {
            let tag = state.clone().chain_update(message).finalize().into_bytes();
            let out = out.get_mut(..tag.len()).unwrap_or_default();
            out.copy_from_slice(&tag);
            out
        }
        match self {
            Self::Sha256(state) => tag(state, message, out),
            Self::Sha384(state) => tag(state, message, out),
            Self::Sha512(state) => tag(state, message, out),
        }
    }
}
