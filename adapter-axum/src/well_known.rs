//! The well-known addresses of OAuth, open to all.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use doorward::gate::Gate;
use http::{HeaderName, HeaderValue, StatusCode};
use std::sync::Arc;

/// Routes for the resource's metadata (RFC 9728), where the gate has a
/// [`resource`](doorward::gate::GateBuilder::resource), and 404 at the other well-known addresses OAuth clients look at.
///
/// Merge them outside the [guard](crate::GuardLayer), for whoever asks has no credential yet, and outside
/// [CORS](crate::CorsLayer) by a list of origins: any page may read these documents.
///
/// ```
/// # use std::sync::Arc;
/// use axum::{Router, routing::post};
/// use doorward::{gate::Gate, oauth::Resource, origin::PublicUrl};
/// use doorward_axum::{GuardLayer, well_known};
///
/// let url = PublicUrl::parse("https://mcp.example/mcp")?;
/// let resource = Resource::new(url, "https://issuer.example")?;
/// let gate = Arc::new(Gate::builder().keys_come_later().resource(resource).build_random()?);
/// let app: Router = Router::new()
///     .route("/mcp", post(|| async {}))
///     .layer(GuardLayer::new(Arc::clone(&gate)))
///     .merge(well_known(gate));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn well_known<S: Clone + Send + Sync + 'static>(gate: Arc<Gate>) -> Router<S> {
    let answer = move |request: Request| {
        let response = answer(&gate, &request);
        async move { response }
    };
    Router::new().route("/.well-known/{*path}", axum::routing::any(answer))
}

fn answer(gate: &Gate, request: &Request) -> Response {
    let mut response = Response::new(Body::empty());
    let Some(answer) = gate.well_known(request.method().as_str(), request.uri().path()) else {
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    };
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::NOT_FOUND);
    for (name, value) in answer.headers {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    // What HEAD leaves of it is axum's to see to.
    *response.body_mut() = Body::from(answer.body.to_owned());
    response
}
