//! Both libraries, for the unit tests: each key is prepared by both and each signature verified by both, and what they say
//! must be the same.

use super::{Curve, Prepare, by_aws_lc, by_ring};
use crate::jwt::Algorithm;

/// See [`Prepare`].
#[derive(Clone)]
pub(in super::super) struct Prepared {
    aws_lc: by_aws_lc::Prepared,
    ring: by_ring::Prepared,
}

impl Prepared {
    fn both(aws_lc: Option<by_aws_lc::Prepared>, ring: Option<by_ring::Prepared>) -> Option<Self> {
        assert_eq!(aws_lc.is_some(), ring.is_some(), "aws-lc-rs and ring disagree about a key");
        Some(Self { aws_lc: aws_lc?, ring: ring? })
    }
}

impl Prepare for Prepared {
    fn rsa(n: &[u8], e: &[u8], algorithms: &[Algorithm]) -> Option<Self> {
        Self::both(Prepare::rsa(n, e, algorithms), Prepare::rsa(n, e, algorithms))
    }

    fn point(curve: Curve, point: &[u8]) -> Option<Self> {
        Self::both(Prepare::point(curve, point), Prepare::point(curve, point))
    }

    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let [aws_lc, ring] = [
            self.aws_lc.verify(algorithm, message, signature),
            self.ring.verify(algorithm, message, signature),
        ];
        assert_eq!(
            aws_lc, ring,
            "aws-lc-rs and ring disagree: {algorithm} {signature:02x?} of {message:02x?}"
        );
        ring
    }
}
