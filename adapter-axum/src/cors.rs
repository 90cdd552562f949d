//! CORS by the gate's own list of origins (the Fetch standard, §3.2), by tower-http.

use doorward::gate::Gate;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method};
use std::sync::Arc;
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// What a page's request may carry beyond the simple headers, the API-key header aside.
const SENT: [HeaderName; 8] = [
    AUTHORIZATION,
    CONTENT_TYPE,
    ACCEPT,
    HeaderName::from_static("mcp-protocol-version"),
    HeaderName::from_static("mcp-session-id"),
    HeaderName::from_static("mcp-method"),
    HeaderName::from_static("mcp-name"),
    HeaderName::from_static("last-event-id"),
];

/// What a page may read of the answer.
const READ: [HeaderName; 8] = [
    WWW_AUTHENTICATE,
    RETRY_AFTER,
    HeaderName::from_static("mcp-session-id"),
    HeaderName::from_static("x-ratelimit-limit"),
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-ratelimit-reset"),
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-policy"),
];

/// A CORS layer for the gate's listed origins, with credentials; no other origin gets a CORS header. It belongs
/// outside the [guard](crate::GuardLayer), so that a preflight needs no credential and a listed page can read a
/// refusal.
#[must_use]
pub fn cors(gate: &Arc<Gate>) -> CorsLayer {
    let key = HeaderName::from_bytes(gate.api_key_header().as_bytes());
    let listed = Arc::clone(gate);
    let by_list = move |origin: &HeaderValue, _: &http::request::Parts| {
        listed.host_rules().is_listed_origin(origin.as_bytes())
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(by_list))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers(SENT.into_iter().chain(key).collect::<Vec<_>>())
        .expose_headers(READ)
        .max_age(Duration::from_secs(600))
}
