//! Any text as a JWK Set. What is kept is kept rightly: each key also reads alone, under its own `kid`; each that is
//! left out is named by its place, and reads alone no better.
#![no_main]

use doorward::jwt::{Rules, Verifier};
use doorward::keys::{Key, KeyError, KeySet};
use doorward_fuzz::{NOW, garbage};
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};

fuzz_target!(|text: &str| {
    let Ok((set, left_out)) = KeySet::from_jwks(text) else { return };
    assert!(text.len() <= 256 * 1024);
    let object: BTreeMap<String, &RawValue> = serde_json::from_str(text).expect("a set is an object");
    let items: Vec<&RawValue> = serde_json::from_str(object["keys"].get()).expect("keys are an array");
    assert!(items.len() <= 100);
    assert_eq!(set.len() + left_out.len(), items.len());
    assert!(left_out.is_sorted_by(|a, b| a.0 < b.0), "places, in order, each once");
    let left_out: BTreeMap<usize, KeyError> = left_out.into_iter().collect();
    let mut kids = BTreeSet::new();
    for (place, item) in items.iter().enumerate() {
        let alone = Key::from_jwk(item.get());
        match (left_out.get(&place), alone) {
            (None, Ok((kid, key))) => {
                assert!(!key.is_secret());
                assert!(kid.is_none_or(|kid| (1..=256).contains(&kid.len()) && kids.insert(kid)));
            }
            (Some(KeyError::DuplicateKid), Ok((kid, _))) => assert!(kids.contains(&kid.expect("a kid"))),
            (Some(KeyError::Unsupported), Ok((_, key))) => assert!(key.is_secret()),
            (Some(error), Err(alone)) => assert_eq!(*error, alone),
            (found, alone) => panic!("in the set {found:?}, alone {alone:?}"),
        }
    }
    let Ok(verifier) = Verifier::new(set, Rules::new().any_audience()) else { return };
    for token in garbage() {
        verifier.verify(token.as_bytes(), NOW).map(|_| ()).expect_err("nobody signed this");
    }
});
