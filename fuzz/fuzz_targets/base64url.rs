//! Any bytes as a segment, against the `base64` crate. The decoder is not public, so it is met in all three places:
//! the first byte chooses which.
#![no_main]

use doorward::jwt::TokenError;
use doorward_fuzz::{BY_SECRET, HEADER, decode, encode, seal, verify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((place, text)) = data.split_first() else { return };
    if text.len() > 1366 || text.contains(&b'.') || text.is_empty() {
        return;
    }
    let header = encode(HEADER.as_bytes());
    let payload = encode(b"{}");
    let reference = decode(text);
    let token = match place % 3 {
        0 => seal(text, payload.as_bytes()),
        1 => seal(header.as_bytes(), text),
        _ => [header.as_bytes(), b".", payload.as_bytes(), b".", text].concat(),
    };
    let outcome = verify(&BY_SECRET, &token);
    let malformed = match (place % 3, &outcome) {
        (1, Err(TokenError::InvalidPayload | TokenError::Nested)) => {
            // Badly spelled, or well spelled and no claims: a well-spelled one is told by wrapping it anew.
            if let Some(bytes) = &reference {
                let again = seal(header.as_bytes(), encode(bytes).as_bytes());
                assert_eq!(again, token, "one spelling a text");
            }
            return;
        }
        (1, Ok(claims)) => {
            assert_eq!(reference.as_deref(), Some(claims.payload().as_bytes()));
            return;
        }
        (_, Err(TokenError::Malformed)) => true,
        _ => false,
    };
    assert_eq!(malformed, reference.is_none(), "{outcome:?}");
    if let (Some(bytes), 0 | 2) = (&reference, place % 3) {
        assert_eq!(encode(bytes).as_bytes(), text, "one spelling a text");
    }
});
