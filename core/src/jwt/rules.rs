//! What a token must say besides being signed (RFC 7519 §4.1, RFC 8725 §3).

use super::{Algorithm, Claims, JsonStr, Limits, Mismatch, TokenError, Words};
use crate::Now;
use core::fmt;

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
    /// Whether `is` says yes to one; it is asked no further than that.
    pub(super) fn any(&self, mut is: impl FnMut(&str) -> bool) -> bool {
        match self {
            Self::One(one) => is(one),
            Self::Many(many) => many.iter().any(|one| is(one)),
            #[cfg(feature = "alloc")]
            Self::Owned(many) => many.iter().any(|one| is(one)),
        }
    }

    pub(super) fn is(&self, text: JsonStr<'_>) -> bool {
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
#[derive(Clone, Default)]
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
    /// The token must name one of these, or none at all. To be spelled out: an issuer that leaves the audience out makes
    /// its tokens good at every service that trusts it.
    OneOfOrNone(OneOf<'r>),
    /// The token must name one that the caller's own test accepts.
    Accepted(&'r (dyn Fn(JsonStr<'_>) -> bool + Send + Sync)),
}

impl Audience<'_> {
    pub(crate) const fn is_unset(&self) -> bool {
        matches!(self, Self::Unset)
    }
}

impl fmt::Debug for Audience<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => f.write_str("Unset"),
            Self::Any => f.write_str("Any"),
            Self::OneOf(one_of) => f.debug_tuple("OneOf").field(one_of).finish(),
            Self::OneOfOrNone(one_of) => f.debug_tuple("OneOfOrNone").field(one_of).finish(),
            Self::Accepted(_) => f.write_str("Accepted"),
        }
    }
}

#[cfg(feature = "alloc")]
/// When a token is good, tolerance included, in seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// From this moment on; minus infinity without `nbf`.
    pub from: f64,
    /// Before this moment; infinity without `exp`.
    pub until: f64,
}

#[cfg(feature = "alloc")]
impl Window {
    /// Whether the moment lies inside. A clock that is not a number, or infinite, is never inside.
    #[must_use]
    pub fn contains(&self, unix: f64) -> bool {
        unix.is_finite() && self.from <= unix && unix < self.until
    }
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
    /// The claim that is read for it, where that is not `aud`.
    audience_claim: Option<OneOf<'r>>,
    subject: Option<OneOf<'r>>,
    types: Option<OneOf<'r>>,
    id: Option<OneOf<'r>>,
    nonce: Option<OneOf<'r>>,
    required: Option<OneOf<'r>>,
    /// One bit an algorithm.
    algorithms: u16,
    tolerance: f64,
    max_age: Option<f64>,
    max_lifetime: Option<f64>,
    require_expiry: bool,
    check_expiry: bool,
    check_not_before: bool,
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
            audience_claim: None,
            subject: None,
            types: None,
            id: None,
            nonce: None,
            required: None,
            algorithms: u16::MAX,
            tolerance: 0.0,
            max_age: None,
            max_lifetime: None,
            require_expiry: true,
            check_expiry: true,
            check_not_before: true,
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

    /// `aud` must be, or hold, this or one of these, or not be there at all. For issuers that can't be told to say whom a
    /// token is for: whatever they make for any other service is then good here too.
    #[must_use]
    pub fn audience_or_none(mut self, audience: impl Into<OneOf<'r>>) -> Self {
        self.audience = Audience::OneOfOrNone(audience.into());
        self
    }

    /// The claim that says whom a token is for, in place of `aud`, which is then not looked at: `client_id`, say, or
    /// `azp`. Of several, the first that is there. That claim tells who asked for the token, not what for: name it only
    /// where that client calls no other service.
    #[must_use]
    pub fn audience_claim(mut self, claim: impl Into<OneOf<'r>>) -> Self {
        self.audience_claim = Some(claim.into());
        self
    }

    /// `sub` must be this, or one of these.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<OneOf<'r>>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// `aud` must be, or hold, one that `accepts` says yes to.
    #[must_use]
    pub fn audience_accepted_by(mut self, accepts: &'r (dyn Fn(JsonStr<'_>) -> bool + Send + Sync)) -> Self {
        self.audience = Audience::Accepted(accepts);
        self
    }

    /// Only these algorithms, of those the keys are for.
    #[must_use]
    pub fn algorithms(mut self, algorithms: &[Algorithm]) -> Self {
        self.algorithms = algorithms.iter().fold(0, |bits, algorithm| bits | algorithm.bit());
        self
    }

    /// The header's `typ` must be this, or one of these: `at+jwt` for access tokens (RFC 9068 §4), say. Compared as the
    /// media types they are, without case, `application/` left out or not (RFC 7515 §4.1.9).
    #[must_use]
    pub fn token_type(mut self, types: impl Into<OneOf<'r>>) -> Self {
        self.types = Some(types.into());
        self
    }

    /// `jti` must be this, or one of these.
    #[must_use]
    pub fn id(mut self, id: impl Into<OneOf<'r>>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// `nonce` must be this, or one of these.
    #[must_use]
    pub fn nonce(mut self, nonce: impl Into<OneOf<'r>>) -> Self {
        self.nonce = Some(nonce.into());
        self
    }

    /// Claims that must be there, whatever they say, besides `exp`; all of them.
    #[must_use]
    pub fn required(mut self, claims: impl Into<OneOf<'r>>) -> Self {
        self.required = Some(claims.into());
        self
    }

    /// From so many seconds after `iat` on, a token is too old; `iat` must then be there and not lie ahead, tolerance
    /// apart. What is no finite number of at least zero counts as zero, and refuses every token.
    #[must_use]
    pub fn max_age(mut self, seconds: f64) -> Self {
        self.max_age = Some(at_least_zero(seconds));
        self
    }

    /// The most seconds from `iat` to `exp`, which must then both be there, whatever the tolerance. What is no finite
    /// number of at least zero counts as zero.
    #[must_use]
    pub fn max_lifetime(mut self, seconds: f64) -> Self {
        self.max_lifetime = Some(at_least_zero(seconds));
        self
    }

    /// Accepts a token that has expired. A token that leaks is then good for ever.
    #[must_use]
    pub const fn ignoring_expiry(mut self) -> Self {
        self.check_expiry = false;
        self.require_expiry = false;
        self
    }

    /// Accepts a token before its `nbf`.
    #[must_use]
    pub const fn ignoring_not_before(mut self) -> Self {
        self.check_not_before = false;
        self
    }

    /// Seconds by which the issuer's clock may differ from ours, for `exp`, `nbf` and a maximum age. Anything that
    /// is no finite number of at least zero counts as zero.
    #[must_use]
    pub fn tolerance(mut self, seconds: f64) -> Self {
        self.tolerance = at_least_zero(seconds);
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

    /// The issuer rule.
    #[cfg(feature = "alloc")]
    pub(super) const fn issuer_rule(&self) -> Option<&OneOf<'r>> {
        self.issuer.as_ref()
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

    pub(super) const fn allows(&self, algorithm: Algorithm) -> bool {
        self.algorithms & algorithm.bit() != 0
    }

    /// Whether a header's `typ` is one that is expected.
    pub(super) fn type_agrees(&self, found: Option<JsonStr<'_>>) -> bool {
        let Some(types) = &self.types else { return true };
        let Some(found) = found else { return false };
        let lower = |character: char| character.to_ascii_lowercase();
        types.any(|expected| subtype(found.chars()).map(lower).eq(subtype(expected.chars()).map(lower)))
    }

    /// From when on a token with these claims is good; minus infinity where nothing says.
    #[cfg(feature = "alloc")]
    pub(crate) fn begins(&self, claims: &Claims<'_>) -> f64 {
        let from = claims.not_before.filter(|_| self.check_not_before).unwrap_or(f64::NEG_INFINITY);
        let issued = claims.issued_at().filter(|_| self.max_age.is_some()).unwrap_or(f64::NEG_INFINITY);
        from.max(issued) - self.tolerance
    }

    /// Until when; infinity where nothing says.
    #[cfg(feature = "alloc")]
    pub(crate) fn ends(&self, claims: &Claims<'_>) -> f64 {
        let expiry = claims.expiry.filter(|_| self.check_expiry).unwrap_or(f64::INFINITY);
        let aged = self.max_age.zip(claims.issued_at()).map_or(f64::INFINITY, |(age, issued)| issued + age);
        expiry.min(aged) + self.tolerance
    }

    /// What was expected and what `claims` say, where they were refused with that error for their issuer, audience or
    /// subject; for the operator's log. Nothing for other errors.
    ///
    /// [`Verifier::mismatch`](super::Verifier::mismatch) does the same of a token, and knows its `typ`.
    #[must_use]
    pub fn mismatch<'a>(&'a self, error: TokenError, claims: &Claims<'a>) -> Option<Mismatch<'a>> {
        match error {
            TokenError::IssuerMismatch => Some(Mismatch::one(self.issuer.as_ref()?, claims.issuer())),
            TokenError::AudienceMismatch => Mismatch::audience(&self.audience, self.audience_of(claims)),
            TokenError::SubjectMismatch => Some(Mismatch::one(self.subject.as_ref()?, claims.subject())),
            _ => None,
        }
    }

    /// The same of a header's `typ`.
    #[cfg(feature = "alloc")]
    pub(super) fn type_mismatch<'a>(&'a self, found: Option<JsonStr<'a>>) -> Option<Mismatch<'a>> {
        Some(Mismatch::one(self.types.as_ref()?, found))
    }

    pub(crate) fn check(&self, claims: &Claims<'_>, now: Now) -> Result<(), TokenError> {
        self.check_dates(claims, now)?;
        if let Some(issuer) = &self.issuer
            && !claims.issuer.is_some_and(|found| issuer.is(found))
        {
            return Err(TokenError::IssuerMismatch);
        }
        let for_us = match &self.audience {
            Audience::Any => true,
            Audience::Unset => claims.audience.is_none(),
            Audience::OneOf(expected) => names_one(self.audience_of(claims), |one| expected.is(one)),
            Audience::OneOfOrNone(expected) => {
                let found = self.audience_of(claims);
                found.is_absent() || names_one(found, |one| expected.is(one))
            }
            Audience::Accepted(accepts) => names_one(self.audience_of(claims), accepts),
        };
        if !for_us {
            return Err(TokenError::AudienceMismatch);
        }
        if let Some(subject) = &self.subject
            && !claims.subject.is_some_and(|found| subject.is(found))
        {
            return Err(TokenError::SubjectMismatch);
        }
        if let Some(id) = &self.id
            && !claims.id().is_some_and(|found| id.is(found))
        {
            return Err(TokenError::IdMismatch);
        }
        if let Some(nonce) = &self.nonce
            && !claims.get("nonce").and_then(|found| found.as_str()).is_some_and(|found| nonce.is(found))
        {
            return Err(TokenError::NonceMismatch);
        }
        // Whether any is missing: `any` stops at the first.
        if self.required.as_ref().is_some_and(|required| required.any(|name| claims.get(name).is_none())) {
            return Err(TokenError::MissingClaim);
        }
        Ok(())
    }

    /// Whom a token says it is for.
    fn audience_of<'a>(&self, claims: &Claims<'a>) -> Words<'a> {
        let Some(names) = &self.audience_claim else { return claims.audience() };
        let mut found = None;
        names.any(|name| {
            found = claims.get(name);
            found.is_some()
        });
        Words::whole(found)
    }

    /// Written so that a clock that is not a number refuses.
    fn check_dates(&self, claims: &Claims<'_>, now: Now) -> Result<(), TokenError> {
        if !now.unix.is_finite() {
            return Err(TokenError::Expired);
        }
        match claims.expiry {
            _ if !self.check_expiry => {}
            Some(expiry) if now.unix < expiry + self.tolerance => {}
            Some(_) => return Err(TokenError::Expired),
            None if self.require_expiry => return Err(TokenError::MissingClaim),
            None => {}
        }
        if self.check_not_before && claims.not_before.is_some_and(|from| now.unix < from - self.tolerance) {
            return Err(TokenError::NotYetValid);
        }
        if let Some(age) = self.max_age {
            let issued = claims.issued_at().ok_or(TokenError::MissingClaim)?;
            if issued - self.tolerance > now.unix {
                return Err(TokenError::IssuedInFuture);
            }
            if now.unix >= issued + age + self.tolerance {
                return Err(TokenError::TooOld);
            }
        }
        if let Some(longest) = self.max_lifetime {
            let (issued, expiry) = claims.issued_at().zip(claims.expiry).ok_or(TokenError::MissingClaim)?;
            if expiry - issued > longest {
                return Err(TokenError::LifetimeTooLong);
            }
        }
        Ok(())
    }
}

/// A media type without its `application/`, where that is all that stands before a slash (RFC 7515 §4.1.9). By its
/// characters, for some issuers write the slash as `\/`.
fn subtype<C: Iterator<Item = char> + Clone>(media_type: C) -> C {
    let mut rest = media_type.clone();
    let mut kind = "application/".chars();
    let named = kind.all(|expected| rest.next().is_some_and(|found| found.eq_ignore_ascii_case(&expected)));
    if named && !rest.clone().any(|found| found == '/') { rest } else { media_type }
}

fn at_least_zero(seconds: f64) -> f64 {
    if seconds > 0.0 && seconds.is_finite() { seconds } else { 0.0 }
}

fn names_one(found: Words<'_>, is: impl Fn(JsonStr<'_>) -> bool) -> bool {
    let mut named = false;
    found.for_each(|one| named |= is(one));
    named
}
