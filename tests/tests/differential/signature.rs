//! Signatures that should not hold, and a few that are spelled as no signature should be.

use crate::generator::Draft;
use crate::keys::{hmac, sign};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::jwt::Algorithm;

/// The order of Ed25519's group, little-endian (RFC 8032 §5.1).
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// A signature segment for these segments.
pub(crate) fn change(draft: &mut Draft, header: &str, payload: &str) -> String {
    let signed = format!("{header}.{payload}");
    let mut tag = match draft.random.below(12) {
        0 => {
            draft.note("signed by another key");
            sign(draft.algorithm, true, signed.as_bytes())
        }
        1 => {
            draft.note("signed by HMAC with what is public");
            let public = draft.key.pem();
            let bare = draft.key.bare();
            let secret = if draft.random.chance(50) { public.as_bytes() } else { &bare };
            hmac(
                draft.random.pick(&[Algorithm::HS256, Algorithm::HS384, Algorithm::HS512]),
                secret,
                signed.as_bytes(),
            )
        }
        2 => {
            draft.note("signed by HMAC with an empty secret");
            hmac(Algorithm::HS256, b"", signed.as_bytes())
        }
        3 => {
            draft.note("no signature");
            vec![]
        }
        4 => {
            draft.note("the signature of something else");
            let other = draft.random.pick(&[payload, header, ""]);
            sign(draft.algorithm, false, other.as_bytes())
        }
        _ => sign(draft.algorithm, false, signed.as_bytes()),
    };
    if !draft.made.last().is_some_and(|last| last.contains("sign")) {
        bytes(draft, &mut tag);
    }
    URL_SAFE_NO_PAD.encode(tag)
}

/// A good signature, its bytes changed.
fn bytes(draft: &mut Draft, tag: &mut Vec<u8>) {
    draft.note("other bytes for a signature");
    let half = tag.len() / 2;
    let random = &mut draft.random;
    match random.below(10) {
        0 => tag.fill(0),
        1 => tag[..half].fill(0),
        2 => tag[half..].fill(0),
        3 => {
            tag.pop();
        }
        4 => tag.push(random.pick(&[0, 1, 0x80])),
        5 => tag.insert(0, 0),
        6 => {
            let at = random.place(tag.len());
            tag[at] ^= 1 << random.below(8);
        }
        7 if draft.algorithm == Algorithm::EdDSA => plus_order(&mut tag[32..]),
        7 => tag.fill(0xFF),
        8 => *tag = der(tag),
        _ => tag.truncate(random.place(tag.len())),
    }
}

/// S + L, which is the same S to whoever does not look at its range.
fn plus_order(s: &mut [u8]) {
    let mut carry = 0_u16;
    for (byte, order) in s.iter_mut().zip(ED25519_ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
}

/// ECDSA-Sig-Value (RFC 3279 §2.2.3) of r and s, shortened lengths: what X.509 has and JWS does not.
fn der(raw: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let mut body: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
        if body.first().is_none_or(|first| *first >= 0x80) {
            body.insert(0, 0);
        }
        [&[2, body.len() as u8][..], &body].concat()
    };
    let (r, s) = raw.split_at(raw.len() / 2);
    let body = [integer(r), integer(s)].concat();
    [&[0x30, body.len() as u8][..], &body].concat()
}
