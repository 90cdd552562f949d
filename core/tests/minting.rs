//! What is minted verifies, says the same, and is taken by nobody else; with every algorithm.
#![cfg(feature = "asymmetric")]

mod common;

use common::{hex, read};
use doorward::Now;
use doorward::jwt::{self, Algorithm, Limits, Rules, SigningKey, TokenError, Verifier};
use doorward::keys::{Key, KeyError, KeySet};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

const NOW: Now = Now::new(1_700_000_000.0, 0);
const SECRET: [u8; 64] = [0x5A; 64];

/// Two keys an algorithm.
static KEYS: LazyLock<Vec<(Algorithm, SigningKey, SigningKey)>> = LazyLock::new(|| {
    let file: Value = serde_json::from_str(&read("keys.json")).unwrap();
    let named = |name: &str| {
        let vectors = file["vectors"].as_array().unwrap();
        vectors.iter().find(|vector| vector["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
    };
    let private = |name: &str, alg| {
        SigningKey::from_pem(named(&format!("private keys: {name}, in PEM"))["pem"].as_str().unwrap(), alg)
            .unwrap()
    };
    let pair = |alg: Algorithm| match alg {
        _ if alg.is_symmetric() => {
            (SigningKey::hmac(alg, &SECRET).unwrap(), SigningKey::hmac(alg, &[0xA5; 64]).unwrap())
        }
        _ if alg.is_rsa() => (private("rsa2048 for RS256", alg), private("rsa4096 in PKCS#1", alg)),
        Algorithm::ES256 => {
            (private("p256 for ES256", alg), private("p256_other, whose number is small", alg))
        }
        Algorithm::ES384 => {
            (private("p384 for ES384", alg), private("p384_other, whose number is small", alg))
        }
        _ => {
            let other = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}"#;
            // RFC 8032 §7.1, test 2.
            let der = "302e020100300506032b6570042204204ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
            (SigningKey::from_jwk(other).unwrap(), SigningKey::from_der(&hex(der), alg).unwrap())
        }
    };
    Algorithm::ALL
        .into_iter()
        .map(|alg| {
            let (one, other) = pair(alg);
            (alg, one, other)
        })
        .collect()
});

fn verifier(key: &SigningKey, rules: Rules<'static>) -> Verifier {
    Verifier::new(key.verifying_key().into(), rules).unwrap()
}

#[test]
fn every_one_bit_change_of_a_minted_token_is_refused() {
    for (alg, key, _) in KEYS.iter() {
        let token = jwt::sign(r#"{"sub":"anna","exp":1700000001}"#, key).unwrap();
        let verifier = verifier(key, Rules::new().any_audience());
        verifier.verify(token.as_bytes(), NOW).unwrap();
        let mut bytes = token.into_bytes();
        // Every bit where that is cheap; of the others, one of each byte, and another in the next one.
        let step = if alg.is_symmetric() { 1 } else { 9 };
        for bit in (0..bytes.len() * 8).step_by(step) {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(verifier.verify(&bytes, NOW).is_err(), "{alg}: bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        verifier.verify(&bytes, NOW).unwrap();
    }
}

#[test]
fn a_key_is_for_its_own_algorithm() {
    for (alg, key, _) in KEYS.iter() {
        let own = key.verifying_key();
        assert_eq!(own.is_secret(), alg.is_symmetric());
        for other in Algorithm::ALL {
            assert_eq!(own.allows(other), other == *alg, "{alg} and {other}");
        }
        if !alg.is_symmetric() {
            let token = jwt::sign(r#"{"exp":1700000001}"#, key).unwrap();
            for (other, theirs, _) in KEYS.iter().filter(|(other, ..)| other != alg) {
                let refused = verifier(theirs, Rules::new().any_audience()).verify(token.as_bytes(), NOW);
                assert_eq!(refused.unwrap_err(), TokenError::AlgorithmNotAllowed, "{alg} by {other}");
            }
        }
    }
}

/// RFC 9068 §2.1, §2.2: an access token says so, and nothing else is taken for one.
#[test]
fn an_access_token_is_told_from_an_id_token() {
    let claims = r#"{"iss":"https://as.example","aud":"https://mcp.example/mcp","sub":"anna","client_id":"s6BhdRkqt3",
        "jti":"dbe39bf3a3ba4238a513f51d6e1691c4","iat":1699999990,"exp":1700000600,"scope":"tools:read tools:call"}"#;
    let file: Value = serde_json::from_str(&read("keys.json")).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    let text = vectors.iter().find(|v| v["name"] == "private keys: p256 for ES256, in PEM").unwrap();
    let key =
        || SigningKey::from_pem(text["pem"].as_str().unwrap(), Algorithm::ES256).unwrap().with_kid("as-1");
    let jwks = format!(r#"{{"keys":[{}]}}"#, key().public_jwk().unwrap());
    let verifier = || {
        let (keys, left_out) = KeySet::from_jwks(&jwks).unwrap();
        assert!(left_out.is_empty());
        let rules = Rules::new()
            .issuer("https://as.example")
            .audience("https://mcp.example/mcp")
            .token_type("at+jwt")
            .required(vec!["sub".into(), "client_id".into(), "iat".into(), "jti".into()]);
        Verifier::new(keys, rules).unwrap()
    };
    for typ in ["at+jwt", "application/at+jwt", "AT+JWT"] {
        let token = jwt::sign(claims, &key().with_type(typ)).unwrap();
        let found = verifier().verify(token.as_bytes(), NOW).unwrap();
        assert_eq!(found.claims().scopes().to_vec(), ["tools:read", "tools:call"]);
    }
    // OpenID Connect's ID tokens say `JWT` or nothing, logout tokens their own.
    for other in
        [key(), key().with_type("JWT"), key().with_type("id_token+jwt"), key().with_type("logout+jwt")]
    {
        let token = jwt::sign(claims, &other).unwrap();
        let refused = verifier().verify(token.as_bytes(), NOW).unwrap_err();
        assert_eq!(refused, TokenError::TypeMismatch);
        assert!(
            verifier()
                .mismatch(refused, token.as_bytes())
                .unwrap()
                .starts_with(r#"expected "at+jwt", found ""#)
        );
    }
    // Signed by the same private key, but under no name that the set knows.
    let token = jwt::sign(claims, &key().with_type("at+jwt").with_kid("as-2")).unwrap();
    assert_eq!(verifier().verify(token.as_bytes(), NOW).unwrap_err(), TokenError::KeyNotFound);
}

#[test]
fn a_typ_is_a_media_type() {
    let key = || SigningKey::hmac(Algorithm::HS256, &SECRET).unwrap();
    for good in ["JWT", "at+jwt", "application/at+jwt", "x.y-z_1", &"t".repeat(128)] {
        let token = key().with_type(good).sign_without_expiry("{}").unwrap();
        let rules = Rules::new().without_expiry().token_type(good.to_owned());
        assert!(verifier(&key(), rules).verify(token.as_bytes(), NOW).is_ok(), "{good}");
    }
    for bad in ["", "a b", "\"", "\\", "\n", "jwt\0", "é", &"t".repeat(129)] {
        let refused = key().with_type(bad).sign_without_expiry("{}").unwrap_err();
        assert_eq!(refused.code(), "token_type_invalid", "{bad:?}");
        assert_eq!(key().with_type(bad).sign_jws(b"x").unwrap_err(), refused);
    }
}

#[test]
fn expiry_is_left_out_on_purpose_only() {
    for (alg, key, _) in KEYS.iter() {
        assert_eq!(jwt::sign(r#"{"sub":"anna"}"#, key).unwrap_err().code(), "expiry_missing", "{alg}");
        assert!(key.sign_without_expiry(r#"{"sub":"anna"}"#).is_ok());
        for (claims, code) in [
            ("", "token_payload_invalid"),
            ("[]", "token_payload_invalid"),
            (r#"{"exp":1,"exp":2}"#, "token_payload_invalid"),
            (r#"{"exp":"1"}"#, "claim_invalid"),
            (r#"{"exp":1,"aud":[]}"#, "claim_invalid"),
        ] {
            assert_eq!(jwt::sign(claims, key).unwrap_err().code(), code, "{alg}: {claims}");
        }
    }
}

#[test]
fn a_jws_is_no_longer_than_a_verifier_takes() {
    let (_, key, _) = KEYS.iter().find(|(alg, ..)| *alg == Algorithm::PS384).unwrap();
    assert_eq!(key.sign_jws(b"").unwrap_err().code(), "token_malformed");
    let mut taken = 0;
    for length in (11_700..12_300).step_by(50).chain([1, 100_000]) {
        match key.sign_jws(&vec![b'x'; length]) {
            Ok(jws) => {
                taken += 1;
                let mut scratch = vec![0; jws.len()];
                let own = key.verifying_key();
                let payload = jwt::verify_jws(jws.as_bytes(), &own, &Limits::DEFAULT, &mut scratch).unwrap();
                assert_eq!(payload.len(), length);
            }
            Err(error) => assert_eq!(error.code(), "token_too_large"),
        }
    }
    assert!((2..12).contains(&taken));
}

#[test]
fn nothing_of_a_key_is_shown() {
    for (alg, key, _) in KEYS.iter() {
        let shown = format!("{key:?}");
        assert_eq!(shown, format!("SigningKey {{ algorithm: {alg}, .. }}"));
        assert_eq!(format!("{:?}", key.verifying_key()), format!("[{alg}]"));
        let published = key.public_jwk();
        assert_eq!(published.is_none(), alg.is_symmetric());
        if let Some(jwk) = published {
            let jwk: Value = serde_json::from_str(&jwk).unwrap();
            let mut names: Vec<&str> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
            names.sort_unstable();
            let expected: &[&str] = match jwk["kty"].as_str().unwrap() {
                "RSA" => &["alg", "e", "kty", "n", "use"],
                "EC" => &["alg", "crv", "kty", "use", "x", "y"],
                _ => &["alg", "crv", "kty", "use", "x"],
            };
            assert_eq!(names, expected);
            // What is published is no private key.
            assert_eq!(SigningKey::from_jwk(&jwk.to_string()).err(), Some(KeyError::PublicKey));
        }
    }
}

/// Claims of every kind of text; the rest is for `properties.rs`.
fn any_claims() -> impl Strategy<Value = Value> {
    (any::<String>(), "[!#-\\[\\]-~]{1,40}", any::<i64>(), 1..1_000_000_000_u32).prop_map(
        |(subject, audience, number, ahead)| {
            let exp = 1_700_000_000_u64 + u64::from(ahead);
            json!({"sub": subject, "aud": audience, "x": {"n": number, "s": subject}, "exp": exp})
        },
    )
}

proptest! {
    // A token with each of twelve algorithms, by each of two keys, a case.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    #[test]
    fn what_is_minted_verifies_and_says_the_same(claims in any_claims(), typ in "[a-z]{1,8}\\+jwt") {
        for (alg, one, other) in KEYS.iter() {
            let audience = claims["aud"].as_str().unwrap().to_owned();
            let rules = Rules::new().audience(audience).subject(claims["sub"].as_str().unwrap().to_owned());
            let tokens = [one, other].map(|key| jwt::sign(&claims.to_string(), key).unwrap());
            for (mine, key) in [one, other].into_iter().enumerate() {
                let verifier = verifier(key, rules.clone());
                for (signed_by, token) in tokens.iter().enumerate() {
                    let verified = verifier.verify(token.as_bytes(), NOW);
                    if signed_by == mine {
                        let payload: Value = serde_json::from_str(verified.unwrap().payload()).unwrap();
                        prop_assert_eq!(&payload, &claims);
                    } else {
                        prop_assert_eq!(verified.unwrap_err(), TokenError::InvalidSignature, "{}", alg);
                    }
                }
            }
            // What a service publishes verifies what it mints, and by the rule of another typ nothing.
            if let Some(jwk) = one.public_jwk() {
                let keys = KeySet::from(Key::from_jwk(&jwk).unwrap().1);
                let verifier = Verifier::new(keys, rules.token_type(typ.clone())).unwrap();
                prop_assert_eq!(verifier.verify(tokens[0].as_bytes(), NOW).unwrap_err(), TokenError::TypeMismatch);
            }
        }
    }

    #[test]
    fn no_text_and_no_bytes_make_reading_a_key_panic(
        text in "(-----BEGIN (EC |RSA |)PRIVATE KEY-----\n)?.{0,80}(\n-----END (EC |RSA |)PRIVATE KEY-----)?",
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        prop_assert!(SigningKey::from_pem(&text, Algorithm::ES256).is_err());
        prop_assert!(SigningKey::from_der(&bytes, Algorithm::ES256).is_err());
        prop_assert!(SigningKey::from_jwk(&text).is_err());
    }
}

/// Every cut and every changed byte of a good key is refused or, where the byte is of no matter to it, still a key that
/// verifies its own signatures.
#[test]
fn a_damaged_key_is_refused_or_whole() {
    let file: Value = serde_json::from_str(&read("keys.json")).unwrap();
    let der = |name: &str| {
        let vectors = file["vectors"].as_array().unwrap();
        let name = format!("private keys: {name}, in DER");
        hex(vectors.iter().find(|v| v["name"] == *name).expect("a vector")["der_hex"].as_str().unwrap())
    };
    for (name, alg) in [
        ("p256 in SEC 1", Algorithm::ES256),
        ("p256 for ES256", Algorithm::ES256),
        ("ed25519 with its public half", Algorithm::EdDSA),
    ] {
        let good = der(name);
        let whole = SigningKey::from_der(&good, alg).unwrap();
        for at in 0..good.len() {
            assert!(SigningKey::from_der(&good[..at], alg).is_err(), "{name} cut at {at}");
            for change in [0x01, 0x80, 0xFF] {
                let mut bad = good.clone();
                bad[at] ^= change;
                if let Ok(key) = SigningKey::from_der(&bad, alg) {
                    let jws = key.sign_jws(b"x").unwrap();
                    let mut scratch = vec![0; jws.len()];
                    let own = whole.verifying_key();
                    let verified = jwt::verify_jws(jws.as_bytes(), &own, &Limits::DEFAULT, &mut scratch);
                    assert!(verified.is_ok(), "{name}: byte {at} by {change:#x}");
                }
            }
        }
    }
}
