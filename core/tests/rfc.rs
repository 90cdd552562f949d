//! The examples of the RFCs themselves, value for value: what they verify must verify, and what doorward does not do
//! must be refused by the right name. RFC 9068 signs none of its examples; its header is among the shared vectors.
#![cfg(feature = "asymmetric")]

use doorward::Now;
use doorward::jwt::{self, Limits, Rules, SigningKey, TokenError};
use doorward::keys::{Key, KeyError};

/// RFC 7515's claims, of March 2011: `{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}`.
const JOE: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const BEFORE: Now = Now::new(1_300_819_379.0, 0);

/// RFC 7520 §4's payload and RSA key (§3.3), public half.
const FRODO: &str = concat!(
    "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUg",
    "cm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0",
    "IGJlIHN3ZXB0IG9mZiB0by4",
);
const BILBO: &str = concat!(
    r#"{"kty":"RSA","kid":"bilbo.baggins@hobbiton.example","use":"sig","e":"AQAB","n":""#,
    "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRB",
    "SFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD",
    "1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_",
    "qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw",
    r#""}"#
);
/// §3.5's secret, whose `alg` it names.
const SECRET: &str = r#"{"kty":"oct","kid":"018c0ae5-4d9b-471b-bfd6-eef314bc7037","use":"sig","alg":"HS256",
    "k":"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"}"#;
/// RFC 7515 appendix A.1.
const A1_KEY: &str = r#"{"kty":"oct","alg":"HS256",
    "k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;

fn key(jwk: &str) -> Key {
    Key::from_jwk(jwk).unwrap().1
}

/// A set's example without the `alg` its key is for.
fn key_for(jwk: &str, alg: &str) -> Key {
    key(&jwk.replacen('{', &format!(r#"{{"alg":"{alg}","#), 1))
}

/// Where there is no chance in a signature, ours is the RFC's.
fn signs(jwk: &str, kid: Option<&str>, payload: &str, jws: &str) {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let mut key = SigningKey::from_jwk(jwk).unwrap();
    if let Some(kid) = kid {
        key = key.with_kid(kid);
    }
    assert_eq!(key.sign_jws(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap(), jws);
}

fn jws(token: &str, key: &Key) -> Result<String, TokenError> {
    let mut scratch = vec![0; token.len()];
    let payload = jwt::verify_jws(token.as_bytes(), key, &Limits::DEFAULT, &mut scratch)?;
    Ok(String::from_utf8(payload.to_vec()).unwrap())
}

/// Verifies, and not with any bit of the signature or one of the payload changed.
fn holds(header: &str, payload: &str, signature: &str, key: &Key) -> String {
    let text = jws(&format!("{header}.{payload}.{signature}"), key).expect("the RFC's signature");
    for at in 0..signature.len() {
        let mut changed = signature.as_bytes().to_vec();
        changed[at] = if changed[at] == b'A' { b'Q' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(jws(&format!("{header}.{payload}.{changed}"), key).is_err(), "changed at {at}");
    }
    let other = format!("{}{}", if payload.starts_with('e') { 'f' } else { 'e' }, &payload[1..]);
    assert_eq!(jws(&format!("{header}.{other}.{signature}"), key), Err(TokenError::InvalidSignature));
    text
}

/// The claims of RFC 7515's examples, as a JWT: good until they expire.
fn joe(token: &str, key: &Key) {
    let rules = Rules::new().issuer("joe").any_audience();
    let mut scratch = vec![0; token.len()];
    let claims = jwt::verify(token.as_bytes(), key, &rules, &mut scratch, BEFORE).unwrap();
    assert!(claims.get("http://example.com/is_root") == Some(jwt::Value::Bool(true)));
    let after = jwt::verify(token.as_bytes(), key, &rules, &mut scratch, Now::new(1_300_819_380.0, 0));
    assert_eq!(after.map(drop), Err(TokenError::Expired));
}

#[test]
fn rfc_7515_a1_hs256() {
    let (header, signature) =
        ("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    holds(header, JOE, signature, &key(A1_KEY));
    joe(&format!("{header}.{JOE}.{signature}"), &key(A1_KEY));
}

const A2_SIGNATURE: &str = concat!(
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9",
    "uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB",
    "_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rq",
    "Vt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
);

#[test]
fn rfc_7515_a2_rs256() {
    let key = key(concat!(
        r#"{"kty":"RSA","e":"AQAB","n":""#,
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR",
        "T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB",
        "dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia",
        "GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        r#""}"#
    ));
    holds("eyJhbGciOiJSUzI1NiJ9", JOE, A2_SIGNATURE, &key);
    joe(&format!("eyJhbGciOiJSUzI1NiJ9.{JOE}.{A2_SIGNATURE}"), &key);
    signs(A2_PRIVATE, None, JOE, &format!("eyJhbGciOiJSUzI1NiJ9.{JOE}.{A2_SIGNATURE}"));
}

const A2_PRIVATE: &str = concat!(
    r#"{"kty":"RSA","e":"AQAB","n":""#,
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR",
    "T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB",
    "dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia",
    "GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    r#"","d":""#,
    "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46su",
    "i395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4",
    "qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB",
    "4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ",
    r#"","p":""#,
    "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8",
    "cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
    r#"","q":""#,
    "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t",
    "62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc",
    r#"","dp":""#,
    "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCj",
    "n12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0",
    r#"","dq":""#,
    "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnw",
    "gjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU",
    r#"","qi":""#,
    "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93",
    "IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U",
    r#""}"#
);

#[test]
fn rfc_7515_a3_es256() {
    let key = key(r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#);
    let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    holds("eyJhbGciOiJFUzI1NiJ9", JOE, signature, &key);
    joe(&format!("eyJhbGciOiJFUzI1NiJ9.{JOE}.{signature}"), &key);
}

#[test]
fn rfc_7515_a4_and_7520_4_3_es512_is_not_ours() {
    let key = Key::from_jwk(
        r#"{"kty":"EC","kid":"bilbo.baggins@hobbiton.example","use":"sig","crv":"P-521",
            "x":"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt",
            "y":"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"}"#,
    );
    assert_eq!(key.err(), Some(KeyError::Unsupported));
    let token = concat!(
        "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ",
        "1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24",
        "ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.AE_",
        "R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDD",
        "yYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2",
    );
    assert_eq!(jws(token, &self::key(SECRET)), Err(TokenError::AlgorithmNotAllowed));
    assert_eq!(jws(token, &key_for(BILBO, "PS512")), Err(TokenError::AlgorithmNotAllowed));
}

#[test]
fn rfc_7515_a5_unsecured_is_refused() {
    let token = format!("eyJhbGciOiJub25lIn0.{JOE}.");
    assert_eq!(jws(&token, &key(A1_KEY)), Err(TokenError::Malformed));
    assert_eq!(jws(&format!("{token}AAAA"), &key(A1_KEY)), Err(TokenError::AlgorithmNotAllowed));
}

const RS256_SIGNATURE: &str = concat!(
    "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi8",
    "4wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocS",
    "adnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJu",
    "shZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg",
);
const PS384_SIGNATURE: &str = concat!(
    "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItl",
    "lVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0",
    "TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0",
    "uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw",
);

#[test]
fn rfc_7520_4_1_rs256() {
    let text = holds(
        "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
        FRODO,
        RS256_SIGNATURE,
        &key(BILBO),
    );
    assert!(text.starts_with("It\u{2019}s a dangerous business, Frodo") && text.ends_with("swept off to."));
}

#[test]
fn rfc_7520_4_2_ps384() {
    let header = "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9";
    holds(header, FRODO, PS384_SIGNATURE, &key_for(BILBO, "PS384"));
    // A key that does not say so is for RS*.
    let refused = jws(&format!("{header}.{FRODO}.{PS384_SIGNATURE}"), &key(BILBO));
    assert_eq!(refused, Err(TokenError::AlgorithmNotAllowed));
}

const HS256_HEADER: &str = "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9";
const HS256_SIGNATURE: &str = "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0";

#[test]
fn rfc_7520_4_4_hs256() {
    holds(HS256_HEADER, FRODO, HS256_SIGNATURE, &key(SECRET));
    signs(SECRET, None, FRODO, &format!("{HS256_HEADER}.{FRODO}.{HS256_SIGNATURE}"));
}

/// §4.5: the payload is elsewhere. §4.6: the `kid` is unprotected, and what is protected makes a JWS of its own. §4.7:
/// nothing is protected, so that there is no header to read. The JSON forms are none of ours.
#[test]
fn rfc_7520_4_5_to_4_7_detached_and_unprotected() {
    let key = key(SECRET);
    assert_eq!(jws(&format!("{HS256_HEADER}..{HS256_SIGNATURE}"), &key), Err(TokenError::Detached));
    holds("eyJhbGciOiJIUzI1NiJ9", FRODO, "bWUSVaxorn7bEF1djytBd0kHv70Ly5pvbomzMWSOr20", &key);
    let headless = format!(".{FRODO}.xuLifqLGiblpv9zBpuZczWhNj1gARaLV3UxvxhJxZuk");
    assert_eq!(jws(&headless, &key), Err(TokenError::Malformed));
    let flattened =
        format!(r#"{{"payload":"{FRODO}","protected":"{HS256_HEADER}","signature":"{HS256_SIGNATURE}"}}"#);
    assert_eq!(jws(&flattened, &key), Err(TokenError::Malformed));
}

/// Another payload than the one that is signed would be read.
#[test]
fn rfc_7797_unencoded_payloads_are_refused() {
    let (header, signature) = (
        "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19",
        "ciks0B6Hs-amhOqxI5_iG6mPKnMDlWCb7J2Wu7mtIcg",
    );
    let key = key(A1_KEY);
    for payload in ["This is the payload string!", "JC4wMg"] {
        assert_eq!(jws(&format!("{header}.{payload}.{signature}"), &key), Err(TokenError::CriticalHeader));
    }
    // §4.2, detached.
    let detached = "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19..A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY";
    assert_eq!(jws(detached, &key), Err(TokenError::Detached));
}

#[test]
fn rfc_8037_a4_ed25519() {
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let (header, payload, signature) = (
        "eyJhbGciOiJFZERTQSJ9",
        "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    );
    let text = holds(header, payload, signature, &key(jwk));
    assert_eq!(text, "Example of Ed25519 signing");
    // Appendix A.1, the private key.
    let private = jwk.replace('}', r#","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}"#);
    assert_eq!(Key::from_jwk(&private).err(), Some(KeyError::PrivateKey));
    signs(&private, None, payload, &format!("{header}.{payload}.{signature}"));
}
