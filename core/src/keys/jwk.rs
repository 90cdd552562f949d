//! JSON Web Keys, one and in sets (RFC 7517, RFC 7518 §6, RFC 8037 §2).
//!
//! Certificates (`x5c`, `x5u`) are neither read nor fetched.

use super::public::{Curve, PublicKey};
use super::{Key, KeyError};
use crate::base64url;
use crate::json::{Depth, JsonError, JsonStr, Value, array_items, object_members};
use crate::jwt::Algorithm;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use zeroize::Zeroizing;

/// The largest JWK Set, in bytes.
const MAX_SET: usize = 256 * 1024;
/// The most keys of one.
const MAX_KEYS: usize = 100;
/// A key, `oth`'s array and its objects, and room for what nobody asked for.
const DEPTH: Depth = Depth { left: 8, members: Some(64) };
/// Names and levels in a key are that key's affair: a bad one must not spoil the set, as long as it can be read over.
const SET_DEPTH: Depth = Depth { left: 32, members: None };

impl From<JsonError> for KeyError {
    fn from(_: JsonError) -> Self {
        Self::JwkMalformed
    }
}

/// The members of a JWK that matter.
#[derive(Default)]
struct Jwk<'a> {
    kty: Option<JsonStr<'a>>,
    alg: Option<JsonStr<'a>>,
    kid: Option<JsonStr<'a>>,
    crv: Option<JsonStr<'a>>,
    n: Option<JsonStr<'a>>,
    e: Option<JsonStr<'a>>,
    x: Option<JsonStr<'a>>,
    y: Option<JsonStr<'a>>,
    k: Option<JsonStr<'a>>,
    private: bool,
    forbidden: bool,
}

/// Reads one key, and its `kid`.
pub(super) fn read(text: &str) -> Result<(Option<String>, Key), KeyError> {
    let jwk = Jwk::parse(text)?;
    let kid = jwk.kid.map(|kid| kid.to_cow().into_owned());
    if kid.as_ref().is_some_and(|kid| kid.is_empty() || kid.len() > 256) {
        return Err(KeyError::BadKid);
    }
    if jwk.forbidden {
        return Err(KeyError::JwkUse);
    }
    let algorithm = match jwk.alg {
        None => None,
        // An algorithm of some other purpose, RSA-OAEP say, makes it a key for that purpose.
        Some(alg) => Some(alg.as_plain().and_then(Algorithm::from_name).ok_or(KeyError::AlgorithmMismatch)?),
    };
    let kty = jwk.kty.ok_or(KeyError::JwkMalformed)?;
    let key = if kty == *"RSA" {
        public(&jwk, PublicKey::rsa(trimmed(&bytes(jwk.n)?), trimmed(&bytes(jwk.e)?))?, algorithm)?
    } else if kty == *"EC" {
        let curve = jwk.crv.ok_or(KeyError::JwkMalformed)?;
        let curve = match () {
            () if curve == *"P-256" => Curve::P256,
            () if curve == *"P-384" => Curve::P384,
            () => return Err(KeyError::Unsupported),
        };
        public(&jwk, PublicKey::ec(curve, &bytes(jwk.x)?, &bytes(jwk.y)?)?, algorithm)?
    } else if kty == *"OKP" {
        if jwk.crv.ok_or(KeyError::JwkMalformed)? != *"Ed25519" {
            return Err(KeyError::Unsupported);
        }
        public(&jwk, PublicKey::ed25519(&bytes(jwk.x)?)?, algorithm)?
    } else if kty == *"oct" {
        // A secret that does not say its algorithm could be used with any.
        Key::hmac(algorithm.ok_or(KeyError::AlgorithmMismatch)?, &Zeroizing::new(bytes(jwk.k)?))?
    } else {
        return Err(KeyError::Unsupported);
    };
    Ok((kid, key))
}

/// A public key with its own algorithm, or the usual ones of its kind.
fn public(jwk: &Jwk<'_>, key: PublicKey, algorithm: Option<Algorithm>) -> Result<Key, KeyError> {
    if jwk.private {
        return Err(KeyError::PrivateKey);
    }
    let usual = key.usual();
    Key::public(key, algorithm.as_ref().map_or(usual, core::slice::from_ref))
}

impl<'a> Jwk<'a> {
    fn parse(text: &'a str) -> Result<Self, KeyError> {
        let mut jwk = Self::default();
        object_members(text, DEPTH, |_, name, value| -> Result<(), KeyError> {
            let name = name.to_cow();
            let field = match &*name {
                "kty" => &mut jwk.kty,
                "alg" => &mut jwk.alg,
                "kid" => &mut jwk.kid,
                "crv" => &mut jwk.crv,
                "n" => &mut jwk.n,
                "e" => &mut jwk.e,
                "x" => &mut jwk.x,
                "y" => &mut jwk.y,
                "k" => &mut jwk.k,
                "d" | "p" | "q" | "dp" | "dq" | "qi" | "oth" => {
                    jwk.private = true;
                    return Ok(());
                }
                "use" => {
                    jwk.forbidden |= value.as_str().ok_or(KeyError::JwkMalformed)? != *"sig";
                    return Ok(());
                }
                "key_ops" => {
                    jwk.forbidden |= !permits_verifying(value)?;
                    return Ok(());
                }
                _ => return Ok(()),
            };
            *field = Some(value.as_str().ok_or(KeyError::JwkMalformed)?);
            Ok(())
        })?;
        Ok(jwk)
    }
}

/// Whether `key_ops` (RFC 7517 §4.3), an array of strings, names `verify`.
fn permits_verifying(value: Value<'_>) -> Result<bool, KeyError> {
    let Value::Array(items) = value else { return Err(KeyError::JwkMalformed) };
    let (mut verify, mut strings) = (false, true);
    array_items(items, |item| match item.as_str() {
        Some(operation) => verify |= operation == *"verify",
        None => strings = false,
    });
    if strings { Ok(verify) } else { Err(KeyError::JwkMalformed) }
}

fn bytes(field: Option<JsonStr<'_>>) -> Result<Vec<u8>, KeyError> {
    let text = field.ok_or(KeyError::JwkMalformed)?.to_cow();
    let mut out = vec![0; text.len()];
    let length = base64url::decode(text.as_bytes(), &mut out).map_err(|_| KeyError::JwkMalformed)?.len();
    out.truncate(length);
    Ok(out)
}

/// Without leading zeros, which RFC 7518 §6.3.1.1 forbids and some issuers write.
fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// Hands each key of a set to `each`, by its place; the set must be one, whatever its keys are.
pub(super) fn read_set(
    text: &str,
    mut each: impl FnMut(usize, Result<(Option<String>, Key), KeyError>),
) -> Result<(), KeyError> {
    if text.len() > MAX_SET {
        return Err(KeyError::JwksMalformed);
    }
    let mut keys = None;
    object_members(text, SET_DEPTH, |_, name, value| -> Result<(), KeyError> {
        if name == *"keys" {
            keys = Some(value);
        }
        Ok(())
    })
    .map_err(|_| KeyError::JwksMalformed)?;
    let Some(Value::Array(items)) = keys else { return Err(KeyError::JwksMalformed) };
    let mut count = 0;
    array_items(items, |_| count += 1);
    if count > MAX_KEYS {
        return Err(KeyError::JwksMalformed);
    }
    let mut place = 0;
    array_items(items, |item| {
        each(
            place,
            match item {
                Value::Object(text) => read(text),
                _ => Err(KeyError::JwkMalformed),
            },
        );
        place += 1;
    });
    Ok(())
}
