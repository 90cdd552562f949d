//! Who a request is from.

use doorward::gate::Principal;
use napi::bindgen_prelude::External;
use napi_derive::napi;

/// The canonical id.
#[napi]
#[must_use]
pub(crate) fn principal_id(principal: &External<Principal>) -> String {
    principal.id().to_owned()
}

/// How it proved who it is.
#[napi]
#[must_use]
pub(crate) fn principal_method(principal: &External<Principal>) -> &'static str {
    principal.method().name()
}

/// The token's subject.
#[napi]
#[must_use]
pub(crate) fn principal_subject(principal: &External<Principal>) -> Option<String> {
    principal.subject().map(str::to_owned)
}

/// The client whose token has no subject.
#[napi]
#[must_use]
pub(crate) fn principal_client(principal: &External<Principal>) -> Option<String> {
    principal.client().map(str::to_owned)
}

/// The scopes it was given.
#[napi]
#[must_use]
pub(crate) fn principal_scopes(principal: &External<Principal>) -> Vec<String> {
    principal.scopes().map(str::to_owned).collect()
}

/// The roles it was given.
#[napi]
#[must_use]
pub(crate) fn principal_roles(principal: &External<Principal>) -> Vec<String> {
    principal.roles().map(str::to_owned).collect()
}

/// When its credential expires, in seconds since the epoch.
#[napi]
#[must_use]
pub(crate) fn principal_expires(principal: &External<Principal>) -> Option<f64> {
    principal.expires()
}

/// The token's claims: the text of its payload.
#[napi]
#[must_use]
pub(crate) fn principal_claims(principal: &External<Principal>) -> Option<String> {
    principal.claims().map(|claims| claims.payload().to_owned())
}
