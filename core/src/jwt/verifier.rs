//! Keys and rules together, made once and shared.

use super::verify::verify_with;
use super::{Claims, OwnedClaims, Rules, TokenError};
use crate::Now;
use crate::keys::KeySet;
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
#[derive(Debug)]
pub struct Verifier {
    keys: KeySet,
    pub(super) rules: Rules<'static>,
}

/// Why a verifier cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifierError {
    /// There are no keys.
    NoKeys,
    /// There are public keys, and nothing is said of the audience.
    AudienceNotConfigured,
}

impl VerifierError {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoKeys => "no_keys",
            Self::AudienceNotConfigured => "audience_not_configured",
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
        Ok(Self { keys, rules })
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
        verify_with(token, &self.keys, &self.rules, scratch, now)
    }

    /// The longest token it looks at, in bytes.
    #[must_use]
    pub const fn max_token(&self) -> usize {
        self.rules.limits.token
    }

    /// When a token with these claims is good, by this verifier's rules.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn window(&self, claims: &Claims<'_>) -> super::Window {
        super::Window { from: self.rules.begins(claims), until: self.rules.ends(claims) }
    }

    /// The seconds of clock tolerance its rules allow.
    #[must_use]
    pub const fn tolerance_seconds(&self) -> f64 {
        self.rules.tolerance_seconds()
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
