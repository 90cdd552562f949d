//! One fetch: the GETs a host does, and what becomes of the replies.

use super::discovery::Issuer;
use super::state::Current;
use super::url::FetchUrl;
use super::{Jwks, JwksError, Source};
use crate::Now;
use crate::keys::{KeyError, KeySet};
use core::fmt;
use core::mem;
use core::time::Duration;
use sha2::{Digest as _, Sha256};
use std::sync::atomic::Ordering::Release;
use std::sync::{Arc, PoisonError};
use std::vec::Vec;

/// Bytes of a reply: a key set's bound, and ample for metadata.
const LIMIT: usize = 256 * 1024;

/// The right to fetch, which nobody else has meanwhile. Do the GET and hand over the [`Reply`]; one that is dropped
/// counts as failed.
#[must_use]
pub struct Fetch {
    jwks: Arc<Jwks>,
    ticket: u64,
    url: FetchUrl,
    /// The number of the place for metadata, or nothing where the set itself is fetched.
    place: Option<usize>,
    over: bool,
}

/// What came of a GET.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Reply<'a> {
    /// A status and a body of at most [`Fetch::limit`] bytes.
    Answer {
        /// The status, of this very address: redirects are not to be followed.
        status: u16,
        /// The body, its content encoding undone.
        body: &'a [u8],
    },
    /// The body was longer than that.
    TooLarge,
    /// There was no reply within [`Fetch::timeout`].
    Unreachable,
}

/// What came of a fetch.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fetched {
    /// There is another address to GET.
    Next(Fetch),
    /// There is a new set, or the old one was confirmed.
    Loaded(Loaded),
    /// The set that was there before, if any, is kept.
    Failed(JwksError),
}

/// A set that was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loaded {
    /// How many keys it has.
    pub keys: usize,
    /// Why others were left out, each by its place in the set, counted from 0.
    pub left_out: Vec<(usize, KeyError)>,
    /// Whether it differs from the set before.
    pub changed: bool,
}

/// Where to go on: the number of a place for metadata, or nothing where it is the set; and its address.
type Place = (Option<usize>, FetchUrl);

impl Fetch {
    pub(super) fn keys(jwks: Arc<Jwks>, ticket: u64, url: FetchUrl) -> Self {
        Self { jwks, ticket, url, place: None, over: false }
    }

    pub(super) fn discovery(jwks: Arc<Jwks>, ticket: u64, (place, url): (usize, FetchUrl)) -> Self {
        Self { jwks, ticket, url, place: Some(place), over: false }
    }

    /// What to GET, with no credentials and without following redirects.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The most bytes of body to read.
    #[must_use]
    pub const fn limit(&self) -> usize {
        LIMIT
    }

    /// How long the GET may take, the body included.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_micros(self.jwks.times.timeout)
    }

    /// Whose set it is.
    #[must_use]
    pub const fn jwks(&self) -> &Arc<Jwks> {
        &self.jwks
    }

    /// Goes on with a reply.
    pub fn replied(self, reply: Reply<'_>, now: Now) -> Fetched {
        if let (Some(place), Source::Issuer(issuer)) = (self.place, &self.jwks.source) {
            return match discovered(issuer, place, reply).and_then(|found| self.goes_on(found, now)) {
                Ok((place, url)) => Fetched::Next(self.next(place, url)),
                Err(error) => self.failed(error, now),
            };
        }
        match body(reply).and_then(|body| self.load(body, now)) {
            Ok(loaded) => {
                self.ended(Some(now), None);
                Fetched::Loaded(loaded)
            }
            Err(error) => self.failed(error, now),
        }
    }

    /// Remembers the set's address once it is known.
    fn goes_on(&self, found: Place, now: Now) -> Result<Place, JwksError> {
        let mut state = self.jwks.state();
        if !state.is_current(self.ticket) {
            // Given up long ago, and perhaps overtaken: another knows better where the set is.
            return Err(JwksError::Unreachable);
        }
        if let (None, url) = &found {
            state.address = Some((url.clone(), now.mono.saturating_add(self.jwks.times.fresh)));
        }
        Ok(found)
    }

    fn next(mut self, place: Option<usize>, url: FetchUrl) -> Self {
        self.over = true;
        Self { jwks: Arc::clone(&self.jwks), ticket: self.ticket, url, place, over: false }
    }

    fn failed(self, error: JwksError, now: Now) -> Fetched {
        self.ended(Some(now), Some(error.clone()));
        Fetched::Failed(error)
    }

    /// Takes a set into use.
    fn load(&self, body: &[u8], now: Now) -> Result<Loaded, JwksError> {
        let malformed = JwksError::Malformed(KeyError::JwksMalformed);
        let digest: [u8; 32] = Sha256::digest(body).into();
        let text = core::str::from_utf8(body).map_err(|_| malformed)?;
        let (keys, left_out) = KeySet::from_jwks(text).map_err(JwksError::Malformed)?;
        if keys.is_empty() {
            return Err(JwksError::NoKeys);
        }
        let number = keys.len();
        let mut state = self.jwks.state();
        if !state.is_current(self.ticket) {
            // Given up long ago, and perhaps overtaken: an old reply must not replace a newer set.
            return Err(JwksError::Unreachable);
        }
        let changed = state.digest != Some(digest);
        state.digest = Some(digest);
        let mut current = self.jwks.current.write().unwrap_or_else(PoisonError::into_inner);
        let keys = if changed { Arc::new(keys.fetched()) } else { Arc::clone(&current.keys) };
        let old = mem::replace(&mut *current, Current { keys, fetched_at: Some(now.mono) });
        // In this order, which is that of `Jwks::generation`: an old set does not become good again by a new one's time.
        if changed {
            self.jwks.generation.fetch_add(1, Release);
        }
        self.jwks.allow(now.mono, now.mono);
        drop(current);
        drop(state);
        drop(old);
        Ok(Loaded { keys: number, left_out, changed })
    }

    /// The fetch is over, and others may begin after the cool-down.
    fn ended(mut self, now: Option<Now>, error: Option<JwksError>) {
        self.over = true;
        self.tell(now, error);
    }

    fn tell(&self, now: Option<Now>, error: Option<JwksError>) {
        let jwks = &self.jwks;
        let mut state = jwks.state();
        if !state.is_current(self.ticket) {
            return;
        }
        let failed = error.is_some();
        if failed {
            // The issuer may have moved its set.
            state.address = None;
        }
        state.last_error = error;
        let begun = state.begun();
        let next = state.end(now.map(|now| now.mono), jwks.times);
        let current = jwks.current.read().unwrap_or_else(PoisonError::into_inner);
        if let (true, Some(fetched_at)) = (failed, current.fetched_at) {
            // It was asked, so the last set is good for another while.
            jwks.allow(fetched_at, now.map_or(begun, |now| now.mono));
        }
        let fresh_until = current.fetched_at.map_or(0, |at| at.saturating_add(jwks.times.fresh));
        jwks.due.store(next.max(fresh_until), Release);
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        if !self.over {
            self.tell(None, Some(JwksError::Unreachable));
        }
    }
}

/// Where to go on after a reply from an issuer's place for metadata: another place, or the set.
fn discovered(issuer: &Issuer, place: usize, reply: Reply<'_>) -> Result<Place, JwksError> {
    match (body(reply).and_then(|body| issuer.key_address(body)), issuer.place(place + 1)) {
        // Not every issuer serves every document: some send a page in its place, or on to one.
        (
            Err(JwksError::Status(400..=499) | JwksError::Redirected | JwksError::DiscoveryMalformed),
            Some(next),
        ) => Ok((Some(place + 1), next)),
        (address, _) => Ok((None, address?)),
    }
}

fn body(reply: Reply<'_>) -> Result<&[u8], JwksError> {
    match reply {
        Reply::Answer { body, .. } if body.len() > LIMIT => Err(JwksError::TooLarge),
        Reply::Answer { status: 200, body } => Ok(body),
        Reply::Answer { status: 300..=399, .. } => Err(JwksError::Redirected),
        Reply::Answer { status, .. } => Err(JwksError::Status(status)),
        Reply::TooLarge => Err(JwksError::TooLarge),
        Reply::Unreachable => Err(JwksError::Unreachable),
    }
}

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetch").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}
