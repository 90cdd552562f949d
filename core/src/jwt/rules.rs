//! What a token must say besides being signed (RFC 7519 §4.1, RFC 8725 §3).

use super::{Claims, JsonStr, Limits, TokenError, Words};
use crate::Now;

/// One expected string, or any one of several; borrowed where there is no allocator.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OneOf<'r> {
    /// Just this.
    One(&'r str),
    /// Any of these.
    Many(&'r [&'r str]),
    /// Any of these, owned.
    #[cfg(feature = "alloc")]
    Owned(alloc::vec::Vec<alloc::string::String>),
}

impl OneOf<'_> {
    fn any(&self, mut is: impl FnMut(&str) -> bool) -> bool {
        match self {
            Self::One(one) => is(one),
            Self::Many(many) => many.iter().any(|one| is(one)),
            #[cfg(feature = "alloc")]
            Self::Owned(many) => many.iter().any(|one| is(one)),
        }
    }

    fn is(&self, text: JsonStr<'_>) -> bool {
        self.any(|one| text == *one)
    }
}

impl<'r> From<&'r str> for OneOf<'r> {
    fn from(one: &'r str) -> Self {
        Self::One(one)
    }
}

impl<'r> From<&'r [&'r str]> for OneOf<'r> {
    fn from(many: &'r [&'r str]) -> Self {
        Self::Many(many)
    }
}

#[cfg(feature = "alloc")]
impl From<alloc::vec::Vec<alloc::string::String>> for OneOf<'_> {
    fn from(many: alloc::vec::Vec<alloc::string::String>) -> Self {
        Self::Owned(many)
    }
}

#[cfg(feature = "alloc")]
impl From<alloc::string::String> for OneOf<'_> {
    fn from(one: alloc::string::String) -> Self {
        Self::Owned(alloc::vec![one])
    }
}

/// Whom a token must be for.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Audience<'r> {
    /// Nothing was said. A token that names an audience is refused (RFC 7519 §4.1.3: who does not find itself in
    /// `aud` must reject); one that names none is fine with a shared secret, and public keys are refused outright.
    #[default]
    Unset,
    /// Whatever the token says, or nothing. To be spelled out: a token made for any other service is then good here.
    Any,
    /// The token must name one of these, alone or among others.
    OneOf(OneOf<'r>),
}

/// The rules a token is held to after its signature.
///
/// ```
/// use doorward::jwt::Rules;
/// let rules = Rules::new().issuer("https://issuer.example").audience("https://mcp.example/mcp").tolerance(5.0);
/// # let _ = rules;
/// ```
#[derive(Clone, Debug)]
pub struct Rules<'r> {
    issuer: Option<OneOf<'r>>,
    audience: Audience<'r>,
    subject: Option<OneOf<'r>>,
    tolerance: f64,
    require_expiry: bool,
    pub(super) limits: Limits,
}

impl Default for Rules<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'r> Rules<'r> {
    /// `exp` required, `exp` and `nbf` checked with no tolerance, no issuer, audience or subject expected.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            issuer: None,
            audience: Audience::Unset,
            subject: None,
            tolerance: 0.0,
            require_expiry: true,
            limits: Limits::DEFAULT,
        }
    }

    /// `iss` must be this, or one of these.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<OneOf<'r>>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// `aud` must be, or hold, this or one of these.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<OneOf<'r>>) -> Self {
        self.audience = Audience::OneOf(audience.into());
        self
    }

    /// Accepts a token whoever it is for. RFC 8707's protection against tokens made for other servers is gone.
    #[must_use]
    pub fn any_audience(mut self) -> Self {
        self.audience = Audience::Any;
        self
    }

    /// `sub` must be this, or one of these.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<OneOf<'r>>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Seconds by which the issuer's clock may differ from ours, for `exp` and `nbf`. Anything that is not a
    /// number of at least zero counts as zero.
    #[must_use]
    pub fn tolerance(mut self, seconds: f64) -> Self {
        self.tolerance = if seconds > 0.0 && seconds.is_finite() { seconds } else { 0.0 };
        self
    }

    /// Accepts a token without `exp`: it is then good for as long as its key is.
    #[must_use]
    pub const fn without_expiry(mut self) -> Self {
        self.require_expiry = false;
        self
    }

    /// Other bounds than [`Limits::DEFAULT`].
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The audience rule.
    #[must_use]
    pub const fn audience_rule(&self) -> &Audience<'r> {
        &self.audience
    }

    /// The seconds of clock tolerance.
    #[must_use]
    pub const fn tolerance_seconds(&self) -> f64 {
        self.tolerance
    }

    pub(super) fn check(&self, claims: &Claims<'_>, now: Now) -> Result<(), TokenError> {
        match claims.expiry {
            // Both written so that a clock that is not a number refuses.
            Some(expiry) if now.unix.is_finite() && now.unix < expiry + self.tolerance => {}
            Some(_) => return Err(TokenError::Expired),
            None if self.require_expiry => return Err(TokenError::MissingClaim),
            None => {}
        }
        match claims.not_before {
            Some(from) if now.unix >= from - self.tolerance => {}
            Some(_) => return Err(TokenError::NotYetValid),
            None => {}
        }
        if let Some(issuer) = &self.issuer
            && !claims.issuer.is_some_and(|found| issuer.is(found))
        {
            return Err(TokenError::IssuerMismatch);
        }
        let for_us = match &self.audience {
            Audience::Any => true,
            Audience::Unset => claims.audience.is_none(),
            Audience::OneOf(expected) => names_one(claims.audience(), expected),
        };
        if !for_us {
            return Err(TokenError::AudienceMismatch);
        }
        if let Some(subject) = &self.subject
            && !claims.subject.is_some_and(|found| subject.is(found))
        {
            return Err(TokenError::SubjectMismatch);
        }
        Ok(())
    }
}

fn names_one(found: Words<'_>, expected: &OneOf<'_>) -> bool {
    let mut named = false;
    found.for_each(|one| named |= expected.is(one));
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(payload: &str, unix: f64) -> Result<(), TokenError> {
        let claims = Claims::read(payload, &Limits::DEFAULT).unwrap();
        Rules::new().without_expiry().check(&claims, Now::new(unix, 0))
    }

    #[test]
    fn a_clock_that_is_no_number_accepts_nothing_dated() {
        for unix in [f64::NAN, f64::NEG_INFINITY, f64::INFINITY] {
            assert_eq!(check(r#"{"exp":9007199254740992}"#, unix), Err(TokenError::Expired), "{unix}");
        }
        for unix in [f64::NAN, f64::NEG_INFINITY] {
            assert_eq!(check(r#"{"nbf":0}"#, unix), Err(TokenError::NotYetValid), "{unix}");
        }
    }

    #[test]
    fn a_tolerance_that_is_no_number_is_none() {
        for seconds in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, -0.0] {
            assert_eq!(Rules::new().tolerance(seconds).tolerance_seconds().to_bits(), 0, "{seconds}");
        }
    }
}
