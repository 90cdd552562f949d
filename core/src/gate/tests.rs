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

#[test]
fn the_same_subject_of_two_issuers_is_two_principals() {
    use crate::oauth::ClaimMapping;
    use crate::rate::Quota;
    use core::time::Duration;

    let issuers = ["https://a.example", "https://b.example"];
    let verifier = |(issuer, secret): (&'static str, u8)| {
        let key = Key::hmac(Algorithm::HS256, &[secret; 32]).unwrap();
        let rules = Rules::new().issuer(issuer);
        Verifier::new(KeySet::from(key), rules).unwrap().with_mapping(ClaimMapping::new().client_in("azp"))
    };
    let [a, b] = [(issuers[0], 1), (issuers[1], 2)].map(verifier);
    let introspection = Introspection::new("https://a.example/i", issuers[0]).unwrap();
    let builder = Gate::builder().verifier(a).verifier(b).introspection(introspection);
    let quota = Quota::per(3, Duration::from_secs(3600)).unwrap();
    let gate =
        builder.policy(Policy::allow_all()).principal_quota(quota).slots(64, 64).build_random().unwrap();
    let token = |issuer: usize, claims: &str| {
        let key = SigningKey::hmac(Algorithm::HS256, &[issuer as u8 + 1; 32]).unwrap();
        sign(&format!(r#"{{"iss":"{}","exp":1700000060,{claims}}}"#, issuers[issuer]), &key).unwrap()
    };
    let with = |token: &str| {
        ping(&gate, &[("authorization", &format!("Bearer {token}")), ("content-type", "application/json")])
    };
    let (anna, other) = (token(0, r#""sub":"anna""#), token(1, r#""sub":"anna""#));
    let client = token(0, r#""azp":"anna""#);
    assert_eq!(with(&anna), Ok("jwt:https://a.example:anna".into()));
    assert_eq!(with(&other), Ok("jwt:https://b.example:anna".into()));
    assert_eq!(with(&client), Ok("jwt-client:https://a.example:anna".into()));
    // One's bucket is empty, and no other's.
    assert!(with(&anna).is_ok() && with(&anna).is_ok());
    assert_eq!(with(&anna), Err(Code::PrincipalLimited));
    assert!(with(&other).is_ok() && with(&client).is_ok());
    // One's tokens are revoked, and no other's.
    gate.revocations().revoke_subject(issuers[0], "anna", f64::INFINITY, 1_700_000_060.0, NOW).unwrap();
    assert_eq!(with(&anna), Err(Code::Token(crate::jwt::TokenError::Revoked)));
    assert!(with(&other).is_ok() && with(&client).is_ok());
    gate.revocations().revoke_client(issuers[0], "anna", f64::INFINITY, 1_700_000_060.0, NOW).unwrap();
    assert_eq!(with(&client), Err(Code::Token(crate::jwt::TokenError::Revoked)));
}

#[test]
fn an_opaque_token_is_revoked_and_forgotten_as_any_other() {
    let introspection = Introspection::new("https://a.example/i", "https://a.example").unwrap();
    let gate = Gate::builder()
        .introspection(introspection)
        .policy(Policy::allow_all())
        .slots(64, 64)
        .build_random()
        .unwrap();
    let media = ("content-type", &b"application/json"[..]);
    let asked = |answer: Option<&str>| {
        let headers = [("host", &b"localhost"[..]), ("authorization", b"Bearer opaque"), media];
        let head = gate.head("POST", Some([127, 0, 0, 1].into()), headers);
        let mut step = gate.begin(&head, NOW);
        if let Some(answer) = answer {
            let Step::Ask(ask) = step else { panic!("it is not known") };
            step = gate.resume(ask, Answer::Introspection(IntrospectionReply::new(200, answer.into())), NOW);
        }
        match step {
            Step::NeedBody(need) => Ok(need.principal().clone()),
            Step::Denied(denial) => Err(denial.code),
            other => panic!("{other:?}"),
        }
    };
    let active = r#"{"active":true,"sub":"anna","jti":"7","iat":1600000000}"#;
    let principal = asked(Some(active)).unwrap();
    // A stream ends though its token does not say when.
    assert!(gate.still_good(&principal, b"opaque", NOW));
    assert!(!gate.still_good(&principal, b"opaque", Now::new(NOW.unix + 600.0, 600_000_000)));
    assert_eq!(asked(None).unwrap().id(), "opaque:https://a.example:anna");
    gate.forget_opaque_tokens();
    assert!(!gate.still_good(&principal, b"opaque", NOW));
    let principal = asked(Some(active)).unwrap();
    gate.revocations().revoke_id("https://a.example", "7", f64::INFINITY, NOW).unwrap();
    assert!(!gate.still_good(&principal, b"opaque", NOW));
    assert_eq!(asked(None).unwrap_err(), Code::Token(crate::jwt::TokenError::Revoked));
    // An answer from before everything was forgotten is for its own request alone.
    gate.forget_opaque_tokens();
    assert_eq!(asked(Some(active)).unwrap_err(), Code::Token(crate::jwt::TokenError::Revoked));
}
