//! What the operator is told where a token's issuer, audience, subject or type is not the expected.
#![cfg(feature = "alloc")]

use doorward::Now;
use doorward::jwt::{Algorithm, OneOf, Rules, SigningKey, TokenError, Verifier};
use serde_json::{Value, json};

const SECRET: &[u8] = b"a secret of at least 32 bytes, kept well";

/// What is said of a token with these claims, refused by these rules.
fn said(rules: Rules<'static>, claims: &Value) -> (TokenError, Option<String>) {
    said_of(rules, claims, SigningKey::hmac(Algorithm::HS256, SECRET).unwrap())
}

fn said_of(rules: Rules<'static>, claims: &Value, key: SigningKey) -> (TokenError, Option<String>) {
    let token = key.sign_without_expiry(&claims.to_string()).unwrap();
    let verifier = Verifier::new(key.verifying_key().into(), rules.without_expiry()).unwrap();
    let error = verifier.verify(token.as_bytes(), Now::new(1.7e9, 0)).unwrap_err();
    (error, verifier.mismatch(error, token.as_bytes()))
}

#[test]
fn expected_and_found_stand_side_by_side() {
    let a = || Rules::new().issuer("https://a");
    let audience = |rules: Rules<'static>| rules.audience("https://mcp.example/mcp");
    for (rules, claims, text) in [
        (a(), json!({"iss": "https://b"}), r#"expected "https://a", found "https://b""#),
        (a(), json!({"iss": "https://a/"}), r#"expected "https://a", found "https://a/""#),
        (a(), json!({}), r#"expected "https://a", found none"#),
        (a(), json!({"iss": ""}), r#"expected "https://a", found """#),
        (
            Rules::new().issuer(OneOf::Many(&["https://a", "https://c"])),
            json!({"iss": "https://b"}),
            r#"expected "https://a", "https://c", found "https://b""#,
        ),
        (
            audience(Rules::new()),
            json!({"aud": "https://mcp.example"}),
            r#"expected "https://mcp.example/mcp", found "https://mcp.example""#,
        ),
        (
            audience(Rules::new()),
            json!({"aud": ["x", "y"]}),
            r#"expected "https://mcp.example/mcp", found "x", "y""#,
        ),
        (
            audience(Rules::new()),
            json!({"aud": ["1", "2", "3", "4", "5", "6"]}),
            r#"expected "https://mcp.example/mcp", found "1", "2", "3", "4" and 2 more"#,
        ),
        (audience(Rules::new()), json!({}), r#"expected "https://mcp.example/mcp", found none"#),
        (Rules::new(), json!({"aud": "x"}), r#"expected none, found "x""#),
        (
            Rules::new().audience_accepted_by(&|_| false),
            json!({"aud": "x"}),
            r#"expected one that the service's own test accepts, found "x""#,
        ),
        (Rules::new().subject("anna"), json!({"sub": "bea"}), r#"expected "anna", found "bea""#),
        (Rules::new().subject("anna"), json!({}), r#"expected "anna", found none"#),
        (Rules::new().token_type("at+jwt"), json!({"iss": "https://b"}), r#"expected "at+jwt", found "JWT""#),
    ] {
        assert_eq!(said(rules, &claims).1.as_deref(), Some(text), "{claims}");
    }
}

#[test]
fn the_first_rule_that_is_broken_is_the_one_that_is_told_of() {
    let rules = Rules::new().issuer("https://a").audience("c").subject("e");
    let (error, said) = said(rules, &json!({"iss": "https://a", "aud": "d", "sub": "f"}));
    assert_eq!(error, TokenError::AudienceMismatch);
    assert_eq!(said.unwrap(), r#"expected "c", found "d""#);
}

#[test]
fn nothing_of_it_can_be_taken_for_a_line_or_a_word_of_the_log() {
    let (_, text) =
        said(Rules::new().issuer("https://a"), &json!({"iss": "x\", found \"https://a\"\nWARN all is well"}));
    assert_eq!(text.unwrap(), r#"expected "https://a", found "x\", found \"https://a\"\nWARN all is well""#);
    let all: String = (0..0x3000).chain(0xE000..0x1_0000).filter_map(char::from_u32).collect();
    for piece in all.chars().collect::<Vec<_>>().chunks(8) {
        let issuer: String = piece.iter().collect();
        let text = said(Rules::new().issuer("a"), &json!({"iss": issuer})).1.unwrap();
        let found =
            text.strip_prefix(r#"expected "a", found ""#).and_then(|text| text.strip_suffix('"')).unwrap();
        let bidi = |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!found.contains(|c: char| c.is_control() || bidi(c) || matches!(c, '\u{2028}' | '\u{2029}')));
        assert!(!found.replace("\\\\", "").replace("\\\"", "").contains('"'), "{found}");
    }
}

#[test]
fn every_piece_is_cut_and_few_are_shown() {
    let long = "y".repeat(5_000);
    let audience: Vec<String> = (0..40).map(|n| format!("{n}\u{202e}{}", &long[..200])).collect();
    let rules = Rules::new().audience((0..40).map(|n| format!("{n}{long}")).collect::<Vec<_>>());
    let text = said(rules, &json!({"aud": audience})).1.unwrap();
    assert!(text.len() < 2 * 4 * 135 + 60, "{} bytes", text.len());
    assert_eq!(text.matches('…').count(), 8);
    assert_eq!(text.matches(" and 36 more").count(), 2);
}

#[test]
fn of_other_refusals_and_other_texts_there_is_nothing_to_say() {
    let key = SigningKey::hmac(Algorithm::HS256, SECRET).unwrap();
    let rules = || Rules::new().issuer("a").audience("b").subject("c").token_type("d");
    let verifier = Verifier::new(key.verifying_key().into(), rules()).unwrap();
    let token = key.sign_without_expiry(r#"{"iss":"x"}"#).unwrap();
    for error in TokenError::ALL {
        let told = [
            TokenError::IssuerMismatch,
            TokenError::AudienceMismatch,
            TokenError::SubjectMismatch,
            TokenError::TypeMismatch,
        ];
        assert_eq!(verifier.mismatch(error, token.as_bytes()).is_some(), told.contains(&error), "{error:?}");
        let open = Verifier::new(key.verifying_key().into(), Rules::new().any_audience()).unwrap();
        assert_eq!(open.mismatch(error, token.as_bytes()), None, "{error:?}");
        for junk in [&b""[..], b"..", b"a.b.c", b"e30.e30.e30", &[0xFF; 40], &token.as_bytes()[1..]] {
            // No panic; what can't be read says nothing, or is a token of nobody.
            let _ = verifier.mismatch(error, junk);
        }
        assert_eq!(verifier.mismatch(error, &vec![b'a'; 1 << 20]), None);
    }
}

#[test]
fn it_is_hidden_from_debug() {
    let rules = Rules::new().issuer("https://a");
    let key = SigningKey::hmac(Algorithm::HS256, SECRET).unwrap();
    let token = key.sign_without_expiry(r#"{"iss":"https://b"}"#).unwrap();
    let open = Verifier::new(key.verifying_key().into(), Rules::new().without_expiry()).unwrap();
    let claims = open.verify(token.as_bytes(), Now::new(1.7e9, 0)).unwrap();
    let claims = claims.claims();
    let mismatch = rules.mismatch(TokenError::IssuerMismatch, &claims).unwrap();
    assert_eq!(format!("{mismatch:?}"), "Mismatch { .. }");
    assert_eq!(mismatch.to_string(), r#"expected "https://a", found "https://b""#);
}
