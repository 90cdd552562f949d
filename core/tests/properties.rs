//! What must hold of every token, not only of those in the vectors.
#![cfg(feature = "asymmetric")]

mod common;

use common::{hex, read};
use doorward::Now;
use doorward::jwt::{self, Algorithm, Rules, SigningKey, TokenError, Verifier};
use doorward::keys::{Key, KeySet};
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: Now = Now::new(1_700_000_000.0, 0);
const SECRET: [u8; 64] = [0x5A; 64];

fn keys() -> KeySet {
    let keys: Value = serde_json::from_str(&read("jwt.json")).unwrap();
    let rsa = Key::from_pem(keys["keys"]["rsa2048"]["pem"].as_str().unwrap(), &[Algorithm::RS256]).unwrap();
    let secret = hex(keys["keys"]["hs256"]["secret_hex"].as_str().unwrap());
    KeySet::new().with(Key::hmac(Algorithm::HS256, &secret).unwrap()).with(rsa)
}

fn verifier() -> Verifier {
    Verifier::new(keys(), Rules::new().any_audience()).unwrap()
}

/// Good tokens, short ones: by a secret and by RSA.
fn good() -> Vec<String> {
    let file: Value = serde_json::from_str(&read("jwt.json")).unwrap();
    let token = |name: &str| {
        let vectors = file["vectors"].as_array().unwrap();
        let vector = vectors.iter().find(|vector| vector["name"] == name).expect(name);
        vector["token"].as_str().unwrap().to_owned()
    };
    vec![token("good: HS256"), token("good: RS256 by rsa2048")]
}

#[test]
fn every_change_of_one_bit_is_refused() {
    let verifier = verifier();
    for token in good() {
        verifier.verify(token.as_bytes(), NOW).unwrap();
        let mut bytes = token.into_bytes();
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(verifier.verify(&bytes, NOW).is_err(), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn every_other_byte_in_every_place_of_a_token_is_refused() {
    let verifier = verifier();
    let mut bytes = good().remove(0).into_bytes();
    for place in 0..bytes.len() {
        let kept = bytes[place];
        for byte in (0..=255).filter(|byte| *byte != kept) {
            bytes[place] = byte;
            assert!(verifier.verify(&bytes, NOW).is_err(), "byte {byte} at {place}");
        }
        bytes[place] = kept;
    }
}

#[test]
fn every_cut_and_every_repeated_byte_is_refused() {
    let verifier = verifier();
    for token in good() {
        let token = token.as_bytes();
        for at in 0..token.len() {
            assert!(verifier.verify(&token[..at], NOW).is_err(), "cut at {at}");
            assert!(verifier.verify(&token[at + 1..], NOW).is_err(), "cut before {at}");
            assert!(
                verifier.verify(&[&token[..at], &token[at + 1..]].concat(), NOW).is_err(),
                "without {at}"
            );
            assert!(verifier.verify(&[&token[..=at], &token[at..]].concat(), NOW).is_err(), "twice {at}");
        }
    }
}

#[test]
fn scratch_space_that_is_too_short_is_an_error_of_its_own() {
    let token = good().remove(0);
    let verifier = verifier();
    for length in 0..token.len() {
        let refused = verifier.verify_in(token.as_bytes(), &mut vec![0; length], NOW).unwrap_err();
        assert_eq!(refused, TokenError::ScratchTooSmall);
    }
    verifier.verify_in(token.as_bytes(), &mut vec![0; token.len()], NOW).unwrap();
}

/// Any JSON, not too deep, with names of all kinds.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |v| v.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(8, 40, 6, |value| {
        prop_oneof![
            prop::collection::vec(value.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(".{0,12}", value, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn words() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[!#-\\[\\]-~]{1,8}", 1..5)
}

prop_compose! {
    fn any_claims()(
        subject in any::<String>(), issuer in any::<String>(), audience in words(), scopes in words(),
        roles in prop::collection::vec(any::<String>(), 0..4), others in any_json(), scope_array: bool, ascii: bool,
        ahead in 1..1_000_000_000_u32,
    ) -> (Value, bool) {
        let scope = if scope_array { json!(scopes) } else { json!(scopes.join(" ")) };
        let exp = 1_700_000_000_u64 + u64::from(ahead);
        (json!({"sub": subject, "iss": issuer, "aud": audience, "scope": scope, "roles": roles, "x": others,
                "exp": exp}), ascii)
    }
}

/// As JSON, with everything beyond ASCII escaped if wished for.
fn written(value: &Value, ascii: bool) -> String {
    let text = value.to_string();
    if !ascii {
        return text;
    }
    let mut units = [0; 2];
    let mut escaped = String::new();
    for character in text.chars() {
        if character.is_ascii() {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn what_is_minted_verifies_and_says_the_same(
        (claims, ascii) in any_claims(),
        algorithm in prop::sample::select(&[Algorithm::HS256, Algorithm::HS384, Algorithm::HS512][..]),
        kid in prop::option::of("\\PC{1,40}"),
    ) {
        let mut signing = SigningKey::hmac(algorithm, &SECRET).unwrap();
        if let Some(kid) = &kid {
            signing = signing.with_kid(kid.as_str());
        }
        let token = jwt::sign(&written(&claims, ascii), &signing).unwrap();

        let key = Key::hmac(algorithm, &SECRET).unwrap();
        let rules = Rules::new()
            .issuer(claims["iss"].as_str().unwrap().to_owned())
            .subject(claims["sub"].as_str().unwrap().to_owned())
            .audience(strings(&claims["aud"]).pop().unwrap());
        let mut scratch = vec![0xFF; token.len()];
        let found = jwt::verify(token.as_bytes(), &key, &rules, &mut scratch, NOW).unwrap();
        prop_assert_eq!(found.subject().unwrap().to_string(), claims["sub"].as_str().unwrap());
        prop_assert_eq!(found.issuer().unwrap().to_string(), claims["iss"].as_str().unwrap());
        prop_assert_eq!(found.audience().to_vec(), strings(&claims["aud"]));
        prop_assert_eq!(found.roles().to_vec().len(), strings(&claims["roles"]).len());
        prop_assert_eq!(found.expiry(), claims["exp"].as_f64());
        let scopes = match &claims["scope"] {
            Value::String(one) => one.split(' ').map(String::from).collect(),
            many => strings(many),
        };
        prop_assert_eq!(found.scopes().to_vec(), scopes);
        prop_assert_eq!(&serde_json::from_str::<Value>(found.payload()).unwrap(), &serde_json::from_str::<Value>(&written(&claims, ascii)).unwrap());
        prop_assert!(found.get("x").is_some() && found.get("y").is_none());

        // By its name, by no name, not by another; and not by another secret.
        let mut keys = KeySet::new();
        keys = match &kid {
            Some(kid) => keys.with_kid(kid.as_str(), key).unwrap(),
            None => keys.with(key),
        };
        let verifier = Verifier::new(keys, rules.clone()).unwrap();
        let owned = verifier.verify(token.as_bytes(), NOW).unwrap();
        prop_assert_eq!(owned.payload(), found.payload());
        let other = Verifier::new(Key::hmac(algorithm, &[1; 64]).unwrap().into(), rules.clone()).unwrap();
        prop_assert_eq!(other.verify(token.as_bytes(), NOW).unwrap_err(), TokenError::InvalidSignature);
        let renamed = KeySet::new().with_kid("\u{1}", Key::hmac(algorithm, &SECRET).unwrap()).unwrap();
        if kid.is_some() {
            prop_assert_eq!(Verifier::new(renamed, rules).unwrap().verify(token.as_bytes(), NOW).unwrap_err(), TokenError::KeyNotFound);
        }
    }

    #[test]
    fn expiry_is_a_line_and_nothing_else(
        exp in 0..=9_007_199_254_740_992_u64, nbf in 0..4_000_000_000_u64, now in 0.0..4e9, tolerance in 0.0..1e6,
    ) {
        let signing = SigningKey::hmac(Algorithm::HS256, &SECRET).unwrap();
        let token = jwt::sign(&json!({"exp": exp, "nbf": nbf}).to_string(), &signing).unwrap();
        let verifier = Verifier::new(Key::hmac(Algorithm::HS256, &SECRET).unwrap().into(), Rules::new().tolerance(tolerance)).unwrap();
        let expected = if now >= exp as f64 + tolerance {
            Err(TokenError::Expired)
        } else if now < nbf as f64 - tolerance {
            Err(TokenError::NotYetValid)
        } else {
            Ok(())
        };
        prop_assert_eq!(verifier.verify(token.as_bytes(), Now::new(now, 0)).map(|_| ()), expected);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(verifier().verify(&bytes, NOW).is_err());
    }

    #[test]
    fn nothing_with_the_look_of_a_token_makes_it_panic(text in "[A-Za-z0-9_.=+-]{0,200}|(eyJhbGciOiJIUzI1NiJ9\\.)[A-Za-z0-9_.-]{0,90}") {
        prop_assert!(verifier().verify(text.as_bytes(), NOW).is_err());
    }

    #[test]
    fn no_payload_makes_it_panic(payload in "(\\{\"(exp|aud|sub|iat|scope)\":)?.{0,60}") {
        let signing = SigningKey::hmac(Algorithm::HS256, &SECRET).unwrap();
        if let Ok(token) = signing.sign_without_expiry(&payload) {
            let verifier = Verifier::new(Key::hmac(Algorithm::HS256, &SECRET).unwrap().into(), Rules::new()).unwrap();
            let _ = verifier.verify(token.as_bytes(), NOW);
            prop_assert!(serde_json::from_str::<Value>(&payload).is_ok_and(|value| value.is_object()));
        }
    }
}
