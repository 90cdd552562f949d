//! What a key set remembers: one fetch at a time, the cool-down, the last good set.

use super::url::FetchUrl;
use super::{JwksError, Times};
use crate::keys::KeySet;
use std::sync::Arc;

/// GETs of one fetch at most: three places for metadata, and the set.
const STEPS: u64 = 4;

/// The longest a fetch may take, in µs.
pub(super) const fn longest(times: Times) -> u64 {
    times.timeout.saturating_mul(STEPS)
}

#[derive(Default)]
pub(super) struct State {
    /// The number of the last fetch begun: a reply to an older one is nobody's.
    ticket: u64,
    /// `Now::mono` at which it began.
    begun: u64,
    /// `Now::mono` by which the fetch under way must have ended.
    in_flight: Option<u64>,
    /// `Now::mono` before which no other begins.
    next: u64,
    /// Where the issuer's metadata said the set is, and the `Now::mono` until which that is believed.
    pub(super) address: Option<(FetchUrl, u64)>,
    pub(super) last_error: Option<JwksError>,
    /// SHA-256 of the body of the current set.
    pub(super) digest: Option<[u8; 32]>,
}

/// The set in use. `fetched_at` in µs of `Now::mono`.
#[derive(Default)]
pub(super) struct Current {
    pub(super) keys: Arc<KeySet>,
    pub(super) fetched_at: Option<u64>,
}

impl State {
    /// A fetch's number, if one may begin.
    pub(super) fn begin(&mut self, now: u64, times: Times) -> Option<u64> {
        if self.is_fetching(now) || now < self.next {
            return None;
        }
        // A host that forgets about a fetch stops others for no longer than one may take.
        self.begun = now;
        self.in_flight = Some(now.saturating_add(longest(times)));
        self.next = now.saturating_add(times.cooldown);
        self.ticket += 1;
        Some(self.ticket)
    }

    pub(super) fn is_fetching(&self, now: u64) -> bool {
        self.in_flight.is_some_and(|until| now < until)
    }

    pub(super) const fn begun(&self) -> u64 {
        self.begun
    }

    pub(super) fn in_flight_until(&self) -> u64 {
        self.in_flight.unwrap_or(0)
    }

    pub(super) const fn is_current(&self, ticket: u64) -> bool {
        self.ticket == ticket && self.in_flight.is_some()
    }

    /// The fetch under way is over; gives from when on another may begin.
    pub(super) fn end(&mut self, now: Option<u64>, times: Times) -> u64 {
        self.in_flight = None;
        if let Some(now) = now {
            self.next = self.next.max(now.saturating_add(times.cooldown));
        }
        self.next
    }
}
