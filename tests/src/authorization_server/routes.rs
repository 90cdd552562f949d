//! What it answers: metadata (RFC 8414, OpenID Connect Discovery 1.0), keys, registration (RFC 7591), and authorization
//! with PKCE (RFC 7636) and the issuer in its answer (RFC 9207). Whoever asks is taken to consent.

use super::state::{Code, Grant, State, random};
use super::{What, token};
use axum::extract::{Query, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(super) type States = Arc<Mutex<State>>;
type Fields = BTreeMap<String, String>;

pub(super) fn routes(state: States) -> Router {
    Router::new()
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .route("/.well-known/openid-configuration", get(metadata))
        .route("/keys", get(keys))
        .route("/register", post(register))
        .route("/authorize", get(authorize))
        .route("/token", post(exchange))
        .with_state(state)
}

/// What it holds is changed in one go each time, so a test that panicked meanwhile left it whole.
pub(super) fn lock(state: &States) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn metadata(Shared(state): Shared<States>) -> Response {
    let mut state = lock(&state);
    let issuer = state.issuer.clone();
    state.note(What::Metadata, 200);
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "registration_endpoint": format!("{issuer}/register"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": true,
        // OpenID Connect's must.
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }))
    .into_response()
}

async fn keys(Shared(state): Shared<States>) -> Response {
    let mut state = lock(&state);
    state.note(What::Keys, 200);
    Json(state.keys.published()).into_response()
}

async fn register(Shared(state): Shared<States>, Json(asked): Json<Value>) -> Response {
    let mut state = lock(&state);
    let uris: Option<Vec<String>> = asked["redirect_uris"]
        .as_array()
        .map(|uris| uris.iter().filter_map(|uri| uri.as_str().map(str::to_owned)).collect());
    let is_local = |uri: &String| uri.starts_with("http://127.0.0.1:");
    let Some(uris) = uris.filter(|uris| !uris.is_empty() && uris.iter().all(is_local)) else {
        state.note(What::Register, 400);
        return refused("invalid_redirect_uri");
    };
    let id = random();
    let answer = json!({
        "client_id": id,
        "redirect_uris": uris,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "client_name": asked["client_name"],
    });
    state.note(What::Register, 201).scope = asked["scope"].as_str().map(str::to_owned);
    state.clients.insert(id, uris);
    (StatusCode::CREATED, no_store(), Json(answer)).into_response()
}

async fn authorize(Shared(state): Shared<States>, Query(asked): Query<Fields>) -> Response {
    let mut state = lock(&state);
    let field = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    // Nobody is sent to an address that nobody registered (OAuth 2.1 §7.12).
    let registered = state.clients.get(field("client_id"));
    if !registered.is_some_and(|uris| uris.iter().any(|uri| uri == field("redirect_uri"))) {
        state.note(What::Authorize, 400);
        return refused("invalid_request");
    }
    let mut answer = vec![("iss", state.issuer.clone())];
    if let Some(given) = asked.get("state") {
        answer.push(("state", given.clone()));
    }
    match grant(&state, &asked) {
        Ok(code) => {
            let name = random();
            let noted = state.note(What::Authorize, 302);
            noted.scope = asked.get("scope").cloned();
            noted.resource = asked.get("resource").cloned();
            state.codes.insert(name.clone(), code);
            answer.push(("code", name));
        }
        Err(error) => {
            state.note(What::Authorize, 302);
            answer.push(("error", error.to_owned()));
        }
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(answer).finish();
    let to = format!("{}?{query}", field("redirect_uri"));
    (StatusCode::FOUND, [(header::LOCATION, to)], no_store()).into_response()
}

fn grant(state: &State, asked: &Fields) -> Result<Code, &'static str> {
    let field = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    if field("response_type") != "code" {
        return Err("unsupported_response_type");
    }
    // PKCE by SHA-256 and nothing less; a digest is 43 characters long.
    if field("code_challenge_method") != "S256" || field("code_challenge").len() != 43 {
        return Err("invalid_request");
    }
    // MCP's clients must say for whom the token is to be.
    if !field("resource").starts_with("http") || field("resource").contains('#') {
        return Err("invalid_target");
    }
    let grant = Grant {
        client: field("client_id").to_owned(),
        subject: state.settings.subject.clone(),
        scope: state.consented(field("scope")),
        resource: field("resource").to_owned(),
    };
    let (redirect_uri, challenge) = (field("redirect_uri").to_owned(), field("code_challenge").to_owned());
    Ok(Code { grant, redirect_uri, challenge })
}

async fn exchange(Shared(state): Shared<States>, Form(asked): Form<Fields>) -> Response {
    let mut state = lock(&state);
    let what = match asked.get("grant_type").map(String::as_str) {
        Some("refresh_token") => What::Refresh,
        _ => What::Exchange,
    };
    let answer = token::exchange(&mut state, &asked);
    let noted = state.note(what, if answer.is_ok() { 200 } else { 400 });
    noted.scope = answer.as_ref().ok().and_then(|answer| answer["scope"].as_str().map(str::to_owned));
    noted.resource = asked.get("resource").cloned();
    match answer {
        Ok(answer) => (no_store(), Json(answer)).into_response(),
        Err(error) => refused(error),
    }
}

fn refused(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, no_store(), Json(json!({ "error": error }))).into_response()
}

fn no_store() -> [(header::HeaderName, &'static str); 1] {
    [(header::CACHE_CONTROL, "no-store")]
}
