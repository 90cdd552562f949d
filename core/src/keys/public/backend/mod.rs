//! Which library verifies: ring, or aws-lc-rs with the feature of that name. All of the choice is here.
//!
//! Both answer alike to every input: what a key may be is decided before, by this crate ([`super::rsa`],
//! [`super::elliptic`]), and in the unit tests, where both are there, each verification is done by both and must agree.
//! Both are given public values only.
//!
//! | a verification, µs | ring 0.17 | aws-lc-rs 1.19, key prepared |
//! |---|--:|--:|
//! | RS256, 2048 bits | 23.9 | 17.7 |
//! | PS256, 2048 bits | 24.7 | 18.4 |
//! | RS256, 4096 bits | 88.6 | 63.8 |
//! | ES256 | 60.4 | 57.7 |
//! | ES384 | 909 | 232 |
//! | EdDSA | 52.9 | 41.5 |
//!
//! (Medians by turns in one run, 300 bytes signed, AMD EPYC of Zen 3. Without the preparation RS256 takes aws-lc-rs 20.4.)

#[cfg(feature = "aws-lc-rs")]
mod by_aws_lc;
#[cfg(any(test, not(feature = "aws-lc-rs")))]
mod by_ring;
#[cfg(all(test, feature = "aws-lc-rs"))]
mod side_by_side;
#[cfg(all(test, feature = "std"))]
mod tests;

#[cfg(all(not(test), feature = "aws-lc-rs"))]
pub(super) use by_aws_lc::Prepared;
#[cfg(not(feature = "aws-lc-rs"))]
pub(super) use by_ring::Prepared;
#[cfg(all(test, feature = "aws-lc-rs"))]
pub(super) use side_by_side::Prepared;

use super::Curve;
use crate::jwt::Algorithm;

/// A public key as a library wants it, made once.
pub(super) trait Prepare: Clone + Send + Sync + Sized {
    /// A modulus of 2048 to 8192 bits, odd, and an odd exponent from 3 to 2³³ − 1, both big-endian without leading
    /// zeros; for these algorithms. Nothing if the library will not have it.
    fn rsa(n: &[u8], e: &[u8], algorithms: &[Algorithm]) -> Option<Self>;

    /// A point of that curve in its encoding: SEC 1 §2.3.3 without compression, or RFC 8032 §5.1.2 with y reduced. Nothing
    /// if the library will not have it.
    fn point(curve: Curve, point: &[u8]) -> Option<Self>;

    /// RFC 8017 §8.1.2 and §8.2.2, with RFC 7518 §3.5's salts; RFC 7518 §3.4; RFC 8032 §5.1.7 without the cofactor. False
    /// for an algorithm the key was not prepared for.
    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool;
}
