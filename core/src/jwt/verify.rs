//! The one path every token takes.

use super::header::Header;
use super::split::{Segments, has_dot, looks_like_jwt, malformed_middle, split};
use super::{Claims, Limits, Rules, TokenError};
use crate::Now;
use crate::base64url;
use crate::keys::Key;

/// The longest signature: RSA of 8192 bits.
const MAX_SIGNATURE: usize = 1024;

/// The same in base64url without padding.
const MAX_SIGNATURE_TEXT: usize = (MAX_SIGNATURE * 4).div_ceil(3);

/// Verifies a token with one key and gives its claims, borrowed from `scratch`.
///
/// `scratch` must be at least as long as the token, in bytes; what it held before does not matter, and what it
/// holds after an error is unspecified. Allocates nothing for HS*.
///
/// # Errors
/// One [`TokenError`], whose order is that of the checks: shape, header, algorithm, kid, signature, payload,
/// dates, issuer, audience, subject.
///
/// ```
/// use doorward::{Now, jwt::{self, Algorithm, Rules}, keys::Key};
///
/// let key = Key::hmac(Algorithm::HS256, b"a secret of at least 32 bytes, kept well")?;
/// let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5hIiwiZXhwIjo0MTAyNDQ0ODAwfQ.\
///              1HvDp9sQHbMthyHX_IPTduWSblPXoycQPK18HCyHpfI";
/// let mut scratch = [0; 512];
/// let claims = jwt::verify(token.as_bytes(), &key, &Rules::new(), &mut scratch, Now::new(1_700_000_000.0, 0))?;
/// assert!(claims.subject().is_some_and(|subject| subject == *"anna"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify<'s>(
    token: &[u8],
    key: &Key,
    rules: &Rules<'_>,
    scratch: &'s mut [u8],
    now: Now,
) -> Result<Claims<'s>, TokenError> {
    if !key.is_secret() && rules.audience_rule().is_unset() {
        return Err(TokenError::AudienceNotConfigured);
    }
    let mut outcome = Ok(Claims::none("", &rules.limits));
    if let Ok(claims) = &mut outcome
        && let Err(error) = open(token, &rules.limits, scratch, |segments, scratch| {
            let (front, back) = room(segments, scratch)?;
            let header = Header::read(segments.header, &rules.limits, front)?;
            let typed = rules.type_agrees(header.typ);
            let algorithm = header
                .alg
                .filter(|alg| key.allows(*alg) && rules.allows(*alg))
                .ok_or(TokenError::AlgorithmNotAllowed)?;
            let signature = decode_signature(segments, back)?;
            if !key.verify(algorithm, segments.signed, signature) {
                return Err(TokenError::InvalidSignature);
            }
            believe(segments, rules, typed, scratch, now, claims)
        })
    {
        outcome = Err(error);
    }
    outcome
}

/// Verifies a JWS in compact form (RFC 7515 §5.2) and gives its payload, whatever it is, borrowed from `scratch`.
///
/// Nothing is asked of the payload: for what is no JSON, and for other people's test vectors. `limits` bound the token
/// and its header. Allocates nothing for HS*.
///
/// # Errors
/// As [`verify`], as far as the signature. An unencoded or detached payload (RFC 7797, RFC 7515 appendix F) is
/// `token_header_critical` or `token_malformed`.
///
/// ```
/// use doorward::{jwt::{self, Algorithm, Limits}, keys::Key};
/// let key = Key::hmac(Algorithm::HS256, b"a secret of at least 32 bytes, kept well")?;
/// let jws = b"eyJhbGciOiJIUzI1NiJ9.aGVsbG8sIG5vdCBKU09O.\
///             DhVy5NyMdofNUdXQ-PGEgpPEszzGs5AW3xHnycLYVs8";
/// let mut scratch = [0; 256];
/// assert_eq!(jwt::verify_jws(jws, &key, &Limits::DEFAULT, &mut scratch)?, b"hello, not JSON");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify_jws<'s>(
    token: &[u8],
    key: &Key,
    limits: &Limits,
    scratch: &'s mut [u8],
) -> Result<&'s [u8], TokenError> {
    open(token, limits, scratch, |segments, scratch| {
        let (front, back) = room(segments, scratch)?;
        let header = Header::read(segments.header, limits, front)?;
        let algorithm = header.alg.filter(|alg| key.allows(*alg)).ok_or(TokenError::AlgorithmNotAllowed)?;
        let signature = decode_signature(segments, back)?;
        if !key.verify(algorithm, segments.signed, signature) {
            return Err(TokenError::InvalidSignature);
        }
        base64url::decode(segments.payload, scratch)
            .map(|payload| &*payload)
            .map_err(|_| TokenError::InvalidPayload)
    })
}

/// The same as [`verify`] with a choice of keys, into claims that are [`none`](Claims::none) yet: where they are to be in
/// the end, for a result of 300 bytes was copied by each function on its way.
#[cfg(feature = "alloc")]
pub(super) fn verify_with<'s>(
    token: &[u8],
    keys: &crate::keys::KeySet,
    rules: &Rules<'_>,
    scratch: &'s mut [u8],
    now: Now,
    claims: &mut Claims<'s>,
) -> Result<(), TokenError> {
    open(token, &rules.limits, scratch, |segments, scratch| {
        let (front, back) = room(segments, scratch)?;
        let (header, is_new) = match Header::common(segments.header, &rules.limits) {
            Some(common) => (common, false),
            None => uncommon(segments.header, keys, &rules.limits, front)?,
        };
        let typed = rules.type_agrees(header.typ);
        let algorithm = header
            .alg
            .filter(|alg| keys.allows(*alg) && rules.allows(*alg))
            .ok_or(TokenError::AlgorithmNotAllowed)?;
        let signature = decode_signature(segments, back)?;
        let mut tried = false;
        let mut good = false;
        for key in keys.candidates(algorithm, header.kid) {
            tried = true;
            good = key.verify(algorithm, segments.signed, signature);
            if good {
                break;
            }
        }
        if !tried {
            return Err(TokenError::KeyNotFound);
        }
        if !good {
            return Err(TokenError::InvalidSignature);
        }
        if is_new {
            keys.remember_header(segments.header, &rules.limits, &header);
        }
        believe(segments, rules, typed, scratch, now, claims)
    })
}

/// A header that is read, unless it is known, and whether it was new. Apart, so that others pay nothing for it.
#[cfg(feature = "alloc")]
#[inline(never)]
fn uncommon<'h>(
    segment: &[u8],
    keys: &'h crate::keys::KeySet,
    limits: &Limits,
    scratch: &'h mut [u8],
) -> Result<(Header<'h>, bool), TokenError> {
    match keys.known_header(segment, limits) {
        Some(known) => Ok((known, false)),
        None => Ok((Header::parse(segment, limits, scratch)?, true)),
    }
}

/// Splits a token and goes on with its segments. A wrong shape is told before anything else that is wrong, so it is
/// looked for once something is: a dot in the middle is no base64url, and nothing that holds one is ever believed.
#[inline(always)]
pub(super) fn open<'s, T>(
    token: &[u8],
    limits: &Limits,
    scratch: &'s mut [u8],
    go_on: impl FnOnce(&Segments<'_>, &'s mut [u8]) -> Result<T, TokenError>,
) -> Result<T, TokenError> {
    let segments = split(token, limits)?;
    let outcome = if scratch.len() < token.len() {
        Err(TokenError::ScratchTooSmall)
    } else {
        go_on(&segments, scratch)
    };
    outcome.map_err(|error| shape_or(error, segments.payload))
}

#[cold]
fn shape_or(error: TokenError, payload: &[u8]) -> TokenError {
    if has_dot(payload) { malformed_middle(payload) } else { error }
}

pub(super) fn decode_signature<'o>(
    segments: &Segments<'_>,
    out: &'o mut [u8],
) -> Result<&'o [u8], TokenError> {
    // One spelling a token: a signature that is no base64url is malformed, whatever key it was meant for.
    if segments.signature.len() > MAX_SIGNATURE_TEXT {
        return Err(TokenError::Malformed);
    }
    Ok(base64url::decode(segments.signature, out).map_err(|_| TokenError::Malformed)?)
}

/// Where the header and the signature are decoded to: each of them is in the token, so there is room for both.
#[inline]
pub(super) fn room<'o>(
    segments: &Segments<'_>,
    scratch: &'o mut [u8],
) -> Result<(&'o mut [u8], &'o mut [u8]), TokenError> {
    scratch.split_at_mut_checked(segments.signed.len()).ok_or(TokenError::ScratchTooSmall)
}

/// The error of a payload that can't be read: whose payload is a token was meant for somebody who unwraps it.
#[cold]
fn nested_or(error: TokenError, payload: &str) -> TokenError {
    if looks_like_jwt(payload.as_bytes()) { TokenError::Nested } else { error }
}

/// The signature held: what does the payload say?
#[inline]
fn believe<'s>(
    segments: &Segments<'_>,
    rules: &Rules<'_>,
    typed: bool,
    scratch: &'s mut [u8],
    now: Now,
    claims: &mut Claims<'s>,
) -> Result<(), TokenError> {
    let payload = base64url::decode(segments.payload, scratch).map_err(|_| TokenError::InvalidPayload)?;
    let payload = core::str::from_utf8(payload).map_err(|_| TokenError::InvalidPayload)?;
    claims.fill(payload).map_err(|error| nested_or(error, payload))?;
    // Not before the signature: an honest token of another type is no guess.
    if !typed {
        return Err(TokenError::TypeMismatch);
    }
    rules.check(claims, now)
}
