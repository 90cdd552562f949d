//! Rust's `jsonwebtoken`, set to ask of a token what doorward asks.
//!
//! It reads the system's clock and cannot be told the time: tokens for it are made for now, their dates minutes away.

use crate::case::{Audience, Case};
use crate::keys::KeyId;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};

/// Its answer: `ok`, or the name of its error.
pub(crate) fn verdict(case: &Case) -> String {
    let bare = case.key.bare();
    let key = match case.key {
        KeyId::Hs256 | KeyId::Hs384 | KeyId::Hs512 => DecodingKey::from_secret(case.key.secret()),
        KeyId::Rsa | KeyId::RsaPss => DecodingKey::from_rsa_der(&bare),
        KeyId::P256 | KeyId::P384 => DecodingKey::from_ec_der(&bare),
        KeyId::Ed25519 => DecodingKey::from_ed_der(&bare),
    };
    let options = &case.options;
    let algorithms = options
        .algorithms
        .iter()
        .map(|algorithm| algorithm.name().parse::<Algorithm>().expect("it has all of ours"));
    let mut rules = Validation::new(Algorithm::HS256);
    rules.algorithms = algorithms.collect();
    rules.leeway = options.tolerance.into();
    rules.validate_nbf = true;
    // What is expected must be there; without this, it passes over a claim that is missing.
    let mut required = vec!["exp"];
    if let Some(issuer) = options.issuer {
        rules.set_issuer(issuer);
        required.push("iss");
    }
    match options.audience {
        Audience::Unset => {}
        Audience::Any => rules.validate_aud = false,
        Audience::OneOf(audience) => {
            rules.set_audience(audience);
            required.push("aud");
        }
    }
    if let Some(subject) = options.subject {
        rules.sub = Some(subject.to_owned());
        required.push("sub");
    }
    rules.set_required_spec_claims(&required);
    match decode::<serde_json::Value>(case.token.as_bytes(), &key, &rules) {
        Ok(_) => "ok".into(),
        Err(error) => {
            let name = format!("{:?}", error.kind());
            name.split(['(', ' ']).next().unwrap_or_default().into()
        }
    }
}
