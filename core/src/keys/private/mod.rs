//! Private keys of every kind, by ring, for signing.
//!
//! A key is taken with its public half, and what can be checked of their belonging together is checked when it is
//! configured: p·q = n and one signature for RSA, d·G for the P-curves, the public key of the seed for Ed25519.
//! ECDSA's nonces, PSS's salts and RSA's blinding take random numbers of the operating system; ring mixes the key and
//! the message into ECDSA's nonces, and Ed25519 takes none (RFC 8032 §5.1.6).
//!
//! What is copied here on the way from a text to ring is wiped. Not claimed: ring does not wipe the numbers it keeps.

mod encoding;

use super::KeyError;
use super::public::{Curve, PublicKey};
use crate::jwt::Algorithm;
use alloc::vec;
use alloc::vec::Vec;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};

/// A key pair.
pub(in crate::keys) struct PrivateKey {
    pair: Pair,
    public: PublicKey,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// An RSA key's numbers, big-endian, no leading zeros.
#[derive(Clone, Copy)]
pub(in crate::keys) struct RsaNumbers<'a> {
    pub(in crate::keys) n: &'a [u8],
    pub(in crate::keys) e: &'a [u8],
    pub(in crate::keys) d: &'a [u8],
    pub(in crate::keys) p: &'a [u8],
    pub(in crate::keys) q: &'a [u8],
    pub(in crate::keys) dp: &'a [u8],
    pub(in crate::keys) dq: &'a [u8],
    pub(in crate::keys) qi: &'a [u8],
}

impl PrivateKey {
    /// PEM: `PRIVATE KEY` (PKCS#8, RFC 5958 §2), `RSA PRIVATE KEY` (PKCS#1, RFC 8017 §A.1.2) or `EC PRIVATE KEY` (SEC 1,
    /// RFC 5915 §3).
    pub(in crate::keys) fn from_pem(text: &str) -> Result<Self, KeyError> {
        encoding::from_pem(text)
    }

    /// DER of the same.
    pub(in crate::keys) fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        encoding::from_der(der)
    }

    /// An RSA key of two primes. The sizes and exponents are those ring signs with.
    pub(in crate::keys) fn rsa(numbers: RsaNumbers<'_>) -> Result<Self, KeyError> {
        let RsaNumbers { n, e, d, p, q, dp, dq, qi } = numbers;
        let public = PublicKey::rsa(n, e)?;
        // The first bit and the length in bytes say the length in bits.
        if n.first().is_none_or(|first| *first < 0x80) || ![256, 384, 512].contains(&n.len()) {
            return Err(KeyError::RsaSize);
        }
        if (e.len(), e) < (3, &[1, 0, 1]) {
            return Err(KeyError::RsaExponent);
        }
        let random = random()?;
        let parts =
            KeyPairComponents { public_key: PublicKeyComponents { n, e }, d, p, q, dP: dp, dQ: dq, qInv: qi };
        let pair = RsaKeyPair::from_components(&parts).map_err(|_| KeyError::Inconsistent)?;
        // dP and dQ are looked at by ring when it signs and not before: better here than at the first token.
        let mut signature = vec![0; n.len()];
        pair.sign(&RSA_PKCS1_SHA256, &random, b"", &mut signature).map_err(|_| KeyError::Inconsistent)?;
        Ok(Self { pair: Pair::Rsa(pair), public })
    }

    /// A scalar on a P-curve, as long as the field, and its point (SEC 1 §2.3.3, uncompressed).
    pub(in crate::keys) fn ec(curve: Curve, scalar: &[u8], point: &[u8]) -> Result<Self, KeyError> {
        let algorithm = match curve {
            Curve::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
            Curve::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
            Curve::Ed25519 => return Err(KeyError::Unsupported),
        };
        let public = PublicKey::point(curve, point)?;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar, point, &random()?)
            .map_err(|_| KeyError::Inconsistent)?;
        Ok(Self { pair: Pair::Ecdsa(pair), public })
    }

    /// An Ed25519 seed (RFC 8032 §5.1.5), with its public key where that came along.
    pub(in crate::keys) fn ed25519(seed: &[u8], public: Option<&[u8]>) -> Result<Self, KeyError> {
        let pair = match public {
            Some(public) => Ed25519KeyPair::from_seed_and_public_key(seed, public),
            None => Ed25519KeyPair::from_seed_unchecked(seed),
        };
        let pair = pair.map_err(|_| KeyError::Inconsistent)?;
        let public = PublicKey::ed25519(pair.public_key().as_ref())?;
        Ok(Self { pair: Pair::Ed25519(pair), public })
    }

    /// The half that may be shown.
    pub(in crate::keys) const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The signature of `message`, as a JWS has it. `None` for want of random numbers, or where the algorithm is none for
    /// such a key.
    pub(in crate::keys) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
        if !self.public.fits(algorithm) {
            return None;
        }
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(padding(algorithm)?, &random, message, &mut signature).ok()?;
                Some(signature)
            }
            Pair::Ecdsa(pair) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
            Pair::Ed25519(pair) => Some(pair.sign(message).as_ref().to_vec()),
        }
    }
}

/// The operating system's random numbers, there to be had: what fails after this fails for another reason.
fn random() -> Result<SystemRandom, KeyError> {
    let random = SystemRandom::new();
    random.fill(&mut [0]).map_err(|_| KeyError::NoRandomness)?;
    Ok(random)
}

fn padding(algorithm: Algorithm) -> Option<&'static dyn RsaEncoding> {
    Some(match algorithm {
        Algorithm::RS256 => &RSA_PKCS1_SHA256,
        Algorithm::RS384 => &RSA_PKCS1_SHA384,
        Algorithm::RS512 => &RSA_PKCS1_SHA512,
        Algorithm::PS256 => &RSA_PSS_SHA256,
        Algorithm::PS384 => &RSA_PSS_SHA384,
        Algorithm::PS512 => &RSA_PSS_SHA512,
        _ => return None,
    })
}
