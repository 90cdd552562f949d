//! HMAC with SHA-2 (RFC 2104, RFC 7518 §3.2), its key schedule done once.
//!
//! RustCrypto's `hmac` and `sha2`: measured ahead of ring with prepared keys (290 against 331 ns over 281 bytes, one
//! run, SHA-NI, of which the compression function alone is 224) and the only one of the two that links without `alloc`.
//! By its blocks, `hmac::block_api`: the buffering `Hmac` has a buffer to copy along with its state, and took 300.

use crate::constant_time::equal;
use crate::jwt::Algorithm;
use hmac::EagerHash;
use hmac::KeyInit as _;
use hmac::block_api::HmacCore;
use hmac::digest::Output;
use hmac::digest::block_api::{Block, Buffer, FixedOutputCore as _, UpdateCore as _};
use sha2::{Sha256, Sha384, Sha512};

/// The inner and outer states behind the padded key. The states are zeroised when dropped.
#[derive(Clone)]
pub(super) enum Prepared {
    Sha256(HmacCore<Sha256>),
    Sha384(HmacCore<Sha384>),
    Sha512(HmacCore<Sha512>),
}

/// The whole message is at hand, so its blocks are hashed where they lie.
#[inline]
fn tag<D: EagerHash>(state: &HmacCore<D>, message: &[u8]) -> Output<HmacCore<D>> {
    let mut state = state.clone();
    let (blocks, rest) = Block::<HmacCore<D>>::slice_as_chunks(message);
    state.update_blocks(blocks);
    let mut tag = Output::<HmacCore<D>>::default();
    // Never an error: what is left is shorter than a block.
    let mut buffer = Buffer::<HmacCore<D>>::try_new(rest).unwrap_or_default();
    state.finalize_fixed_core(&mut buffer, &mut tag);
    tag
}

impl Prepared {
    /// `None` for an algorithm that is not HS*.
    pub(super) fn new(algorithm: Algorithm, secret: &[u8]) -> Option<Self> {
        Some(match algorithm {
            Algorithm::HS256 => Self::Sha256(HmacCore::new_from_slice(secret).ok()?),
            Algorithm::HS384 => Self::Sha384(HmacCore::new_from_slice(secret).ok()?),
            Algorithm::HS512 => Self::Sha512(HmacCore::new_from_slice(secret).ok()?),
            _ => return None,
        })
    }

    /// Compares in constant time; only the public length may end it early.
    #[inline]
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Sha256(state) => equal(&tag(state, message), signature),
            Self::Sha384(state) => equal(&tag(state, message), signature),
            Self::Sha512(state) => equal(&tag(state, message), signature),
        }
    }

    #[cfg(feature = "alloc")]
    pub(super) fn sign<'o>(&self, message: &[u8], out: &'o mut [u8; 64]) -> &'o [u8] {
        fn copied<'o>(tag: &[u8], out: &'o mut [u8; 64]) -> &'o [u8] {
            let out = out.get_mut(..tag.len()).unwrap_or_default();
            out.copy_from_slice(tag);
            out
        }
        match self {
            Self::Sha256(state) => copied(&tag(state, message), out),
            Self::Sha384(state) => copied(&tag(state, message), out),
            Self::Sha512(state) => copied(&tag(state, message), out),
        }
    }
}
