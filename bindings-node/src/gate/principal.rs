//! Who a request is from.

use crate::api_keys::ApiKeyHandle;
use crate::boundary::Octets;
use crate::convert::text;
use crate::errors::Result;
use crate::verifier::VerifierHandle;
use doorward::gate::Principal;
use doorward::jwt::{Limits, OwnedClaims};
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

/// Who the claims are of, by the mapping of the verifier that a token of theirs was good for; nothing where they name nobody.
#[napi(ts_args_type = "verifier: ExternalObject<VerifierHandle>, claims: string")]
pub(crate) fn principal_of_claims(
    verifier: &External<VerifierHandle>,
    claims: Octets,
) -> Result<Option<External<Principal>>> {
    let Ok(owned) = OwnedClaims::read(text(&claims)?, &Limits::DEFAULT) else { return Ok(None) };
    Ok(Principal::of_verified(verifier.verifier(), &owned.claims()).map(External::new))
}

/// Whose an API key is.
#[napi(ts_args_type = "key: ExternalObject<ApiKeyHandle>")]
#[must_use]
pub(crate) fn principal_of_key(key: &External<ApiKeyHandle>) -> External<Principal> {
    External::new(Principal::of_entry(&key.entry))
}
