//! Step 4 for tokens: the cache, the issuers' keys and rules, and whether the token was revoked.

#[cfg(all(feature = "std", feature = "asymmetric"))]
use super::AuthMethod;
use super::{Code, Principal};
use crate::Now;
#[cfg(all(feature = "std", feature = "asymmetric"))]
use crate::jwks::Jwks;
use crate::jwt::{Issuers, TokenError, Verifier};
use alloc::string::String;
#[cfg(all(feature = "std", feature = "asymmetric"))]
use alloc::sync::Arc;
use alloc::vec;

#[cfg(feature = "std")]
use super::revocation::{Revocation, Verified};

/// Everything that decides on a token.
pub(super) struct Tokens {
    pub(super) issuers: Option<Issuers>,
    #[cfg(feature = "std")]
    pub(super) cache: Option<crate::jwt::TokenCache<Verified>>,
    #[cfg(feature = "std")]
    pub(super) revocation: Revocation,
}

/// Why a token is refused, and whether its issuer's keys are what is lacking.
pub(super) struct Failure {
    pub(super) code: Code,
    /// Expected and found, for the operator.
    pub(super) detail: Option<String>,
    #[cfg(all(feature = "std", feature = "asymmetric"))]
    pub(super) lacking: Option<Arc<Jwks>>,
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self {
            code,
            detail: None,
            #[cfg(all(feature = "std", feature = "asymmetric"))]
            lacking: None,
        }
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Code::Token(error).into()
    }
}

impl Tokens {
    /// Whether any token could be good.
    pub(super) const fn are_accepted(&self) -> bool {
        self.issuers.is_some()
    }

    /// The principal of a token seen before, if the keys it was verified by are still in use. What is found is byte for
    /// byte what was verified, so it need not have been looked at.
    #[cfg(feature = "std")]
    pub(super) fn seen(&self, token: &[u8], now: Now) -> Option<Result<Principal, Code>> {
        let cache = self.cache.as_ref()?;
        let seen = cache.find(token, now)?;
        let verifier = self.issuers.as_ref()?.get(seen.place)?;
        if verifier.generation(now) != Some(seen.generation) {
            return None;
        }
        cache.count(true);
        Some(self.revocation.check(&seen, token, now).map(|()| seen.principal))
    }

    /// Counts a token that was not seen before.
    #[cfg(feature = "std")]
    pub(super) fn count_unseen(&self) {
        if let Some(cache) = &self.cache {
            cache.count(false);
        }
    }

    /// Whether the token somebody came in with would be good now, dates aside where its keys are the gate's own: those
    /// never change, but an issuer withdraws keys.
    pub(super) fn is_still_good(&self, principal: &Principal, token: &[u8], now: Now) -> bool {
        #[cfg(all(feature = "std", feature = "asymmetric"))]
        if principal.method() == AuthMethod::Jwt && !token.is_empty() && self.are_keys_fetched() {
            return match self.seen(token, now) {
                Some(seen) => seen.is_ok(),
                None => self.verify(token, now).is_ok(),
            };
        }
        !self.is_revoked(principal, token, now)
    }

    #[cfg(all(feature = "std", feature = "asymmetric"))]
    fn are_keys_fetched(&self) -> bool {
        self.issuers.iter().flat_map(Issuers::iter).any(|verifier| verifier.jwks().is_some())
    }

    /// Whether the token somebody came in with was revoked since.
    #[cfg(feature = "std")]
    fn is_revoked(&self, principal: &Principal, token: &[u8], now: Now) -> bool {
        self.revocation.check(&Verified::new(principal.clone(), 0, 0), token, now).is_err()
    }

    #[cfg(not(feature = "std"))]
    #[expect(clippy::unused_self, reason = "there is no set without std")]
    const fn is_revoked(&self, _: &Principal, _: &[u8], _: Now) -> bool {
        false
    }

    /// Verifies a token, and keeps it as seen.
    pub(super) fn verify(&self, token: &[u8], now: Now) -> Result<Principal, Failure> {
        let Some(issuers) = &self.issuers else { return Err(Code::CredentialMissing.into()) };
        if issuers.iter().all(|verifier| token.len() > verifier.max_token()) {
            return Err(TokenError::TooLarge.into());
        }
        let mut scratch = vec![0; token.len()];
        let place = issuers.choose(token, &mut scratch)?;
        let Some(verifier) = issuers.get(place) else { return Err(TokenError::IssuerUnknown.into()) };
        let (claims, _generation) = verifier.verify_by(token, &mut scratch, now);
        let claims = claims.map_err(|error| Failure::of(error, verifier, token))?;
        let window = verifier.window(&claims);
        let principal =
            Principal::of_claims(&claims, verifier.mapping(), window.until).ok_or(Code::SubjectMissing)?;
        #[cfg(feature = "std")]
        {
            let verified = self.revocation.remembering(Verified::new(principal.clone(), place, _generation));
            let outcome = self.revocation.check(&verified, token, now);
            if let Some(cache) = &self.cache {
                cache.insert(token, window, now, verified);
            }
            outcome?;
        }
        Ok(principal)
    }
}

impl Failure {
    fn of(error: TokenError, verifier: &Verifier, token: &[u8]) -> Self {
        let failure = Self { detail: verifier.mismatch(error, token), ..error.into() };
        #[cfg(all(feature = "std", feature = "asymmetric"))]
        if matches!(error, TokenError::KeyNotFound | TokenError::KeysUnavailable) {
            return Self { lacking: verifier.jwks().cloned(), ..failure };
        }
        #[cfg(not(all(feature = "std", feature = "asymmetric")))]
        let _ = verifier;
        failure
    }
}
