//! A request's head as the gate wants it.

use axum::extract::ConnectInfo;
use doorward::gate::{Gate, Head};
use http::request::Parts;
use std::net::{IpAddr, SocketAddr};

/// The other end of the connection, for servers that know it otherwise than by axum's `ConnectInfo`: put it into the
/// request's extensions. It wins over `ConnectInfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

fn peer(parts: &Parts) -> Option<IpAddr> {
    let given = parts.extensions.get::<PeerAddress>().map(|peer| peer.0);
    given.or_else(|| parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()))
}

/// Picks out what the gate decides by. HTTP/2 carries the host in `:authority`, which hyper gives as the URI's.
pub(crate) fn head<'r>(gate: &Gate, parts: &'r Parts) -> Head<'r> {
    let authority = match parts.headers.contains_key(http::header::HOST) {
        true => None,
        false => parts.uri.authority().map(|authority| ("host", authority.as_str().as_bytes())),
    };
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    gate.head(parts.method.as_str(), peer(parts), headers.chain(authority))
}
