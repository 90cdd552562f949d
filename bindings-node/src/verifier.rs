//! Tokens to claims.

use crate::boundary::{Answer, Argument, Bound, Call, Octets, Room};
use crate::convert::{algorithms, span, strings, text};
use crate::errors::{self, OrConfigError, Result, WRONG_TYPE, refused};
use crate::jwks::JwksHandle;
use crate::keys::{KeySetHandle, hmac, whole};
use crate::now::now;
use doorward::Now;
use doorward::jwt::{
    Algorithm, CachedVerifier, Claims, Limits, OwnedClaims, Rules, TokenCache, TokenError, Verified, Verifier,
};
use doorward::keys::{Key, KeyError, KeySet};
use napi::bindgen_prelude::External;
use napi_derive::napi;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// Tokens up to this length are decoded on the stack, in bytes: the usual ones.
const ON_STACK: usize = 1024;

/// What an entry of the cache takes from when it is made, in bytes: told to V8, which can't see it, so that verifiers which are
/// made for one request each are collected in time.
const ENTRY: usize = 128;

/// The most entries of a cache: half a gigabyte of the usual tokens.
const MOST: f64 = 1_000_000.0;

/// A verifier, shared by the functions that are bound to it.
pub(crate) struct VerifierHandle {
    state: Rc<State>,
}

impl VerifierHandle {
    /// The verifier itself, without its cache.
    pub(crate) fn verifier(&self) -> &Verifier {
        self.state.cached.verifier()
    }
}

/// A verifier, and the places of its tokens' claims in an array that JavaScript has.
struct State {
    cached: CachedVerifier<u32>,
    places: RefCell<Places>,
}

/// Places in an array: there are never more than the cache has entries, for a place whose entry went is given anew.
#[derive(Default)]
struct Places {
    free: Vec<u32>,
    used: u32,
}

/// The rules of a verifier, and of its cache.
#[napi(object, object_to_js = false)]
pub(crate) struct VerifierRules {
    /// Algorithms by name.
    #[napi(ts_type = "string[]")]
    pub algorithms: Option<Vec<Octets>>,
    /// `iss`, any of these.
    #[napi(ts_type = "string[]")]
    pub issuer: Option<Vec<Octets>>,
    /// `aud`, any of these.
    #[napi(ts_type = "string[]")]
    pub audience: Option<Vec<Octets>>,
    /// Whether any audience will do.
    pub any_audience: bool,
    /// `sub`, any of these.
    #[napi(ts_type = "string[]")]
    pub subject: Option<Vec<Octets>>,
    /// `typ` of the header, any of these.
    #[napi(ts_type = "string[]")]
    pub token_type: Option<Vec<Octets>>,
    /// `jti`, any of these.
    #[napi(ts_type = "string[]")]
    pub token_id: Option<Vec<Octets>>,
    /// `nonce`, any of these.
    #[napi(ts_type = "string[]")]
    pub nonce: Option<Vec<Octets>>,
    /// What must be there.
    #[napi(ts_type = "string[]")]
    pub required_claims: Vec<Octets>,
    /// Seconds.
    pub clock_tolerance: f64,
    /// Seconds since `iat`.
    pub max_age: Option<f64>,
    /// Seconds from `iat` to `exp`.
    pub max_lifetime: Option<f64>,
    /// Whether `exp` is not looked at.
    pub ignore_expiration: bool,
    /// Whether `nbf` is not looked at.
    pub ignore_not_before: bool,
    /// Entries; 0 for no cache.
    pub cache_size: f64,
    /// Seconds.
    pub cache_ttl: f64,
}

/// What TypeScript makes a `Verifier` of.
#[napi(object, object_from_js = false)]
pub(crate) struct VerifierParts {
    /// `(token, unix, milliseconds)`: the place of a token that was seen; the text `[place,claims]`, or
    /// `[place,claims,0]` where there is an array or object among them, of one that was not, with place −1 where it is not
    /// kept; or a number below zero that says why it is refused.
    #[napi(ts_type = "(token: unknown, unix: number, milliseconds: number) => number | string")]
    pub verify: Bound,
    /// The same without a cache: the text of the claims, or a number below zero.
    #[napi(ts_type = "(token: unknown, unix: number, milliseconds: number) => number | string")]
    pub payload: Bound,
    /// For what is seldom called.
    pub handle: External<VerifierHandle>,
}

/// The keys that are given as they are.
struct Given<'a> {
    secret: Option<&'a Octets>,
    public: Option<&'a Octets>,
    allow_short: bool,
}

impl Given<'_> {
    fn add_to(&self, others: Option<&KeySetHandle>, algorithms: Option<&[Algorithm]>) -> Result<KeySet> {
        let mut set = others.map_or_else(KeySet::new, |others| others.keys.clone());
        let (shared, public): (Vec<_>, Vec<_>) =
            algorithms.unwrap_or_default().iter().partition(|algorithm| algorithm.is_symmetric());
        if let Some(secret) = self.secret {
            let shared = if algorithms.is_none() { vec![Algorithm::HS256] } else { shared };
            // Nobody's algorithm: with a secret alone, a public key's was meant for another verifier.
            let alone = self.public.is_none() && others.is_none();
            if shared.is_empty() || (alone && !public.is_empty()) {
                return Err(KeyError::AlgorithmMismatch).or_config_error();
            }
            for algorithm in shared {
                set = set.with(hmac(algorithm, whole(secret)?, self.allow_short).or_config_error()?);
            }
        }
        if let Some(key) = self.public {
            if algorithms.is_some() && public.is_empty() {
                return Err(KeyError::AlgorithmMismatch).or_config_error();
            }
            let (kid, key) = Key::from_public(whole(key)?, &public).or_config_error()?;
            set = match kid {
                Some(kid) => set.with_kid(kid, key).or_config_error()?,
                None => set.with(key),
            };
        }
        Ok(set)
    }
}

impl VerifierRules {
    fn rules(&self, algorithms: Option<&[Algorithm]>) -> Result<Rules<'static>> {
        let mut rules = Rules::new().tolerance(self.clock_tolerance);
        if let Some(algorithms) = algorithms {
            rules = rules.algorithms(algorithms);
        }
        for (given, rule) in [
            (&self.issuer, Rules::issuer as fn(Rules<'static>, Vec<String>) -> Rules<'static>),
            (&self.audience, Rules::audience),
            (&self.subject, Rules::subject),
            (&self.token_type, Rules::token_type),
            (&self.token_id, Rules::id),
            (&self.nonce, Rules::nonce),
        ] {
            if let Some(given) = given {
                rules = rule(rules, strings(given)?);
            }
        }
        if self.any_audience {
            rules = rules.any_audience();
        }
        if let Some(seconds) = self.max_age {
            rules = rules.max_age(seconds);
        }
        if let Some(seconds) = self.max_lifetime {
            rules = rules.max_lifetime(seconds);
        }
        if self.ignore_not_before {
            rules = rules.ignoring_not_before();
        }
        Ok(self.requiring(rules, strings(&self.required_claims)?))
    }

    fn requiring(&self, rules: Rules<'static>, mut required: Vec<String>) -> Rules<'static> {
        let expires = required.iter().any(|claim| claim == "exp");
        // A token whose end is looked at must have one anyway: no need to look for it twice.
        if expires && !self.ignore_expiration {
            required.retain(|claim| claim != "exp");
        }
        let rules = match (self.ignore_expiration, expires) {
            (true, _) => rules.ignoring_expiry(),
            (false, true) => rules,
            (false, false) => rules.without_expiry(),
        };
        if required.is_empty() { rules } else { rules.required(required) }
    }

    /// The cache, and for how many entries.
    fn cache<V: Clone>(&self) -> Result<(Option<TokenCache<V>>, usize)> {
        if !(0.0..=MOST).contains(&self.cache_size) || self.cache_size.fract() != 0.0 {
            let message = "cacheSize must be a whole number from 0 to 1,000,000";
            return Err(errors::config("argument_invalid", message));
        }
        let ttl = span(self.cache_ttl, "cacheTtl")?;
        if self.cache_size == 0.0 {
            return Ok((None, 0));
        }
        let mut seed = [0; 4];
        for word in &mut seed {
            *word = getrandom::u64().map_err(|_| {
                errors::config("randomness_unavailable", "the operating system gave no random numbers")
            })?;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole, and of that range"
        )]
        let entries = self.cache_size as usize;
        let ttl = u64::try_from(ttl.as_micros()).unwrap_or(u64::MAX);
        Ok((Some(TokenCache::new(entries, ttl, seed)), entries))
    }
}

/// A verifier with keys of its own, or with keys that are fetched.
#[napi(
    ts_args_type = "secret: string | Uint8Array | undefined, allowShortSecret: boolean, publicKey: string | Uint8Array | undefined, keys: ExternalObject<KeySetHandle> | undefined, jwks: ExternalObject<JwksHandle> | undefined, rules: VerifierRules"
)]
pub(crate) fn verifier(
    secret: Option<Octets>,
    allow_short: bool,
    public: Option<Octets>,
    keys: Option<&External<KeySetHandle>>,
    jwks: Option<&External<JwksHandle>>,
    rules: VerifierRules,
) -> Result<VerifierParts> {
    let given = Given { secret: secret.as_ref(), public: public.as_ref(), allow_short };
    let algorithms = rules.algorithms.as_deref().map(algorithms).transpose()?;
    let made = rules.rules(algorithms.as_deref())?;
    let verifier = match jwks {
        Some(jwks) if secret.is_none() && public.is_none() && keys.is_none() => {
            Verifier::fetching(Arc::clone(&jwks.jwks), made)
        }
        Some(_) => {
            let message = "keys that are fetched stand alone: give others to a verifier of their own";
            return Err(errors::config("argument_invalid", message));
        }
        None => Verifier::new(given.add_to(keys.map(AsRef::as_ref), algorithms.as_deref())?, made),
    };
    let (cache, entries) = rules.cache()?;
    let cached = CachedVerifier::new(verifier.or_config_error()?, cache);
    let state = Rc::new(State { cached, places: RefCell::default() });
    let (verify, payload) = (Rc::clone(&state), Rc::clone(&state));
    Ok(VerifierParts {
        verify: Bound::new(move |call| verify.verify(call)),
        payload: Bound::new(move |call| payload.payload(call)),
        handle: External::new_with_size_hint(VerifierHandle { state }, entries * ENTRY),
    })
}

impl State {
    fn verify(&self, call: &Call) -> Answer {
        let mut room = Room::new();
        self.answer(call, &mut room, |token, now| match self.cached.seen(token, now) {
            Some(place) => Ok(call.int(place.cast_signed())),
            None => self.verify_new(token, now, |claims, verified| {
                let place = self.keep(token, verified, now);
                call.text(&placed(place, claims.payload()))
            }),
        })
    }

    fn payload(&self, call: &Call) -> Answer {
        let mut room = Room::new();
        self.answer(call, &mut room, |token, now| {
            self.verify_new(token, now, |claims, _| call.text(claims.payload()))
        })
    }

    #[inline]
    fn answer(
        &self,
        call: &Call,
        room: &mut Room,
        answer: impl FnOnce(&[u8], Now) -> std::result::Result<Answer, TokenError>,
    ) -> Answer {
        let now = now(call.number(1), call.number(2));
        let answer = match call.octets(0, room, self.cached.verifier().max_token()) {
            Argument::Bytes(token) => answer(token, now),
            Argument::TooLong => Err(TokenError::TooLarge),
            Argument::Other => return call.int(WRONG_TYPE),
        };
        answer.unwrap_or_else(|error| call.int(refused(error)))
    }

    #[inline]
    fn verify_new(
        &self,
        token: &[u8],
        now: Now,
        then: impl FnOnce(Claims<'_>, Verified) -> Answer,
    ) -> std::result::Result<Answer, TokenError> {
        let (mut short, mut long);
        let scratch = if token.len() <= ON_STACK {
            short = [0; ON_STACK];
            &mut short[..]
        } else {
            long = vec![0; token.len()];
            &mut long
        };
        let (claims, verified) = self.cached.verify_in(token, scratch, now)?;
        Ok(then(claims, verified))
    }

    /// The place the token's claims are to have; nothing where it is not kept.
    fn keep(&self, token: &[u8], verified: Verified, now: Now) -> Option<u32> {
        let mut places = self.places.borrow_mut();
        let place = places.free.pop().unwrap_or(places.used);
        if place == places.used {
            places.used += 1;
        }
        match self.cached.keep(token, verified, now, place) {
            None => Some(place),
            Some(gone) => {
                places.free.push(gone);
                (gone != place).then_some(place)
            }
        }
    }
}

/// A place and claims as the text of a JSON array, of three members where claims have arrays or objects among them.
fn placed(place: Option<u32>, claims: &str) -> String {
    let mut text = String::with_capacity(claims.len() + 16);
    text.push('[');
    match place {
        Some(place) => digits(place, &mut text),
        None => text.push_str("-1"),
    }
    text.push(',');
    text.push_str(claims);
    let inner = claims.trim_ascii_start().get(1..).unwrap_or_default();
    let nested = inner.bytes().any(|byte| byte == b'{' || byte == b'[');
    text.push_str(if nested { ",0]" } else { "]" });
    text
}

/// A number in decimal, without what a formatter takes.
fn digits(number: u32, text: &mut String) {
    if number >= 10 {
        digits(number / 10, text);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

/// Forgets every token: the array may be emptied.
#[napi]
pub(crate) fn verifier_clear(verifier: &External<VerifierHandle>) {
    verifier.state.cached.clear();
    *verifier.state.places.borrow_mut() = Places::default();
}

/// Hits, misses and evictions; nothing without a cache.
#[napi]
pub(crate) fn verifier_cache_stats(verifier: &External<VerifierHandle>) -> Option<Vec<f64>> {
    #[expect(clippy::cast_precision_loss, reason = "below 2^53 for longer than anything runs")]
    let stats = |count: u64| count as f64;
    verifier.state.cached.stats().map(|all| [all.hits, all.misses, all.evictions].map(stats).to_vec())
}

fn words(claims: &Octets, of: impl for<'a> Fn(&Claims<'a>) -> Vec<String>) -> Result<Vec<String>> {
    let owned = OwnedClaims::read(text(claims)?, &Limits::DEFAULT);
    Ok(owned.map(|owned| of(&owned.claims())).unwrap_or_default())
}

/// The scopes of claims, by their text.
#[napi(ts_args_type = "claims: string")]
pub(crate) fn scopes_of(claims: Octets) -> Result<Vec<String>> {
    words(&claims, |claims| claims.scopes().to_vec())
}

/// The roles of claims, by their text.
#[napi(ts_args_type = "claims: string")]
pub(crate) fn roles_of(claims: Octets) -> Result<Vec<String>> {
    words(&claims, |claims| claims.roles().to_vec())
}
