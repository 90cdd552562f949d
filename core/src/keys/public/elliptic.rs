//! ECDSA over P-256 and P-384 (RFC 7518 §3.4), and Ed25519 (RFC 8032 §5.1.7, RFC 8037 §3.1).

use super::Curve;
use crate::keys::KeyError;
use alloc::vec::Vec;
use ring::agreement::{self, ECDH_P256, ECDH_P384, EphemeralPrivateKey, agree_ephemeral};
use ring::rand::SystemRandom;

/// A key on a curve.
#[derive(Clone)]
pub(in crate::keys) struct EllipticKey {
    curve: Curve,
    point: Vec<u8>,
}

impl EllipticKey {
    /// `point` is 0x04, x and y for the P-curves (SEC 1 §2.3.3), the 32 bytes of RFC 8032 §5.1.2 for Ed25519. Whether
    /// 32 bytes are those of a point is found out on every verification, and here for the P-curves alone.
    pub(super) fn new(curve: Curve, point: &[u8]) -> Result<Self, KeyError> {
        let good = match (curve, point) {
            (Curve::P256, [4, coordinates @ ..]) => coordinates.len() == 64,
            (Curve::P384, [4, coordinates @ ..]) => coordinates.len() == 96,
            (Curve::Ed25519, point) => point.len() == 32 && is_reduced(point) && !is_of_low_order(point),
            _ => false,
        };
        if !good {
            return Err(KeyError::Point);
        }
        match curve {
            Curve::P256 => check_on_curve(&ECDH_P256, point)?,
            Curve::P384 => check_on_curve(&ECDH_P384, point)?,
            Curve::Ed25519 => {}
        }
        Ok(Self { curve, point: point.to_vec() })
    }

    pub(in crate::keys) const fn curve(&self) -> Curve {
        self.curve
    }

    /// As it was given to [`new`](Self::new).
    pub(in crate::keys) fn point(&self) -> &[u8] {
        &self.point
    }
}

/// ring tells whether a point is on its curve where somebody wants to agree on a secret with its owner (SP 800-56A
/// §5.6.2.3.4), and nowhere else short of a signature; so one is agreed on, and dropped.
fn check_on_curve(algorithm: &'static agreement::Algorithm, point: &[u8]) -> Result<(), KeyError> {
    let ours =
        EphemeralPrivateKey::generate(algorithm, &SystemRandom::new()).map_err(|_| KeyError::NoRandomness)?;
    agree_ephemeral(ours, &agreement::UnparsedPublicKey::new(algorithm, point), |_| ())
        .map_err(|_| KeyError::Point)
}

/// Whether y is below the field's 2²⁵⁵ − 19, as RFC 8032 §5.1.3 wants it decoded. ring would reduce it, AWS-LC refuse it.
fn is_reduced(point: &[u8]) -> bool {
    let [first, middle @ .., last] = point else { return false };
    *first < 0xED || last & 0x7F != 0x7F || middle.iter().any(|byte| *byte != 0xFF)
}

/// The y of Ed25519's points whose order divides eight, reduced: with such a key, signatures can be made by anybody
/// (RFC 8032 leaves them in; RFC 7748 §6.1 tells of the same for X25519).
const LOW_ORDER: [[u8; 32]; 5] = [
    y(0x00, 0x00, 0x00),
    y(0x01, 0x00, 0x00),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    y(0xec, 0xff, 0x7f),
];

/// A number whose middle bytes are all alike, little-endian.
const fn y(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    [bytes[0], bytes[31]] = [first, last];
    bytes
}

fn is_of_low_order(point: &[u8]) -> bool {
    let Some((last, rest)) = point.split_last() else { return true };
    // The top bit is the sign of x.
    LOW_ORDER.iter().any(|y| y.split_last().is_some_and(|(high, low)| low == rest && *high == last & 0x7F))
}
