//! The shared key vectors (`tests/vectors/keys.json`): what may be configured as a key, and what not.
#![cfg(feature = "asymmetric")]

mod common;

use common::{algorithm, all_different, hex, read};
use doorward::keys::{Key, KeyError};
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
    expect: String,
}

impl Vector {
    fn key(&self) -> Result<Key, KeyError> {
        let one = || algorithm(self.alg.as_deref().expect("alg"));
        let many = || self.algs.iter().flatten().map(|alg| algorithm(alg)).collect::<Vec<_>>();
        let secret = || hex(self.secret_hex.as_deref().expect("secret_hex"));
        match self.kind.as_str() {
            "hmac" => Key::hmac(one(), &secret()),
            "hmac_allowing_short" => Key::hmac_allowing_short(one(), &secret()),
            "pem" => Key::from_pem(self.pem.as_deref().expect("pem"), &many()),
            "der" => Key::from_der(&hex(self.der_hex.as_deref().expect("der_hex")), &many()),
            other => panic!("no kind {other}"),
        }
    }
}

#[test]
fn every_vector_gets_its_answer() {
    let file: File = serde_json::from_str(&read("keys.json")).expect("keys.json is of the known format");
    assert_eq!(file.format, 1);
    all_different(file.vectors.iter().map(|vector| vector.name.as_str()));
    assert!(file.vectors.len() >= 153, "only {} vectors", file.vectors.len());
    for (class, least) in [("keys", 70), ("algorithm confusion", 50)] {
        let count = file.vectors.iter().filter(|vector| vector.class == class).count();
        assert!(count >= least, "{class}: {count} vectors");
    }
    let mut failures = vec![];
    for vector in &file.vectors {
        let answer = vector.key().map_or_else(KeyError::code, |_| "ok");
        if answer != vector.expect {
            failures.push(format!("{}: expected {}, got {answer}", vector.name, vector.expect));
        }
    }
    assert!(failures.is_empty(), "{} vectors fail:\n{}", failures.len(), failures.join("\n"));
}
