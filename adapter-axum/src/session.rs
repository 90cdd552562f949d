//! `Mcp-Session-Id` on its way through the guard: the service's own id inside, one bound to its principal outside.

use doorward::gate::{Admitted, Gate};
use http::{HeaderMap, HeaderName, HeaderValue};

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");

/// Gives the service the id it gave out; or none, where the request has none that counts.
pub(crate) fn inward(gate: &Gate, admitted: &Admitted, headers: &mut HeaderMap) {
    if !gate.binds_sessions() {
        return;
    }
    match admitted.session.as_deref().map(HeaderValue::from_str) {
        Some(Ok(inner)) => {
            headers.insert(SESSION, inner);
        }
        _ => {
            headers.remove(SESSION);
        }
    }
}

/// Gives the client an id that is good for its principal alone.
pub(crate) fn outward(gate: &Gate, admitted: &Admitted, headers: &mut HeaderMap) {
    if !gate.binds_sessions() {
        return;
    }
    let Some(inner) = headers.remove(SESSION) else { return };
    let bound = inner.to_str().ok().and_then(|inner| gate.bind_session(&admitted.principal, inner).ok());
    match bound.as_deref().map(HeaderValue::from_str) {
        Some(Ok(bound)) => {
            headers.insert(SESSION, bound);
        }
        _ => tracing::error!(
            target: "doorward",
            "the service's session id is not 1 to 256 bytes of visible ASCII, and was kept from the client"
        ),
    }
}
