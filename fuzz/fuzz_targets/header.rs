//! Any bytes as a header, over a good payload, rightly signed by HS256. Accepted exactly when serde_json reads one
//! object within the bounds, `alg` is HS256, and nothing else forbids it.
#![no_main]

use doorward::jwt::TokenError;
use doorward_fuzz::{BY_SECRET, Tree, encode, parse, seal, verify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|header: &[u8]| {
    let segment = encode(header);
    let token = seal(segment.as_bytes(), encode(br#"{"sub":"anna"}"#).as_bytes());
    let outcome = verify(&BY_SECRET, &token).map(|_| ());
    if segment.len() > 4096 {
        return assert_eq!(outcome, Err(TokenError::TooLarge));
    }
    if header.is_empty() {
        return assert_eq!(outcome, Err(TokenError::Malformed));
    }
    let Some(reference) = parse(header) else { return };
    let tree = match reference {
        Ok(tree @ Tree::Object(_)) if tree.within(16) => tree,
        _ => {
            // What comes first in the text is told first.
            return assert!(matches!(outcome, Err(TokenError::InvalidHeader | TokenError::CriticalHeader)));
        }
    };
    let extended = tree.get("crit").is_some() || tree.get("b64").is_some();
    let typed = tree.get("alg").is_some_and(|alg| alg.text().is_some())
        && ["typ", "cty"].iter().all(|name| tree.get(name).is_none_or(|value| value.text().is_some()))
        && tree.get("kid").is_none_or(|kid| kid.text().is_some_and(|kid| (1..=256).contains(&kid.len())));
    match outcome {
        Ok(()) => {
            assert!(!extended && typed, "accepted: {tree:?}");
            assert_eq!(tree.get("alg").and_then(Tree::text), Some("HS256"));
        }
        Err(TokenError::CriticalHeader) => assert!(extended),
        Err(TokenError::InvalidHeader) => assert!(!typed || tree.long_names(), "refused: {tree:?}"),
        // An `alg` written with an escape is none of ours, even where it comes to HS256.
        Err(TokenError::AlgorithmNotAllowed) => {
            let plain = tree.get("alg").and_then(Tree::text) != Some("HS256");
            assert!(plain || header.contains(&b'\\'), "refused: {tree:?}");
        }
        Err(other) => panic!("{other:?}: {tree:?}"),
    }
});
