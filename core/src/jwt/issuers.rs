//! Several issuers side by side: a key is looked up only in the set of the issuer that a token names.

use super::split::split;
use super::{JsonStr, Limits, TokenError, Value, Verifier, VerifierError};
use crate::base64url;
use crate::json::{JsonError, object_members, pack_bytes};
use alloc::vec::Vec;

/// Verifiers, each for other issuers; one of them may be for tokens that name none of these.
///
/// The issuer a token names chooses the verifier, before anything of the token is believed: what it says must then hold
/// by that verifier's keys and rules, the issuer's among them. A kid of one issuer finds no key of another.
///
/// ```
/// use doorward::{jwt::{Algorithm, Issuers, Rules, TokenError, Verifier}, keys::{Key, KeySet}};
///
/// let of = |issuer: &'static str, secret: u8| {
///     let key = Key::hmac(Algorithm::HS256, &[secret; 32])?;
///     Ok::<_, Box<dyn std::error::Error>>(Verifier::new(KeySet::from(key), Rules::new().issuer(issuer))?)
/// };
/// let issuers = Issuers::new(vec![of("https://a.example", 1)?, of("https://b.example", 2)?])?;
/// let unsigned = b"eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodHRwczovL2IuZXhhbXBsZSJ9.AAAA";
/// assert_eq!(issuers.choose(unsigned, &mut [0; 128]), Ok(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Issuers {
    verifiers: Vec<Verifier>,
    /// The one whose rules name no issuer.
    other: Option<usize>,
    /// The widest bounds of any of them: what one of them could read must not be overlooked here, or the one without an
    /// issuer would speak for another's.
    limits: Limits,
}

impl Issuers {
    /// Verifiers whose rules name their issuers, none of them twice. At most one names none: it gets the tokens that
    /// name none of the others'.
    ///
    /// # Errors
    /// No verifiers; an issuer named by two, or two that name none.
    pub fn new(verifiers: Vec<Verifier>) -> Result<Self, VerifierError> {
        if verifiers.is_empty() {
            return Err(VerifierError::NoKeys);
        }
        let mut unnamed = verifiers.iter().enumerate().filter(|(_, one)| one.issuers().is_none());
        let other = unnamed.next().map(|(place, _)| place);
        if unnamed.next().is_some() {
            return Err(VerifierError::IssuersOverlap);
        }
        for (place, one) in verifiers.iter().enumerate() {
            let earlier = || verifiers.iter().take(place).filter_map(Verifier::issuers);
            let twice = |issuer: &str| earlier().any(|theirs| theirs.any(|their| their == issuer));
            if one.issuers().is_some_and(|issuers| issuers.any(twice)) {
                return Err(VerifierError::IssuersOverlap);
            }
        }
        let limits = verifiers.iter().map(Verifier::limits).copied().reduce(Limits::or_wider);
        Ok(Self { verifiers, other, limits: limits.unwrap_or_default() })
    }

    /// The place of the verifier for a token, of which nothing is believed yet. `scratch` is as long as the token.
    ///
    /// # Errors
    /// The token's shape, or [`TokenError::IssuerUnknown`].
    pub fn choose(&self, token: &[u8], scratch: &mut [u8]) -> Result<usize, TokenError> {
        if self.verifiers.len() == 1 {
            return Ok(0);
        }
        let segments = split(token, &self.limits)?;
        let place = base64url::decode(segments.payload, scratch)
            .ok()
            .and_then(|payload| core::str::from_utf8(payload).ok())
            .and_then(|payload| {
                let issuer = named_by(payload, &self.limits)?;
                self.verifiers.iter().position(|one| one.issuers().is_some_and(|ours| ours.is(issuer)))
            });
        place.or(self.other).ok_or(TokenError::IssuerUnknown)
    }

    /// The verifier at a place.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&Verifier> {
        self.verifiers.get(place)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Verifier> {
        self.verifiers.iter()
    }
}

fn named_by<'a>(payload: &'a str, limits: &Limits) -> Option<JsonStr<'a>> {
    let mut issuer = None;
    object_members(payload, limits.json(), |name, _, value: Value<'a>| -> Result<(), JsonError> {
        if name == pack_bytes(b"iss") {
            issuer = value.as_str();
        }
        Ok(())
    })
    .ok()?;
    issuer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Now;
    use crate::jwt::{Algorithm, Rules, SigningKey, sign};
    use crate::keys::{Key, KeySet};
    use alloc::string::String;
    use alloc::{format, vec};

    const A: [u8; 32] = [1; 32];
    const B: [u8; 32] = [2; 32];
    const NOW: Now = Now::new(1000.0, 0);

    fn verifier(secret: &[u8], issuer: Option<&'static str>) -> Verifier {
        let key = Key::hmac(Algorithm::HS256, secret).unwrap();
        let keys = KeySet::new().with_kid("k", key).unwrap();
        Verifier::new(keys, issuer.map_or_else(Rules::new, |issuer| Rules::new().issuer(issuer))).unwrap()
    }

    fn token(secret: &[u8], issuer: &str) -> String {
        let key = SigningKey::hmac(Algorithm::HS256, secret).unwrap().with_kid("k");
        sign(&format!(r#"{{"iss":{issuer},"sub":"s","exp":2000}}"#), &key).unwrap()
    }

    fn verify(issuers: &Issuers, token: &str) -> Result<usize, TokenError> {
        let mut scratch = vec![0; token.len()];
        let place = issuers.choose(token.as_bytes(), &mut scratch)?;
        issuers.get(place).unwrap().verify(token.as_bytes(), NOW)?;
        Ok(place)
    }

    #[test]
    fn a_key_is_looked_up_in_its_issuers_set_alone() {
        let issuers = Issuers::new(vec![verifier(&A, Some("a")), verifier(&B, Some("b"))]).unwrap();
        assert_eq!(verify(&issuers, &token(&A, r#""a""#)), Ok(0));
        assert_eq!(verify(&issuers, &token(&B, r#""b""#)), Ok(1));
        assert_eq!(verify(&issuers, &token(&B, r#""\u0062""#)), Ok(1), "however it is written");
        // The same kid, and a good signature by another issuer's key.
        assert_eq!(verify(&issuers, &token(&A, r#""b""#)), Err(TokenError::InvalidSignature));
        assert_eq!(verify(&issuers, &token(&B, r#""a""#)), Err(TokenError::InvalidSignature));
        assert_eq!(verify(&issuers, &token(&A, r#""c""#)), Err(TokenError::IssuerUnknown));
        assert_eq!(verify(&issuers, &token(&A, r#""A""#)), Err(TokenError::IssuerUnknown));
        assert_eq!(verify(&issuers, "e30.e30.AAAA"), Err(TokenError::IssuerUnknown));
        assert_eq!(verify(&issuers, "e30.%.AAAA"), Err(TokenError::IssuerUnknown));
        // Named twice, once escaped; and as an array.
        for payload in [r#"{"iss":"a","\u0069ss":"b"}"#, r#"{"iss":["a"]}"#, r#"{"iss":"a""#] {
            let mut unsigned = String::from("eyJhbGciOiJIUzI1NiJ9.");
            base64url::encode_append(payload.as_bytes(), &mut unsigned);
            unsigned.push_str(".AAAA");
            assert_eq!(verify(&issuers, &unsigned), Err(TokenError::IssuerUnknown), "{payload}");
        }
        assert_eq!(verify(&issuers, "nothing"), Err(TokenError::Malformed));
    }

    #[test]
    fn one_may_have_what_is_left() {
        let issuers = Issuers::new(vec![verifier(&A, None), verifier(&B, Some("b"))]).unwrap();
        assert_eq!(verify(&issuers, &token(&A, r#""anybody""#)), Ok(0));
        assert_eq!(verify(&issuers, &token(&A, r#""b""#)), Err(TokenError::InvalidSignature));
        assert_eq!(verify(&issuers, &token(&B, r#""anybody""#)), Err(TokenError::InvalidSignature));
    }

    #[test]
    fn ones_bounds_do_not_hide_what_another_reads() {
        let bounded = |secret: &[u8], issuer: Option<&'static str>, limits| {
            let key = Key::hmac(Algorithm::HS256, secret).unwrap();
            let rules = issuer.map_or_else(Rules::new, |issuer| Rules::new().issuer(issuer));
            Verifier::new(KeySet::from(key), rules.limits(limits)).unwrap()
        };
        let tight = [
            Limits { members: 2, ..Limits::DEFAULT },
            Limits { depth: 1, ..Limits::DEFAULT },
            Limits { token: 100, ..Limits::DEFAULT },
            Limits { header: 8, ..Limits::DEFAULT },
        ];
        for limits in tight {
            let issuers = Issuers::new(vec![
                bounded(&B, Some("b"), limits),
                bounded(&A, None, Limits::DEFAULT),
                bounded(&[3; 32], Some("c"), Limits::DEFAULT),
            ])
            .unwrap();
            let token = |secret: &[u8], issuer: &str| {
                let key = SigningKey::hmac(Algorithm::HS256, secret).unwrap();
                let claims = format!(
                    r#"{{"iss":"{issuer}","sub":"s","exp":2000,"x":{{"deep":[]}},"y":"{issuer:80}"}}"#
                );
                sign(&claims, &key).unwrap()
            };
            // Whoever may sign for those without a name must not speak for one that has one.
            assert!(verify(&issuers, &token(&A, "b")).is_err(), "{limits:?}");
            assert_eq!(verify(&issuers, &token(&A, "anybody")), Ok(1), "{limits:?}");
            assert_eq!(verify(&issuers, &token(&[3; 32], "c")), Ok(2), "{limits:?}");
        }
    }

    #[test]
    fn what_would_be_a_choice_is_refused() {
        let overlap = |verifiers| Issuers::new(verifiers).unwrap_err();
        assert_eq!(overlap(vec![verifier(&A, None), verifier(&B, None)]), VerifierError::IssuersOverlap);
        assert_eq!(
            overlap(vec![verifier(&A, Some("a")), verifier(&B, Some("a"))]),
            VerifierError::IssuersOverlap
        );
        assert_eq!(overlap(vec![]), VerifierError::NoKeys);
    }
}
