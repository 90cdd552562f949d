//! Why a fetch brought no keys.

use super::UrlError;
use crate::keys::KeyError;
use core::fmt;

/// Why a fetch brought no keys. The text holds nothing of the reply.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwksError {
    /// No reply: not reached, cut off, too slow, or given up.
    Unreachable,
    /// The reply was a redirect, which is not followed: it could lead anywhere.
    Redirected,
    /// The reply's status was not 200.
    Status(u16),
    /// The reply was longer than [`Fetch::limit`](super::Fetch::limit).
    TooLarge,
    /// The issuer's metadata is not JSON with an `issuer` and a `jwks_uri`, each once.
    DiscoveryMalformed,
    /// The metadata names another issuer.
    IssuerMismatch,
    /// The metadata names an address that can't be fetched.
    Address(UrlError),
    /// The reply is no JWK Set.
    Malformed(KeyError),
    /// The set holds no key that can verify signatures.
    NoKeys,
}

impl JwksError {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreachable => "jwks_unreachable",
            Self::Redirected => "jwks_redirected",
            Self::Status(_) => "jwks_status",
            Self::TooLarge => "jwks_too_large",
            Self::DiscoveryMalformed => "discovery_malformed",
            Self::IssuerMismatch => "discovery_issuer_mismatch",
            Self::Address(_) => "discovery_address_invalid",
            Self::Malformed(error) => error.code(),
            Self::NoKeys => "jwks_no_keys",
        }
    }
}

impl fmt::Display for JwksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("the address gave no reply, or none in time"),
            Self::Redirected => {
                f.write_str("the reply was a redirect, which is not followed: configure where it leads")
            }
            Self::Status(status) => write!(f, "the reply's status was {status}"),
            Self::TooLarge => f.write_str("the reply was longer than 256 KiB"),
            Self::DiscoveryMalformed => {
                f.write_str("the metadata is not one JSON object with an issuer and a jwks_uri, each once")
            }
            Self::IssuerMismatch => f.write_str(
                "the metadata names another issuer: configure the issuer exactly as it names itself",
            ),
            Self::Address(error) => write!(f, "the metadata's jwks_uri {error}"),
            Self::Malformed(error) => error.fmt(f),
            Self::NoKeys => f.write_str("the set holds no key that can verify signatures"),
        }
    }
}

impl core::error::Error for JwksError {}
