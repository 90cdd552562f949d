//! Rate headers on routes that are open to all, such as `/health`.

use crate::{headers, request};
use doorward::Now;
use doorward::gate::Gate;
use http::{HeaderName, HeaderValue, Request, Response};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tower_layer::Layer;
use tower_service::Service;

/// A tower layer that guards nothing and spends nothing: it adds the caller's address's rate headers to answers.
#[derive(Clone)]
pub struct RateHeadersLayer {
    gate: Arc<Gate>,
}

impl RateHeadersLayer {
    /// A layer by that gate.
    #[must_use]
    pub const fn new(gate: Arc<Gate>) -> Self {
        Self { gate }
    }
}

impl<S> Layer<S> for RateHeadersLayer {
    type Service = RateHeaders<S>;

    fn layer(&self, inner: S) -> RateHeaders<S> {
        RateHeaders { inner, gate: Arc::clone(&self.gate) }
    }
}

impl fmt::Debug for RateHeadersLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateHeadersLayer").finish_non_exhaustive()
    }
}

/// A service whose answers carry rate headers; made by [`RateHeadersLayer`].
#[derive(Clone)]
pub struct RateHeaders<S> {
    inner: S,
    gate: Arc<Gate>,
}

impl<S: fmt::Debug> fmt::Debug for RateHeaders<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateHeaders").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, Sent, Given> Service<Request<Sent>> for RateHeaders<S>
where
    S: Service<Request<Sent>, Response = Response<Given>>,
{
    type Response = Response<Given>;
    type Error = S::Error;
    type Future = Adding<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Sent>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let lines = self.gate.address_headers(&request::head(&self.gate, &parts), Now::system());
        let headers = lines.iter().flat_map(headers::rate).collect();
        Adding { answer: self.inner.call(Request::from_parts(parts, body)), headers }
    }
}

pin_project! {
    /// The answer of a [`RateHeaders`] service.
    pub struct Adding<F> {
        #[pin]
        answer: F,
        headers: Vec<(HeaderName, HeaderValue)>,
    }
}

impl<F> fmt::Debug for Adding<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adding").finish_non_exhaustive()
    }
}

impl<F, Given, E> Future for Adding<F>
where
    F: Future<Output = Result<Response<Given>, E>>,
{
    type Output = Result<Response<Given>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.answer.poll(cx))?;
        for (name, value) in this.headers.drain(..) {
            response.headers_mut().insert(name, value);
        }
        Poll::Ready(Ok(response))
    }
}
