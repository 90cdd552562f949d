//! The keys of the tests, and signatures by their private halves: HMAC by RustCrypto, all else by ring.
//!
//! Made once by OpenSSL, known to everybody, good for nothing else. ECDSA and PSS sign with fresh randomness, so that
//! those signatures, and they alone, differ from run to run.

use doorward::jwt::Algorithm;
use doorward::keys::Key;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair};
use std::sync::LazyLock;

/// The key a case is verified with, by what it is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum KeyId {
    Hs256,
    Hs384,
    Hs512,
    /// RSA for RS256, RS384 and RS512.
    Rsa,
    /// The same key for PS256, PS384 and PS512.
    RsaPss,
    P256,
    P384,
    Ed25519,
}

/// What the verifier's key pair is, and another of the same kind.
struct Pair<K> {
    ours: K,
    other: K,
}

static RANDOM: LazyLock<SystemRandom> = LazyLock::new(SystemRandom::new);
static RSA: LazyLock<Pair<RsaKeyPair>> = LazyLock::new(|| Pair {
    ours: RsaKeyPair::from_pkcs8(include_bytes!("keys/test-only-rsa.pk8")).expect("an RSA key"),
    other: RsaKeyPair::from_pkcs8(include_bytes!("keys/test-only-rsa-other.pk8")).expect("an RSA key"),
});
static P256: LazyLock<Pair<EcdsaKeyPair>> = LazyLock::new(|| {
    let read = |der| {
        EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, der, &*RANDOM).expect("P-256")
    };
    Pair {
        ours: read(include_bytes!("keys/test-only-p256.pk8")),
        other: read(include_bytes!("keys/test-only-p256-other.pk8")),
    }
});
static P384: LazyLock<Pair<EcdsaKeyPair>> = LazyLock::new(|| {
    let read = |der| {
        EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, der, &*RANDOM).expect("P-384")
    };
    Pair {
        ours: read(include_bytes!("keys/test-only-p384.pk8")),
        other: read(include_bytes!("keys/test-only-p384-other.pk8")),
    }
});
static ED25519: LazyLock<Pair<Ed25519KeyPair>> = LazyLock::new(|| {
    let read = |der| Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).expect("Ed25519");
    Pair {
        ours: read(include_bytes!("keys/test-only-ed25519.pk8")),
        other: read(include_bytes!("keys/test-only-ed25519-other.pk8")),
    }
});

/// 64 bytes, of which each HS* takes what its hash is long.
const SECRET: [u8; 64] = *b"doorward differential: secret of 64 bytes, known to everybody: 1";
const OTHER_SECRET: [u8; 64] = *b"doorward differential: another secret of as many bytes as that 2";

impl<K> Pair<K> {
    const fn get(&self, other: bool) -> &K {
        if other { &self.other } else { &self.ours }
    }
}

impl KeyId {
    pub(crate) const ALL: [Self; 8] = [
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
        Self::Rsa,
        Self::RsaPss,
        Self::P256,
        Self::P384,
        Self::Ed25519,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "hs256",
            Self::Hs384 => "hs384",
            Self::Hs512 => "hs512",
            Self::Rsa => "rsa",
            Self::RsaPss => "rsa_pss",
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Ed25519 => "ed25519",
        }
    }

    pub(crate) const fn algorithms(self) -> &'static [Algorithm] {
        match self {
            Self::Hs256 => &[Algorithm::HS256],
            Self::Hs384 => &[Algorithm::HS384],
            Self::Hs512 => &[Algorithm::HS512],
            Self::Rsa => &[Algorithm::RS256, Algorithm::RS384, Algorithm::RS512],
            Self::RsaPss => &[Algorithm::PS256, Algorithm::PS384, Algorithm::PS512],
            Self::P256 => &[Algorithm::ES256],
            Self::P384 => &[Algorithm::ES384],
            Self::Ed25519 => &[Algorithm::EdDSA],
        }
    }

    pub(crate) const fn is_secret(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }

    /// The shared secret, as long as the hash; nothing for a public key.
    pub(crate) fn secret(self) -> &'static [u8] {
        self.algorithms()[0].shortest_secret().map_or(&[], |length| &SECRET[..length])
    }

    /// The public key, SPKI in PEM; nothing for a secret.
    pub(crate) const fn pem(self) -> &'static str {
        match self {
            Self::Hs256 | Self::Hs384 | Self::Hs512 => "",
            Self::Rsa | Self::RsaPss => include_str!("keys/rsa.pem"),
            Self::P256 => include_str!("keys/p256.pem"),
            Self::P384 => include_str!("keys/p384.pem"),
            Self::Ed25519 => include_str!("keys/ed25519.pem"),
        }
    }

    /// The public key without its envelope: PKCS#1, or the point.
    pub(crate) fn bare(self) -> Vec<u8> {
        match self {
            Self::Hs256 | Self::Hs384 | Self::Hs512 => vec![],
            Self::Rsa | Self::RsaPss => RSA.ours.public_key().as_ref().to_vec(),
            Self::P256 => P256.ours.public_key().as_ref().to_vec(),
            Self::P384 => P384.ours.public_key().as_ref().to_vec(),
            Self::Ed25519 => ED25519.ours.public_key().as_ref().to_vec(),
        }
    }

    /// Doorward's key.
    pub(crate) fn key(self) -> Key {
        if self.is_secret() {
            Key::hmac(self.algorithms()[0], self.secret())
        } else {
            Key::from_pem(self.pem(), self.algorithms())
        }
        .expect("the keys of the tests are good")
    }
}

/// The signature of `message` by that algorithm, with the verifier's key pair or another of its kind.
pub(crate) fn sign(algorithm: Algorithm, other: bool, message: &[u8]) -> Vec<u8> {
    let length = algorithm.shortest_secret().unwrap_or_default();
    let secret = if other { &OTHER_SECRET[..length] } else { &SECRET[..length] };
    match algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => hmac(algorithm, secret, message),
        Algorithm::RS256 => rsa(&signature::RSA_PKCS1_SHA256, other, message),
        Algorithm::RS384 => rsa(&signature::RSA_PKCS1_SHA384, other, message),
        Algorithm::RS512 => rsa(&signature::RSA_PKCS1_SHA512, other, message),
        Algorithm::PS256 => rsa(&signature::RSA_PSS_SHA256, other, message),
        Algorithm::PS384 => rsa(&signature::RSA_PSS_SHA384, other, message),
        Algorithm::PS512 => rsa(&signature::RSA_PSS_SHA512, other, message),
        Algorithm::ES256 => ecdsa(P256.get(other), message),
        Algorithm::ES384 => ecdsa(P384.get(other), message),
        Algorithm::EdDSA => ED25519.get(other).sign(message).as_ref().to_vec(),
        other => panic!("no key for {other}"),
    }
}

/// HMAC with any secret at all: a public key's text, say.
pub(crate) fn hmac(algorithm: Algorithm, secret: &[u8], message: &[u8]) -> Vec<u8> {
    macro_rules! tag {
        ($hash:ty) => {{
            let mac = <Hmac<$hash>>::new_from_slice(secret).expect("HMAC takes any length");
            mac.chain_update(message).finalize().into_bytes().to_vec()
        }};
    }
    match algorithm {
        Algorithm::HS384 => tag!(sha2::Sha384),
        Algorithm::HS512 => tag!(sha2::Sha512),
        _ => tag!(sha2::Sha256),
    }
}

fn rsa(padding: &'static dyn signature::RsaEncoding, other: bool, message: &[u8]) -> Vec<u8> {
    let pair = RSA.get(other);
    let mut out = vec![0; pair.public().modulus_len()];
    pair.sign(padding, &*RANDOM, message, &mut out).expect("room for the signature");
    out
}

fn ecdsa(pair: &EcdsaKeyPair, message: &[u8]) -> Vec<u8> {
    pair.sign(&*RANDOM, message).expect("randomness").as_ref().to_vec()
}
