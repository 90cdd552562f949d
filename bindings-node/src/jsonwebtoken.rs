//! What `doorward/jsonwebtoken` needs beyond the package's own interface: the payload of a token whose claims are then held to
//! jsonwebtoken's rules, tokens put together as it does, and what core has to say of a token's form.

use crate::boundary::{Answer, Argument, Bound, Call, Octets, Room};
use crate::now;
use doorward::jwt::{self, Algorithm, Limits, SigningKey, TokenCache, TokenError, Window};
use doorward::keys::{Key, KeyError};
use napi::Either;
use napi_derive::napi;
use std::sync::Arc;

/// jsonwebtoken knows no bounds, and what it is given need not have come with a request: as wide as may be.
const LIMITS: Limits = Limits { token: 256 * 1024, header: 64 * 1024, depth: 64, ..Limits::DEFAULT };

/// Tokens that each public key remembers, and for how long: 60 s.
const SEEN: usize = 1024;
const SEEN_FOR: u64 = 60_000_000;

/// The usual token's payload is decoded on the stack.
const ON_STACK: usize = 1024;

/// Where a public key's tokens are remembered, until their window ends, which is never: dates are looked at in JavaScript.
const ALWAYS: Window = Window { from: f64::NEG_INFINITY, until: f64::INFINITY };

/// A secret that verifies by these algorithms: a function of a token that gives its payload, where the signature holds and it
/// is one object with every name once. A code where the secret is refused.
#[napi(
    ts_args_type = "secret: Uint8Array, algorithms: readonly string[]",
    ts_return_type = "((token: string) => string | undefined) | string"
)]
pub(crate) fn jsonwebtoken_secret(secret: Octets, algorithms: Vec<String>) -> Either<Bound, String> {
    let keys = named(&algorithms)
        .map(|algorithm| Key::hmac_allowing_short(algorithm, secret.as_bytes()))
        .collect::<Result<Vec<_>, _>>();
    or_code(keys.map(|keys| Bound::new(move |call| open(call, &keys, None))))
}

/// A public key, in DER, that verifies by these algorithms: as `jsonwebtokenSecret`, told the time in milliseconds besides.
/// Tokens that were seen within a minute are not verified again.
#[napi(
    ts_args_type = "spki: Uint8Array, algorithms: readonly string[]",
    ts_return_type = "((token: string, now: number) => string | undefined) | string"
)]
pub(crate) fn jsonwebtoken_public_key(spki: Octets, algorithms: Vec<String>) -> Either<Bound, String> {
    let algorithms: Vec<Algorithm> = named(&algorithms).collect();
    or_code(Key::from_der(spki.as_bytes(), &algorithms).and_then(|key| {
        let mut seed = [0; 4];
        for word in &mut seed {
            *word = getrandom::u64().map_err(|_| KeyError::NoRandomness)?;
        }
        let seen = TokenCache::new(SEEN, SEEN_FOR, seed);
        Ok(Bound::new(move |call| open(call, std::slice::from_ref(&key), Some(&seen))))
    }))
}

/// A secret that signs by an algorithm: a function of a header and a payload, as text, that gives their token; nothing where
/// they are no text. A code where the secret is refused.
#[napi(
    ts_args_type = "secret: Uint8Array, algorithm: string",
    ts_return_type = "((header: string, payload: string) => string | undefined) | string"
)]
pub(crate) fn jsonwebtoken_signer(secret: Octets, algorithm: String) -> Either<Bound, String> {
    let key = Algorithm::from_name(&algorithm)
        .ok_or(KeyError::AlgorithmMismatch)
        .and_then(|algorithm| SigningKey::hmac_allowing_short(algorithm, secret.as_bytes()));
    or_code(key.map(|key| Bound::new(move |call| sign(call, &key))))
}

/// Why core would not take a token of that form; of its payload only where that is to be an object. Nothing where it would.
#[napi(ts_args_type = "token: string, isObject: boolean")]
pub(crate) fn jsonwebtoken_form(token: Octets, is_object: bool) -> Option<String> {
    let token = token.as_bytes();
    let mut scratch = vec![0; token.len()];
    jwt::unverified_payload(token, &LIMITS, &mut scratch)
        .and_then(|payload| match is_object {
            true => jwt::object_text(payload, &LIMITS),
            false => std::str::from_utf8(payload).map_err(|_| TokenError::InvalidPayload),
        })
        .err()
        .map(|error| error.to_string())
}

fn named(algorithms: &[String]) -> impl Iterator<Item = Algorithm> {
    algorithms.iter().filter_map(|name| Algorithm::from_name(name))
}

fn or_code(made: Result<Bound, KeyError>) -> Either<Bound, String> {
    match made {
        Ok(function) => Either::A(function),
        Err(error) => Either::B(error.code().to_owned()),
    }
}

/// Each key is for other algorithms, and the token's header says which is its own.
fn open(call: &Call, keys: &[Key], seen: Option<&TokenCache<Arc<str>>>) -> Answer {
    let mut room = Room::new();
    let Argument::Bytes(token) = call.octets(0, &mut room, LIMITS.token) else { return call.nothing() };
    // Only tokens are kept apart by time here, so the epoch is any.
    let moment = seen.map(|seen| (seen, now::now(0.0, call.number(1))));
    if let Some((seen, moment)) = moment
        && let Some(payload) = seen.get(token, moment)
    {
        return call.text(&payload);
    }
    let (mut stack, mut heap) = ([0; ON_STACK], Vec::new());
    let scratch = match stack.get_mut(..token.len()) {
        Some(scratch) => scratch,
        None => {
            heap.resize(token.len(), 0);
            heap.as_mut_slice()
        }
    };
    for key in keys {
        match jwt::verify_jws(token, key, &LIMITS, scratch) {
            Err(TokenError::AlgorithmNotAllowed) => {}
            Err(_) => break,
            Ok(payload) => {
                let Ok(payload) = jwt::object_text(payload, &LIMITS) else { break };
                if let Some((seen, moment)) = moment {
                    seen.insert(token, ALWAYS, moment, payload.into());
                }
                return call.text(payload);
            }
        }
    }
    call.nothing()
}

fn sign(call: &Call, key: &SigningKey) -> Answer {
    let (mut first, mut second) = (Room::new(), Room::new());
    let (Argument::Bytes(header), Argument::Bytes(payload)) =
        (call.octets(0, &mut first, LIMITS.token), call.octets(1, &mut second, LIMITS.token))
    else {
        return call.nothing();
    };
    let text = |bytes| std::str::from_utf8(bytes).is_ok();
    match text(header) && text(payload) {
        true => key.sign_under(header, payload).map_or_else(|_| call.nothing(), |token| call.text(&token)),
        false => call.nothing(),
    }
}
