//! API keys that the host knows and the gate does not: what was asked and answered, kept for a while.
//!
//! An answer is kept for at most a minute: a key withdrawn in the host's database works for no longer than that.

use super::answers::{ALWAYS, Answers, Keeping};
use super::keyring::own_bucket;
use super::{Code, Principal};
use crate::Now;
use crate::api_keys::{ApiKey, ApiKeyRefusal, KeyDigest, KeyFormat, KeyShape, MAX_PRESENTED};
use crate::rate::{Limiter, RateHeaders};
use core::fmt;
use core::time::Duration;
use std::string::{String, ToString as _};
use std::sync::Arc;
use zeroize::Zeroizing;

/// How a gate asks its host for keys it does not know: see
/// [`GateBuilder::api_key_lookup`](super::GateBuilder::api_key_lookup).
///
/// ```
/// use std::time::Duration;
/// use doorward::gate::{Gate, KeyLookup};
/// let lookup = KeyLookup::new().good_for(Duration::from_secs(30)).deadline(Duration::from_millis(200));
/// let gate = Gate::builder().api_key_lookup(lookup).build_random()?;
/// # Ok::<(), doorward::gate::GateError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct KeyLookup {
    keeping: Keeping,
    format: KeyFormat,
}

impl Default for KeyLookup {
    fn default() -> Self {
        Self::new()
    }
}

impl KeyLookup {
    /// Good answers kept for 60 s, bad ones for 10 s, 10,000 of each; a second for the host to answer.
    pub fn new() -> Self {
        Self { keeping: Keeping::new(Duration::from_secs(1)), format: KeyFormat::default() }
    }

    /// How long a key that was found is not asked for again: a minute at most.
    pub fn good_for(mut self, time: Duration) -> Self {
        self.keeping.good_for(time);
        self
    }

    /// How long a key that was not found is not asked for again: a minute at most. A key made meanwhile is refused for
    /// as long, if it was tried before.
    pub fn bad_for(mut self, time: Duration) -> Self {
        self.keeping.bad_for(time);
        self
    }

    /// How many answers are kept, good and bad each.
    pub fn entries(mut self, entries: usize) -> Self {
        self.keeping.entries = entries;
        self
    }

    /// How long the host may take to answer. Without an answer by then the request gets 503.
    pub fn deadline(mut self, time: Duration) -> Self {
        self.keeping.deadline = time;
        self
    }

    /// The host's keys have this format: a damaged one is refused without asking.
    pub fn format(mut self, format: KeyFormat) -> Self {
        self.format = format;
        self
    }
}

/// A key the host is asked for.
#[derive(Debug)]
pub struct KeyWanted {
    pub(super) digest: KeyDigest,
    pub(super) deadline: Duration,
    /// How often everything had been forgotten when it was asked: an answer may be older than what came since.
    generation: u64,
}

impl KeyWanted {
    /// The SHA-256 of the key that was presented: what a database of keys should hold. Answer
    /// [`Answer::ApiKey`](super::Answer::ApiKey) with the key's entry, or with nothing where there is none.
    #[must_use]
    pub const fn digest(&self) -> &KeyDigest {
        &self.digest
    }

    /// How long the answer may take.
    #[must_use]
    pub const fn deadline(&self) -> Duration {
        self.deadline
    }
}

/// The answers that are kept.
pub(super) struct Lookup {
    settings: KeyLookup,
    answers: Answers<Arc<Known>, ()>,
}

struct Known {
    entry: ApiKey,
    principal: Principal,
}

impl Lookup {
    pub(super) fn new(settings: KeyLookup, seed: [u64; 4]) -> Self {
        Self { answers: Answers::new(&settings.keeping, seed), settings }
    }

    /// What to ask about: nothing for what can be no key by its form.
    pub(super) fn digest(&self, presented: &[u8]) -> Option<KeyDigest> {
        let visible = || presented.iter().all(u8::is_ascii_graphic);
        let may_be = match self.settings.format.shape(presented) {
            KeyShape::WellFormed(_) => true,
            KeyShape::NotOurs => !presented.is_empty() && presented.len() <= MAX_PRESENTED && visible(),
            KeyShape::Damaged => false,
        };
        may_be.then(|| KeyDigest::of(presented))
    }

    /// What is still known of a key; nothing where the host must be asked.
    pub(super) fn known(&self, digest: &KeyDigest, now: Now) -> Option<Result<Principal, ApiKeyRefusal>> {
        let name = Zeroizing::new(digest.to_bytes());
        if let Some(known) = self.answers.good(&name, now) {
            // A key is good by its entry, whose times are looked at on every request.
            return Some(known.entry.standing(now).map(|()| known.principal.clone()));
        }
        self.answers.bad(&name, now).map(|()| Err(ApiKeyRefusal::Unknown))
    }

    pub(super) fn wanted(&self, digest: KeyDigest) -> KeyWanted {
        KeyWanted { digest, deadline: self.settings.keeping.deadline, generation: self.answers.generation() }
    }

    /// Keeps the host's answer, and says what it comes to. One to a question from before everything was forgotten is
    /// for its own request alone: it may tell of a key that was withdrawn since.
    pub(super) fn answered(
        &self,
        wanted: &KeyWanted,
        entry: Option<ApiKey>,
        now: Now,
        limiter: &Limiter,
        headers: &RateHeaders,
    ) -> Result<Principal, (Code, Option<String>)> {
        let name = Zeroizing::new(wanted.digest.to_bytes());
        let generation = wanted.generation;
        let Some(entry) = entry else {
            self.answers.keep_bad(&name, now, (), generation);
            return Err((Code::ApiKey(ApiKeyRefusal::Unknown), None));
        };
        // The operator's mistake, and nobody's guess.
        let bucket = own_bucket(&entry, limiter, headers)
            .map_err(|error| (Code::ApiKeyUnavailable, Some(error.to_string())))?;
        let principal = Principal::of_looked_up(&entry, bucket, generation);
        let standing = entry.standing(now).map_err(|refusal| (Code::ApiKey(refusal), None));
        let known = Known { entry, principal: principal.clone() };
        self.answers.keep_good(&name, ALWAYS, now, Arc::new(known), generation);
        standing.map(|()| principal)
    }

    /// Forgets every answer: what is asked for next is asked of the host.
    pub(super) fn forget(&self) {
        self.answers.forget();
    }

    /// Whether an answer of that generation has not been forgotten.
    pub(super) fn remembers(&self, generation: u64) -> bool {
        self.answers.remembers(generation)
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup").field("settings", &self.settings).finish_non_exhaustive()
    }
}
