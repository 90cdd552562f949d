//! A token's three segments, found without looking at more than there may be (RFC 7515 §7.1).

use super::{Limits, TokenError};

/// The segments, still encoded, and what was signed.
pub(super) struct Segments<'t> {
    pub(super) header: &'t [u8],
    pub(super) payload: &'t [u8],
    pub(super) signature: &'t [u8],
    /// Header, dot, payload: the bytes the signature is over.
    pub(super) signed: &'t [u8],
}

pub(super) fn split<'t>(token: &'t [u8], limits: &Limits) -> Result<Segments<'t>, TokenError> {
    if token.len() > limits.token {
        return Err(TokenError::TooLarge);
    }
    let (header, rest) = at_dot(token).ok_or(TokenError::Malformed)?;
    if header.len() > limits.header {
        return Err(TokenError::TooLarge);
    }
    // From the right: what is between the first and the last dot is the payload, if it holds no other.
    let last = rest.iter().rposition(|byte| *byte == b'.').ok_or(TokenError::Malformed)?;
    let (payload, signature) = (rest.get(..last), rest.get(last + 1..));
    let (Some(payload), Some(signature)) = (payload, signature) else { return Err(TokenError::Malformed) };
    let signed = token.get(..header.len() + 1 + payload.len()).ok_or(TokenError::Malformed)?;
    if header.is_empty() || payload.is_empty() || signature.is_empty() {
        return Err(TokenError::Malformed);
    }
    // A dot inside the payload is no base64url and is found out when that is decoded; a JWE is told apart here,
    // for the sake of a clear message, only once something has gone wrong: see `dots`.
    Ok(Segments { header, payload, signature, signed })
}

fn at_dot(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let dot = text.iter().position(|byte| *byte == b'.')?;
    Some((text.get(..dot)?, text.get(dot + 1..)?))
}

/// The error of a token whose middle holds a dot: a JWE has four in all, and nothing but base64url between them.
#[cold]
pub(super) fn malformed_middle(payload: &[u8]) -> TokenError {
    // The middle of a JWE is itself three segments.
    if looks_like_jwt(payload) { TokenError::Encrypted } else { TokenError::Malformed }
}

/// Whether a credential has a token's shape: two dots, and base64url between them. Used once, to classify.
#[cfg(feature = "alloc")]
pub(crate) fn looks_like_jwt(credential: &[u8]) -> bool {
    let mut dots = 0;
    for byte in credential {
        match byte {
            b'.' => dots += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => {}
            _ => return false,
        }
    }
    dots == 2
}
