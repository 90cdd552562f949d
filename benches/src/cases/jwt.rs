//! Tokens: at first sight, beside the bare signature check and beside `jsonwebtoken`; and seen before.

use crate::material::{self, AUDIENCE, ISSUER, NOW, Random, Round, SECRET};
use crate::{Budget, Case, Run, timed};
use aws_lc_rs::signature::{self as aws_lc, ParsedPublicKey};
use doorward::Now;
use doorward::jwt::{OwnedClaims, TokenCache, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use ring::{hmac, signature};
use serde::Deserialize;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

const JSONWEBTOKEN: &str = "jsonwebtoken 11 (aws-lc-rs)";
/// What doorward verifies public keys' signatures by.
const BY: &str = if cfg!(feature = "aws-lc-rs") { "aws-lc-rs" } else { "ring" };

/// The cases of this domain.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::versus("jwt/hs256/fresh", "ring hmac verify", hs256_fresh, bare_hmac)
            .budget(Budget::Ratio(1.5)),
        Case::versus("jwt/hs256/fresh", JSONWEBTOKEN, hs256_with_clock, hs256_jsonwebtoken)
            .clock_on_both_sides(),
        Case::versus("jwt/hs256/kid", "ring hmac verify", hs256_kid, bare_hmac_kid),
        Case::versus("jwt/rs256/fresh", "ring rsa verify", rs256_fresh, bare_rsa)
            .by(BY)
            .budget(Budget::Ratio(1.05)),
        Case::versus("jwt/rs256/fresh", "aws-lc-rs rsa verify, parsed", rs256_fresh, bare_rsa_aws_lc).by(BY),
        Case::versus("jwt/rs256/fresh", JSONWEBTOKEN, rs256_with_clock, rs256_jsonwebtoken)
            .by(BY)
            .clock_on_both_sides(),
        Case::versus("jwt/es256/fresh", "ring p-256 verify", es256_fresh, bare_p256).by(BY),
        Case::versus("jwt/es256/fresh", "aws-lc-rs p-256 verify, parsed", es256_fresh, bare_p256_aws_lc)
            .by(BY),
    ];
    for (id, token) in [
        ("jwt/hs256/seen", material::hs256_token as fn(usize) -> String),
        ("jwt/rs256/seen", material::rs256_look_alike),
    ] {
        // The plain id is a thousand tokens: what one server sees in a minute.
        for (id, tokens) in [(format!("{id}/1"), 1), (id.into(), 1000), (format!("{id}/100000"), 100_000)] {
            cases.push(Case::alone(id, move || seen(tokens, token)).budget(Budget::Nanos(150.0)));
        }
    }
    cases
}

/// HS256 at first sight, the time made up.
#[must_use]
pub fn hs256_fresh() -> Run {
    verify(material::hs256_verifier(), material::hs256_token(0), || NOW)
}

/// HS256 at first sight, the key found by `kid`, the time made up.
fn hs256_kid() -> Run {
    verify(material::hs256_kid_verifier(), material::hs256_kid_token(), || NOW)
}

/// RS256 at first sight, the time made up.
#[must_use]
pub fn rs256_fresh() -> Run {
    verify(material::rs256_verifier(), material::rs256_token(), || NOW)
}

/// ES256 at first sight, the time made up.
fn es256_fresh() -> Run {
    verify(material::es256_verifier(), material::es256_token(), || NOW)
}

fn hs256_with_clock() -> Run {
    verify(material::hs256_verifier(), material::hs256_token(0), one_clock)
}

fn rs256_with_clock() -> Run {
    verify(material::rs256_verifier(), material::rs256_token(), one_clock)
}

/// One clock, as `jsonwebtoken` reads it: claims need no other.
fn one_clock() -> Now {
    Now::new(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64()), 0)
}

fn verify(verifier: Verifier, token: String, now: impl Fn() -> Now + 'static) -> Run {
    let mut scratch = vec![0; token.len()];
    timed(move || {
        let claims =
            verifier.verify_in(black_box(token.as_bytes()), &mut scratch, now()).expect("a good token");
        black_box(&claims);
    })
}

fn bare_hmac() -> Run {
    bare_hmac_of(&material::hs256_token(0))
}

fn bare_hmac_kid() -> Run {
    bare_hmac_of(&material::hs256_kid_token())
}

fn bare_hmac_of(token: &str) -> Run {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    let (signed, signature) = material::signed_and_signature(token);
    timed(move || hmac::verify(&key, black_box(&signed), &signature).expect("a good signature"))
}

/// Ring's verification of the RS256 token's signature, and nothing else.
#[must_use]
pub fn bare_rsa() -> Run {
    let key =
        signature::UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, material::rsa_public_der());
    let (signed, signature) = material::signed_and_signature(&material::rs256_token());
    timed(move || key.verify(black_box(&signed), &signature).expect("a good signature"))
}

/// The same by aws-lc-rs, whose key is parsed before.
fn bare_rsa_aws_lc() -> Run {
    bare_aws_lc(&aws_lc::RSA_PKCS1_2048_8192_SHA256, &material::rsa_public_der(), &material::rs256_token())
}

fn bare_p256() -> Run {
    let key = signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, material::p256_point());
    let (signed, signature) = material::signed_and_signature(&material::es256_token());
    timed(move || key.verify(black_box(&signed), &signature).expect("a good signature"))
}

fn bare_p256_aws_lc() -> Run {
    bare_aws_lc(&aws_lc::ECDSA_P256_SHA256_FIXED, &material::p256_point(), &material::es256_token())
}

fn bare_aws_lc(algorithm: &'static dyn aws_lc::VerificationAlgorithm, key: &[u8], token: &str) -> Run {
    let key = ParsedPublicKey::new(algorithm, key).expect("a public key");
    let (signed, signature) = material::signed_and_signature(token);
    timed(move || key.verify_sig(black_box(&signed), &signature).expect("a good signature"))
}

/// What a server would ask `jsonwebtoken` for: typed claims, nothing it does not need.
#[derive(Clone, Deserialize)]
#[expect(dead_code, reason = "read by nobody, but decoded")]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: u64,
    scope: String,
    roles: Vec<String>,
}

fn jsonwebtoken(algorithm: Algorithm, key: DecodingKey, token: String) -> Run {
    let mut rules = Validation::new(algorithm);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[AUDIENCE]);
    rules.leeway = 0;
    timed(move || {
        jsonwebtoken::decode::<Claims>(black_box(token.as_bytes()), &key, &rules)
            .expect("a good token")
            .claims
    })
}

fn hs256_jsonwebtoken() -> Run {
    jsonwebtoken(Algorithm::HS256, DecodingKey::from_secret(SECRET), material::hs256_token(0))
}

fn rs256_jsonwebtoken() -> Run {
    jsonwebtoken(
        Algorithm::RS256,
        DecodingKey::from_rsa_der(&material::rsa_public_der()),
        material::rs256_token(),
    )
}

/// A hit in the verified-token cache, which gives a shared value; tokens in random order.
fn seen(tokens: usize, token: fn(usize) -> String) -> Run {
    // Twice the room: in a set of eight, some would push each other out otherwise.
    let cache: TokenCache<Arc<OwnedClaims>> = TokenCache::new(tokens * 2 + 6, 60_000_000, [1, 2, 3, 4]);
    let verifier = material::hs256_verifier();
    let sample = material::hs256_token(0);
    let mut scratch = vec![0; sample.len()];
    let claims = verifier.verify_in(sample.as_bytes(), &mut scratch, NOW).expect("a good token");
    let window = verifier.window(&claims);
    let mut tokens: Vec<String> = (0..tokens).map(token).collect();
    for token in &tokens {
        cache.insert(token.as_bytes(), window, NOW, Arc::new(claims.to_owned()));
    }
    tokens.retain(|token| cache.get(token.as_bytes(), NOW).is_some());
    Random(7).shuffle(&mut tokens);
    let mut tokens = Round::new(&tokens);
    timed(move || cache.get(black_box(tokens.turn().as_bytes()), NOW).expect("a token seen before"))
}
