//! What can be told of a token, and of what it says, apart from who made it: for surfaces that take a token apart as another
//! library does, or have its signature looked at elsewhere.

use super::header::Header;
use super::split::looks_like_jwt;
use super::verify::{decode_signature, open, room};
use super::{Limits, TokenError};
use crate::base64url;
use crate::json::{Depth, Members};

/// The payload of a JWS in compact form (RFC 7515 §5.2) whose signature was **not** looked at, borrowed from `scratch`.
///
/// The form is held to all that [`verify_jws`](super::verify_jws) holds it to: three segments within the limits, each in the
/// one spelling base64url has for it, and a header that can be read and asks for no extension. Nothing the payload says is to
/// be believed.
///
/// # Errors
/// The token's form is not such.
///
/// ```
/// use doorward::jwt::{self, Limits, TokenError};
/// let mut scratch = [0; 256];
/// let jws = b"eyJhbGciOiJIUzI1NiJ9.aGVsbG8.AAAA";
/// assert_eq!(jwt::unverified_payload(jws, &Limits::DEFAULT, &mut scratch)?, b"hello");
/// // The last character has bits to spare, and says so in more than one way.
/// let jws = b"eyJhbGciOiJIUzI1NiJ9.aGVsbG9.AAAA";
/// assert!(jwt::unverified_payload(jws, &Limits::DEFAULT, &mut scratch).is_err());
/// # Ok::<(), TokenError>(())
/// ```
pub fn unverified_payload<'s>(
    token: &[u8],
    limits: &Limits,
    scratch: &'s mut [u8],
) -> Result<&'s [u8], TokenError> {
    open(token, limits, scratch, |segments, scratch| {
        let (front, back) = room(segments, scratch)?;
        Header::read(segments.header, limits, front)?;
        decode_signature(segments, back)?;
        base64url::decode(segments.payload, scratch)
            .map(|payload| &*payload)
            .map_err(|_| TokenError::InvalidPayload)
    })
}

/// A payload as text, where it is one JSON object in which every object has each name once, and within the limits. The
/// types of registered claims are not looked at.
///
/// # Errors
/// The payload is no such object.
///
/// ```
/// use doorward::jwt::{self, Limits};
/// assert_eq!(jwt::object_text(br#"{"sub":5}"#, &Limits::DEFAULT), Ok(r#"{"sub":5}"#));
/// for bad in [&br#"{"sub":5,"sub":6}"#[..], br#"{"a":{"b":1,"\u0062":2}}"#, b"[]", b"{\"a\":\"\xFF\"}", b"{} {}"] {
///     assert!(jwt::object_text(bad, &Limits::DEFAULT).is_err());
/// }
/// ```
pub fn object_text<'p>(payload: &'p [u8], limits: &Limits) -> Result<&'p str, TokenError> {
    let text = core::str::from_utf8(payload).map_err(|_| TokenError::InvalidPayload)?;
    match every_name_once(text, limits.json()) {
        Ok(()) => Ok(text),
        Err(_) if looks_like_jwt(payload) => Err(TokenError::Nested),
        Err(_) => Err(TokenError::InvalidPayload),
    }
}

fn every_name_once(text: &str, depth: Depth) -> Result<(), crate::json::JsonError> {
    let mut members = Members::of(text, depth)?;
    while members.more()? {
        members.read()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::string::String;

    fn payload(token: &str) -> Result<String, TokenError> {
        let mut scratch = std::vec![0; token.len()];
        unverified_payload(token.as_bytes(), &Limits::DEFAULT, &mut scratch)
            .map(|payload| String::from_utf8_lossy(payload).into_owned())
    }

    #[test]
    fn the_form_is_all_that_is_looked_at() {
        let header = "eyJhbGciOiJIUzI1NiJ9";
        assert_eq!(payload(&format!("{header}.aGVsbG8.AAAA")).unwrap(), "hello");
        // An algorithm of nobody's, too: {"alg":"ES512"}.
        assert_eq!(payload("eyJhbGciOiJFUzUxMiJ9.aGVsbG8.AAAA").unwrap(), "hello");
        for (token, error) in [
            (format!("{header}.aGVsbG8"), TokenError::Malformed),
            (format!("{header}.aGVsbG8."), TokenError::Malformed),
            (format!("{header}..AAAA"), TokenError::Detached),
            (format!("{header}.aGVsbG8.AB"), TokenError::Malformed),
            (format!("{header}.aGVsbG9.AAAA"), TokenError::InvalidPayload),
            (format!("{header}.aGVsbG8.AAAA.AAAA"), TokenError::Malformed),
            // {"alg":"HS256","alg":"none"}
            ("eyJhbGciOiJIUzI1NiIsImFsZyI6Im5vbmUifQ.aGVsbG8.AAAA".into(), TokenError::InvalidHeader),
            // {"alg":"HS256","crit":["a"]}
            ("eyJhbGciOiJIUzI1NiIsImNyaXQiOlsiYSJdfQ.aGVsbG8.AAAA".into(), TokenError::CriticalHeader),
        ] {
            assert_eq!(payload(&token), Err(error), "{token}");
        }
        let mut short = [0; 8];
        let token = format!("{header}.aGVsbG8.AAAA");
        let outcome = unverified_payload(token.as_bytes(), &Limits::DEFAULT, &mut short);
        assert_eq!(outcome, Err(TokenError::ScratchTooSmall));
    }

    #[test]
    fn an_object_has_each_name_once_at_every_depth() {
        let limits = Limits { depth: 3, ..Limits::DEFAULT };
        for good in ["{}", r#" {"a":[{"b":1},{"b":2}],"exp":"soon"} "#, r#"{"a":{"b":{}}}"#] {
            assert_eq!(object_text(good.as_bytes(), &limits), Ok(good));
        }
        for bad in [r#"{"a":1,"a":1}"#, r#"{"a":[{"b":1,"b":2}]}"#, r#"{"a":{"b":{"c":{}}}}"#, "", "1", "{"] {
            assert_eq!(object_text(bad.as_bytes(), &limits), Err(TokenError::InvalidPayload), "{bad}");
        }
        assert_eq!(object_text(b"eyJ9.eyJ9.AAAA", &limits), Err(TokenError::Nested));
    }
}
