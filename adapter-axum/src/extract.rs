//! The principal, for handlers and tools.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use doorward::gate::Principal;
use http::request::Parts;
use http::{Extensions, StatusCode};

/// An extractor: who the request is from, as the [guard](crate::GuardLayer) found out.
///
/// ```
/// use doorward_axum::Authenticated;
/// async fn handler(Authenticated(caller): Authenticated) -> String {
///     format!("{} by {}", caller.id(), caller.method().name())
/// }
/// # let _ = handler;
/// ```
#[derive(Clone, Debug)]
pub struct Authenticated(pub Principal);

/// The rejection of [`Authenticated`]: the route is not behind a guard. 500, for no caller can mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotGuarded;

impl<S: Send + Sync> FromRequestParts<S> for Authenticated {
    type Rejection = NotGuarded;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, NotGuarded> {
        principal(&parts.extensions).cloned().map(Self).ok_or(NotGuarded)
    }
}

impl IntoResponse for NotGuarded {
    fn into_response(self) -> Response {
        tracing::error!("a handler wants the principal, but its route is not behind doorward's GuardLayer");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

/// Who a request is from, by its extensions. In an rmcp tool they are those of `http::request::Parts`:
///
/// ```
/// use rmcp::handler::server::tool::Extension;
/// async fn whoami(Extension(parts): Extension<http::request::Parts>) -> String {
///     doorward_axum::principal(&parts.extensions).map_or("nobody", |caller| caller.id()).to_owned()
/// }
/// # let _ = whoami;
/// ```
#[must_use]
pub fn principal(extensions: &Extensions) -> Option<&Principal> {
    extensions.get()
}
