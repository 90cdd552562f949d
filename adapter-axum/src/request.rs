//! A request's head as the gate wants it.

use axum::extract::ConnectInfo;
use doorward::gate::{Gate, Head};
use http::header::{AUTHORIZATION, Entry};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::net::{IpAddr, SocketAddr};

/// The other end of the connection, for servers that know it otherwise than by axum's `ConnectInfo`: put it into the
/// request's extensions. It wins over `ConnectInfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

fn peer(parts: &Parts) -> Option<IpAddr> {
    let given = parts.extensions.get::<PeerAddress>().map(|peer| peer.0);
    given.or_else(|| parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()))
}

/// Picks out what the gate decides by. HTTP/2 carries the host in `:authority`, and HTTP/1 may carry it in the target;
/// hyper gives either as the URI's. Where `Host` says something else, both are passed on, and two hosts are refused.
pub(crate) fn head<'r>(gate: &Gate, parts: &'r Parts) -> Head<'r> {
    let host = parts.headers.get(http::header::HOST);
    let authority = parts.uri.authority().map(|authority| authority.as_str().as_bytes());
    let other = authority
        .filter(|authority| host.is_none_or(|host| !host.as_bytes().eq_ignore_ascii_case(authority)));
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    gate.head(parts.method.as_str(), peer(parts), headers.chain(other.map(|other| ("host", other))))
}

/// What stands behind `Bearer` in an `Authorization` that the gate has read; empty without one.
pub(crate) fn bearer(authorization: Option<&HeaderValue>) -> &[u8] {
    let value = authorization.map_or(&[][..], HeaderValue::as_bytes);
    let scheme = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
    value[scheme..].trim_ascii_start()
}

/// The headers that credentials come in.
#[derive(Clone)]
pub(crate) struct Credentials([HeaderName; 2]);

impl Credentials {
    pub(crate) fn of(gate: &Gate) -> Self {
        // Where that is no header's name, no request has it.
        let api_key = HeaderName::from_bytes(gate.api_key_header().as_bytes());
        Self([AUTHORIZATION, api_key.unwrap_or(AUTHORIZATION)])
    }

    /// Marks credentials as sensitive: whatever logs the headers behind the guard then shows none.
    pub(crate) fn hide(&self, headers: &mut HeaderMap) {
        for name in &self.0 {
            if let Ok(Entry::Occupied(mut values)) = headers.try_entry(name) {
                values.iter_mut().for_each(|value| value.set_sensitive(true));
            }
        }
    }
}
