//! The shared key vectors (`tests/vectors/keys.json`): what may be configured as a key, and what not.
#![cfg(feature = "asymmetric")]

mod common;

use common::{algorithm, all_different, hex, read};
use doorward::jwt::{self, Algorithm, Limits, SigningKey};
use doorward::keys::{Key, KeyError, KeySet};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    class: String,
    kind: String,
    alg: Option<String>,
    algs: Option<Vec<String>>,
    secret_hex: Option<String>,
    pem: Option<String>,
    der_hex: Option<String>,
    jwk: Option<String>,
    /// After `ok`, of a key that signs.
    jws: Option<String>,
    /// After `ok`, of a JWK.
    kid: Option<String>,
    jwks: Option<SetText>,
    /// After `ok`, of a JWK Set: the `kid` of each key that was taken, in order.
    accepted: Option<Vec<Option<String>>>,
    /// The place and code of each other.
    left_out: Option<Vec<(usize, String)>>,
    expect: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum SetText {
    Text(String),
    Made(Made),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Made {
    /// Prefix, unit, count, suffix.
    repeat: (String, String, usize, String),
}

impl SetText {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Made(Made { repeat: (prefix, unit, count, suffix) }) => {
                [prefix, &*unit.repeat(*count), suffix].concat()
            }
        }
    }
}

impl Vector {
    fn algorithms(&self) -> Vec<Algorithm> {
        self.algs.iter().flatten().map(|alg| algorithm(alg)).collect()
    }

    /// What comes of it: a code, and what else is not as it must be.
    fn outcome(&self) -> (&'static str, Option<String>) {
        let one = || algorithm(self.alg.as_deref().expect("alg"));
        let secret = || hex(self.secret_hex.as_deref().expect("secret_hex"));
        let key = match self.kind.as_str() {
            "hmac" => Key::hmac(one(), &secret()),
            "hmac_allowing_short" => Key::hmac_allowing_short(one(), &secret()),
            "pem" => Key::from_pem(self.pem.as_deref().expect("pem"), &self.algorithms()),
            "der" => Key::from_der(&hex(self.der_hex.as_deref().expect("der_hex")), &self.algorithms()),
            "jwk" => match Key::from_jwk(self.jwk.as_deref().expect("jwk")) {
                Ok((kid, _)) if kid != self.kid => return ("ok", Some(format!("the kid is {kid:?}"))),
                other => other.map(|(_, key)| key),
            },
            "jwks" => return self.set(),
            "signing_pem" => {
                return self.signing(SigningKey::from_pem(self.pem.as_deref().expect("pem"), one()));
            }
            "signing_der" => {
                let der = hex(self.der_hex.as_deref().expect("der_hex"));
                return self.signing(SigningKey::from_der(&der, one()));
            }
            "signing_jwk" => return self.signing(SigningKey::from_jwk(self.jwk.as_deref().expect("jwk"))),
            other => panic!("no kind {other}"),
        };
        let key = match key {
            Ok(key) => key,
            Err(error) => return (error.code(), None),
        };
        let expected = if self.alg.is_some() { vec![one()] } else { self.algorithms() };
        let wrong = Algorithm::ALL.iter().any(|alg| key.allows(*alg) != expected.contains(alg));
        ("ok", wrong.then(|| format!("it allows {key:?}")))
    }

    fn signing(&self, key: Result<SigningKey, KeyError>) -> (&'static str, Option<String>) {
        let key = match key {
            Ok(key) => key,
            Err(error) => return (error.code(), None),
        };
        if self.expect != "ok" {
            return ("ok", None);
        }
        let alg = algorithm(self.alg.as_deref().expect("alg"));
        if key.algorithm() != alg || key.kid() != self.kid.as_deref() {
            return ("ok", Some(format!("it is {key:?} with the kid {:?}", key.kid())));
        }
        let (ours, theirs) =
            (key.sign_jws(b"hello, not JSON").expect("a payload"), self.jws.as_ref().expect("jws"));
        let chance = ["PS", "ES"].contains(&&alg.name()[..2]);
        if !chance && ours != *theirs {
            return ("ok", Some(format!("it signs {ours}")));
        }
        // What is published verifies as what is kept does; a secret is not published.
        let mut keys = vec![key.verifying_key()];
        match key.public_jwk() {
            Some(jwk) => {
                let (kid, key) = Key::from_jwk(&jwk).expect("a public JWK");
                assert_eq!(kid, self.kid);
                keys.push(key);
            }
            None => assert!(alg.is_symmetric()),
        }
        let verifies = |key: &Key, jws: &str| {
            let mut scratch = vec![0; jws.len()];
            jwt::verify_jws(jws.as_bytes(), key, &Limits::DEFAULT, &mut scratch).is_ok()
        };
        let good = keys.iter().all(|key| {
            let only = Algorithm::ALL.iter().all(|other| key.allows(*other) == (*other == alg));
            only && verifies(key, &ours) && verifies(key, theirs)
        });
        ("ok", (!good).then(|| "its public half does not verify".to_owned()))
    }

    fn set(&self) -> (&'static str, Option<String>) {
        let text = self.jwks.as_ref().expect("jwks").text();
        let (set, left_out) = match KeySet::from_jwks(&text) {
            Ok(read) => read,
            Err(error) => return (error.code(), None),
        };
        if self.expect != "ok" {
            return ("ok", None);
        }
        let left_out: Vec<_> =
            left_out.into_iter().map(|(place, error)| (place, error.code().to_owned())).collect();
        if Some(&left_out) != self.left_out.as_ref() {
            return ("ok", Some(format!("left out: {left_out:?}")));
        }
        let accepted = self.accepted.as_ref().expect("accepted");
        if set.len() != accepted.len() || set.is_empty() != accepted.is_empty() {
            return ("ok", Some(format!("{} keys", set.len())));
        }
        // A kid is there if it can't be had again.
        let absent = accepted.iter().flatten().find(|kid| {
            let (set, _) = KeySet::from_jwks(&text).expect("as before");
            let key = Key::hmac(Algorithm::HS256, &[7; 32]).expect("a secret");
            set.with_kid(kid.as_str(), key).err() != Some(KeyError::DuplicateKid)
        });
        ("ok", absent.map(|kid| format!("no key {kid}")))
    }
}

#[test]
fn every_vector_gets_its_answer() {
    let file: File = serde_json::from_str(&read("keys.json")).expect("keys.json is of the known format");
    assert_eq!(file.format, 1);
    all_different(file.vectors.iter().map(|vector| vector.name.as_str()));
    assert!(file.vectors.len() >= 1350, "only {} vectors", file.vectors.len());
    for (class, least) in [
        ("keys", 270),
        ("algorithm confusion", 55),
        ("jwk", 425),
        ("jwks", 65),
        ("private keys", 300),
        ("private jwk", 230),
    ] {
        let count = file.vectors.iter().filter(|vector| vector.class == class).count();
        assert!(count >= least, "{class}: {count} vectors");
    }
    let mut failures = vec![];
    for vector in &file.vectors {
        let (answer, wrong) = vector.outcome();
        if answer != vector.expect {
            failures.push(format!("{}: expected {}, got {answer}", vector.name, vector.expect));
        }
        failures.extend(wrong.map(|wrong| format!("{}: {wrong}", vector.name)));
    }
    assert!(failures.is_empty(), "{} vectors fail:\n{}", failures.len(), failures.join("\n"));
}
