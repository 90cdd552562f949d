//! The signature algorithms by name (RFC 7518 §3.1).

use core::fmt;

/// A JWS algorithm doorward verifies. There is no `none`, and no name is ever matched in another case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256; a secret of at least 32 bytes.
    HS256,
    /// HMAC with SHA-384; a secret of at least 48 bytes.
    HS384,
    /// HMAC with SHA-512; a secret of at least 64 bytes.
    HS512,
    /// RSASSA-PKCS1-v1_5 with SHA-256; a key of at least 2048 bits.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
}

impl Algorithm {
    /// Every algorithm, in the order of RFC 7518's table.
    pub const ALL: [Self; 6] = [Self::HS256, Self::HS384, Self::HS512, Self::RS256, Self::RS384, Self::RS512];

    /// The registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
        }
    }

    /// The algorithm of that exact name, if doorward has it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Whether the verifying key is a shared secret rather than a public key.
    #[must_use]
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::HS256 | Self::HS384 | Self::HS512)
    }

    /// The length of the hash in bytes: for HS* also the signature's, and the secret's least (RFC 7518 §3.2).
    #[must_use]
    pub const fn hash_len(self) -> usize {
        match self {
            Self::HS256 | Self::RS256 => 32,
            Self::HS384 | Self::RS384 => 48,
            Self::HS512 | Self::RS512 => 64,
        }
    }

    pub(crate) const fn bit(self) -> u16 {
        1 << self as u16
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
