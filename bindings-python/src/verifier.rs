//! Tokens to claims.

use crate::claims::PyClaims;
use crate::convert::{self, Octets, Secret, Span, Strings, When};
use crate::errors::{self, OrConfigError};
use crate::gate::PyPrincipal;
use crate::jwks::PyJwks;
use crate::keys::{PyKeySet, hmac};
use crate::oauth::PyClaimMapping;
use doorward::Now;
use doorward::gate::Principal;
use doorward::jwt::{
    Algorithm, CacheStats, CachedVerifier, OwnedClaims, Rules, TokenCache, TokenError, Verified, Verifier,
};
use doorward::keys::{Key, KeyError, KeySet};
use doorward::oauth::ClaimMapping;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};
use std::sync::Arc;

/// Tokens up to this length are decoded on the stack, in bytes: the usual ones.
const ON_STACK: usize = 1024;

/// Tokens that are kept as verified, and for how many seconds, unless said otherwise.
const CACHED: usize = 10_000;
const CACHED_FOR: f64 = 60.0;

/// Keys and the rules their tokens are held to, made once and shared by any number of threads.
///
/// Keys: ``secret`` (``str`` or ``bytes``; HS256 unless ``algorithms`` says HS384 or HS512), ``public_key`` (PEM, DER or the
/// text of a JWK), ``jwks`` (a JWK Set as text or mapping, or a
/// ``Jwks`` that is fetched), ``keys`` (a ``KeySet``, or an iterable of ``Key``); one of them
/// at least. A public key is for ``algorithms``, or for the usual ones of its kind. The token's ``alg`` only has to agree.
///
/// Rules: ``issuer``, ``audience``, ``subject``, ``token_type`` (the header's ``typ``), ``token_id`` (``jti``) and ``nonce``
/// are one ``str`` or several, any of which will do. Public keys need an ``audience``, or ``any_audience=True`` spelled out:
/// tokens made for any other service are then good here. ``required`` names the claims that must be there.
/// ``leeway``, ``max_age`` (since ``iat``) and ``max_lifetime`` (from ``iat`` to ``exp``) are in seconds, or a ``timedelta``; what is no finite
/// number above 0 counts as 0. ``nbf`` is checked where it is there. ``mapping`` says where a gate, or ``identify``, finds who,
/// which scopes and which roles; claims are as the token has them.
///
/// ``cache`` keeps tokens that were verified, ``cache_size`` of them for ``cache_ttl`` seconds at most and never beyond
/// their expiry: a token seen before is not verified again, and gives the same ``Claims`` object. Dates are checked
/// each time. Raises ``ConfigError``.
///
/// >>> secret = "a secret of at least 32 bytes, kept well"
/// >>> verifier = Verifier(secret=secret, issuer="https://issuer.example")
/// >>> token = sign({"iss": "https://issuer.example", "sub": "anna", "exp": 4102444800}, secret)
/// >>> verifier.verify(token)["sub"]
/// 'anna'
#[pyclass(frozen, name = "Verifier", module = "doorward")]
pub(crate) struct PyVerifier {
    pub(crate) cached: CachedVerifier<Py<PyClaims>>,
    /// Public keys take long enough to let other threads run.
    pub(crate) detach: bool,
}

/// The keys of all four arguments together.
struct KeyArguments<'a, 'py> {
    secret: Option<Secret<'a>>,
    public_key: Option<Secret<'a>>,
    jwks: Option<Bound<'py, PyAny>>,
    keys: Option<Bound<'py, PyAny>>,
    allow_short_secret: bool,
}

impl KeyArguments<'_, '_> {
    fn set(&self, py: Python<'_>, algorithms: Option<&[Algorithm]>) -> PyResult<KeySet> {
        let mut set = match (&self.jwks, &self.keys) {
            (Some(_), Some(_)) => {
                let message = "give jwks or keys, not both: a KeySet may hold what you have of either";
                return Err(errors::config(py, "argument_invalid", message));
            }
            (Some(jwks), None) => PyKeySet::of_jwks(py, &jwks.extract()?)?.keys,
            (None, Some(keys)) => match keys.cast::<PyKeySet>() {
                Ok(set) => set.get().keys.clone(),
                Err(_) => PyKeySet::of(keys)?.keys,
            },
            (None, None) => KeySet::new(),
        };
        let (shared, public): (Vec<_>, Vec<_>) =
            algorithms.unwrap_or_default().iter().partition(|algorithm| algorithm.is_symmetric());
        if let Some(secret) = &self.secret {
            let shared = if algorithms.is_none() { vec![Algorithm::HS256] } else { shared };
            // Nobody's algorithm: with a secret alone, a public key's was meant for another verifier.
            if shared.is_empty() || (self.is_alone() && !public.is_empty()) {
                return Err(KeyError::AlgorithmMismatch).or_config_error(py);
            }
            for algorithm in shared {
                let key = hmac(algorithm, secret.as_ref(), self.allow_short_secret);
                set = set.with(key.or_config_error(py)?);
            }
        }
        if let Some(key) = &self.public_key {
            if algorithms.is_some() && public.is_empty() {
                return Err(KeyError::AlgorithmMismatch).or_config_error(py);
            }
            let (kid, key) = Key::from_public(key.as_ref(), &public).or_config_error(py)?;
            set = match kid {
                Some(kid) => set.with_kid(kid, key).or_config_error(py)?,
                None => set.with(key),
            };
        }
        Ok(set)
    }

    const fn is_fetched_alone(&self) -> bool {
        self.secret.is_none() && self.public_key.is_none() && self.keys.is_none()
    }

    /// Whether a secret is all there is.
    fn is_alone(&self) -> bool {
        self.public_key.is_none() && self.jwks.is_none() && self.keys.is_none()
    }
}

#[pymethods]
impl PyVerifier {
    #[new]
    #[pyo3(signature = (
        *, secret=None, public_key=None, jwks=None, keys=None, algorithms=None, issuer=None, audience=None,
        any_audience=false, subject=None, leeway=Span(0.0), required=Strings(vec!["exp".into()]), token_type=None, token_id=None, nonce=None,
        max_age=None, max_lifetime=None, ignore_expiry=false, ignore_not_before=false, allow_short_secret=false,
        mapping=None, cache=true, cache_size=CACHED, cache_ttl=Span(CACHED_FOR)
    ), text_signature = "(*, secret=None, public_key=None, jwks=None, keys=None, algorithms=None, issuer=None, \
        audience=None, any_audience=False, subject=None, leeway=0.0, required=('exp',), token_type=None, token_id=None, \
        nonce=None, max_age=None, max_lifetime=None, ignore_expiry=False, ignore_not_before=False, \
        allow_short_secret=False, mapping=None, cache=True, cache_size=10000, cache_ttl=60.0)")]
    #[expect(clippy::too_many_arguments, clippy::fn_params_excessive_bools, reason = "keyword arguments")]
    fn new(
        py: Python<'_>,
        secret: Option<Secret<'_>>,
        public_key: Option<Secret<'_>>,
        jwks: Option<Bound<'_, PyAny>>,
        keys: Option<Bound<'_, PyAny>>,
        algorithms: Option<Strings>,
        issuer: Option<Strings>,
        audience: Option<Strings>,
        any_audience: bool,
        subject: Option<Strings>,
        leeway: Span,
        required: Strings,
        token_type: Option<Strings>,
        token_id: Option<Strings>,
        nonce: Option<Strings>,
        max_age: Option<Span>,
        max_lifetime: Option<Span>,
        ignore_expiry: bool,
        ignore_not_before: bool,
        allow_short_secret: bool,
        mapping: Option<&Bound<'_, PyClaimMapping>>,
        cache: bool,
        cache_size: usize,
        cache_ttl: Span,
    ) -> PyResult<Self> {
        let algorithms = algorithms.map(|names| convert::algorithms(py, &names)).transpose()?;
        let fetched = jwks.as_ref().and_then(|jwks| jwks.cast::<PyJwks>().ok().cloned());
        let keys = KeyArguments { secret, public_key, jwks, keys, allow_short_secret };
        let keys = match &fetched {
            Some(_) if keys.is_fetched_alone() => KeySet::new(),
            Some(_) => {
                let message = "keys that are fetched stand alone: give others to a verifier of their own";
                return Err(errors::config(py, "argument_invalid", message));
            }
            None => keys.set(py, algorithms.as_deref())?,
        };
        let mut rules = Rules::new().tolerance(leeway.0);
        if let Some(algorithms) = &algorithms {
            rules = rules.algorithms(algorithms);
        }
        for (strings, rule) in [
            (issuer, Rules::issuer as fn(Rules<'static>, Vec<String>) -> Rules<'static>),
            (audience, Rules::audience),
            (subject, Rules::subject),
            (token_type, Rules::token_type),
            (token_id, Rules::id),
            (nonce, Rules::nonce),
        ] {
            if let Some(Strings(strings)) = strings {
                rules = rule(rules, strings);
            }
        }
        if any_audience {
            rules = rules.any_audience();
        }
        if let Some(seconds) = max_age {
            rules = rules.max_age(seconds.0);
        }
        if let Some(seconds) = max_lifetime {
            rules = rules.max_lifetime(seconds.0);
        }
        rules = requiring(rules, required, ignore_expiry);
        if ignore_not_before {
            rules = rules.ignoring_not_before();
        }
        let detach = keys.has_public() || fetched.is_some();
        let verifier = match fetched {
            Some(jwks) => Verifier::fetching(Arc::clone(&jwks.get().jwks), rules),
            None => Verifier::new(keys, rules),
        };
        let mut verifier = verifier.or_config_error(py)?;
        if let Some(mapping) = mapping {
            verifier = verifier.with_mapping(mapping.get().over(ClaimMapping::new()));
        }
        let cache = match cache && cache_size > 0 {
            true => Some(new_cache(py, cache_size, cache_ttl.span(py, "cache_ttl")?)?),
            false => None,
        };
        Ok(Self { cached: CachedVerifier::new(verifier, cache), detach })
    }

    /// The claims of a token whose signature holds and that keeps all rules.
    ///
    /// ``now`` is seconds since the epoch, or a ``datetime`` with its time zone, in place of the clock's. Raises ``TokenError``, of the subclass that fits, with its
    /// ``code``.
    #[pyo3(signature = (token, *, now=None))]
    pub(crate) fn verify(
        &self,
        py: Python<'_>,
        token: Octets<'_>,
        now: Option<When>,
    ) -> PyResult<Py<PyClaims>> {
        let (token, now) = (token.as_ref(), convert::now(now));
        if let Some(seen) = self.cached.seen(token, now) {
            return Ok(seen);
        }
        let verified =
            if self.detach { py.detach(|| self.verify_new(token, now)) } else { self.verify_new(token, now) };
        let (claims, verified) = verified.map_err(|error| errors::token(py, error))?;
        self.keep(py, token, claims, verified, now)
    }

    /// Verifies many tokens at one moment, the interpreter detached meanwhile: for each, in order, its ``Claims`` or the
    /// ``TokenError`` that ``verify`` would raise.
    #[pyo3(signature = (tokens, *, now=None))]
    fn verify_many<'py>(
        &self,
        py: Python<'py>,
        tokens: &Bound<'py, PyAny>,
        now: Option<When>,
    ) -> PyResult<Bound<'py, PyList>> {
        if tokens.cast::<PyString>().is_ok() || tokens.cast::<PyBytes>().is_ok() {
            return Err(convert::wrong_type(tokens, "an iterable of tokens"));
        }
        let held: Vec<Bound<'py, PyAny>> = tokens.try_iter()?.collect::<PyResult<_>>()?;
        let tokens: Vec<Octets<'_>> = held.iter().map(|token| token.extract()).collect::<PyResult<_>>()?;
        let now = convert::now(now);
        let seen: Vec<_> = tokens.iter().map(|token| self.cached.seen(token.as_ref(), now)).collect();
        let unseen: Vec<&[u8]> = tokens
            .iter()
            .zip(&seen)
            .filter(|(_, seen)| seen.is_none())
            .map(|(token, _)| token.as_ref())
            .collect();
        let mut verified = py
            .detach(|| unseen.iter().map(|token| self.verify_new(token, now)).collect::<Vec<_>>())
            .into_iter();
        let results = PyList::empty(py);
        for (token, seen) in tokens.iter().zip(seen) {
            match seen.map(Ok).or_else(|| verified.next().map(Err)) {
                Some(Ok(claims)) => results.append(claims)?,
                Some(Err(Ok((claims, verified)))) => {
                    results.append(self.keep(py, token.as_ref(), claims, verified, now)?)?;
                }
                Some(Err(Err(error))) => results.append(errors::token(py, error).into_value(py))?,
                None => {}
            }
        }
        Ok(results)
    }

    /// Who a token is from, as a gate knows them: ``jwt:<issuer>:<subject>``, scopes and roles by ``mapping``. For what has no gate,
    /// which should know callers by the same ids. Raises as ``verify``, and ``MissingClaim`` for a token that names nobody.
    #[pyo3(signature = (token, *, now=None))]
    fn identify(&self, py: Python<'_>, token: Octets<'_>, now: Option<When>) -> PyResult<PyPrincipal> {
        let claims = self.verify(py, token, now)?;
        let principal = Principal::of_verified(self.cached.verifier(), &claims.get().claims());
        principal.map_or_else(
            || Err(errors::nobody(py)),
            |principal| Ok(PyPrincipal::with(py, &principal, claims)),
        )
    }

    /// The set its keys are fetched into, or ``None`` where the keys are its own.
    #[getter]
    fn jwks(&self) -> Option<PyJwks> {
        self.cached.verifier().jwks().map(|jwks| PyJwks { jwks: Arc::clone(jwks) })
    }

    /// Forgets every token that was verified.
    fn clear_cache(&self) {
        self.cached.clear();
    }

    /// ``hits``, ``misses`` and ``evictions`` of the cache since it was made; ``None`` without one.
    fn cache_stats<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        self.cached.stats().map(|stats| self::stats(py, stats)).transpose()
    }

    fn __repr__(&self) -> &'static str {
        "<doorward.Verifier>"
    }
}

/// A cache's counters, by their names.
pub(crate) fn stats<'py>(py: Python<'py>, stats: CacheStats) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, count) in [("hits", stats.hits), ("misses", stats.misses), ("evictions", stats.evictions)] {
        dict.set_item(name, count)?;
    }
    Ok(dict)
}

impl PyVerifier {
    /// One whose keys are fetched, with the usual cache.
    pub(crate) fn fetching(py: Python<'_>, verifier: Verifier) -> PyResult<Self> {
        let cache = new_cache(py, CACHED, CACHED_FOR)?;
        Ok(Self { cached: CachedVerifier::new(verifier, Some(cache)), detach: true })
    }

    fn verify_new(&self, token: &[u8], now: Now) -> Result<(OwnedClaims, Verified), TokenError> {
        if token.len() > self.cached.verifier().max_token() {
            return Err(TokenError::TooLarge);
        }
        let (mut short, mut long);
        let scratch = if token.len() <= ON_STACK {
            short = [0; ON_STACK];
            &mut short[..]
        } else {
            long = vec![0; token.len()];
            &mut long
        };
        let (claims, verified) = self.cached.verify_in(token, scratch, now)?;
        Ok((claims.to_owned(), verified))
    }

    fn keep(
        &self,
        py: Python<'_>,
        token: &[u8],
        claims: OwnedClaims,
        verified: Verified,
        now: Now,
    ) -> PyResult<Py<PyClaims>> {
        let claims = Py::new(py, PyClaims::new(claims))?;
        self.cached.keep(token, verified, now, claims.clone_ref(py));
        Ok(claims)
    }
}

/// The rules of which claims must be there.
fn requiring(rules: Rules<'static>, Strings(mut required): Strings, ignore_expiry: bool) -> Rules<'static> {
    let expires = required.iter().any(|claim| claim == "exp");
    // A token whose end is looked at must have one anyway: no need to look for it twice.
    if expires && !ignore_expiry {
        required.retain(|claim| claim != "exp");
    }
    let rules = match (ignore_expiry, expires) {
        (true, _) => rules.ignoring_expiry(),
        (false, true) => rules,
        (false, false) => rules.without_expiry(),
    };
    if required.is_empty() { rules } else { rules.required(required) }
}

fn new_cache<V: Clone>(py: Python<'_>, size: usize, ttl: f64) -> PyResult<TokenCache<V>> {
    /// The most entries: half a gigabyte of the usual tokens.
    const MOST: usize = 1_000_000;
    let no_randomness =
        |_| errors::config(py, "randomness_unavailable", "the operating system gave no random numbers");
    let mut seed = [0; 4];
    for word in &mut seed {
        *word = getrandom::u64().map_err(no_randomness)?;
    }
    if size > MOST {
        return Err(errors::config(py, "argument_invalid", "cache_size must be 1,000,000 at most"));
    }
    // Below 2^63 for any time the clock can tell.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "finite and not below zero; saturates"
    )]
    let micros = (ttl * 1e6) as u64;
    Ok(TokenCache::new(size, micros, seed))
}
