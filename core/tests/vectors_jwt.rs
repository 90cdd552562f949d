//! The shared token vectors (`tests/vectors/jwt.json`), through the bare function and through the verifier.
#![cfg(feature = "asymmetric")]

mod common;

use common::{algorithm, all_different, hex, read};
use doorward::Now;
use doorward::jwt::{self, Claims, Rules, TokenError, Verifier};
use doorward::keys::{Key, KeySet};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    keys: BTreeMap<String, KeyText>,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum KeyText {
    Hmac { alg: String, secret_hex: String },
    Pem { algs: Vec<String>, pem: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    class: String,
    token: Token,
    keys: Vec<KeyName>,
    rules: RulesText,
    now: f64,
    expect: String,
    claims: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Token {
    Text(String),
    Made(Made),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Made {
    /// Prefix, unit, count, suffix.
    repeat: (String, String, usize, String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyName {
    name: String,
    kid: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesText {
    issuer: Option<OneOrMany>,
    audience: Option<AudienceText>,
    subject: Option<OneOrMany>,
    algorithms: Option<Vec<String>>,
    token_type: Option<OneOrMany>,
    id: Option<OneOrMany>,
    nonce: Option<OneOrMany>,
    required: Option<OneOrMany>,
    max_age: Option<f64>,
    max_lifetime: Option<f64>,
    tolerance: Option<f64>,
    require_expiry: Option<bool>,
    #[serde(default)]
    ignore_expiry: bool,
    #[serde(default)]
    ignore_not_before: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum AudienceText {
    OneOf(OneOrMany),
    Any(Any),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Any {
    any: bool,
}

impl Token {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Made(Made { repeat: (prefix, unit, count, suffix) }) => {
                [prefix.as_bytes(), unit.repeat(*count).as_bytes(), suffix.as_bytes()].concat()
            }
        }
    }
}

impl KeyText {
    fn key(&self) -> Key {
        match self {
            Self::Hmac { alg, secret_hex } => Key::hmac(algorithm(alg), &hex(secret_hex)),
            Self::Pem { algs, pem } => {
                Key::from_pem(pem, &algs.iter().map(|alg| algorithm(alg)).collect::<Vec<_>>())
            }
        }
        .expect("the keys of the vectors are good")
    }
}

impl OneOrMany {
    fn list(&self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one.clone()],
            Self::Many(many) => many.clone(),
        }
    }
}

impl RulesText {
    fn rules(&self) -> Rules<'static> {
        let mut rules = Rules::new().tolerance(self.tolerance.unwrap_or(0.0));
        if let Some(issuer) = &self.issuer {
            rules = rules.issuer(issuer.list());
        }
        match &self.audience {
            Some(AudienceText::OneOf(audience)) => rules = rules.audience(audience.list()),
            Some(AudienceText::Any(Any { any })) => {
                assert!(*any, "any is true or not there");
                rules = rules.any_audience();
            }
            None => {}
        }
        if let Some(subject) = &self.subject {
            rules = rules.subject(subject.list());
        }
        if let Some(algorithms) = &self.algorithms {
            rules = rules.algorithms(&algorithms.iter().map(|name| algorithm(name)).collect::<Vec<_>>());
        }
        if let Some(types) = &self.token_type {
            rules = rules.token_type(types.list());
        }
        if let Some(id) = &self.id {
            rules = rules.id(id.list());
        }
        if let Some(nonce) = &self.nonce {
            rules = rules.nonce(nonce.list());
        }
        if let Some(required) = &self.required {
            rules = rules.required(required.list());
        }
        if let Some(seconds) = self.max_age {
            rules = rules.max_age(seconds);
        }
        if let Some(seconds) = self.max_lifetime {
            rules = rules.max_lifetime(seconds);
        }
        if self.require_expiry == Some(false) {
            rules = rules.without_expiry();
        }
        if self.ignore_expiry {
            rules = rules.ignoring_expiry();
        }
        if self.ignore_not_before { rules.ignoring_not_before() } else { rules }
    }
}

/// Codes that no vector can bring about: the scratch space is the caller's, and revocations are the gate's.
const ELSEWHERE: [&str; 4] = ["scratch_too_small", "token_revoked", "keys_unavailable", "issuer_unknown"];

fn load() -> File {
    let file: File = serde_json::from_str(&read("jwt.json")).expect("jwt.json is of the known format");
    assert_eq!(file.format, 1);
    file
}

/// What is wrong with the outcome, if anything.
fn compare(vector: &Vector, outcome: Result<Claims<'_>, &str>) -> Option<String> {
    match outcome {
        Err(code) if code == vector.expect => None,
        Err(code) => Some(format!("expected {}, was refused: {code}", vector.expect)),
        Ok(_) if vector.expect != "ok" => Some(format!("expected {}, was ACCEPTED", vector.expect)),
        Ok(claims) => {
            let text = |found: Option<jwt::JsonStr<'_>>| found.map_or(Value::Null, |s| s.to_string().into());
            vector.claims.iter().flatten().find_map(|(name, expected)| {
                let found = match name.as_str() {
                    "subject" => text(claims.subject()),
                    "issuer" => text(claims.issuer()),
                    "scopes" => claims.scopes().to_vec().into(),
                    "roles" => claims.roles().to_vec().into(),
                    "audience" => claims.audience().to_vec().into(),
                    other => panic!("no claim {other} to compare"),
                };
                (found != *expected).then(|| format!("{name} is {found}, expected {expected}"))
            })
        }
    }
}

fn report(failures: &[String], of: usize) {
    assert!(failures.is_empty(), "{} of {of} vectors fail:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_verifier_gives_every_vector_its_answer() {
    let file = load();
    let mut failures = vec![];
    for vector in &file.vectors {
        let mut keys = KeySet::new();
        for KeyName { name, kid } in &vector.keys {
            let key = file.keys[name].key();
            keys = match kid {
                Some(kid) => keys.with_kid(kid.as_str(), key).expect("the kids of the vectors are good"),
                None => keys.with(key),
            };
        }
        let token = vector.token.bytes();
        let now = Now::new(vector.now, 0);
        let owned;
        let outcome = match Verifier::new(keys, vector.rules.rules()) {
            Err(error) => Err(error.code()),
            Ok(verifier) => {
                owned = verifier.verify(&token, now);
                // The borrowing way must agree, whatever was in its scratch before.
                let mut scratch = vec![0xA5; token.len()];
                let borrowed = verifier.verify_in(&token, &mut scratch, now);
                let payloads = (owned.as_ref().map(|c| c.payload()), borrowed.as_ref().map(|c| c.payload()));
                if payloads.0 != payloads.1 {
                    failures.push(format!("{}: verify and verify_in disagree", vector.name));
                }
                owned.as_ref().map(|claims| claims.claims()).map_err(|error| error.code())
            }
        };
        failures.extend(compare(vector, outcome).map(|wrong| format!("{}: {wrong}", vector.name)));
    }
    report(&failures, file.vectors.len());
}

#[test]
fn the_bare_function_gives_every_vector_of_one_key_its_answer() {
    let file = load();
    let mut failures = vec![];
    let mut run = 0;
    for vector in &file.vectors {
        let [KeyName { name, kid: None }] = vector.keys.as_slice() else { continue };
        run += 1;
        let token = vector.token.bytes();
        let mut scratch = vec![0x5A; token.len()];
        let outcome = jwt::verify(
            &token,
            &file.keys[name].key(),
            &vector.rules.rules(),
            &mut scratch,
            Now::new(vector.now, 0),
        );
        let outcome = outcome.map_err(TokenError::code);
        failures.extend(compare(vector, outcome).map(|wrong| format!("{}: {wrong}", vector.name)));
    }
    report(&failures, run);
    assert!(run >= 1280, "only {run} vectors have one key");
}

/// Whoever tests the audience for himself gets what a list of the same audiences gets.
#[test]
fn an_audience_test_of_the_callers_gives_the_same_answers() {
    let file = load();
    let mut failures = vec![];
    let mut run = 0;
    for vector in &file.vectors {
        let [KeyName { name, kid: None }] = vector.keys.as_slice() else { continue };
        let Some(AudienceText::OneOf(expected)) = &vector.rules.audience else { continue };
        run += 1;
        let expected = expected.list();
        let accepts = |found: jwt::JsonStr<'_>| expected.iter().any(|one| found == **one);
        let rules = vector.rules.rules().audience_accepted_by(&accepts);
        let token = vector.token.bytes();
        let mut scratch = vec![0; token.len()];
        let key = file.keys[name].key();
        let outcome = jwt::verify(&token, &key, &rules, &mut scratch, Now::new(vector.now, 0));
        let outcome = outcome.map_err(TokenError::code);
        failures.extend(compare(vector, outcome).map(|wrong| format!("{}: {wrong}", vector.name)));
    }
    report(&failures, run);
    assert!(run >= 30, "only {run} vectors have an audience");
}

/// What ends a cached token is what ends it when it is verified: the window of every vector that passes holds `now`.
#[test]
#[cfg(feature = "std")]
fn every_token_that_passes_lies_in_its_window() {
    let file = load();
    let mut run = 0;
    for vector in file.vectors.iter().filter(|vector| vector.expect == "ok") {
        let [KeyName { name, .. }] = vector.keys.as_slice() else { continue };
        let token = vector.token.bytes();
        let verifier = Verifier::new(KeySet::from(file.keys[name].key()), vector.rules.rules()).unwrap();
        let claims = verifier.verify(&token, Now::new(vector.now, 0)).unwrap();
        let window = verifier.window(&claims.claims());
        assert!(window.contains(vector.now), "{}: {window:?}", vector.name);
        run += 1;
        // Just inside and just outside, by the window and by verifying again.
        for unix in [window.from, window.from - 1.0, window.until - 1.0, window.until, window.until + 1.0] {
            if unix.is_finite() {
                let again = verifier.verify(&token, Now::new(unix, 0)).is_ok();
                assert_eq!(again, window.contains(unix), "{} at {unix}: {window:?}", vector.name);
            }
        }
    }
    assert!(run >= 250, "only {run} vectors pass");
}

#[test]
fn the_vectors_are_the_whole_set() {
    let file = load();
    all_different(file.vectors.iter().map(|vector| vector.name.as_str()));
    assert!(file.vectors.len() >= 1377, "only {} vectors", file.vectors.len());
    for (class, least) in [
        ("algorithm", 40),
        ("algorithm confusion", 90),
        ("signature", 58),
        ("crit", 15),
        ("duplicate members", 25),
        ("dates", 100),
        ("issuer, audience, subject", 70),
        ("base64url", 80),
        ("shape", 60),
        ("kid", 30),
        ("Node strings", 6),
        ("good", 64),
        ("strings", 30),
        ("scopes and roles", 30),
        ("bounds", 30),
        ("ECDSA, EdDSA", 110),
        ("rules: algorithms", 15),
        ("rules: token_type", 55),
        ("rules: id", 20),
        ("rules: nonce", 20),
        ("rules: required", 30),
        ("rules: max_age", 30),
        ("rules: max_lifetime", 17),
        ("rules: ignoring dates", 14),
    ] {
        let count = file.vectors.iter().filter(|vector| vector.class == class).count();
        assert!(count >= least, "{class}: {count} vectors");
    }
    // Every key is used, and every code a token can get is expected somewhere.
    let used: BTreeSet<_> = file.vectors.iter().flat_map(|v| &v.keys).map(|key| key.name.as_str()).collect();
    assert_eq!(used, file.keys.keys().map(String::as_str).collect());
    let expected: BTreeSet<_> = file.vectors.iter().map(|vector| vector.expect.as_str()).collect();
    let known = TokenError::ALL.map(TokenError::code);
    let missing: Vec<_> =
        known.iter().filter(|code| !ELSEWHERE.contains(code) && !expected.contains(**code)).collect();
    assert_eq!(missing, Vec::<&&str>::new());
    assert!(expected.iter().all(|code| *code == "ok" || known.contains(code)), "{expected:?}");
}
