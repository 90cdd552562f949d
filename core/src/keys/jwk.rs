//! JSON Web Keys, one and in sets (RFC 7517, RFC 7518 §6, RFC 8037 §2).
//!
//! Certificates (`x5c`, `x5u`) are neither read nor fetched. What is decoded here may be a secret, and is wiped.

use super::private::{PrivateKey, RsaNumbers};
use super::public::{Curve, PublicKey};
use super::{Key, KeyError, Signer};
use crate::json::{Depth, JsonError, JsonStr, Value, array_items, object_members};
use crate::jwt::Algorithm;
use crate::{base64url, escape};
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
    /// What only a private key has: `d`, of RSA also `p`, `q`, `dp`, `dq`, `qi` and `oth`.
    private: [Option<Value<'a>>; 7],
    may_not_verify: bool,
    may_not_sign: bool,
}

/// The places of [`Jwk::private`].
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

/// Reads one key, and its `kid`.
pub(super) fn read(text: &str) -> Result<(Option<String>, Key), KeyError> {
    let jwk = Jwk::parse(text)?;
    let kid = jwk.kid()?;
    if jwk.may_not_verify {
        return Err(KeyError::JwkUse);
    }
    let algorithm = jwk.algorithm()?;
    let kty = jwk.kty.ok_or(KeyError::JwkMalformed)?;
    let key = if kty == *"RSA" {
        public(&jwk, &PublicKey::rsa(trimmed(&bytes(jwk.n)?), trimmed(&bytes(jwk.e)?))?, algorithm)?
    } else if kty == *"EC" {
        public(&jwk, &PublicKey::ec(jwk.curve()?, &bytes(jwk.x)?, &bytes(jwk.y)?)?, algorithm)?
    } else if kty == *"OKP" {
        jwk.is_ed25519()?;
        public(&jwk, &PublicKey::ed25519(&bytes(jwk.x)?)?, algorithm)?
    } else if kty == *"oct" {
        // A secret that does not say its algorithm could be used with any.
        Key::hmac(algorithm.ok_or(KeyError::AlgorithmMismatch)?, &bytes(jwk.k)?)?
    } else {
        return Err(KeyError::Unsupported);
    };
    Ok((kid, key))
}

/// Reads one key that signs, and its `kid`.
pub(super) fn read_signing(text: &str) -> Result<(Option<String>, Signer), KeyError> {
    let jwk = Jwk::parse(text)?;
    let kid = jwk.kid()?;
    if jwk.may_not_sign {
        return Err(KeyError::JwkUse);
    }
    let algorithm = jwk.algorithm()?;
    let kty = jwk.kty.ok_or(KeyError::JwkMalformed)?;
    let is = |name: &str| kty == *name;
    if is("oct") {
        let algorithm = algorithm.ok_or(KeyError::AlgorithmMismatch)?;
        return Ok((kid, Signer::secret(algorithm, Key::hmac(algorithm, &bytes(jwk.k)?)?)));
    }
    if !(is("RSA") || is("EC") || is("OKP")) {
        return Err(KeyError::Unsupported);
    }
    let [d, p, q, dp, dq, qi, oth] = jwk.private;
    if jwk.private.iter().all(Option::is_none) {
        return Err(KeyError::PublicKey);
    }
    if oth.is_some() {
        return Err(KeyError::Unsupported);
    }
    let d = secret(d)?;
    let key = if is("RSA") {
        PrivateKey::rsa(RsaNumbers {
            n: trimmed(&bytes(jwk.n)?),
            e: trimmed(&bytes(jwk.e)?),
            d: trimmed(&d),
            p: trimmed(&secret(p)?),
            q: trimmed(&secret(q)?),
            dp: trimmed(&secret(dp)?),
            dq: trimmed(&secret(dq)?),
            qi: trimmed(&secret(qi)?),
        })?
    } else if is("EC") {
        let (x, y) = (bytes(jwk.x)?, bytes(jwk.y)?);
        if x.len() != y.len() {
            return Err(KeyError::Point);
        }
        PrivateKey::ec(jwk.curve()?, &d, &[&[4], &**x, &**y].concat())?
    } else {
        jwk.is_ed25519()?;
        PrivateKey::ed25519(&d, Some(&bytes(jwk.x)?))?
    };
    let usual = key.public().usual().first().copied();
    Ok((kid, Signer::private(key, algorithm.or(usual).ok_or(KeyError::AlgorithmMismatch)?)?))
}

/// Writes a public key as one that is there to verify signatures.
pub(super) fn write(key: &PublicKey, algorithm: Algorithm, kid: Option<&str>) -> String {
    let mut jwk = String::from("{");
    let mut member = |name: &str, value: &dyn Fn(&mut String)| {
        for part in [if jwk.len() > 1 { "," } else { "" }, "\"", name, "\":\""] {
            jwk.push_str(part);
        }
        value(&mut jwk);
        jwk.push('"');
    };
    let text = |text: &'static str| move |out: &mut String| out.push_str(text);
    let bytes = |bytes| move |out: &mut String| base64url::encode_append(bytes, out);
    match key {
        PublicKey::Rsa(key) => {
            let (n, e) = key.numbers();
            member("kty", &text("RSA"));
            member("n", &bytes(n));
            member("e", &bytes(e));
        }
        PublicKey::Elliptic(key) => {
            let (kty, crv) = match key.curve() {
                Curve::P256 => ("EC", "P-256"),
                Curve::P384 => ("EC", "P-384"),
                Curve::Ed25519 => ("OKP", "Ed25519"),
            };
            member("kty", &text(kty));
            member("crv", &text(crv));
            match key.point() {
                [4, coordinates @ ..] if kty == "EC" => {
                    let (x, y) = coordinates.split_at(coordinates.len() / 2);
                    member("x", &bytes(x));
                    member("y", &bytes(y));
                }
                x => member("x", &bytes(x)),
            }
        }
    }
    member("alg", &text(algorithm.name()));
    member("use", &text("sig"));
    if let Some(kid) = kid {
        member("kid", &|out| escape::json_into(kid, out));
    }
    jwk.push('}');
    jwk
}

/// A public key with its own algorithm, or the usual ones of its kind.
fn public(jwk: &Jwk<'_>, key: &PublicKey, algorithm: Option<Algorithm>) -> Result<Key, KeyError> {
    if jwk.private.iter().any(Option::is_some) {
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
                "use" => {
                    let other = value.as_str().ok_or(KeyError::JwkMalformed)? != *"sig";
                    jwk.may_not_verify |= other;
                    jwk.may_not_sign |= other;
                    return Ok(());
                }
                "key_ops" => {
                    jwk.may_not_verify |= !permits(value, "verify")?;
                    jwk.may_not_sign |= !permits(value, "sign")?;
                    return Ok(());
                }
                other => {
                    let places = PRIVATE.iter().zip(&mut jwk.private);
                    places.filter(|(name, _)| **name == other).for_each(|(_, place)| *place = Some(value));
                    return Ok(());
                }
            };
            *field = Some(value.as_str().ok_or(KeyError::JwkMalformed)?);
            Ok(())
        })?;
        Ok(jwk)
    }

    fn kid(&self) -> Result<Option<String>, KeyError> {
        let kid = self.kid.map(|kid| kid.to_cow().into_owned());
        let bad = kid.as_ref().is_some_and(|kid| kid.is_empty() || kid.len() > 256);
        if bad { Err(KeyError::BadKid) } else { Ok(kid) }
    }

    /// An algorithm of some other purpose, RSA-OAEP say, makes it a key for that purpose.
    fn algorithm(&self) -> Result<Option<Algorithm>, KeyError> {
        let named = |alg: JsonStr<'_>| alg.as_plain().and_then(Algorithm::from_name);
        self.alg.map(|alg| named(alg).ok_or(KeyError::AlgorithmMismatch)).transpose()
    }

    /// The curve of an EC key.
    fn curve(&self) -> Result<Curve, KeyError> {
        let curve = self.crv.ok_or(KeyError::JwkMalformed)?;
        match () {
            () if curve == *"P-256" => Ok(Curve::P256),
            () if curve == *"P-384" => Ok(Curve::P384),
            () => Err(KeyError::Unsupported),
        }
    }

    /// Whether an OKP key is on the one curve of its kind that is supported.
    fn is_ed25519(&self) -> Result<(), KeyError> {
        let curve = self.crv.ok_or(KeyError::JwkMalformed)?;
        if curve == *"Ed25519" { Ok(()) } else { Err(KeyError::Unsupported) }
    }
}

/// Whether `key_ops` (RFC 7517 §4.3), an array of strings, names that operation.
fn permits(value: Value<'_>, wanted: &str) -> Result<bool, KeyError> {
    let Value::Array(items) = value else { return Err(KeyError::JwkMalformed) };
    let (mut named, mut strings) = (false, true);
    array_items(items, |item| match item.as_str() {
        Some(operation) => named |= operation == *wanted,
        None => strings = false,
    });
    if strings { Ok(named) } else { Err(KeyError::JwkMalformed) }
}

/// A member that is there, and a string.
fn secret(member: Option<Value<'_>>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    bytes(member.and_then(|member| member.as_str()))
}

/// A member's bytes, and no copy of them left behind.
fn bytes(field: Option<JsonStr<'_>>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let field = field.ok_or(KeyError::JwkMalformed)?;
    // With room for all of it from the start: a string that grows leaves its beginnings about.
    let mut text = Zeroizing::new(String::with_capacity(field.written_len()));
    text.extend(field.chars());
    let mut out = Zeroizing::new(vec![0; text.len()]);
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
