//! Why a key cannot be used.

use core::fmt;

/// Why a key was refused when it was configured. The text never holds anything of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyError {
    /// The secret is empty.
    SecretEmpty,
    /// The secret is shorter than the algorithm's hash (RFC 7518 §3.2).
    SecretTooShort,
    /// The secret is the text of a PEM, DER, JWK or OpenSSH key.
    SecretIsAKey,
    /// The key's kind does not go with the algorithm.
    AlgorithmMismatch,
    /// Not a key that can be read.
    Unreadable,
    /// A private key where a public one belongs.
    PrivateKey,
    /// A public key where a private one belongs.
    PublicKey,
    /// A private key that is encrypted.
    EncryptedKey,
    /// An elliptic curve's private key without its public half, which ring does not work out.
    PublicHalfMissing,
    /// A private key whose numbers do not belong together.
    Inconsistent,
    /// A kind of key that is not supported.
    Unsupported,
    /// An RSA modulus under 2048 or over 8192 bits; of a private key, one that has not 2048, 3072 or 4096.
    RsaSize,
    /// An RSA exponent that is even, 1, or over 33 bits; of a private key, one below 65537.
    RsaExponent,
    /// A point of the wrong length or form, or not on its curve; or an Ed25519 key that is not reduced, or of low order.
    Point,
    /// A JWK that is not one JSON object with the members of its `kty`, each once (RFC 7517 §4, RFC 7518 §6).
    JwkMalformed,
    /// A JWK whose `use` or `key_ops` forbid verifying signatures, or making them.
    JwkUse,
    /// Not a JWK Set (RFC 7517 §5), or one of over 256 KiB or 100 keys.
    JwksMalformed,
    /// Two keys with the same `kid`.
    DuplicateKid,
    /// An empty `kid`, or one over 256 bytes.
    BadKid,
    /// The operating system gave no random numbers.
    NoRandomness,
}

impl KeyError {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SecretEmpty => "secret_empty",
            Self::SecretTooShort => "secret_too_short",
            Self::SecretIsAKey => "secret_is_a_key",
            Self::AlgorithmMismatch => "key_algorithm_mismatch",
            Self::Unreadable => "key_unreadable",
            Self::PrivateKey => "key_private",
            Self::PublicKey => "key_public",
            Self::EncryptedKey => "key_encrypted",
            Self::PublicHalfMissing => "key_public_half_missing",
            Self::Inconsistent => "key_inconsistent",
            Self::Unsupported => "key_unsupported",
            Self::RsaSize => "rsa_size",
            Self::RsaExponent => "rsa_exponent",
            Self::Point => "key_point_invalid",
            Self::JwkMalformed => "jwk_malformed",
            Self::JwkUse => "jwk_use_forbidden",
            Self::JwksMalformed => "jwks_malformed",
            Self::DuplicateKid => "kid_duplicate",
            Self::BadKid => "kid_invalid",
            Self::NoRandomness => "randomness_unavailable",
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SecretEmpty => "the secret is empty",
            Self::SecretTooShort => {
                "the secret is shorter than its hash (32 bytes for HS256, 48 for HS384, 64 for HS512): \
                 make one with `openssl rand -hex 64`"
            }
            Self::SecretIsAKey => {
                "the secret is the text of a public or private key: give it as a public key, with its algorithm"
            }
            Self::AlgorithmMismatch => "the key's kind does not go with the algorithm",
            Self::Unreadable => {
                "not a key that can be read: PEM or DER, of SPKI or PKCS#1 for a public key, \
                 of PKCS#8, PKCS#1 or SEC 1 for a private one"
            }
            Self::PrivateKey => "a private key: only its public half belongs here",
            Self::PublicKey => "a public key: signing takes the private one",
            Self::EncryptedKey => {
                "an encrypted private key: decrypt it with `openssl pkey -in key.pem -out plain.pem`"
            }
            Self::PublicHalfMissing => {
                "a private key without its public half: add it with `openssl ec -in key.pem -out whole.pem`"
            }
            Self::Inconsistent => "a private key whose numbers do not belong together",
            Self::Unsupported => "a kind of key that is not supported",
            Self::RsaSize => {
                "an RSA key must have 2048 to 8192 bits, and one that signs just 2048, 3072 or 4096"
            }
            Self::RsaExponent => {
                "an RSA exponent must be odd, at least 3 (65537 for a key that signs) and below 2^33"
            }
            Self::Point => {
                "the key's point has the wrong length or form, is not on its curve, or has a low order"
            }
            Self::JwkMalformed => "not a jwk with every member its kty needs, each once",
            Self::JwkUse => "the jwk's use or key_ops forbid verifying signatures with it, or making them",
            Self::JwksMalformed => "not a jwk set of at most 256 KiB and 100 keys",
            Self::DuplicateKid => "two keys have the same kid",
            Self::BadKid => "a kid must have 1 to 256 bytes",
            Self::NoRandomness => "the operating system gave no random numbers",
        })
    }
}

impl core::error::Error for KeyError {}
