//! CORS by the gate's own list of origins (the Fetch standard, §3.2), by tower-http.

use doorward::gate::Gate;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, ORIGIN, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use http::{HeaderValue, Method, Request, Response};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer as Tower};
use tower_layer::Layer;
use tower_service::Service;

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

/// A tower layer that lets pages of the gate's listed origins call, with credentials.
///
/// It belongs outside the [guard](crate::GuardLayer): a preflight then needs no credential, and a listed page can
/// read a refusal. A request of any other origin passes as if the layer were not there and gets no CORS header; the
/// guard then refuses it. Every answer says `Vary: Origin`, so that no cache mixes the two up.
#[derive(Clone)]
pub struct CorsLayer {
    gate: Arc<Gate>,
    tower: Tower,
}

impl CorsLayer {
    /// A layer by the gate's list of origins.
    #[must_use]
    pub fn new(gate: Arc<Gate>) -> Self {
        let key = HeaderName::from_bytes(gate.api_key_header().as_bytes());
        let tower = Tower::new()
            // Only requests of listed origins get this far.
            .allow_origin(AllowOrigin::mirror_request())
            .allow_credentials(true)
            .allow_methods([Method::GET, Method::POST, Method::DELETE])
            .allow_headers(SENT.into_iter().chain(key).collect::<Vec<_>>())
            .expose_headers(READ)
            .max_age(Duration::from_secs(600));
        Self { gate, tower }
    }
}

impl fmt::Debug for CorsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CorsLayer").finish_non_exhaustive()
    }
}

impl<S: Clone> Layer<S> for CorsLayer {
    type Service = Cors<S>;

    fn layer(&self, inner: S) -> Cors<S> {
        Cors { gate: Arc::clone(&self.gate), shared: self.tower.layer(inner.clone()), closed: inner }
    }
}

/// A service that pages of listed origins may call; made by [`CorsLayer`].
#[derive(Clone)]
pub struct Cors<S> {
    gate: Arc<Gate>,
    /// For listed origins.
    shared: tower_http::cors::Cors<S>,
    /// For everybody else.
    closed: S,
}

impl<S> fmt::Debug for Cors<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cors").finish_non_exhaustive()
    }
}

impl<S, Sent, Given> Service<Request<Sent>> for Cors<S>
where
    S: Service<Request<Sent>, Response = Response<Given>> + Clone,
    S::Future: Send + 'static,
    S::Error: 'static,
    Given: Default + 'static,
{
    type Response = Response<Given>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Given>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        match self.shared.poll_ready(cx) {
            Poll::Ready(Ok(())) => self.closed.poll_ready(cx),
            other => other,
        }
    }

    fn call(&mut self, request: Request<Sent>) -> Self::Future {
        let origin = request.headers().get(ORIGIN);
        let listed = origin.is_some_and(|origin| self.gate.host_rules().is_listed_origin(origin.as_bytes()));
        if listed {
            return Box::pin(self.shared.call(request));
        }
        let answer = self.closed.call(request);
        Box::pin(async move {
            let mut response = answer.await?;
            response.headers_mut().append(VARY, HeaderValue::from_static("origin"));
            Ok(response)
        })
    }
}
