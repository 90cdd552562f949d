//! An issuer's metadata: where it is, and which address it names (RFC 8414 §3, OpenID Connect Discovery 1.0 §4).

use super::JwksError;
use super::url::{FetchUrl, UrlError};
use crate::json::{Depth, JsonError, JsonStr, Value, object_members};
use std::format;
use std::string::String;
use std::vec::Vec;

/// Metadata holds arrays and few levels; members nobody asked for are read over.
const DEPTH: Depth = Depth { left: 16, members: Some(512) };

/// An issuer, and where its metadata may be, in the order to look.
pub(super) struct Issuer {
    url: FetchUrl,
    places: Vec<FetchUrl>,
}

impl Issuer {
    pub(super) fn parse(issuer: &str) -> Result<Self, UrlError> {
        let url = FetchUrl::parse(issuer)?;
        if issuer.contains('?') {
            return Err(UrlError::Parts);
        }
        let (front, path) = url.at_path();
        // RFC 8414 §3.1 puts the well-known part before the path, OpenID Connect behind it.
        let mut places = std::vec![
            format!("{front}/.well-known/oauth-authorization-server{path}"),
            format!("{front}/.well-known/openid-configuration{path}"),
        ];
        if !path.is_empty() {
            places.push(format!("{front}{path}/.well-known/openid-configuration"));
        }
        let places = places.iter().map(|place| FetchUrl::parse(place)).collect::<Result<_, _>>()?;
        Ok(Self { url, places })
    }

    pub(super) fn name(&self) -> &str {
        self.url.as_str()
    }

    /// The first place to look at, and its number.
    pub(super) fn first(&self) -> (usize, FetchUrl) {
        (0, self.place(0).unwrap_or_else(|| self.url.clone()))
    }

    pub(super) fn place(&self, number: usize) -> Option<FetchUrl> {
        self.places.get(number).cloned()
    }

    /// The key set's address out of a metadata document.
    pub(super) fn key_address(&self, body: &[u8]) -> Result<FetchUrl, JwksError> {
        let text = core::str::from_utf8(body).map_err(|_| JwksError::DiscoveryMalformed)?;
        let (mut issuer, mut address) = (None, None);
        object_members(
            text,
            DEPTH,
            |name: u64, written: JsonStr<'_>, value: Value<'_>| -> Result<(), JsonError> {
                let _ = name;
                if written == *"issuer" {
                    issuer = Some(value);
                } else if written == *"jwks_uri" {
                    address = Some(value);
                }
                Ok(())
            },
        )
        .map_err(|_| JwksError::DiscoveryMalformed)?;
        let issuer = issuer.and_then(|value| value.as_str()).ok_or(JwksError::DiscoveryMalformed)?;
        // Exactly: the metadata of another issuer, or of this one's twin with a slash, is not its own (RFC 8414 §3.3).
        if issuer != *self.name() {
            return Err(JwksError::IssuerMismatch);
        }
        let address: String = address
            .and_then(|value| value.as_str())
            .ok_or(JwksError::DiscoveryMalformed)?
            .to_cow()
            .into_owned();
        let address = FetchUrl::parse(&address).map_err(JwksError::Address)?;
        if !self.url.is_as_safe_in(&address) {
            return Err(JwksError::Address(UrlError::NotHttps));
        }
        Ok(address)
    }
}
