//! Addresses that secrets are sent to.

use crate::origin::{OriginError, Parts};
use core::fmt;

/// Bytes of an address.
const MAX_URL: usize = 2048;

/// Why an address can't be called.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointError {
    /// No absolute URL, or one with user information.
    Malformed(OriginError),
    /// Neither `https` nor `http` on a loopback host: whoever is on the way could read tokens and answer for them.
    NotHttps,
    /// It has a fragment.
    Fragment,
}

impl EndpointError {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "endpoint_malformed",
            Self::NotHttps => "endpoint_not_https",
            Self::Fragment => "endpoint_fragment",
        }
    }
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => error.fmt(f),
            Self::NotHttps => f.write_str(
                "must be https: over plain http, which is for loopback hosts only, anybody on the way could read tokens \
                 and answer for them",
            ),
            Self::Fragment => f.write_str("must have no fragment"),
        }
    }
}

impl core::error::Error for EndpointError {}

/// Whether it is an absolute `https` URL, or `http` on a loopback host.
pub(crate) fn check_endpoint(url: &str) -> Result<(), EndpointError> {
    let parts = Parts::parse(url, MAX_URL).map_err(EndpointError::Malformed)?;
    let is = |scheme: &str| parts.scheme.eq_ignore_ascii_case(scheme);
    let local = is("http") && parts.authority.host.is_loopback();
    if !is("https") && !local {
        return Err(EndpointError::NotHttps);
    }
    if parts.rest.contains('#') { Err(EndpointError::Fragment) } else { Ok(()) }
}
