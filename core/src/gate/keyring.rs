//! The set of API keys a gate knows at one moment, and its replacement by another.
//!
//! A ring is immutable. With `std` it stands behind an `ArcSwap`: a request takes the ring once and is decided by it
//! alone, and no reader ever waits, be somebody swapping or not. Measured on a shared two-core AMD EPYC virtual machine, a
//! release build: 10 ns a load, as a free `RwLock` takes, which half the time of a swap would stop every reader, and 20 ns
//! with a clone of the `Arc`. Without `std` the ring is that of the builder for good.

use super::{GateError, Principal};
use crate::Now;
use crate::api_keys::{ApiKeyRefusal, ApiKeys, KeyDigest};
use crate::rate::Limiter;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

#[cfg(feature = "std")]
type Held = arc_swap::ArcSwapOption<KeyRing>;
#[cfg(not(feature = "std"))]
type Held = Option<Arc<KeyRing>>;

/// Where the current ring is.
pub(super) struct Keys {
    ring: Held,
    /// Whether there has ever been one: whether a request's key is read at all. Apart from the ring, so that a request
    /// with a token does not load that.
    accepted: AtomicBool,
}

/// One set of keys, and who they stand for.
pub(super) struct KeyRing {
    keys: ApiKeys,
    /// One an entry of `keys`, in its order.
    principals: Vec<Principal>,
    /// Whether a key that is not there is none.
    complete: bool,
}

/// What came of a look-up.
pub(super) enum Found {
    Principal(Principal),
    Refused(ApiKeyRefusal),
    /// It is not among the keys that are known, and not all of them are.
    Unsure(ApiKeyRefusal),
}

impl KeyRing {
    pub(super) fn new(keys: ApiKeys, complete: bool, _limiter: &Limiter) -> Result<Self, GateError> {
        let entries = keys.iter().zip(keys.digests());
        let principals = entries.map(|(entry, digest)| Principal::of_key(entry, digest)).collect();
        Ok(Self { keys, principals, complete })
    }

    /// Whether a key is of the set's own format by its first letters, so that no guess finds it.
    pub(super) fn looks_strong(&self, key: &[u8]) -> bool {
        self.keys.format().looks_like(key)
    }

    pub(super) fn find(&self, key: &[u8], now: Now) -> Found {
        let refusal = match self.keys.position(key, now) {
            Ok(position) => match self.principals.get(position) {
                Some(principal) => return Found::Principal(principal.clone()),
                None => ApiKeyRefusal::Unknown,
            },
            Err(refusal) => refusal,
        };
        match refusal {
            // A set without plain keys calls one malformed that the missing part may hold.
            ApiKeyRefusal::Unknown | ApiKeyRefusal::Malformed if !self.complete => Found::Unsure(refusal),
            _ => Found::Refused(refusal),
        }
    }

    /// Whether the key is there, good, and as it was when the principal was made of it.
    pub(super) fn still_holds(&self, principal: &Principal, digest: &KeyDigest, now: Now) -> bool {
        let position = self.keys.position_of_digest(digest, now).ok();
        let current = position.and_then(|position| self.principals.get(position));
        current.is_some_and(|current| current.may_as(principal))
    }
}

impl Keys {
    pub(super) fn new(ring: Option<KeyRing>) -> Self {
        let accepted = ring.is_some().into();
        Self { ring: Held::from(ring.map(Arc::new)), accepted }
    }

    /// Whether API keys are a way in.
    pub(super) fn are_accepted(&self) -> bool {
        self.accepted.load(Ordering::Acquire)
    }

    pub(super) fn len(&self) -> usize {
        self.current().as_deref().map_or(0, |ring| ring.keys.len())
    }
}

#[cfg(feature = "std")]
impl Keys {
    pub(super) fn current(&self) -> arc_swap::Guard<Option<Arc<KeyRing>>> {
        self.ring.load()
    }

    pub(super) fn swap(&self, ring: KeyRing) {
        self.ring.store(Some(Arc::new(ring)));
        self.accepted.store(true, Ordering::Release);
    }
}

#[cfg(not(feature = "std"))]
impl Keys {
    pub(super) fn current(&self) -> &Option<Arc<KeyRing>> {
        &self.ring
    }
}
