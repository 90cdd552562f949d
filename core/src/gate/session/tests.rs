use super::*;
use std::{assert_eq, format};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const ANNA: &str = "jwt:https://issuer.example:anna";

fn key() -> SessionKey {
    SessionKey::new(SECRET).unwrap()
}

/// Made with Python: `hmac.digest` over each part behind its length in eight bytes, cut to 16 bytes, in base64url.
#[test]
fn it_is_hmac_sha_256_cut_to_128_bits() {
    assert_eq!(key().bind("session", ANNA, "abc").unwrap(), "abc.WV15fXqA8a_gEO_X_8kDZw");
}

#[test]
fn it_is_good_for_one_principal_one_kind_and_one_key() {
    let key = key();
    for inner in ["a", "550e8400-e29b-41d4-a716-446655440000", "with.dots.in.it", "~!@#", &"x".repeat(256)] {
        let outward = key.bind("session", ANNA, inner).unwrap();
        assert_eq!(key.unbind("session", ANNA, &outward), Some(inner));
        for other in ["", "key:ci", "jwt:https://issuer.example:ann", "jwt:https://issuer.example:anna2"] {
            assert_eq!(key.unbind("session", other, &outward), None, "{other}");
        }
        assert_eq!(key.unbind("task", ANNA, &outward), None);
        assert_eq!(SessionKey::new(&[7; 32]).unwrap().unbind("session", ANNA, &outward), None);
    }
}

#[test]
fn no_part_can_be_moved_into_another() {
    let key = key();
    let tag = |kind: &str, principal: &str, inner: &str| key.tag(kind, principal, inner);
    assert_ne!(tag("session", "key:a", "bc"), tag("session", "key:ab", "c"));
    assert_ne!(tag("session", "a", "bkey:"), tag("session", "akey:", "b"));
    assert_ne!(tag("a", "c", "b"), tag("ab", "c", ""));
    assert_ne!(tag("a", "b", "c"), tag("a", "c", "b"));
}

#[test]
fn every_change_to_an_outward_id_is_seen() {
    let key = key();
    let outward = key.bind("session", ANNA, "abc").unwrap();
    let unbind = |text: &str| key.unbind("session", ANNA, text).map(String::from);
    for at in 0..outward.len() {
        for byte in 0x21..0x7f_u8 {
            let mut changed = outward.clone().into_bytes();
            if changed[at] == byte {
                continue;
            }
            changed[at] = byte;
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(unbind(&changed), None, "{changed}");
        }
    }
    let tag = &outward[4..];
    for text in [
        "",
        ".",
        "abc",
        "abc.",
        &outward[..outward.len() - 1],
        &format!("{outward}A"),
        &format!("{outward}="),
        &format!(" {outward}"),
        &format!("{outward} "),
        &format!(".{tag}"),
        tag,
        &format!("abc.x.{tag}"),
        &format!("abc..{tag}"),
        &format!("{outward}.{tag}"),
        &format!("a\u{e9}c.{tag}"),
        &format!("{}.{tag}", "x".repeat(257)),
    ] {
        assert_eq!(unbind(text), None, "{text}");
    }
}

#[test]
fn what_is_no_id_is_not_bound() {
    for inner in ["", " ", "a b", "a\nb", "a\u{e9}", "\u{7f}", &"x".repeat(257)] {
        assert_eq!(key().bind("session", ANNA, inner), Err(SessionError::Id), "{inner}");
    }
    assert_eq!(SessionKey::new(&SECRET[1..]).map(|_| ()), Err(SessionError::KeyShort));
    assert_eq!(format!("{:?}", key()), "SessionKey(..)");
}

#[test]
fn a_random_key_is_another_each_time() {
    let [one, other] = [(); 2].map(|()| SessionKey::random().unwrap().bind("s", ANNA, "a").unwrap());
    assert_ne!(one, other);
}

#[test]
fn a_querys_parameter_is_found_in_one_spelling_only() {
    for (name, other) in [
        ("sessionid", true),
        ("%73essionId", true),
        ("%73ESSION%49d", true),
        ("session+Id", false),
        ("session%Id", true),
        ("sessionId%", true),
        ("sessionId%00", false),
        ("session", false),
        ("xsessionId", false),
        ("sessionId2", false),
        ("", false),
        ("s%65ssion", false),
    ] {
        assert_eq!(may_be(name, "sessionId"), other, "{name}");
    }
    assert_eq!(query_with_session("s", "a&s=x&b=1", "i/ d%").as_deref(), Some("a&s=i%2F%20d%25&b=1"));
    assert_eq!(query_with_session("s", "a&b=1", "x"), None);
    assert_eq!(query_with_session("s", "s", "x").as_deref(), Some("s=x"));
}

#[test]
fn a_session_in_the_query_is_checked_as_one_in_the_header() {
    use crate::Now;
    use crate::api_keys::{ApiKey, ApiKeys};
    use crate::gate::Step;
    let keys = ApiKeys::builder().add("good-key", ApiKey::new("ci")).build_random().unwrap();
    let gate = Gate::builder().api_keys(keys).sessions(key()).slots(64, 64).build_random().unwrap();
    let [own, foreign] = ["key:ci", "key:x"].map(|who| key().bind(SESSION, who, "7f").unwrap());
    let decide_in = |version: &str, query: &str, header: Option<&str>| {
        let headers = [("host", "localhost"), ("x-api-key", "good-key"), ("mcp-protocol-version", version)];
        let headers = headers.into_iter().chain(header.map(|id| ("mcp-session-id", id)));
        let headers = headers.map(|(name, value)| (name, value.as_bytes()));
        let head = gate.head("GET", Some([127, 0, 0, 1].into()), headers);
        match gate.begin(&head.session_in_query("sessionId", query), Now::new(1_700_000_000.0, 0)) {
            Step::Admitted(admitted) => Ok(admitted.session.map(String::from)),
            Step::Denied(denial) => Err(denial.code),
            other => panic!("{other:?}"),
        }
    };
    let decide = |query: &str, header: Option<&str>| decide_in("2025-03-26", query, header);
    // Under the revision without sessions a header is taken off; a query is not, so it is checked.
    assert_eq!(decide_in("2026-07-28", &format!("sessionId={foreign}"), None), Err(Code::SessionForeign));
    assert_eq!(decide_in("2026-07-28", "sessionId=7f", None), Err(Code::SessionForeign));
    assert_eq!(decide_in("2026-07-28", "", Some(&foreign)), Ok(None));
    let seven_f = Ok(Some("7f".into()));
    assert_eq!(decide(&format!("sessionId={own}"), None), seven_f);
    assert_eq!(decide(&format!("a=b&sessionId={own}&c"), None), seven_f);
    assert_eq!(decide("a=b", Some(&own)), seven_f);
    assert_eq!(decide("", None), Ok(None));
    for query in
        [format!("sessionId={foreign}"), "sessionId=7f".into(), "sessionId=".into(), "sessionId".into()]
    {
        assert_eq!(decide(&query, None), Err(Code::SessionForeign), "{query}");
    }
    for query in [
        format!("sessionId={own}&sessionId={own}"),
        format!("sessionId={own}&%73essionId=7f"),
        format!("SessionId={own}"),
        format!("session%49d={own}"),
    ] {
        assert_eq!(decide(&query, None), Err(Code::SessionRepeated), "{query}");
    }
    assert_eq!(decide(&format!("sessionId={own}"), Some(&own)), Err(Code::SessionRepeated));
}
