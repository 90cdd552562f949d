//! Keys that verify, and sets of them.

use crate::boundary::Octets;
use crate::convert::{algorithm, algorithms, string, text};
use crate::errors::{self, OrConfigError, Result};
use doorward::jwt::{self, Algorithm, Limits};
use doorward::keys::{Key, KeyError, KeySet};
use napi::bindgen_prelude::{Buffer, External};
use napi_derive::napi;

/// Bytes of a JWS.
const LONGEST: usize = Limits::DEFAULT.token;

/// A key and its `kid`.
pub(crate) struct KeyHandle {
    pub(crate) key: Key,
    pub(crate) kid: Option<String>,
}

/// Keys, and what was left out of a JWK Set.
pub(crate) struct KeySetHandle {
    pub(crate) keys: KeySet,
    left_out: Vec<(usize, &'static str)>,
}

/// What a key tells of itself.
#[napi(object, object_from_js = false)]
pub(crate) struct KeyInfo {
    /// The names of the algorithms it is for.
    pub algorithms: Vec<&'static str>,
    /// Its `kid`.
    pub kid: Option<String>,
    /// Whether it is a shared secret.
    pub is_secret: bool,
}

/// A key of a JWK Set that can't be used.
#[napi(object, object_from_js = false)]
pub(crate) struct LeftOut {
    /// Its place in the set, counted from 0.
    pub place: u32,
    /// Why, by its code.
    pub code: &'static str,
}

impl LeftOut {
    pub(crate) fn of((place, code): (usize, &'static str)) -> Self {
        Self { place: u32::try_from(place).unwrap_or(u32::MAX), code }
    }
}

/// What a set of keys tells of itself.
#[napi(object, object_from_js = false)]
pub(crate) struct KeySetInfo {
    /// The `kid` of each key; null for a key without one.
    pub kids: Vec<Option<String>>,
    /// What was left out.
    pub left_out: Vec<LeftOut>,
}

impl KeyHandle {
    pub(crate) fn of(key: Key, kid: Option<&Octets>) -> Result<External<Self>> {
        Ok(External::new(Self { key, kid: kid.map(string).transpose()? }))
    }
}

pub(crate) fn hmac(
    algorithm: Algorithm,
    secret: &[u8],
    allow_short: bool,
) -> std::result::Result<Key, KeyError> {
    match allow_short {
        true => Key::hmac_allowing_short(algorithm, secret),
        false => Key::hmac(algorithm, secret),
    }
}

/// The bytes of a secret or of a key: those of a text must be all of it.
pub(crate) fn whole(octets: &Octets) -> Result<&[u8]> {
    match octets.is_whole() {
        true => Ok(octets.as_bytes()),
        false => Err(errors::no_text()),
    }
}

/// A shared secret.
#[napi(ts_args_type = "secret: string | Uint8Array, algorithm: string, kid?: string, allowShort?: boolean")]
pub(crate) fn key_from_secret(
    secret: Octets,
    name: Octets,
    kid: Option<Octets>,
    allow_short: Option<bool>,
) -> Result<External<KeyHandle>> {
    let key = hmac(algorithm(&name)?, whole(&secret)?, allow_short == Some(true)).or_config_error()?;
    KeyHandle::of(key, kid.as_ref())
}

/// A public key in whatever form.
#[napi(ts_args_type = "key: string | Uint8Array, algorithms: string[], kid?: string")]
pub(crate) fn key_from_public(
    key: Octets,
    names: Vec<Octets>,
    kid: Option<Octets>,
) -> Result<External<KeyHandle>> {
    let (own, key) = Key::from_public(whole(&key)?, &algorithms(&names)?).or_config_error()?;
    let kid = kid.as_ref().map(string).transpose()?;
    Ok(External::new(KeyHandle { key, kid: kid.or(own) }))
}

/// A public key from PEM.
#[napi(ts_args_type = "pem: string, algorithms: string[], kid?: string")]
pub(crate) fn key_from_pem(
    pem: Octets,
    names: Vec<Octets>,
    kid: Option<Octets>,
) -> Result<External<KeyHandle>> {
    let key = Key::from_pem(text(&pem)?, &algorithms(&names)?).or_config_error()?;
    KeyHandle::of(key, kid.as_ref())
}

/// A public key from DER.
#[napi(ts_args_type = "der: Uint8Array, algorithms: string[], kid?: string")]
pub(crate) fn key_from_der(
    der: Octets,
    names: Vec<Octets>,
    kid: Option<Octets>,
) -> Result<External<KeyHandle>> {
    let key = Key::from_der(der.as_bytes(), &algorithms(&names)?).or_config_error()?;
    KeyHandle::of(key, kid.as_ref())
}

/// A public key or a secret from a JWK's text.
#[napi(ts_args_type = "jwk: string")]
pub(crate) fn key_from_jwk(jwk: Octets) -> Result<External<KeyHandle>> {
    let (kid, key) = Key::from_jwk(text(&jwk)?).or_config_error()?;
    Ok(External::new(KeyHandle { key, kid }))
}

/// What a key tells of itself.
#[napi]
pub(crate) fn key_info(key: &External<KeyHandle>) -> KeyInfo {
    let all = Algorithm::ALL.into_iter().filter(|algorithm| key.key.allows(*algorithm));
    KeyInfo {
        algorithms: all.map(Algorithm::name).collect(),
        kid: key.kid.clone(),
        is_secret: key.key.is_secret(),
    }
}

/// The payload of a JWS that the key verifies.
#[napi(ts_args_type = "key: ExternalObject<KeyHandle>, jws: string | Uint8Array")]
pub(crate) fn key_verify_jws(key: &External<KeyHandle>, jws: Octets<LONGEST>) -> Result<Buffer> {
    if jws.is_too_long() {
        return Err(errors::token(jwt::TokenError::TooLarge));
    }
    let jws = jws.as_bytes();
    let mut scratch = vec![0; jws.len()];
    let payload = jwt::verify_jws(jws, &key.key, &Limits::DEFAULT, &mut scratch).map_err(errors::token)?;
    Ok(payload.to_vec().into())
}

/// A set of keys.
#[napi]
pub(crate) fn key_set(keys: Vec<&External<KeyHandle>>) -> Result<External<KeySetHandle>> {
    let mut set = KeySet::new();
    for key in keys {
        set = match &key.kid {
            Some(kid) => set.with_kid(kid.as_str(), key.key.clone()).or_config_error()?,
            None => set.with(key.key.clone()),
        };
    }
    Ok(External::new(KeySetHandle { keys: set, left_out: Vec::new() }))
}

/// The keys of a JWK Set's text.
#[napi(ts_args_type = "jwks: string")]
pub(crate) fn key_set_from_jwks(jwks: Octets) -> Result<External<KeySetHandle>> {
    let (keys, left_out) = KeySet::from_jwks(text(&jwks)?).or_config_error()?;
    let left_out = left_out.into_iter().map(|(place, error)| (place, error.code())).collect();
    Ok(External::new(KeySetHandle { keys, left_out }))
}

/// What a set of keys tells of itself.
#[napi]
pub(crate) fn key_set_info(set: &External<KeySetHandle>) -> KeySetInfo {
    KeySetInfo {
        kids: set.keys.kids().map(|kid| kid.map(str::to_owned)).collect(),
        left_out: set.left_out.iter().copied().map(LeftOut::of).collect(),
    }
}
