//! What is known here of a key without asking: units leased, and denials that still hold.
//!
//! Bounded: sets of eight entries, found by a seeded hash of 64 bits. A newcomer to a full set takes the entry that would
//! end first, and all that is lost by it is a round trip, or units that were leased. Two keys of one hash (one chance in
//! 2⁶⁴ a pair) would share a lease.
//!
//! A denial holds for as long as the server said: until then no cost as large fits, whoever else spends. It is kept for
//! five seconds at most, so that a bucket that an operator has deleted is seen.

use alloc::vec::Vec;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long a denial is remembered at most, in µs.
const LONGEST_DENIAL: u64 = 5_000_000;
const WAYS: usize = 8;

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    hash: u64,
    /// Units leased and not spent, and until when they are good, in µs.
    units: u32,
    units_until: u64,
    /// Where the bucket stood when they were leased: units left in it, and when it is full.
    rest: u32,
    full_at: u64,
    /// The cost that was denied, and until when that holds.
    cost: u32,
    cost_until: u64,
    denial: Denial,
}

/// A denial as the server told it, at the moment it was asked. Moments in µs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Denial {
    pub(super) remaining: u32,
    pub(super) reset_at: u64,
    pub(super) retry_at: u64,
}

/// What is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// The cost was paid from a lease. Left are this much of it and of the bucket, which is full at that moment: as of
    /// the lease, for what others spent since is not known.
    Paid(u32, u64),
    /// Denied, for the cost beside it.
    Denied(Denial, u32),
    Nothing,
}

pub(super) struct Memory {
    sets: Vec<Mutex<[Entry; WAYS]>>,
    lease_time: u64,
}

impl Entry {
    const fn is_good(until: u64, now: u64, longest: u64) -> bool {
        // Further off than it was ever set is a clock that went back.
        until > now && until - now <= longest
    }

    fn ends(&self) -> u64 {
        let units = if self.units > 0 { self.units_until } else { 0 };
        units.max(if self.cost > 0 { self.cost_until } else { 0 })
    }
}

impl Memory {
    /// Room for `keys` keys, rounded up to whole sets; leases are good for `lease_time` µs.
    pub(super) fn new(keys: usize, lease_time: u64) -> Self {
        let mut sets = Vec::new();
        sets.resize_with(keys.div_ceil(WAYS), || Mutex::new([Entry::default(); WAYS]));
        Self { sets, lease_time }
    }

    pub(super) fn can_lease(&self) -> bool {
        !self.sets.is_empty()
    }

    /// Pays `cost` from a lease, or says whether it is denied.
    pub(super) fn spend(&self, hash: u64, cost: u32, now: u64) -> Known {
        let Some(mut set) = self.set(hash) else { return Known::Nothing };
        let Some(entry) = set.iter_mut().find(|entry| entry.hash == hash) else { return Known::Nothing };
        if entry.units >= cost && Entry::is_good(entry.units_until, now, self.lease_time) {
            entry.units -= cost;
            return Known::Paid(entry.units.saturating_add(entry.rest), entry.full_at);
        }
        if entry.cost > 0 && cost >= entry.cost && Entry::is_good(entry.cost_until, now, LONGEST_DENIAL) {
            return Known::Denied(entry.denial, entry.cost);
        }
        Known::Nothing
    }

    /// Remembers the cost that was denied: the lesser of several, for it says more.
    pub(super) fn denied(&self, hash: u64, cost: u32, denial: Denial, now: u64) {
        self.update(hash, now, |entry| {
            let holds = entry.cost > 0 && Entry::is_good(entry.cost_until, now, LONGEST_DENIAL);
            if !holds || cost <= entry.cost {
                entry.cost = cost;
                entry.cost_until = denial.retry_at.min(now.saturating_add(LONGEST_DENIAL));
                entry.denial = denial;
            }
        });
    }

    /// Keeps units that were taken and not needed yet; never more than `most` at once. Beside them the bucket has `rest`.
    pub(super) fn leased(&self, hash: u64, units: u32, most: u32, (rest, full_at): (u32, u64), now: u64) {
        let (time, until) = (self.lease_time, now.saturating_add(self.lease_time));
        self.update(hash, now, |entry| {
            let left = if Entry::is_good(entry.units_until, now, time) { entry.units } else { 0 };
            entry.units = left.saturating_add(units).min(most);
            entry.units_until = until;
            entry.rest = rest;
            entry.full_at = full_at;
        });
    }

    fn update(&self, hash: u64, now: u64, change: impl FnOnce(&mut Entry)) {
        let Some(mut set) = self.set(hash) else { return };
        let place = set.iter().position(|entry| entry.hash == hash && entry.ends() > now);
        let entry = match place.and_then(|place| set.get_mut(place)) {
            Some(entry) => entry,
            None => {
                // An entry of the same hash that has ended must go first, or two would be found.
                let first = |entry: &&mut Entry| if entry.hash == hash { 0 } else { entry.ends() };
                let Some(entry) = set.iter_mut().min_by_key(first) else { return };
                *entry = Entry { hash, ..Entry::default() };
                entry
            }
        };
        change(entry);
    }

    fn set(&self, hash: u64) -> Option<MutexGuard<'_, [Entry; WAYS]>> {
        let index = ((hash >> 32) * self.sets.len() as u64) >> 32;
        let set = self.sets.get(usize::try_from(index).ok()?)?;
        // Nothing in here panics; if something did, the entries are whole all the same.
        Some(set.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
