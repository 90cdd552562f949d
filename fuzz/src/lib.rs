//! The other side of every comparison: tokens signed by the `hmac` crate, JSON read by `serde_json`, base64url by
//! `base64`. Nothing here comes from doorward but its answer.

pub mod reference;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::Now;
use doorward::jwt::{Algorithm, Audience, OwnedClaims, Rules, TokenError, Verifier};
use doorward::keys::{Key, KeySet};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

pub const NOW: Now = Now::new(1_700_000_000.0, 0);
pub const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
/// The fixed secret of the shared vectors (`hs256`), so that their tokens are good seeds.
pub const SECRET: [u8; 32] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
    29, 30, 31, 32,
];

#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Strict: no padding, no spare bits, no other alphabet.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[must_use]
pub fn tag(signed: &[u8]) -> Vec<u8> {
    let state = Hmac::<sha2::Sha256>::new_from_slice(&SECRET).expect("any length will do");
    state.chain_update(signed).finalize().into_bytes().to_vec()
}

/// A token over these parts as they stand, its signature good.
#[must_use]
pub fn seal(header: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut token = [header, b".", payload].concat();
    let tag = encode(&tag(&token));
    token.push(b'.');
    token.extend(tag.as_bytes());
    token
}

fn verifier(keys: KeySet, rules: Rules<'static>) -> Verifier {
    Verifier::new(keys, rules).expect("keys and an audience rule")
}

fn secret() -> Key {
    Key::hmac(Algorithm::HS256, &SECRET).expect("a good secret")
}

/// One shared secret; the audience, if any, is not looked at; `exp` may be missing.
pub static BY_SECRET: LazyLock<Verifier> =
    LazyLock::new(|| verifier(secret().into(), Rules::new().any_audience().without_expiry()));

/// The secret and an RSA key (whose private half signs nothing here).
pub static BY_BOTH: LazyLock<Verifier> = LazyLock::new(|| {
    #[derive(serde::Deserialize)]
    struct File {
        keys: std::collections::BTreeMap<String, PublicKey>,
    }
    #[derive(serde::Deserialize)]
    struct PublicKey {
        pem: Option<String>,
    }
    let file: File = serde_json::from_str(include_str!("../../tests/vectors/jwt.json")).expect("the vectors");
    let pem = file.keys["rsa2048"].pem.as_deref().expect("a PEM");
    let rsa =
        Key::from_pem(pem, &[Algorithm::RS256, Algorithm::RS384, Algorithm::RS512]).expect("a good key");
    let rules = Rules::new().any_audience();
    assert!(matches!(rules.audience_rule(), Audience::Any));
    verifier(KeySet::new().with(secret()).with(rsa), rules)
});

/// Both ways of asking, which must agree.
pub fn verify(verifier: &Verifier, token: &[u8]) -> Result<OwnedClaims, TokenError> {
    verify_at(verifier, token, NOW)
}

/// The same at any time.
pub fn verify_at(verifier: &Verifier, token: &[u8], now: Now) -> Result<OwnedClaims, TokenError> {
    let owned = verifier.verify(token, now);
    let mut scratch = vec![0xA5; token.len()];
    let borrowed = verifier.verify_in(token, &mut scratch, now);
    assert_eq!(
        owned.as_ref().map(OwnedClaims::payload),
        borrowed.as_ref().map(|claims| claims.payload()),
        "verify and verify_in disagree"
    );
    owned
}

/// Tokens of every public algorithm that nobody signed: zeros, ones, R the identity and S zero. With a key of low
/// order, Ed25519 takes the last for one message in eight.
pub fn garbage() -> impl Iterator<Item = String> {
    let algorithms = Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric());
    algorithms.flat_map(|algorithm| {
        let header = encode(format!(r#"{{"alg":"{algorithm}"}}"#).as_bytes());
        let lengths: &[usize] = match algorithm {
            Algorithm::ES384 => &[96],
            algorithm if algorithm.is_rsa() => &[256, 384],
            _ => &[64],
        };
        lengths.iter().flat_map(move |length| {
            let mut identity = vec![0; *length];
            identity[0] = 1;
            let header = header.clone();
            let signatures = [vec![0; *length], vec![0xFF; *length], identity];
            signatures.into_iter().enumerate().flat_map(move |(kind, signature)| {
                let header = header.clone();
                let messages = if kind == 2 && algorithm == Algorithm::EdDSA { 32 } else { 1 };
                (0..messages).map(move |number| {
                    let payload = encode(format!(r#"{{"exp":4102444800,"n":{number}}}"#).as_bytes());
                    format!("{header}.{payload}.{}", encode(&signature))
                })
            })
        })
    })
}

/// A whole JSON text, every member kept. serde_json refuses what is no JSON; and, besides, 128 levels and numbers
/// beyond `f64`, which [`parse`] tells apart.
#[derive(Debug, PartialEq)]
pub enum Tree {
    Null,
    Bool(bool),
    Number(f64),
    String(String),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(found, _)| found == name).map(|(_, value)| value)
    }

    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// At most 16 levels, 64 members, every name once.
    #[must_use]
    pub fn within(&self, left: usize) -> bool {
        match self {
            Self::Array(items) => left > 0 && items.iter().all(|item| item.within(left - 1)),
            Self::Object(members) => {
                let names: BTreeSet<_> = members.iter().map(|(name, _)| name).collect();
                left > 0
                    && members.len() <= 64
                    && names.len() == members.len()
                    && members.iter().all(|(_, value)| value.within(left - 1))
            }
            _ => true,
        }
    }

    /// Whether some name is so long that an escape in it would be refused.
    #[must_use]
    pub fn long_names(&self) -> bool {
        match self {
            Self::Array(items) => items.iter().any(Self::long_names),
            Self::Object(members) => {
                members.iter().any(|(name, value)| name.len() > 40 || value.long_names())
            }
            _ => false,
        }
    }
}

/// `None` where serde_json cannot say: a number out of its range.
#[must_use]
pub fn parse(bytes: &[u8]) -> Option<Result<Tree, serde_json::Error>> {
    // Bytes that are no UTF-8 are no JSON either; as a `str`, serde_json gives surrogates no leeway.
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Some(serde_json::from_str("\u{0}"));
    };
    match serde_json::from_str::<Tree>(text) {
        Err(error) if error.to_string().starts_with("number out of range") => None,
        other => Some(other),
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Build;
        impl<'de> Visitor<'de> for Build {
            type Value = Tree;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Bool(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
                Ok(Tree::Number(value as f64))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
                Ok(Tree::Number(value as f64))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
                Ok(Tree::Number(value))
            }
            fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
                Ok(Tree::String(value.into()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Tree::Array(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Tree::Object(members))
            }
        }
        deserializer.deserialize_any(Build)
    }
}
