//! Claims as a type of the service's own.
#![cfg(feature = "serde")]

use doorward::Now;
use doorward::jwt::{Algorithm, ClaimsError, OwnedClaims, Rules, SigningKey, Verifier};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

fn claims(payload: &str) -> OwnedClaims {
    let key = SigningKey::hmac(Algorithm::HS256, b"a secret of at least 32 bytes, kept well").unwrap();
    let token = key.sign_without_expiry(payload).unwrap();
    let verifier =
        Verifier::new(key.verifying_key().into(), Rules::new().without_expiry().any_audience()).unwrap();
    verifier.verify(token.as_bytes(), Now::new(1.7e9, 0)).unwrap()
}

#[derive(Deserialize, Debug, PartialEq)]
struct Session<'a> {
    #[serde(borrow)]
    sub: Cow<'a, str>,
    aud: Vec<String>,
    #[serde(rename = "https://example.com/tenant")]
    tenant: Tenant,
    nickname: Option<&'a str>,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct Tenant {
    id: u64,
    tags: BTreeMap<String, f64>,
}

const GOOD: &str = r#"{"sub":"anna","aud":["a","b"],"exp":4102444800,"nickname":"an",
    "https://example.com/tenant":{"id":18446744073709551615,"tags":{"x":1.5}}}"#;

#[test]
fn claims_are_a_type_of_the_services_own() {
    let owned = claims(GOOD);
    let borrowed: Session<'_> = owned.deserialize().unwrap();
    assert!(matches!(borrowed.sub, Cow::Borrowed("anna")));
    assert_eq!(borrowed.nickname, Some("an"));
    assert_eq!(borrowed.tenant, Tenant { id: u64::MAX, tags: BTreeMap::from([("x".into(), 1.5)]) });
    let of_claims: Session<'_> = owned.claims().deserialize().unwrap();
    assert_eq!(of_claims, borrowed);

    // What holds an escape is copied where that can be, and refused where it can't.
    let owned = claims(&GOOD.replace("anna", r"\u0061nna"));
    assert_eq!(owned.deserialize::<Session<'_>>().unwrap().sub, "anna");
    let owned = claims(&GOOD.replace("\"an\"", r#""\u0061n""#));
    assert!(owned.deserialize::<Session<'_>>().is_err());
}

#[test]
fn the_error_tells_where_and_not_what() {
    for (from, to) in [
        ("\"sub\":\"anna\",", ""),
        ("\"an\"", "[\"hunter2\"]"),
        ("18446744073709551615", "-1"),
        ("18446744073709551615", "\"hunter2\""),
        ("\"tags\":", "\"hunter2\":1,\"tags\":"),
        ("1.5", "null"),
    ] {
        let payload = GOOD.replace(from, to);
        let error = claims(&payload).deserialize::<Session<'_>>().unwrap_err();
        assert_eq!(error.code(), "claims_unexpected");
        assert!(error.line >= 1 && error.line <= 2 && error.column <= payload.len(), "{error:?}");
        for text in [error.to_string(), format!("{error:?}")] {
            assert!(!text.contains("hunter2") && !text.contains("anna") && !text.contains("tags"), "{text}");
        }
    }
    let ClaimsError { line, column, .. } =
        claims("{\"n\":\"x\"}").deserialize::<BTreeMap<String, u8>>().unwrap_err();
    assert_eq!((line, column), (1, 8));
}
