//! What Project Wycheproof has not: every bit of good signatures turned, signatures of every length, keys by lot. With
//! the feature `aws-lc-rs` each of them is put to both libraries ([`super::side_by_side`]).

use crate::jwt::Algorithm;
use crate::keys::public::{Curve, PublicKey, VerifyingKey};
use ::wycheproof::{TestResult, ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};
use proptest::prelude::{ProptestConfig, Strategy as _, any, prop, proptest};
use std::vec::Vec;

/// A key, and what it signed.
struct Good {
    algorithm: Algorithm,
    key: PublicKey,
    message: Vec<u8>,
    signature: Vec<u8>,
}

/// One of each algorithm, of RSA by the smallest key.
fn good() -> Vec<Good> {
    let mut all = Vec::new();
    macro_rules! first {
        ($module:ident, $name:ident, $algorithm:ident) => {
            let groups = $module::TestSet::load($module::TestName::$name).unwrap().test_groups;
            let (der, test) = groups
                .into_iter()
                .flat_map(|group| group.tests.into_iter().map(move |test| (group.der.clone(), test)))
                .find(|(_, test)| test.result == TestResult::Valid && !test.msg.is_empty())
                .unwrap();
            all.push(Good {
                algorithm: Algorithm::$algorithm,
                key: PublicKey::from_der(&der).unwrap(),
                message: test.msg.to_vec(),
                signature: test.sig.to_vec(),
            });
        };
    }
    first!(rsa_pkcs1_verify, Rsa2048Sha256, RS256);
    first!(rsa_pkcs1_verify, Rsa2048Sha384, RS384);
    first!(rsa_pkcs1_verify, Rsa2048Sha512, RS512);
    first!(rsa_pss_verify, RsaPss2048Sha256Mgf1SaltLen32, PS256);
    first!(rsa_pss_verify, RsaPss2048Sha384Mgf1SaltLen48, PS384);
    first!(rsa_pss_verify, RsaPss4096Sha512Mgf1SaltLen64, PS512);
    first!(ecdsa, EcdsaSecp256r1Sha256P1363, ES256);
    first!(ecdsa, EcdsaSecp384r1Sha384P1363, ES384);
    first!(eddsa, Ed25519, EdDSA);
    all
}

impl Good {
    fn prepared(&self) -> VerifyingKey {
        self.key.prepare(&[self.algorithm]).unwrap()
    }
}

#[test]
fn no_bit_of_a_signature_can_be_turned() {
    for good in good() {
        let key = good.prepared();
        let verify = |signature: &[u8]| key.verify(good.algorithm, &good.message, signature);
        assert!(verify(&good.signature), "{}", good.algorithm);
        // ring takes a millisecond for P-384.
        let step = if good.algorithm == Algorithm::ES384 { 7 } else { 1 };
        for bit in (0..good.signature.len() * 8).step_by(step) {
            let mut turned = good.signature.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            assert!(!verify(&turned), "{} with bit {bit} turned", good.algorithm);
        }
    }
}

#[test]
fn no_signature_of_another_length_is_good() {
    for good in good() {
        let key = good.prepared();
        let length = good.signature.len();
        let zeros = [0; 1100];
        for other in (0..=1100).filter(|other| *other != length) {
            let mut behind = good.signature.clone();
            behind.resize(other, 0);
            let before = [&zeros[..other.saturating_sub(length)], &good.signature].concat();
            for signature in [&behind[..], &before[before.len() - other..], &zeros[..other]] {
                assert!(!key.verify(good.algorithm, &good.message, signature), "{} {other}", good.algorithm);
            }
        }
    }
}

#[test]
fn a_key_verifies_for_its_algorithms_only() {
    for good in good() {
        let fitting: Vec<Algorithm> =
            Algorithm::ALL.into_iter().filter(|other| good.key.fits(*other)).collect();
        let (one, all) = (good.prepared(), good.key.prepare(&fitting).unwrap());
        for other in Algorithm::ALL {
            let expected = other == good.algorithm;
            assert_eq!(all.verify(other, &good.message, &good.signature), expected, "{other}");
            assert_eq!(one.verify(other, &good.message, &good.signature), expected, "{other}");
        }
        // Of RSA, one that fits and was not asked for.
        for other in fitting.iter().filter(|other| **other != good.algorithm) {
            let without = good.key.prepare(&[*other]).unwrap();
            assert!(!without.verify(good.algorithm, &good.message, &good.signature), "{other}");
        }
    }
}

/// What a key keeps from its first verification on is made once, whoever comes first.
#[test]
fn threads_share_a_key() {
    for good in good() {
        let key = good.prepared();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let copy = key.clone();
                let (key, good) = (&key, &good);
                scope.spawn(move || {
                    for key in [key, &copy] {
                        assert!(key.verify(good.algorithm, &good.message, &good.signature));
                        assert!(!key.verify(good.algorithm, b"another", &good.signature));
                    }
                });
            }
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// No key by lot has signed anything; whether it can be one is for this crate to say, and the libraries agree.
    #[test]
    fn keys_by_lot(
        mut n in prop::collection::vec(any::<u8>(), 256..=1024),
        e in (1_u64..1 << 32).prop_map(|half| 2 * half + 1),
        mut point in any::<[u8; 32]>(),
        signature in any::<[u8; 1024]>(),
        message in any::<[u8; 40]>(),
    ) {
        n[0] |= 0x80;
        *n.last_mut().unwrap() |= 1;
        let e: Vec<u8> = e.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        let rsa: Vec<_> = Algorithm::ALL.into_iter().filter(|algorithm| algorithm.is_rsa()).collect();
        let key = PublicKey::rsa(&n, &e).unwrap().prepare(&rsa).unwrap();
        for algorithm in rsa {
            assert!(!key.verify(algorithm, &message, &signature[..n.len()]));
        }
        for top in [0, 0x80] {
            point[31] = point[31] & 0x7F | top;
            let key = PublicKey::point(Curve::Ed25519, &point).unwrap().prepare(&[Algorithm::EdDSA]).unwrap();
            assert!(!key.verify(Algorithm::EdDSA, &message, &signature[..64]));
        }
    }
}
