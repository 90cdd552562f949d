//! Addresses that may be fetched.

use crate::origin::{OriginError, Parts};
use core::fmt;
use std::boxed::Box;
use std::sync::Arc;

/// Bytes of an address.
const MAX_URL: usize = 2048;

/// An absolute URL of visible ASCII without user information or fragment: `https`, or `http` on a loopback host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FetchUrl {
    text: Arc<str>,
    encrypted: bool,
}

/// Why an address can't be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlError {
    /// No absolute URL, or one with user information.
    Malformed(OriginError),
    /// Neither `https` nor `http` on a loopback host: whoever is on the way could put their own keys in.
    NotHttps,
    /// It has a fragment, or an issuer's has a query.
    Parts,
}

impl UrlError {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "url_malformed",
            Self::NotHttps => "url_not_https",
            Self::Parts => "url_parts",
        }
    }
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => error.fmt(f),
            Self::NotHttps => f.write_str(
                "must be https: over plain http, which is for loopback hosts only, anybody on the way could put their \
                 own keys in",
            ),
            Self::Parts => f.write_str("must have no fragment, and an issuer no query either (RFC 8414 §2)"),
        }
    }
}

impl core::error::Error for UrlError {}

impl FetchUrl {
    pub(super) fn parse(text: &str) -> Result<Self, UrlError> {
        let parts = Parts::parse(text, MAX_URL).map_err(UrlError::Malformed)?;
        let encrypted = parts.scheme.eq_ignore_ascii_case("https");
        let local = parts.scheme.eq_ignore_ascii_case("http") && parts.authority.host.is_loopback();
        if !encrypted && !local {
            return Err(UrlError::NotHttps);
        }
        if parts.rest.contains('#') {
            return Err(UrlError::Parts);
        }
        Ok(Self { text: text.into(), encrypted })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `other` is as safe to fetch: an `https` issuer must not send anybody to plain `http`, loopback or not.
    pub(super) const fn is_as_safe_in(&self, other: &Self) -> bool {
        other.encrypted || !self.encrypted
    }

    /// Cut before the path, and the path: without a slash at its end.
    pub(super) fn at_path(&self) -> (Box<str>, &str) {
        let after = self.text.find("://").map_or(0, |at| at + 3);
        let start =
            self.text.get(after..).and_then(|rest| rest.find('/')).map_or(self.text.len(), |at| after + at);
        let (front, path) = self.text.split_at_checked(start).unwrap_or((&self.text, ""));
        (front.into(), path.strip_suffix('/').unwrap_or(path))
    }
}
