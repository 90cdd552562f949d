//! Any bytes as a payload, rightly signed. We accept what serde_json reads as one object within the bounds with
//! registered claims of the right types, say the same of it, and accept nothing else.
#![no_main]

use doorward::jwt::{JsonStr, TokenError, Words};
use doorward_fuzz::{BY_SECRET, HEADER, Tree, encode, parse, seal, verify};
use libfuzzer_sys::fuzz_target;

/// 2⁵³ seconds.
const LAST_DATE: f64 = 9_007_199_254_740_992.0;

fuzz_target!(|payload: &[u8]| {
    let token = seal(encode(HEADER.as_bytes()).as_bytes(), encode(payload).as_bytes());
    let outcome = verify(&BY_SECRET, &token);
    if token.len() > 16384 {
        return assert_eq!(outcome.unwrap_err(), TokenError::TooLarge);
    }
    if payload.is_empty() {
        return assert_eq!(outcome.unwrap_err(), TokenError::Detached);
    }
    let Some(reference) = parse(payload) else { return };
    let tree = match reference {
        Ok(tree @ Tree::Object(_)) if tree.within(16) => tree,
        _ => {
            let error = outcome.map(|_| ()).expect_err("this is no payload");
            if error == TokenError::Nested {
                return assert_eq!(payload.split(|byte| *byte == b'.').count(), 3, "no token");
            }
            // What comes first in the text is told first.
            assert!(matches!(error, TokenError::InvalidPayload | TokenError::InvalidClaim), "{error:?}");
            return;
        }
    };
    let good_types = types_are_good(&tree);
    let claims = match &outcome {
        Ok(claims) => claims.claims(),
        Err(TokenError::InvalidPayload) => return assert!(tree.long_names(), "refused: {tree:?}"),
        // The text of a date may be too long, or have a minus before its zero: the tree can't say.
        Err(TokenError::InvalidClaim) => {
            return assert!(!good_types || has_dates(&tree), "refused: {tree:?}");
        }
        Err(TokenError::Expired) => return assert!(number(&tree, "exp").unwrap() <= 1_700_000_000.0),
        Err(TokenError::NotYetValid) => return assert!(number(&tree, "nbf").unwrap() > 1_700_000_000.0),
        Err(other) => panic!("{other:?}: {tree:?}"),
    };
    assert!(good_types, "accepted: {tree:?}");
    let same = |ours: Option<JsonStr<'_>>, name| {
        assert_eq!(
            ours.map(|text| text.to_string()).as_deref(),
            tree.get(name).and_then(Tree::text),
            "{name}"
        );
    };
    same(claims.issuer(), "iss");
    same(claims.subject(), "sub");
    same(claims.id(), "jti");
    for (ours, name) in [(claims.expiry(), "exp"), (claims.not_before(), "nbf"), (claims.issued_at(), "iat")]
    {
        // serde_json rounds to within one step.
        let (ours, theirs) = (ours.unwrap_or(-1.0), number(&tree, name).unwrap_or(-1.0));
        assert!((ours - theirs).abs() <= ours.abs() * f64::EPSILON, "{name}: {ours} {theirs}");
    }
    assert!(claims.expiry().is_none_or(|exp| exp > 1_700_000_000.0));
    assert!(claims.not_before().is_none_or(|nbf| nbf <= 1_700_000_000.0));
    assert_eq!(claims.audience().to_vec(), whole(tree.get("aud")));
    assert_eq!(claims.roles().to_vec(), whole(tree.get("roles").or(tree.get("role"))));
    scopes_are_the_same(claims.scopes(), tree.get("scope").or(tree.get("scp")));
    if let Tree::Object(members) = &tree {
        for (name, value) in members {
            let found = claims.get(name).expect("every member is found");
            assert_eq!(found.as_str().map(|text| text.to_string()).as_deref(), value.text());
        }
    }
});

fn number(tree: &Tree, name: &str) -> Option<f64> {
    if let Some(Tree::Number(number)) = tree.get(name) { Some(*number) } else { None }
}

fn has_dates(tree: &Tree) -> bool {
    ["exp", "nbf", "iat"].iter().any(|name| tree.get(name).is_some())
}

fn types_are_good(tree: &Tree) -> bool {
    let strings = ["iss", "sub", "jti"].iter().all(|name| tree.get(name).is_none_or(|v| v.text().is_some()));
    let dates = ["exp", "nbf", "iat"].iter().all(|name| {
        // Within one step: see above.
        tree.get(name).is_none_or(|v| matches!(v, Tree::Number(n) if (0.0..=LAST_DATE + 2.0).contains(n)))
    });
    let audience = tree.get("aud").is_none_or(|aud| match aud {
        Tree::String(one) => !one.is_empty(),
        Tree::Array(many) => {
            !many.is_empty() && many.iter().all(|one| one.text().is_some_and(|t| !t.is_empty()))
        }
        _ => false,
    });
    strings && dates && audience
}

/// One string, or an array of nothing but strings.
fn whole(value: Option<&Tree>) -> Vec<String> {
    match value {
        Some(Tree::String(one)) if !one.is_empty() => vec![one.clone()],
        Some(Tree::Array(many)) => {
            many.iter().map(|one| one.text().map(String::from)).collect::<Option<_>>().unwrap_or_default()
        }
        _ => vec![],
    }
}

fn scopes_are_the_same(ours: Words<'_>, theirs: Option<&Tree>) {
    let theirs: Vec<String> = match theirs {
        Some(Tree::String(one)) => one.split(' ').map(String::from).collect(),
        other => whole(other),
    };
    assert_eq!(ours.to_vec(), theirs.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>());
}
