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
    let last = last_dot(rest).ok_or(TokenError::Malformed)?;
    let (payload, signature) = (rest.get(..last), rest.get(last + 1..));
    let (Some(payload), Some(signature)) = (payload, signature) else { return Err(TokenError::Malformed) };
    let signed = token.get(..header.len() + 1 + payload.len()).ok_or(TokenError::Malformed)?;
    if header.is_empty() || payload.is_empty() || signature.is_empty() {
        let detached = payload.is_empty() && !header.is_empty() && !signature.is_empty();
        return Err(if detached { TokenError::Detached } else { TokenError::Malformed });
    }
    // A dot inside the payload is no base64url and is found out when that is decoded; a JWE is told apart by the
    // caller, for the sake of a clear message, only once something has gone wrong: see `malformed_middle`.
    Ok(Segments { header, payload, signature, signed })
}

fn at_dot(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let dot = first_dot(text)?;
    Some((text.get(..dot)?, text.get(dot + 1..)?))
}

const LOW: u64 = 0x0101_0101_0101_0101;

/// The high bit of every byte that is a dot, and no other bit.
#[inline]
const fn dots(bytes: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(bytes) ^ (LOW * 0x2E);
    !(((word & (LOW * 0x7F)) + (LOW * 0x7F)) | word | (LOW * 0x7F))
}

#[inline]
fn first_dot(text: &[u8]) -> Option<usize> {
    let (words, rest) = text.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let found = dots(*word);
        if found != 0 {
            return Some(at * 8 + (found.trailing_zeros() / 8) as usize);
        }
    }
    rest.iter().position(|byte| *byte == b'.').map(|at| words.len() * 8 + at)
}

#[inline]
fn last_dot(text: &[u8]) -> Option<usize> {
    let (rest, words) = text.as_rchunks::<8>();
    for (at, word) in words.iter().enumerate().rev() {
        let found = dots(*word);
        if found != 0 {
            return Some(rest.len() + at * 8 + 7 - (found.leading_zeros() / 8) as usize);
        }
    }
    rest.iter().rposition(|byte| *byte == b'.')
}

/// Whether there is a dot. Without an early end, so that it is done sixteen bytes at a time.
#[inline]
pub(super) fn has_dot(text: &[u8]) -> bool {
    text.iter().fold(0, |found, byte| found | u8::from(*byte == b'.')) != 0
}

/// The error of a token whose middle holds a dot: a JWE has four in all, and nothing but base64url between them.
#[cold]
pub(super) fn malformed_middle(payload: &[u8]) -> TokenError {
    // The middle of a JWE is itself three segments.
    if looks_like_jwt(payload) { TokenError::Encrypted } else { TokenError::Malformed }
}

/// Whether a credential has a token's shape: two dots, and base64url between them.
pub(crate) fn looks_like_jwt(credential: &[u8]) -> bool {
    // No branch a byte and counts in a byte each, so that sixteen are looked at together.
    let mut dots = 0;
    let mut alien = 0;
    for chunk in credential.chunks(128) {
        let mut dots_here = 0_u8;
        for byte in chunk {
            let dot = *byte == b'.';
            dots_here += u8::from(dot);
            alien |= u8::from(!(dot | is_base64url(*byte)));
        }
        dots += usize::from(dots_here);
    }
    dots == 2 && alien == 0
}

#[inline]
const fn is_base64url(byte: u8) -> bool {
    // The sixth bit is the difference between the cases.
    let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let digit = byte.wrapping_sub(b'0') < 10;
    letter | digit | (byte == b'-') | (byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn a_token_has_two_dots_and_base64url() {
        for byte in 0..=255_u8 {
            let is_ours = byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            for len in [4, 100, 300] {
                let mut text = vec![b'x'; len];
                (text[1], text[len - 1], text[len / 2]) = (b'.', b'.', byte);
                assert_eq!(looks_like_jwt(&text), is_ours && byte != b'.', "{byte} of {len}");
            }
        }
        assert!(!looks_like_jwt(&[b'.'; 258]) && !looks_like_jwt(b"") && looks_like_jwt(b".."));
    }

    #[test]
    fn dots_are_found_wherever_they_are() {
        for len in 0..40 {
            for a in 0..len {
                for b in a..len {
                    // 0xAE is a dot but for its highest bit; 0x2F and 0x2D are its neighbours.
                    for filler in [b'A', 0xAE, 0x2F, 0x2D, 0x00, 0xFF] {
                        let mut text = [filler; 40];
                        (text[a], text[b]) = (b'.', b'.');
                        let text = &text[..len];
                        assert_eq!((first_dot(text), last_dot(text)), (Some(a), Some(b)));
                        assert!(has_dot(text) && !has_dot(&text[..a]));
                        assert_eq!((first_dot(&text[..a]), last_dot(&text[b + 1..])), (None, None));
                    }
                }
            }
        }
    }
}
