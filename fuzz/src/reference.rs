//! Verification again, the plain way: no speed, no borrowing, no code of doorward's. RFC 7515 §5.2, RFC 7519 §7.2, and
//! doorward's bounds.

use crate::{Tree, decode, parse};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// What is asked of a token.
#[derive(Clone, Debug)]
pub struct Asked {
    pub algorithms: Vec<&'static str>,
    pub issuer: Option<&'static str>,
    /// `None`: a token that names an audience is refused.
    pub audience: Option<&'static str>,
    pub subject: Option<&'static str>,
    pub typ: Option<&'static str>,
    pub expiry_required: bool,
    pub tolerance: f64,
    pub max_age: Option<f64>,
    pub now: f64,
}

/// Why a token is refused, as far as two readers must agree: where several things are wrong with a text, which of
/// them is told depends on which is read first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Size,
    Shape,
    Header,
    Algorithm,
    Signature,
    Payload,
    Missing,
    Expired,
    Early,
    Issuer,
    Audience,
    Subject,
    Type,
    Future,
    Old,
}

/// The payload of a good token; `None` where this reader cannot say: a number beyond `f64`, or a long name with an
/// escape, which doorward bounds.
#[must_use]
pub fn verify(token: &[u8], secret: &[u8], asked: &Asked) -> Option<Result<Vec<u8>, Refusal>> {
    match check(token, secret, asked) {
        Ok(payload) => Some(Ok(payload)),
        Err(Some(refusal)) => Some(Err(refusal)),
        Err(None) => None,
    }
}

fn check(token: &[u8], secret: &[u8], asked: &Asked) -> Result<Vec<u8>, Option<Refusal>> {
    let refuse = |refusal| Err(Some(refusal));
    if token.len() > 16 * 1024 {
        return refuse(Refusal::Size);
    }
    let parts: Vec<&[u8]> = token.split(|byte| *byte == b'.').collect();
    if parts.len() > 1 && parts[0].len() > 4096 {
        return refuse(Refusal::Size);
    }
    let [header, payload, signature] = parts.as_slice() else { return refuse(Refusal::Shape) };
    if header.is_empty() || payload.is_empty() || signature.is_empty() {
        return refuse(Refusal::Shape);
    }
    let header = decode(header).ok_or(Some(Refusal::Shape))?;
    let members = object(&header, Refusal::Header)?;
    let typ = text_of(&members, "typ", Refusal::Header)?;
    let kid = text_of(&members, "kid", Refusal::Header)?;
    text_of(&members, "cty", Refusal::Header)?;
    let alg = text_of(&members, "alg", Refusal::Header)?.ok_or(Some(Refusal::Header))?;
    let extended = find(&members, "crit").is_some() || find(&members, "b64").is_some();
    if extended || kid.is_some_and(|kid| kid.is_empty() || kid.len() > 256) {
        return refuse(Refusal::Header);
    }
    // Written plainly, or not at all.
    if find(&members, "alg") != Some(&format!("\"{alg}\"")) || !asked.algorithms.contains(&alg.as_str()) {
        return refuse(Refusal::Algorithm);
    }
    if signature.len() > 1366 {
        return refuse(Refusal::Shape);
    }
    let signature = decode(signature).ok_or(Some(Refusal::Shape))?;
    let signed = &token[..token.iter().rposition(|byte| *byte == b'.').unwrap_or_default()];
    if signature != mac(&alg, secret, signed) {
        return refuse(Refusal::Signature);
    }
    let payload = decode(payload).ok_or(Some(Refusal::Payload))?;
    let members = object(&payload, Refusal::Payload)?;
    claims(&members, typ.as_deref(), asked)?;
    Ok(payload)
}

/// HMAC by name.
#[must_use]
pub fn mac(alg: &str, secret: &[u8], signed: &[u8]) -> Vec<u8> {
    macro_rules! tag {
        ($hash:ty) => {{
            let mac = <Hmac<$hash>>::new_from_slice(secret).expect("any length will do");
            mac.chain_update(signed).finalize().into_bytes().to_vec()
        }};
    }
    match alg {
        "HS384" => tag!(sha2::Sha384),
        "HS512" => tag!(sha2::Sha512),
        _ => tag!(sha2::Sha256),
    }
}

fn claims(members: &[Member], typ: Option<&str>, asked: &Asked) -> Result<(), Option<Refusal>> {
    let require = |holds: bool, refusal| if holds { Ok(()) } else { Err(Some(refusal)) };
    let issuer = text_of(members, "iss", Refusal::Payload)?;
    let subject = text_of(members, "sub", Refusal::Payload)?;
    text_of(members, "jti", Refusal::Payload)?;
    let (exp, nbf, iat) = (date(members, "exp")?, date(members, "nbf")?, date(members, "iat")?);
    let audience: Vec<String> = match find(members, "aud") {
        None => vec![],
        Some(value) => {
            let list = serde_json::from_str(value)
                .map(|one: String| vec![one])
                .or_else(|_| serde_json::from_str(value));
            let list: Vec<String> = list.map_err(|_| Some(Refusal::Payload))?;
            require(!list.is_empty() && list.iter().all(|one| !one.is_empty()), Refusal::Payload)?;
            list
        }
    };
    if let Some(expected) = asked.typ {
        let plain = |typ: &str| {
            let typ = typ.to_ascii_lowercase();
            typ.strip_prefix("application/").filter(|rest| !rest.contains('/')).unwrap_or(&typ).to_owned()
        };
        require(typ.is_some_and(|typ| plain(typ) == plain(expected)), Refusal::Type)?;
    }
    let Asked { now, tolerance, .. } = *asked;
    require(now.is_finite(), Refusal::Expired)?;
    match exp {
        Some(exp) => require(now < exp + tolerance, Refusal::Expired)?,
        None => require(!asked.expiry_required, Refusal::Missing)?,
    }
    require(nbf.is_none_or(|nbf| now >= nbf - tolerance), Refusal::Early)?;
    if let Some(age) = asked.max_age {
        let iat = iat.ok_or(Some(Refusal::Missing))?;
        require(iat - tolerance <= now, Refusal::Future)?;
        require(now < iat + age + tolerance, Refusal::Old)?;
    }
    require(asked.issuer.is_none_or(|issuer_| issuer.as_deref() == Some(issuer_)), Refusal::Issuer)?;
    let for_us = match asked.audience {
        None => audience.is_empty(),
        Some(ours) => audience.iter().any(|one| one == ours),
    };
    require(for_us, Refusal::Audience)?;
    require(asked.subject.is_none_or(|ours| subject.as_deref() == Some(ours)), Refusal::Subject)
}

fn date(members: &[Member], name: &str) -> Result<Option<f64>, Option<Refusal>> {
    let Some(text) = find(members, name) else { return Ok(None) };
    let number = text.as_bytes()[0].is_ascii_digit() && text.len() <= 32;
    let seconds = text.parse::<f64>().ok().filter(|seconds| number && *seconds <= 9_007_199_254_740_992.0);
    seconds.map(Some).ok_or(Some(Refusal::Payload))
}

/// A member that is there must be a string.
fn text_of(members: &[Member], name: &str, refusal: Refusal) -> Result<Option<String>, Option<Refusal>> {
    find(members, name).map(|value| serde_json::from_str(value).map_err(|_| Some(refusal))).transpose()
}

type Member = (String, String);

fn find<'m>(members: &'m [Member], name: &str) -> Option<&'m String> {
    members.iter().find(|(found, _)| found == name).map(|(_, value)| value)
}

/// One object within the bounds, its members' values as written.
fn object(text: &[u8], refusal: Refusal) -> Result<Vec<Member>, Option<Refusal>> {
    let tree = match parse(text) {
        None => return Err(None),
        Some(tree) => tree.map_err(|_| Some(refusal))?,
    };
    if !matches!(tree, Tree::Object(_)) || !tree.within(16) {
        return Err(Some(refusal));
    }
    if tree.long_names() && text.contains(&b'\\') {
        return Err(None);
    }
    serde_json::from_slice::<Members>(text).map(|members| members.0).map_err(|_| Some(refusal))
}

struct Members(Vec<Member>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Build;
        impl<'de> Visitor<'de> for Build {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    members.push((name, value.get().to_owned()));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Build)
    }
}
