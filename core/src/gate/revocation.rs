//! Whether a verified token was revoked: by the gate's own set, or by a list of the host's.

use super::{Code, Principal};
use crate::Now;
use crate::jwt::{Revocable, Revocations, TokenError};
use core::fmt;
use core::time::Duration;
use std::boxed::Box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a host's own list says of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Listed {
    /// It was revoked.
    Revoked,
    /// It was not, as of now: the list is asked again at the token's next request.
    Good,
    /// It was not, and need not be asked about again for so long, as long as the token is cached.
    GoodFor(Duration),
}

/// A host's own list, asked about every token that verifies. It must answer at once: what needs a database is better
/// kept in memory, or told to [`Gate::revocations`](super::Gate::revocations) as it happens.
pub(super) type List = Box<dyn Fn(Revocable<'_>, Now) -> Listed + Send + Sync>;

pub(super) struct Revocation {
    pub(super) set: Revocations,
    pub(super) list: Option<List>,
}

/// A token that was verified: whose it is, and by which keys.
#[derive(Clone)]
pub(super) struct Verified {
    pub(super) principal: Principal,
    /// The place of its verifier.
    pub(super) place: usize,
    /// The number of the keys it was verified by.
    pub(super) generation: u64,
    /// `Now::mono` until which the host's list need not be asked; shared by the clones of one cached entry.
    good_until: Option<Arc<AtomicU64>>,
}

impl Verified {
    pub(super) const fn new(principal: Principal, place: usize, generation: u64) -> Self {
        Self { principal, place, generation, good_until: None }
    }
}

impl Revocation {
    /// The set is asked every time; the list, unless its last answer still holds.
    pub(super) fn check(&self, verified: &Verified, token: &[u8], now: Now) -> Result<(), Code> {
        const REVOKED: Code = Code::Token(TokenError::Revoked);
        let Some(facts) = verified.principal.revocable(token) else { return Ok(()) };
        if self.set.is_revoked(facts, now) {
            return Err(REVOKED);
        }
        if let Some(list) = &self.list {
            let known = verified.good_until.as_ref();
            if known.is_none_or(|until| now.mono >= until.load(Relaxed)) {
                let until = match list(facts, now) {
                    Listed::Revoked => return Err(REVOKED),
                    Listed::Good => 0,
                    Listed::GoodFor(time) => {
                        now.mono.saturating_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
                    }
                };
                if let Some(known) = known {
                    known.store(until, Relaxed);
                }
            }
        }
        Ok(())
    }

    /// Makes an entry remember the list's answers.
    pub(super) fn remembering(&self, verified: Verified) -> Verified {
        let good_until = self.list.as_ref().map(|_| Arc::new(AtomicU64::new(0)));
        Verified { good_until, ..verified }
    }
}

impl fmt::Debug for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocation").field("set", &self.set).finish_non_exhaustive()
    }
}
