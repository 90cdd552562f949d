//! A verifier with its cache, for hosts that keep a value of their own language for each token.

use super::{CacheStats, Claims, TokenCache, TokenError, Verifier, Window};
use crate::Now;
use core::fmt;

/// A [`Verifier`] and what the host made of the tokens it verified a moment ago, so that a hit rebuilds nothing.
///
/// Dates are checked again on every hit, and keys that an issuer withdrew end their tokens' entries at once.
///
/// ```
/// use doorward::{Now, jwt::{self, Algorithm, CachedVerifier, Rules, SigningKey, TokenCache, Verifier}};
/// use doorward::keys::{Key, KeySet};
///
/// let secret = b"a secret of at least 32 bytes, kept well";
/// let token = jwt::sign(r#"{"sub":"anna","exp":4102444800}"#, &SigningKey::hmac(Algorithm::HS256, secret)?)?;
/// let verifier = Verifier::new(KeySet::from(Key::hmac(Algorithm::HS256, secret)?), Rules::new())?;
/// let cached = CachedVerifier::new(verifier, Some(TokenCache::new(1024, 60_000_000, [1, 2, 3, 4])));
///
/// let now = Now::new(1_800_000_000.0, 0);
/// assert_eq!(cached.seen(token.as_bytes(), now), None);
/// let mut scratch = vec![0; token.len()];
/// let (claims, verified) = cached.verify_in(token.as_bytes(), &mut scratch, now)?;
/// let subject = claims.subject().map(|subject| subject.to_string());
/// cached.keep(token.as_bytes(), verified, now, subject.clone());
/// assert_eq!(cached.seen(token.as_bytes(), now), Some(subject));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CachedVerifier<V> {
    verifier: Verifier,
    cache: Option<TokenCache<Kept<V>>>,
}

/// A host's value, and the number of the keys its token was verified by.
#[derive(Clone)]
pub struct Kept<V> {
    value: V,
    generation: u64,
}

/// That a token was verified just now: when it is good, and by which keys.
#[derive(Clone, Copy, Debug)]
pub struct Verified {
    window: Window,
    generation: u64,
}

impl<V: Clone> CachedVerifier<V> {
    /// A verifier with an empty cache, or none.
    #[must_use]
    pub const fn new(verifier: Verifier, cache: Option<TokenCache<Kept<V>>>) -> Self {
        Self { verifier, cache }
    }

    /// The value kept for a token, if the token is still good.
    pub fn seen(&self, token: &[u8], now: Now) -> Option<V> {
        let cache = self.cache.as_ref()?;
        let kept =
            cache.find(token, now).filter(|kept| self.verifier.generation(now) == Some(kept.generation));
        cache.count(kept.is_some());
        kept.map(|kept| kept.value)
    }

    /// Verifies a token, whether it was seen or not: as [`Verifier::verify_in`].
    ///
    /// # Errors
    /// One [`TokenError`]; see [`verify`](super::verify) for their order.
    pub fn verify_in<'s>(
        &self,
        token: &[u8],
        scratch: &'s mut [u8],
        now: Now,
    ) -> Result<(Claims<'s>, Verified), TokenError> {
        let (claims, generation) = self.verifier.verify_by(token, scratch, now);
        let claims = claims?;
        Ok((claims, Verified { window: self.verifier.window(&claims), generation }))
    }

    /// Keeps a value for a token that was just verified. What comes back is kept no longer: the value that made room, or
    /// this one, where there is no cache or the token is not for it.
    pub fn keep(&self, token: &[u8], verified: Verified, now: Now, value: V) -> Option<V> {
        let Some(cache) = &self.cache else { return Some(value) };
        let kept = Kept { value, generation: verified.generation };
        cache.insert(token, verified.window, now, kept).map(|gone| gone.value)
    }

    /// The verifier.
    #[must_use]
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Forgets every token.
    pub fn clear(&self) {
        if let Some(cache) = &self.cache {
            cache.clear();
        }
    }

    /// What the cache has done; nothing without one.
    #[must_use]
    pub fn stats(&self) -> Option<CacheStats> {
        self.cache.as_ref().map(TokenCache::stats)
    }
}

impl<V> fmt::Debug for CachedVerifier<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedVerifier")
            .field("verifier", &self.verifier)
            .field("cache", &self.cache)
            .finish()
    }
}

impl<V> fmt::Debug for Kept<V> {
    /// Nothing of the value: it is somebody's claims.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "asymmetric"))]
mod tests {
    use super::*;
    use crate::jwks::{Jwks, Reply};
    use crate::jwt::{Algorithm, Rules, SigningKey, sign};
    use alloc::sync::Arc;
    use std::format;
    use std::vec;

    #[test]
    fn a_key_that_is_withdrawn_ends_its_tokens() {
        let key = |seed: &str| {
            let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"a",{seed}}}"#);
            SigningKey::from_jwk(&jwk).unwrap()
        };
        // RFC 8037 appendix A, and RFC 8032's test 2.
        let old = key(
            r#""d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#,
        );
        let new = key(
            r#""d":"TM0Imyj_ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U-4pvs","x":"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw""#,
        );
        let set = |key: &SigningKey| format!(r#"{{"keys":[{}]}}"#, key.public_jwk().unwrap());
        let jwks = Arc::new(Jwks::at("https://issuer.example/jwks.json").unwrap());
        let verifier = Verifier::fetching(Arc::clone(&jwks), Rules::new().any_audience()).unwrap();
        let cached = CachedVerifier::new(verifier, Some(TokenCache::new(8, u64::MAX, [1; 4])));
        let token = sign(r#"{"sub":"anna","exp":4102444800}"#, &old).unwrap();
        let mut scratch = vec![0; token.len()];

        let at = |seconds: u64| Now::new(1_800_000_000.0, seconds * 1_000_000);
        let load = |key: &SigningKey, seconds| {
            let fetch = jwks.fetch(at(seconds)).unwrap();
            let _ = fetch.replied(Reply::Answer { status: 200, body: set(key).as_bytes() }, at(seconds));
        };
        load(&old, 0);
        let (_, verified) = cached.verify_in(token.as_bytes(), &mut scratch, at(1)).unwrap();
        assert_eq!(cached.keep(token.as_bytes(), verified, at(1), 7), None);
        assert_eq!(cached.seen(token.as_bytes(), at(2)), Some(7));
        assert_eq!(old.algorithm(), Algorithm::EdDSA);
        load(&new, 3600);
        assert_eq!(cached.seen(token.as_bytes(), at(3601)), None);
        assert!(cached.verify_in(token.as_bytes(), &mut scratch, at(3601)).is_err());
        assert_eq!(cached.stats().map(|stats| (stats.hits, stats.misses)), Some((1, 1)));
        // What the new keys verify takes the old one's place, and gives back its value.
        let token = sign(r#"{"sub":"anna","exp":4102444800}"#, &new).unwrap();
        let mut scratch = vec![0; token.len()];
        let (_, verified) = cached.verify_in(token.as_bytes(), &mut scratch, at(3602)).unwrap();
        assert_eq!(cached.keep(token.as_bytes(), verified, at(3602), 8), None);
        assert_eq!(cached.keep(token.as_bytes(), verified, at(3602), 9), Some(8));
    }

    #[test]
    fn without_a_cache_nothing_is_seen() {
        let secret = [7; 32];
        let key = crate::keys::Key::hmac(Algorithm::HS256, &secret).unwrap();
        let token =
            sign(r#"{"exp":4102444800}"#, &SigningKey::hmac(Algorithm::HS256, &secret).unwrap()).unwrap();
        let cached = CachedVerifier::new(Verifier::new(key.into(), Rules::new()).unwrap(), None);
        let now = Now::new(1.0, 0);
        let mut scratch = vec![0; token.len()];
        let (_, verified) = cached.verify_in(token.as_bytes(), &mut scratch, now).unwrap();
        assert_eq!(cached.keep(token.as_bytes(), verified, now, ()), Some(()));
        assert!(cached.seen(token.as_bytes(), now).is_none() && cached.stats().is_none());
    }
}
