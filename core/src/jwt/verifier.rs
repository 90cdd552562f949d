//! Keys and rules together, made once and shared.

use super::verify::verify_with;
use super::{Claims, Limits, OneOf, OwnedClaims, Rules, TokenError};
use crate::Now;
#[cfg(all(feature = "std", feature = "asymmetric"))]
use crate::jwks::Jwks;
use crate::keys::KeySet;
use crate::oauth::ClaimMapping;
#[cfg(all(feature = "std", feature = "asymmetric"))]
use alloc::sync::Arc;
use alloc::vec;
use core::fmt;

/// Keys and the rules their tokens are held to. Immutable: new keys or rules make a new verifier.
///
/// ```
/// use doorward::{Now, jwt::{Algorithm, Rules, Verifier}, keys::{Key, KeySet}};
///
/// let key = Key::hmac(Algorithm::HS256, b"a secret of at least 32 bytes, kept well")?;
/// let verifier = Verifier::new(KeySet::from(key), Rules::new())?;
/// let refused = verifier.verify(b"not a token", Now::new(1_700_000_000.0, 0)).unwrap_err();
/// assert_eq!(refused.code(), "token_malformed");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: Keys,
    pub(super) rules: Rules<'static>,
    mapping: ClaimMapping,
}

#[derive(Clone, Debug)]
enum Keys {
    Own(KeySet),
    #[cfg(all(feature = "std", feature = "asymmetric"))]
    Fetched(Arc<Jwks>),
}

/// Why a verifier cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifierError {
    /// There are no keys.
    NoKeys,
    /// There are public keys, and nothing is said of the audience.
    AudienceNotConfigured,
    /// The rules want another issuer than the one whose keys are fetched.
    IssuerMismatch,
    /// With several verifiers: two are for the same issuer, or two for any.
    IssuersOverlap,
}

impl VerifierError {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoKeys => "no_keys",
            Self::AudienceNotConfigured => "audience_not_configured",
            Self::IssuerMismatch => "issuer_mismatch",
            Self::IssuersOverlap => "issuers_overlap",
        }
    }
}

impl fmt::Display for VerifierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoKeys => "a verifier needs at least one key",
            Self::AudienceNotConfigured => {
                "public keys verify tokens made for anybody: say which audience is yours, or spell out that any will do"
            }
            Self::IssuerMismatch => "the rules want another issuer than the one whose keys are fetched",
            Self::IssuersOverlap => {
                "two verifiers are for the same issuer, or two name none: each must name its own, and only one may have \
                 what is left"
            }
        })
    }
}

impl core::error::Error for VerifierError {}

impl Verifier {
    /// A verifier with these keys and rules.
    ///
    /// # Errors
    /// No keys; or public keys without an audience rule.
    pub fn new(keys: KeySet, rules: Rules<'static>) -> Result<Self, VerifierError> {
        if keys.is_empty() {
            return Err(VerifierError::NoKeys);
        }
        if keys.has_public() && rules.audience_rule().is_unset() {
            return Err(VerifierError::AudienceNotConfigured);
        }
        Ok(Self { keys: Keys::Own(keys), rules, mapping: ClaimMapping::new() })
    }

    /// A verifier with keys that are fetched, and these rules. Where the set is an issuer's, tokens must name it.
    ///
    /// # Errors
    /// No audience rule; or an issuer rule that is not that issuer.
    ///
    /// ```
    /// use doorward::{jwks::Jwks, jwt::{Rules, Verifier}};
    /// let jwks = Jwks::of_issuer("https://issuer.example")?;
    /// let verifier = Verifier::fetching(jwks, Rules::new().audience("https://mcp.example/mcp"))?;
    /// assert!(verifier.jwks().is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(all(feature = "std", feature = "asymmetric"))]
    pub fn fetching(jwks: impl Into<Arc<Jwks>>, mut rules: Rules<'static>) -> Result<Self, VerifierError> {
        let jwks = jwks.into();
        if rules.audience_rule().is_unset() {
            return Err(VerifierError::AudienceNotConfigured);
        }
        if let Some(issuer) = jwks.issuer() {
            match rules.issuer_rule() {
                None => rules = rules.issuer(alloc::string::String::from(issuer)),
                Some(rule) if !rule.any(|one| one != issuer) => {}
                Some(_) => return Err(VerifierError::IssuerMismatch),
            }
        }
        Ok(Self { keys: Keys::Fetched(jwks), rules, mapping: ClaimMapping::new() })
    }

    /// How a [gate](crate::gate) reads who, which scopes and which roles out of its tokens.
    #[must_use]
    pub fn with_mapping(mut self, mapping: ClaimMapping) -> Self {
        self.mapping = mapping;
        self
    }

    /// How a gate reads its tokens' claims.
    pub const fn mapping(&self) -> &ClaimMapping {
        &self.mapping
    }

    /// The fetched set; nothing where the keys are its own.
    #[cfg(all(feature = "std", feature = "asymmetric"))]
    #[must_use]
    pub const fn jwks(&self) -> Option<&Arc<Jwks>> {
        match &self.keys {
            Keys::Own(_) => None,
            Keys::Fetched(jwks) => Some(jwks),
        }
    }

    /// Verifies a token; the claims own their payload. Two allocations.
    ///
    /// # Errors
    /// One [`TokenError`]; see [`verify`](super::verify) for their order.
    pub fn verify(&self, token: &[u8], now: Now) -> Result<OwnedClaims, TokenError> {
        if token.len() > self.rules.limits.token {
            return Err(TokenError::TooLarge);
        }
        let mut scratch = vec![0; token.len()];
        Ok(self.verify_in(token, &mut scratch, now)?.to_owned())
    }

    /// Verifies a token; the claims borrow from `scratch`, at least as long as the token. No allocation for HS*.
    ///
    /// # Errors
    /// One [`TokenError`]; see [`verify`](super::verify) for their order.
    pub fn verify_in<'s>(
        &self,
        token: &[u8],
        scratch: &'s mut [u8],
        now: Now,
    ) -> Result<Claims<'s>, TokenError> {
        let mut outcome = Ok(Claims::none("", &self.rules.limits));
        if let Ok(claims) = &mut outcome
            && let (Err(error), _) = self.verify_into(token, scratch, now, claims)
        {
            outcome = Err(error);
        }
        outcome
    }

    /// As [`verify_in`](Self::verify_in), and the number of the keys it was done with.
    pub(crate) fn verify_by<'s>(
        &self,
        token: &[u8],
        scratch: &'s mut [u8],
        now: Now,
    ) -> (Result<Claims<'s>, TokenError>, u64) {
        let mut claims = Claims::none("", &self.rules.limits);
        let (outcome, generation) = self.verify_into(token, scratch, now, &mut claims);
        (outcome.map(|()| claims), generation)
    }

    fn verify_into<'s>(
        &self,
        token: &[u8],
        scratch: &'s mut [u8],
        now: Now,
        claims: &mut Claims<'s>,
    ) -> (Result<(), TokenError>, u64) {
        match &self.keys {
            Keys::Own(keys) => (verify_with(token, keys, &self.rules, scratch, now, claims), 0),
            #[cfg(all(feature = "std", feature = "asymmetric"))]
            Keys::Fetched(jwks) => match jwks.keys(now) {
                Some((keys, generation)) => {
                    (verify_with(token, &keys, &self.rules, scratch, now, claims), generation)
                }
                // What is no token at all is told from one whose key can't be known.
                None => {
                    let none = KeySet::new().fetched();
                    match verify_with(token, &none, &self.rules, scratch, now, claims) {
                        Err(TokenError::KeyNotFound) => (Err(TokenError::KeysUnavailable), 0),
                        other => (other, 0),
                    }
                }
            },
        }
    }

    /// The number of the keys that are in use now: what was verified by others must be verified again.
    #[cfg(feature = "std")]
    #[cfg_attr(
        not(feature = "asymmetric"),
        expect(unused_variables, reason = "keys of its own never change")
    )]
    pub(crate) fn generation(&self, now: Now) -> Option<u64> {
        match &self.keys {
            Keys::Own(_) => Some(0),
            #[cfg(all(feature = "std", feature = "asymmetric"))]
            Keys::Fetched(jwks) => jwks.generation(now),
        }
    }

    /// The issuers its rules want.
    pub(super) const fn issuers(&self) -> Option<&OneOf<'static>> {
        self.rules.issuer_rule()
    }

    pub(super) const fn limits(&self) -> &Limits {
        &self.rules.limits
    }

    /// The longest token it looks at, in bytes.
    #[must_use]
    pub const fn max_token(&self) -> usize {
        self.rules.limits.token
    }

    /// When a token with these claims is good, by this verifier's rules.
    #[must_use]
    pub fn window(&self, claims: &Claims<'_>) -> super::Window {
        super::Window { from: self.rules.begins(claims), until: self.rules.ends(claims) }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::jwt::{Algorithm, Limits, Window};
    use crate::keys::Key;

    const NONE: f64 = f64::NEG_INFINITY;
    const EVER: f64 = f64::INFINITY;

    fn window(rules: Rules<'static>, payload: &str) -> Window {
        let key = Key::hmac(Algorithm::HS256, &[7; 32]).unwrap();
        let verifier = Verifier::new(KeySet::from(key), rules).unwrap();
        verifier.window(&Claims::read(payload, &Limits::DEFAULT).unwrap())
    }

    #[test]
    fn a_window_is_what_the_rules_look_at() {
        let all = r#"{"iat":100,"nbf":150,"exp":300}"#;
        for (rules, payload, from, until) in [
            (Rules::new(), all, 150.0, 300.0),
            (Rules::new(), "{}", NONE, EVER),
            (Rules::new(), r#"{"iat":100}"#, NONE, EVER),
            (Rules::new().tolerance(5.0), all, 145.0, 305.0),
            (Rules::new().tolerance(5.0), "{}", NONE, EVER),
            (Rules::new().ignoring_expiry(), all, 150.0, EVER),
            (Rules::new().ignoring_not_before(), all, NONE, 300.0),
            (Rules::new().ignoring_expiry().ignoring_not_before().tolerance(5.0), all, NONE, EVER),
            // The maximum age ends it, unless `exp` does so before.
            (Rules::new().max_age(60.0), all, 150.0, 160.0),
            (Rules::new().max_age(1000.0), all, 150.0, 300.0),
            (Rules::new().max_age(60.0).tolerance(5.0), all, 145.0, 165.0),
            (Rules::new().max_age(60.0).ignoring_expiry(), all, 150.0, 160.0),
            // `iat` must not lie ahead then, so it begins the window too.
            (Rules::new().max_age(60.0).ignoring_not_before(), all, 100.0, 160.0),
            (Rules::new().max_age(60.0).ignoring_not_before().tolerance(5.0), all, 95.0, 165.0),
            (Rules::new().max_age(60.0), r#"{"iat":200,"nbf":150,"exp":300}"#, 200.0, 260.0),
            // A lifetime is the token's own and never changes.
            (Rules::new().max_lifetime(200.0), all, 150.0, 300.0),
        ] {
            assert_eq!(window(rules.clone(), payload), Window { from, until }, "{rules:?} {payload}");
        }
    }

    #[test]
    fn a_clock_that_is_not_a_number_refuses_whatever_is_ignored() {
        let rules = Rules::new().ignoring_expiry().ignoring_not_before().max_age(60.0);
        let claims = Claims::read(r#"{"iat":100}"#, &Limits::DEFAULT).unwrap();
        for unix in [f64::NAN, EVER, NONE] {
            assert_eq!(rules.check(&claims, Now::new(unix, 0)), Err(TokenError::Expired));
        }
        assert_eq!(rules.check(&claims, Now::new(100.0, 0)), Ok(()));
    }
}
