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

#[test]
fn a_token_seen_before_is_that_token_and_nothing_near_it() {
    let gate = gate();
    let key = SigningKey::hmac(Algorithm::HS256, SECRET).unwrap();
    let token = sign(r#"{"sub":"anna","exp":4102444800}"#, &key).unwrap();
    let media = ("content-type", "application/json");
    let with = |gate: &Gate, value: &str| ping(gate, &[("authorization", value), media]);
    let near = [
        format!("Bearer {token}"),
        format!("bearer   {token}"),
        format!("Bearer {token} "),
        format!("Bearer {token},"),
        format!("Bearer {token}, Bearer {token}"),
        format!("Bearer {token}\t"),
        format!("Bearer {token}\0"),
        format!("Bearer\t{token}"),
        format!("Bearer{token}"),
        format!("Bearer ,{token}"),
        format!("Bearer {}", token.replacen("ey", "eY", 1)),
        format!("Bearer Bearer {token}"),
        format!("Basic {token}"),
        token.clone(),
    ];
    let cold: std::vec::Vec<_> = near.iter().map(|value| with(&self::gate(), value)).collect();
    assert_eq!((cold[0].clone(), cold[1].clone()), (Ok("jwt::anna".into()), Ok("jwt::anna".into())));
    assert!(cold[2..].iter().all(Result::is_err));
    for _ in 0..2 {
        let warm: std::vec::Vec<_> = near.iter().map(|value| with(&gate, value)).collect();
        assert_eq!(warm, cold);
    }
    let bearer = format!("Bearer {token}");
    let both = [("authorization", &*bearer), ("x-api-key", "good-key"), media];
    assert_eq!(ping(&gate, &both), Err(Code::CredentialRepeated));
    let twice = [("authorization", &*bearer), ("authorization", &*bearer), media];
    assert_eq!(ping(&gate, &twice), Err(Code::CredentialRepeated));
    let stats = gate.cache_stats().unwrap();
    // Four times the same token, of which the first was verified; and once that with `eY`, twice.
    assert_eq!((stats.hits, stats.misses), (3, 3));
}

#[test]
fn a_token_whose_header_begins_otherwise_is_seen_too() {
    let gate = gate();
    let key = Key::hmac(Algorithm::HS256, SECRET).unwrap();
    let mut text = String::new();
    crate::base64url::encode_append(b"\n{\"alg\":\"HS256\"}", &mut text);
    text.push('.');
    crate::base64url::encode_append(br#"{"sub":"anna","exp":4102444800}"#, &mut text);
    let mut tag = [0; 64];
    let tag = key.sign_hmac(text.as_bytes(), &mut tag);
    text.push('.');
    crate::base64url::encode_append(tag, &mut text);
    let odd = text.replacen("Cn", "An", 1);
    assert!(!text.starts_with("ey") && odd != text);
    for token in [&text, &text, &odd] {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", &*bearer), ("content-type", "application/json")];
        assert_eq!(ping(&gate, &headers).is_ok(), token == &text);
    }
    let stats = gate.cache_stats().unwrap();
    assert_eq!((stats.hits, stats.misses), (1, 2));
}
