//! Key sets that are fetched: when to fetch, from where, what the answer may look like, and how long it is good
//! (RFC 7517 §5; RFC 8414 and OpenID Connect Discovery 1.0 for the address).
//!
//! A [`Jwks`] is a state machine without a socket. The host asks it for a [`Fetch`], does the GET with its own client,
//! and hands the reply back. At most one fetch is under way; the next begins no sooner than a cool-down after its end,
//! whether it succeeded, failed or brought nothing new (after its beginning, where the host dropped it), so that a flood
//! of unknown `kid`s or an issuer that is down costs one fetch a cool-down. The last good set is kept through outages, up to a limit.
//!
//! Not done here: TLS, proxies, `Cache-Control`. Addresses inside a document that an issuer serves are believed as far
//! as they are `https`, for issuers do keep their keys on other hosts.

mod discovery;
mod error;
mod fetch;
mod state;
mod url;

pub use error::JwksError;
pub use fetch::{Fetch, Fetched, Loaded, Reply};
pub use url::UrlError;

use crate::Now;
use crate::keys::KeySet;
use core::fmt;
use core::time::Duration;
use discovery::Issuer;
use state::{Current, State};
use std::string::String;
use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use url::FetchUrl;

/// A key set that an issuer publishes, as of the last fetch that succeeded. Shared by the verifier that uses it and the
/// host that fetches it.
///
/// ```
/// use doorward::Now;
/// use doorward::jwks::{Fetched, Jwks, Reply};
/// use std::sync::Arc;
///
/// let jwks = Arc::new(Jwks::at("https://issuer.example/jwks.json")?);
/// let at = |seconds: u64| Now::new(0.0, seconds * 1_000_000);
/// let fetch = jwks.refresh(at(0)).expect("nothing was fetched yet");
/// assert_eq!(fetch.url(), "https://issuer.example/jwks.json");
/// assert!(jwks.refresh(at(1)).is_none(), "one at a time");
///
/// let set = br#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
/// let Fetched::Loaded(loaded) = fetch.replied(Reply::Answer { status: 200, body: set }, at(1)) else { panic!() };
/// assert_eq!(loaded.keys, 1);
/// assert!(jwks.refresh(at(60)).is_none(), "fresh for ten minutes");
/// # Ok::<(), doorward::jwks::UrlError>(())
/// ```
pub struct Jwks {
    source: Source,
    times: Times,
    state: Mutex<State>,
    current: RwLock<Current>,
    /// Counts the sets that differed from the one before: what was verified by another is not good any more.
    generation: AtomicU64,
    /// `Now::mono` until which the set may be used: until its issuer must have been asked again, and never beyond its age.
    good_until: AtomicU64,
    /// `Now::mono` from which a refresh may be due: nothing needs the lock before.
    due: AtomicU64,
}

enum Source {
    Address(FetchUrl),
    Issuer(Issuer),
}

/// Durations in microseconds.
#[derive(Clone, Copy)]
struct Times {
    cooldown: u64,
    fresh: u64,
    stale: u64,
    /// One GET.
    timeout: u64,
}

/// How a fetched set stands, for health and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// How many keys it has.
    pub keys: usize,
    /// How long ago it was fetched; nothing if it never was.
    pub age: Option<Duration>,
    /// Whether tokens can be verified by it now.
    pub usable: bool,
    /// Why the last fetch failed; nothing if it did not.
    pub last_error: Option<JwksError>,
}

impl Jwks {
    /// The set at that address: `https`, or `http` on a loopback host.
    ///
    /// # Errors
    /// The address is not such a URL.
    pub fn at(url: &str) -> Result<Self, UrlError> {
        Ok(Self::of(Source::Address(FetchUrl::parse(url)?)))
    }

    /// The set of an issuer, at the address its metadata names: OAuth's (RFC 8414 §3.1), then OpenID Connect's. The
    /// metadata must name that very issuer, byte for byte.
    ///
    /// # Errors
    /// The issuer is no `https` URL (or `http` on a loopback host), or has a query or fragment (RFC 8414 §2).
    pub fn of_issuer(issuer: &str) -> Result<Self, UrlError> {
        Ok(Self::of(Source::Issuer(Issuer::parse(issuer)?)))
    }

    fn of(source: Source) -> Self {
        const SECOND: u64 = 1_000_000;
        Self {
            source,
            times: Times {
                cooldown: 30 * SECOND,
                fresh: 600 * SECOND,
                stale: 24 * 3600 * SECOND,
                timeout: 5 * SECOND,
            },
            state: Mutex::new(State::default()),
            current: RwLock::new(Current::default()),
            generation: AtomicU64::new(0),
            good_until: AtomicU64::new(0),
            due: AtomicU64::new(0),
        }
    }

    /// How long after a fetch the next may begin: 30 s by default, at least 1 s.
    #[must_use]
    pub fn cooldown(mut self, time: Duration) -> Self {
        self.times.cooldown = micros(time.max(Duration::from_secs(1)));
        self
    }

    /// From what age on a set is fetched again: 10 minutes by default. While that has not been tried, the set may be used
    /// for about as long again (at least for a cool-down and the time of a fetch), so that nobody has to wait; then it is
    /// nobody's before its issuer was asked, however quiet it was. A key that an issuer withdraws is used for no longer,
    /// as long as the issuer can be reached.
    #[must_use]
    pub fn fresh_for(mut self, time: Duration) -> Self {
        self.times.fresh = micros(time);
        self
    }

    /// Up to what age a set may be used while fetches of it fail: 24 hours by default.
    #[must_use]
    pub fn stale_for(mut self, time: Duration) -> Self {
        self.times.stale = micros(time);
        self
    }

    /// How long one GET may take: 5 s by default.
    #[must_use]
    pub fn timeout(mut self, time: Duration) -> Self {
        self.times.timeout = micros(time);
        self
    }

    /// The issuer whose set it is, where it was found by that.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        match &self.source {
            Source::Address(_) => None,
            Source::Issuer(issuer) => Some(issuer.name()),
        }
    }

    /// A fetch that should be done in the background: there is no set, or it is no longer fresh. Nothing while one is
    /// under way or cooling down. Cheap enough to be asked after every request.
    #[must_use]
    pub fn refresh(self: &Arc<Self>, now: Now) -> Option<Fetch> {
        if now.mono < self.due.load(Acquire) { None } else { self.fetch(now) }
    }

    /// A fetch for somebody who needs a key that is not there. Nothing while one is under way or cooling down.
    #[must_use]
    pub fn fetch(self: &Arc<Self>, now: Now) -> Option<Fetch> {
        let mut state = self.state();
        let ticket = state.begin(now.mono, self.times)?;
        self.due.store(state.in_flight_until(), Release);
        let url = match &self.source {
            Source::Address(url) => url.clone(),
            Source::Issuer(issuer) => match &state.address {
                // Not for ever: an issuer may move its set and leave the old one where it was.
                Some((address, until)) if now.mono < *until => address.clone(),
                _ => return Some(Fetch::discovery(Arc::clone(self), ticket, issuer.first())),
            },
        };
        Some(Fetch::keys(Arc::clone(self), ticket, url))
    }

    /// Whether a fetch is under way, so that waiting may help.
    #[must_use]
    pub fn is_fetching(&self, now: Now) -> bool {
        self.state().is_fetching(now.mono)
    }

    /// How long somebody who needs a key waits for it: two GETs.
    pub(crate) const fn patience(&self) -> Duration {
        Duration::from_micros(self.times.timeout.saturating_mul(2))
    }

    /// How it stands.
    #[must_use]
    pub fn standing(&self, now: Now) -> Standing {
        let last_error = self.state().last_error.clone();
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let age = current.fetched_at.map(|at| Duration::from_micros(now.mono.saturating_sub(at)));
        Standing { keys: current.keys.len(), age, usable: self.generation(now).is_some(), last_error }
    }

    /// The set, and its generation; nothing if there is none that may be used.
    pub(crate) fn keys(&self, now: Now) -> Option<(Arc<KeySet>, u64)> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        // Under the lock: a set and its number belong together.
        let generation = self.generation(now)?;
        Some((Arc::clone(&current.keys), generation))
    }

    /// The number of the set that may be used now.
    pub(crate) fn generation(&self, now: Now) -> Option<u64> {
        // The time first: a later set's time then comes with that set's number, never with an older one's.
        let good = now.mono < self.good_until.load(Acquire);
        let generation = self.generation.load(Acquire);
        (good && generation > 0).then_some(generation)
    }

    /// Lets the set be used: its issuer was asked at `now`, and the set that counts was fetched at `fetched_at`.
    fn allow(&self, fetched_at: u64, now: u64) {
        let Times { cooldown, fresh, stale, .. } = self.times;
        // Long enough that a fetch can begin and end meanwhile.
        let asked_again = fresh.max(cooldown.saturating_add(state::longest(self.times)));
        let until = now.saturating_add(fresh).saturating_add(asked_again);
        self.good_until.store(until.min(fetched_at.saturating_add(stale)), Release);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source: &str = match &self.source {
            Source::Address(url) => url.as_str(),
            Source::Issuer(issuer) => issuer.name(),
        };
        f.debug_struct("Jwks").field("source", &String::from(source)).finish_non_exhaustive()
    }
}
