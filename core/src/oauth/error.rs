//! Why something can't be said of a resource.

use crate::origin::OriginError;
use core::fmt;

/// Why a resource can't be described so.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResourceError {
    /// An issuer is no absolute URL, or one with user information.
    IssuerMalformed(OriginError),
    /// An issuer is neither `https` nor `http` on a loopback host (RFC 8414 §2).
    IssuerNotHttps,
    /// An issuer has a query or a fragment (RFC 8414 §2).
    IssuerParts,
    /// A scope is empty, or has a character no scope may have (RFC 6749 §3.3).
    Scope {
        /// Its place in the list, counted from 0.
        at: usize,
    },
    /// The scopes together are longer than a header should be.
    ScopesTooLong,
    /// The name is empty or too long.
    Name,
}

impl ResourceError {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::IssuerMalformed(_) => "resource_issuer_malformed",
            Self::IssuerNotHttps => "resource_issuer_not_https",
            Self::IssuerParts => "resource_issuer_parts",
            Self::Scope { .. } => "resource_scope_invalid",
            Self::ScopesTooLong => "resource_scopes_too_long",
            Self::Name => "resource_name_invalid",
        }
    }
}

impl fmt::Display for ResourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IssuerMalformed(error) => write!(f, "an issuer must be a URL: {error}"),
            Self::IssuerNotHttps => f.write_str("an issuer must be https, or http on a loopback host"),
            Self::IssuerParts => {
                f.write_str("an issuer must have neither query nor fragment (RFC 8414 section 2)")
            }
            Self::Scope { at } => write!(
                f,
                "scope {} must be printable ASCII without spaces, quotes and backslashes (RFC 6749 section 3.3)",
                at.saturating_add(1)
            ),
            Self::ScopesTooLong => f.write_str("the scopes together must be at most 2048 bytes"),
            Self::Name => f.write_str("the resource's name must be 1 to 256 bytes"),
        }
    }
}

impl core::error::Error for ResourceError {}
