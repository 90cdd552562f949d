//! Bounds that configuration moves.
#![cfg(feature = "alloc")]

use doorward::Now;
use doorward::jwt::{Algorithm, Limits, Rules, SigningKey, TokenError, Verifier};
use doorward::keys::{Key, KeySet};

const SECRET: &[u8] = b"a secret of at least 32 bytes, kept well";

fn verify(token: &str, limits: Limits) -> Result<(), TokenError> {
    let keys = KeySet::from(Key::hmac(Algorithm::HS256, SECRET).unwrap());
    let verifier = Verifier::new(keys, Rules::new().without_expiry().limits(limits)).unwrap();
    verifier.verify(token.as_bytes(), Now::new(1.7e9, 0)).map(|_| ())
}

/// A token whose payload is nested that deep, signed without the minting path's own bounds.
fn nested(levels: usize) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let payload = format!("{{\"x\":{}0{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    let signed = format!("{}.{}", BASE64URL.encode(r#"{"alg":"HS256"}"#), BASE64URL.encode(payload));
    let tag = Hmac::<sha2::Sha256>::new_from_slice(SECRET).unwrap().chain_update(&signed).finalize();
    format!("{signed}.{}", BASE64URL.encode(tag.into_bytes()))
}

const WIDE: Limits = Limits { token: 1 << 24, ..Limits::DEFAULT };

#[test]
fn no_configuration_lets_a_token_use_up_the_stack() {
    let limits = Limits { depth: usize::MAX, ..WIDE };
    assert_eq!(verify(&nested(64), limits), Ok(()));
    assert_eq!(verify(&nested(65), limits), Err(TokenError::InvalidPayload));
    assert_eq!(verify(&nested(1_000_000), limits), Err(TokenError::InvalidPayload));
}

#[test]
fn depth_is_counted_from_the_outermost_object() {
    for depth in 1..=16 {
        let limits = Limits { depth, ..Limits::DEFAULT };
        assert_eq!(verify(&nested(depth), limits), Ok(()), "{depth}");
        assert_eq!(verify(&nested(depth + 1), limits), Err(TokenError::InvalidPayload), "{depth}");
    }
    let limits = Limits { depth: 0, ..Limits::DEFAULT };
    assert_eq!(verify(&nested(1), limits), Err(TokenError::InvalidHeader));
}

#[test]
fn bounds_of_nothing_and_of_everything_do_no_harm() {
    let zero = Limits { token: 0, header: 0, members: 0, depth: 0, kid: 0 };
    let all = Limits {
        token: usize::MAX,
        header: usize::MAX,
        members: usize::MAX,
        depth: usize::MAX,
        kid: usize::MAX,
    };
    assert_eq!(verify(&nested(2), zero), Err(TokenError::TooLarge));
    assert_eq!(verify("", zero), Err(TokenError::Malformed));
    assert_eq!(verify(&nested(2), all), Ok(()));
    assert_eq!(verify(&nested(2), Limits { members: 0, ..all }), Err(TokenError::InvalidHeader));
}

#[test]
fn what_is_minted_is_what_a_verifier_takes() {
    let key = || SigningKey::hmac(Algorithm::HS256, SECRET).unwrap();
    for kid in ["k", "a \"kid\" \\ with\nall \u{0} it \u{1f600} needs", &"k".repeat(256), &"\"".repeat(256)] {
        let token = key().with_kid(kid).sign_without_expiry(r#"{"sub":"anna"}"#).unwrap();
        assert_eq!(verify(&token, Limits::DEFAULT), Ok(()), "{kid}");
    }
    for kid in [String::new(), "k".repeat(257), "é".repeat(129)] {
        let refused = key().with_kid(&*kid).sign_without_expiry(r#"{"sub":"anna"}"#).unwrap_err();
        assert_eq!(refused.code(), "kid_invalid", "{kid}");
    }
    for length in (12_150..12_250).chain([20_000]) {
        let claims = format!(r#"{{"sub":"{}"}}"#, "x".repeat(length));
        match key().sign_without_expiry(&claims) {
            Ok(token) => assert_eq!(verify(&token, Limits::DEFAULT), Ok(()), "{length}"),
            Err(error) => assert_eq!(error.code(), "token_too_large"),
        }
    }
}
