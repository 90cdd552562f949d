//! Keys that sign.

use crate::boundary::Octets;
use crate::convert::{algorithm, string, text};
use crate::errors::{self, OrConfigError, Result};
use crate::keys::{KeyHandle, whole};
use doorward::jwt::{self, SigningKey};
use napi::bindgen_prelude::External;
use napi_derive::napi;

/// A key that signs.
pub(crate) struct SigningKeyHandle {
    pub(crate) key: SigningKey,
}

/// What a key that signs tells of itself.
#[napi(object, object_from_js = false)]
pub(crate) struct SigningKeyInfo {
    /// The name of its algorithm.
    pub algorithm: &'static str,
    /// The `kid` it names.
    pub kid: Option<String>,
}

fn made(
    key: SigningKey,
    kid: Option<&Octets>,
    token_type: Option<&Octets>,
) -> Result<External<SigningKeyHandle>> {
    let key = match kid {
        Some(kid) => key.with_kid(string(kid)?),
        None => key,
    };
    let key = match token_type {
        Some(typ) => key.with_type(string(typ)?),
        None => key,
    };
    Ok(External::new(SigningKeyHandle { key }))
}

/// A secret that signs.
#[napi(ts_args_type = "secret: string | Uint8Array, algorithm: string, kid?: string, tokenType?: string")]
pub(crate) fn signing_key_from_secret(
    secret: Octets,
    name: Octets,
    kid: Option<Octets>,
    token_type: Option<Octets>,
) -> Result<External<SigningKeyHandle>> {
    let key = SigningKey::hmac(algorithm(&name)?, whole(&secret)?).or_config_error()?;
    made(key, kid.as_ref(), token_type.as_ref())
}

/// A private key in whatever form.
#[napi(ts_args_type = "key: string | Uint8Array, algorithm?: string, kid?: string, tokenType?: string")]
pub(crate) fn signing_key_from_private(
    key: Octets,
    name: Option<Octets>,
    kid: Option<Octets>,
    token_type: Option<Octets>,
) -> Result<External<SigningKeyHandle>> {
    let name = name.as_ref().map(algorithm).transpose()?;
    let key = SigningKey::from_private(whole(&key)?, name).or_config_error()?;
    made(key, kid.as_ref(), token_type.as_ref())
}

/// A private key from PEM.
#[napi(ts_args_type = "pem: string, algorithm: string, kid?: string, tokenType?: string")]
pub(crate) fn signing_key_from_pem(
    pem: Octets,
    name: Octets,
    kid: Option<Octets>,
    token_type: Option<Octets>,
) -> Result<External<SigningKeyHandle>> {
    let key = SigningKey::from_pem(text(&pem)?, algorithm(&name)?).or_config_error()?;
    made(key, kid.as_ref(), token_type.as_ref())
}

/// A private key from DER.
#[napi(ts_args_type = "der: Uint8Array, algorithm: string, kid?: string, tokenType?: string")]
pub(crate) fn signing_key_from_der(
    der: Octets,
    name: Octets,
    kid: Option<Octets>,
    token_type: Option<Octets>,
) -> Result<External<SigningKeyHandle>> {
    let key = SigningKey::from_der(der.as_bytes(), algorithm(&name)?).or_config_error()?;
    made(key, kid.as_ref(), token_type.as_ref())
}

/// A private key or a secret from a JWK's text.
#[napi(ts_args_type = "jwk: string, tokenType?: string")]
pub(crate) fn signing_key_from_jwk(
    jwk: Octets,
    token_type: Option<Octets>,
) -> Result<External<SigningKeyHandle>> {
    made(SigningKey::from_jwk(text(&jwk)?).or_config_error()?, None, token_type.as_ref())
}

/// What a key that signs tells of itself.
#[napi]
pub(crate) fn signing_key_info(key: &External<SigningKeyHandle>) -> SigningKeyInfo {
    SigningKeyInfo { algorithm: key.key.algorithm().name(), kid: key.key.kid().map(str::to_owned) }
}

/// A token of the text of a JSON object.
#[napi(ts_args_type = "key: ExternalObject<SigningKeyHandle>, claims: string, withoutExpiry: boolean")]
pub(crate) fn signing_key_sign(
    key: &External<SigningKeyHandle>,
    claims: Octets,
    without_expiry: bool,
) -> Result<String> {
    let claims = text(&claims)?;
    let token = match without_expiry {
        true => key.key.sign_without_expiry(claims),
        false => jwt::sign(claims, &key.key),
    };
    token.map_err(errors::sign)
}

/// A JWS of any payload.
#[napi(ts_args_type = "key: ExternalObject<SigningKeyHandle>, payload: string | Uint8Array")]
pub(crate) fn signing_key_sign_jws(key: &External<SigningKeyHandle>, payload: Octets) -> Result<String> {
    key.key.sign_jws(whole(&payload)?).map_err(errors::sign)
}

/// What verifies what it signs.
#[napi]
pub(crate) fn signing_key_verifying_key(key: &External<SigningKeyHandle>) -> External<KeyHandle> {
    External::new(KeyHandle { key: key.key.verifying_key(), kid: key.key.kid().map(str::to_owned) })
}

/// The text of the public half's JWK.
#[napi]
pub(crate) fn signing_key_public_jwk(key: &External<SigningKeyHandle>) -> Option<String> {
    key.key.public_jwk()
}
