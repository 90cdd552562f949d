//! Project Wycheproof's signatures and MACs, through [`Key`] as it is configured: from DER, PEM, JWK and bare secrets.
//!
//! What must fail and passes fails the test, and so does what must pass and is refused, unless a rule below says why.
//! The messages are arbitrary bytes, which no JWS could frame: hence the crate's own `Key::verify`.

use super::{Key, KeyError};
use crate::jwt::Algorithm;
use ::wycheproof::{
    EdwardsCurve, HashFunction, Mgf, TestResult, ecdsa, eddsa, mac, rsa_pkcs1_verify, rsa_pss_verify,
};
use std::format;
use std::string::{String, ToString as _};
use std::vec::Vec;

/// What came of a set.
#[derive(Default)]
struct Tally {
    run: usize,
    passed: usize,
    wrong: Vec<String>,
}

impl Tally {
    /// `Acceptable` is for each set to decide; here it is always one or the other, never both.
    fn add(&mut self, set: &str, id: usize, comment: &str, expected: bool, found: bool) {
        self.run += 1;
        self.passed += usize::from(found);
        if expected != found {
            self.wrong.push(format!("{set} {id} ({comment}): expected {expected}, found {found}"));
        }
    }

    /// The exact counts: a corpus that shrinks or grows is looked at.
    fn check(&self, run: usize, passed: usize) {
        assert!(self.wrong.is_empty(), "{} of {}:\n{}", self.wrong.len(), self.run, self.wrong.join("\n"));
        assert_eq!((self.run, self.passed), (run, passed), "tests run, and of these passed");
    }
}

/// One key from its texts: each must give a key, or all must give the same error.
fn key(der: &[u8], pem: &str, algorithm: Algorithm) -> Result<Key, KeyError> {
    let from_pem = Key::from_pem(pem, &[algorithm]).map(drop);
    let from_der = Key::from_der(der, &[algorithm]);
    assert_eq!(from_pem, from_der.as_ref().map(drop).map_err(|error| *error), "PEM and DER agree");
    from_der
}

#[test]
fn ecdsa_signatures_raw() {
    let mut tally = Tally::default();
    for (name, algorithm) in [
        (ecdsa::TestName::EcdsaSecp256r1Sha256P1363, Algorithm::ES256),
        (ecdsa::TestName::EcdsaSecp384r1Sha384P1363, Algorithm::ES384),
    ] {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let key = key(&group.der, &group.pem, algorithm).unwrap();
            for test in group.tests {
                let expected = test.result == TestResult::Valid;
                let found = key.verify(algorithm, &test.msg, &test.sig);
                tally.add(algorithm.name(), test.tc_id, &test.comment, expected, found);
            }
        }
    }
    tally.check(542, 366);
}

/// The same messages with their signatures in DER: none is what a JWS holds (RFC 7518 §3.4).
#[test]
fn ecdsa_signatures_in_der_are_never_taken() {
    let mut tally = Tally::default();
    for (name, algorithm) in [
        (ecdsa::TestName::EcdsaSecp256r1Sha256, Algorithm::ES256),
        (ecdsa::TestName::EcdsaSecp384r1Sha384, Algorithm::ES384),
    ] {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let key = key(&group.der, &group.pem, algorithm).unwrap();
            for test in group.tests {
                let found = key.verify(algorithm, &test.msg, &test.sig);
                tally.add(algorithm.name(), test.tc_id, &test.comment, false, found);
            }
        }
    }
    tally.check(988, 0);
}

#[test]
fn ed25519_signatures() {
    let mut tally = Tally::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        assert_eq!(group.key.curve, EdwardsCurve::Ed25519);
        let key = key(&group.der, &group.pem, Algorithm::EdDSA).unwrap();
        for test in group.tests {
            let expected = test.result == TestResult::Valid;
            let found = key.verify(Algorithm::EdDSA, &test.msg, &test.sig);
            tally.add("EdDSA", test.tc_id, &test.comment, expected, found);
        }
    }
    tally.check(151, 88);
}

#[test]
fn rsa_pkcs1_signatures() {
    use rsa_pkcs1_verify::TestName::*;
    let mut tally = Tally::default();
    for (name, algorithm) in [
        (Rsa2048Sha256, Algorithm::RS256),
        (Rsa3072Sha256, Algorithm::RS256),
        (Rsa4096Sha256, Algorithm::RS256),
        (Rsa8192Sha256, Algorithm::RS256),
        (Rsa2048Sha384, Algorithm::RS384),
        (Rsa3072Sha384, Algorithm::RS384),
        (Rsa4096Sha384, Algorithm::RS384),
        (Rsa8192Sha384, Algorithm::RS384),
        (Rsa2048Sha512, Algorithm::RS512),
        (Rsa3072Sha512, Algorithm::RS512),
        (Rsa4096Sha512, Algorithm::RS512),
        (Rsa8192Sha512, Algorithm::RS512),
    ] {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let key = key(&group.der, &group.pem, algorithm).unwrap();
            for test in group.tests {
                // `Acceptable` is a DigestInfo without its NULL, which RFC 8017 §A.2.4 lets a verifier take, and neither
                // ring nor AWS-LC does.
                let expected = test.result == TestResult::Valid;
                let found = key.verify(algorithm, &test.msg, &test.sig);
                tally.add(algorithm.name(), test.tc_id, &test.comment, expected, found);
            }
        }
    }
    tally.check(3106, 89);
}

#[test]
fn rsa_pss_signatures() {
    use rsa_pss_verify::TestName::*;
    let mut tally = Tally::default();
    let mut skipped = 0;
    for name in [
        RsaPss2048Sha256Mgf1SaltLen32,
        RsaPss3072Sha256Mgf1SaltLen32,
        RsaPss4096Sha256Mgf1SaltLen32,
        RsaPss2048Sha384Mgf1SaltLen48,
        RsaPss4096Sha384Mgf1SaltLen48,
        RsaPss4096Sha512Mgf1SaltLen64,
        RsaPssmisc,
        // A salt of another length, or a mask made with another hash, is no PS* (RFC 7518 §3.5): none may pass.
        RsaPss2048Sha256Mgf1SaltLen0,
        RsaPss2048Sha256Mgf1Sha1_20,
        RsaPss4096Sha512Mgf1SaltLen32,
    ] {
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let (algorithm, salt) = match group.hash {
                HashFunction::Sha2_256 => (Algorithm::PS256, 32),
                HashFunction::Sha2_384 => (Algorithm::PS384, 48),
                HashFunction::Sha2_512 => (Algorithm::PS512, 64),
                // SHA-1 and the like: there is no algorithm for them.
                _ => {
                    skipped += group.tests.len();
                    continue;
                }
            };
            let mask = group.mgf == Mgf::Mgf1 && group.mgf_hash.as_ref() == Some(&group.hash);
            let key = key(&group.der, &group.pem, algorithm).unwrap();
            for test in group.tests {
                let expected = match group.salt_size {
                    _ if !mask => false,
                    size if size == salt => test.result == TestResult::Valid,
                    // Wrong in the set whose salts are empty, right as PS256.
                    _ => test.comment == "s_len changed to 32" && salt == 32,
                };
                let found = key.verify(algorithm, &test.msg, &test.sig);
                tally.add(algorithm.name(), test.tc_id, &test.comment, expected, found);
            }
        }
    }
    assert_eq!(skipped, 60, "tests of the mixed set whose hash is none of ours");
    tally.check(1263, 515);
}

/// Keys whose algorithm is RSASSA-PSS with parameters (RFC 4055 §3.1) are refused, whatever they would verify.
#[test]
fn rsa_pss_keys_with_parameters_are_refused() {
    let set =
        rsa_pss_verify::TestSet::load(rsa_pss_verify::TestName::RsaPss2048Sha256Mgf1SaltLen32WithParams);
    for group in set.unwrap().test_groups {
        assert_eq!(key(&group.der, &group.pem, Algorithm::PS256).unwrap_err(), KeyError::Unsupported);
    }
}

#[test]
fn hmacs() {
    let mut tally = Tally::default();
    for (name, algorithm) in [
        (mac::TestName::HmacSha256, Algorithm::HS256),
        (mac::TestName::HmacSha384, Algorithm::HS384),
        (mac::TestName::HmacSha512, Algorithm::HS512),
    ] {
        let full = algorithm.shortest_secret().unwrap();
        for group in mac::TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let key = Key::hmac_allowing_short(algorithm, &test.key).unwrap();
                // JWS knows no shortened MAC.
                let expected = test.result == TestResult::Valid && group.tag_size == full * 8;
                let found = key.verify(algorithm, &test.msg, &test.tag);
                tally.add(&algorithm.to_string(), test.tc_id, &test.comment, expected, found);
                let short = test.key.len() < full;
                assert_eq!(Key::hmac(algorithm, &test.key).err(), short.then_some(KeyError::SecretTooShort));
            }
        }
    }
    tally.check(522, 99);
}
