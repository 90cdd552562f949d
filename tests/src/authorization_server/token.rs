//! The token endpoint: a code, or a refresh token, for an access token (OAuth 2.1 §4.1.3 and §4.3; RFC 8707 §2.2).

use super::state::{Grant, State, random};
use crate::jwt::encode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// What is answered, or the error's code.
pub(super) fn exchange(state: &mut State, asked: &BTreeMap<String, String>) -> Result<Value, &'static str> {
    let field = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    if !state.clients.contains_key(field("client_id")) {
        return Err("invalid_client");
    }
    let grant = match field("grant_type") {
        // Used up whatever comes of it: a second attempt is somebody else's.
        "authorization_code" => {
            let code = state.codes.remove(field("code")).ok_or("invalid_grant")?;
            let verified = encode(Sha256::digest(field("code_verifier"))) == code.challenge;
            if !verified || code.redirect_uri != field("redirect_uri") {
                return Err("invalid_grant");
            }
            code.grant
        }
        "refresh_token" => state.refresh.remove(field("refresh_token")).ok_or("invalid_grant")?,
        _ => return Err("unsupported_grant_type"),
    };
    if grant.client != field("client_id") {
        return Err("invalid_grant");
    }
    if grant.resource != field("resource") {
        return Err("invalid_target");
    }
    Ok(answer(state, grant))
}

fn answer(state: &mut State, grant: Grant) -> Value {
    let mut answer = json!({
        "access_token": state.access_token(&grant),
        "token_type": "Bearer",
        "expires_in": state.settings.lifetime,
        "scope": grant.scope,
    });
    if state.settings.refreshes {
        let token = random();
        answer["refresh_token"] = json!(token);
        state.refresh.insert(token, grant);
    }
    answer
}
