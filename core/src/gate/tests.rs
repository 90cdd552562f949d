use super::*;
use crate::api_keys::{ApiKey, ApiKeys};
use crate::jwt::{Algorithm, Rules, SigningKey, Verifier, sign};
use crate::keys::{Key, KeySet};
use std::string::ToString as _;
use std::{assert_eq, format};

const SECRET: &[u8] = b"a secret of at least 32 bytes, kept well";
const NOW: Now = Now::new(1_700_000_000.0, 0);
const PING: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

fn gate() -> Gate {
    let keys = ApiKeys::builder().add("good-key", ApiKey::new("ci")).build_random().unwrap();
    let verifier =
        Verifier::new(KeySet::from(Key::hmac(Algorithm::HS256, SECRET).unwrap()), Rules::new()).unwrap();
    let builder = Gate::builder().api_keys(keys).verifier(verifier).policy(Policy::allow_all());
    builder.slots(64, 64).build_random().unwrap()
}

/// A ping with these headers beside `Host`: the principal's id, or why not.
fn ping(gate: &Gate, headers: &[(&str, &str)]) -> Result<String, Code> {
    let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes()));
    let host = [("host", &b"localhost"[..])];
    let head = gate.head("POST", Some([127, 0, 0, 1].into()), headers.chain(host));
    let step = match gate.begin(&head, NOW) {
        Step::NeedBody(need) => gate.body(need, Body::Read(PING), NOW),
        step => step,
    };
    match step {
        Step::Admitted(admitted) => Ok(admitted.principal.id().to_string()),
        Step::Denied(denial) => Err(denial.code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_body_is_utf_8_by_its_media_type_too() {
    let gate = gate();
    let typed = |media: &str| ping(&gate, &[("x-api-key", "good-key"), ("content-type", media)]);
    for media in [
        "application/json",
        "Application/JSON",
        "application/json;charset=utf-8",
        "application/json; charset=\"UTF-8\"",
        "application/json ; Charset=utf8 ; x=y",
    ] {
        assert_eq!(typed(media), Ok("key:ci".into()), "{media}");
    }
    // Servers that decode by charset read another text than the gate has: `+AG4-ame` in UTF-7 is `name`.
    for media in [
        "application/json; charset=utf-7",
        "application/json; charset=\"utf-7\"",
        "application/json; charset=utf-8; charset=utf-7",
        "application/json; CHARSET = utf-16",
        "application/json; charset*=utf-8''utf-7",
        "application/json; x=\"; charset=utf-7",
        "application/json; charset",
        "text/json",
        "application/json, text/plain",
        "",
    ] {
        assert_eq!(typed(media), Err(Code::BodyMediaType), "{media}");
    }
}

#[test]
fn only_a_subject_names_somebody() {
    let gate = gate();
    let signing = SigningKey::hmac(Algorithm::HS256, SECRET).unwrap();
    let with = |claims: &str| {
        let token = sign(&format!(r#"{{"exp":1700000060,{claims}}}"#), &signing).unwrap();
        ping(&gate, &[("authorization", &format!("Bearer {token}")), ("content-type", "application/json")])
    };
    assert_eq!(with(r#""sub":"anna""#), Ok("jwt::anna".into()));
    // A client that is called as a user is would be that user.
    for claims in [r#""client_id":"anna""#, r#""azp":"anna""#, r#""sub":"","client_id":"anna""#] {
        assert_eq!(with(claims), Err(Code::SubjectMissing), "{claims}");
    }
}
