//! The lock-free bounded table.
//!
//! Memory is fixed when the table is made: 64 bytes a set of 7 slots, 9.2 bytes a slot. It is full of debt when
//! more than its slots' worth of keys come within the time a unit takes to flow back: the saturation rate is
//! `slots × capacity ÷ window` units a second, spread over as many keys. Beyond it newcomers are denied.
//!
//! **Claim.** For any interleaving, in the time this table counts with (what callers pass, not going back), what
//! one key was admitted in [a, b] less what it gave back meanwhile is at most `burst + (b − a) × rate`. "Meanwhile" is the order of the swaps: where
//! callers' clocks disagree by less than the clock's granularity (1 ms), a give-back has no better moment.
//!
//! **Argument.** While a key holds a slot this is GCRA: each admission raises the TAT by its cost from
//! `max(TAT, now)`, never beyond `now + tolerance`, and a failed compare-and-swap starts over. What remains is
//! that a key which lost its slot gets none with a lesser TAT. Let *V(k)* be the TAT key *k* left behind. Every
//! step keeps this:
//!
//! > if k holds no slot and V(k) > high, then every slot of its set is in use with a TAT ≥ V(k).
//!
//! - *Evict.* Only from a full set, and the least TAT: so all others are ≥ V(victim), and the newcomer's, which
//!   starts from the victim's, is too. Others raise theirs meanwhile, but the victim's word is compared when
//!   it is swapped, and raising another slot leaves it the least.
//! - *Insert into an empty slot.* There is one, so no key is left with V > high: nothing to keep.
//! - *Sweep.* Empties slots with TAT ≤ high only, and then V ≤ TAT ≤ high for all that leaned on it. It goes by
//!   `high`, not by its own `now`: a check may still come with any moment from `high` on.
//! - *Hit.* Raises. *Denial.* Writes nothing.
//! - *Give back.* Lowers a slot by no more than its receipt's check raised it, if no key in debt was evicted from
//!   the set since: all V still owed were ≤ the TAT before that check, and so are ≤ the TAT after. The count in
//!   the receipt was read before the check's swap: an eviction that saw the raised TAT has a higher count.
//! - *Reset* is an operator's act and outside the claim.
//!
//! A victim with TAT ≤ high leaves no V behind and is not counted as evicted.
//!
//! What is left out: a thread that sleeps for a whole range (2^36 ticks) between reading a word and swapping it,
//! while the word comes round to the very same 64 bits, is not noticed.

use super::clock::{Clock, LAST_MOMENT, View};
use super::scale::Scale;
use super::set::{Set, Slot};
use super::word::{Fingerprint, Word, ahead};
use crate::sync::{AtomicU64, Ordering};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Compare-and-swaps on one word before a check gives up. Each failure is another thread's success.
const ATTEMPTS: u32 = if cfg!(doorward_loom) { 4 } else { 256 };

#[derive(Debug)]
pub(super) struct Table<const SLOTS: usize = 7> {
    sets: Box<[Set<SLOTS>]>,
    clock: Clock,
    counters: Counters,
}

/// On a cache line of their own.
#[derive(Debug)]
#[repr(align(64))]
struct Counters {
    evictions_with_debt: AtomicU64,
    busy: AtomicU64,
    sweeps: AtomicU64,
}

/// What a table has seen since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Slots taken from a key that was still in debt: more than a few a second mean that the table is too small
    /// for its keys, and that newcomers inherit debt and may be denied.
    pub evictions_with_debt: u64,
    /// Checks denied because others kept the set, the word or the sweep busy, not because of the quota.
    pub busy_denials: u64,
    /// Times the table was swept.
    pub sweeps: u64,
    /// Slots in the table.
    pub slots: usize,
}

/// Proof of one admitted check, good for giving its cost back once.
///
/// It is not `Clone`. It belongs to the limiter that issued it.
#[derive(Debug, PartialEq, Eq)]
pub struct Receipt {
    hash: u64,
    /// The set's count of evictions, read before the check's swap.
    evictions: u64,
    /// The TAT the check wrote.
    tat: u64,
    /// Ticks.
    cost: u64,
    /// `now` of the check, µs.
    at: u64,
    index: u8,
}

/// What a check came to. Times are relative to `now`, in ticks; `now` is in µs.
#[derive(Debug)]
pub(super) enum Outcome {
    Admitted { now: u64, debt: i64, receipt: Receipt },
    Denied { now: u64, debt: i64, wait: i64 },
    Busy,
}

/// A cost and how much debt is allowed, in ticks: `cost` ≤ `tolerance` ≤ 2^34.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spend {
    pub(super) cost: u64,
    pub(super) tolerance: u64,
}

impl Spend {
    /// GCRA: the TAT after this spend, or by how much it would be over, both in ticks.
    ///
    /// `tat` and `now` are relative to the same moment.
    #[inline]
    fn after(self, tat: i64, now: i64) -> Result<i64, i64> {
        // Nothing here is over 2^41; wrapping is the cheapest way to say so.
        let next = tat.max(now).wrapping_add_unsigned(self.cost);
        let over = next.wrapping_sub(now).wrapping_sub_unsigned(self.tolerance);
        if over > 0 { Err(over) } else { Ok(next) }
    }
}

impl<const SLOTS: usize> Table<SLOTS> {
    /// At least `slots` slots, in whole sets. `None` where they cannot be addressed or had.
    pub(super) fn new(slots: usize, scale: Scale) -> Option<Self> {
        let count = slots.div_ceil(SLOTS).max(1);
        // Sets are chosen by 32 bits of the hash.
        u32::try_from(count).ok()?;
        let mut sets = Vec::new();
        sets.try_reserve_exact(count).ok()?;
        sets.resize_with(count, Set::new);
        let counters = Counters {
            evictions_with_debt: AtomicU64::new(0),
            busy: AtomicU64::new(0),
            sweeps: AtomicU64::new(0),
        };
        Some(Self { sets: sets.into_boxed_slice(), clock: Clock::new(scale), counters })
    }

    pub(super) fn scale(&self) -> Scale {
        self.clock.scale()
    }

    /// The set by multiply-shift of the hash's lower 32 bits.
    fn set(&self, hash: u64) -> Option<&Set<SLOTS>> {
        let index = ((hash & 0xffff_ffff) * self.sets.len() as u64) >> 32;
        self.sets.get(usize::try_from(index).ok()?)
    }

    /// Spends from the bucket of the key with this hash, at `mono` µs.
    // In line is the usual case: a key that has its slot, and time that moves on slowly.
    #[inline(always)]
    pub(super) fn check(&self, hash: u64, spend: Spend, mono: u64) -> Outcome {
        if self.clock.is_near(mono)
            && let Some(set) = self.set(hash)
            && let Some(slot) = set.find(Fingerprint::of(hash))
            && let Some(outcome) = self.spend_in(set, slot, hash, spend, mono)
        {
            return outcome;
        }
        self.check_slowly(hash, spend, mono)
    }

    #[cold]
    #[inline(never)]
    fn check_slowly(&self, hash: u64, spend: Spend, mono: u64) -> Outcome {
        let mono = mono.min(LAST_MOMENT);
        let outcome =
            if self.clock.advance(mono, || self.sweep()) { self.spend(hash, spend, mono) } else { None };
        outcome.unwrap_or_else(|| self.busy())
    }

    fn spend(&self, hash: u64, spend: Spend, mono: u64) -> Option<Outcome> {
        let set = self.set(hash)?;
        set.find(Fingerprint::of(hash))
            .and_then(|slot| self.spend_in(set, slot, hash, spend, mono))
            .or_else(|| self.insert(set, hash, spend, mono))
    }

    #[cold]
    fn busy(&self) -> Outcome {
        self.counters.busy.fetch_add(1, Ordering::Relaxed);
        Outcome::Busy
    }

    /// `None` where the key has lost the slot.
    #[inline(always)]
    fn spend_in(
        &self,
        set: &Set<SLOTS>,
        mut slot: Slot<'_>,
        hash: u64,
        spend: Spend,
        mono: u64,
    ) -> Option<Outcome> {
        for _ in 0..ATTEMPTS {
            let view = self.clock.view(mono);
            let debt = slot.word.ahead_of(view.reference);
            let tat = match spend.after(debt, view.elapsed) {
                Ok(tat) => tat,
                Err(wait) => return Some(denied(debt, wait, &view)),
            };
            // Before the swap: see "Give back" above.
            let evictions = set.evictions();
            let new = slot.word.with_tat(view.reference.wrapping_add_signed(tat));
            match slot.replace(new) {
                Ok(()) => return Some(admitted(hash, slot.index, new, evictions, tat, spend, &view)),
                // Whoever was first left this; its line is here now, so it is not read again.
                Err(word) if word.holds(Fingerprint::of(hash)) => slot.word = word,
                Err(_) => return None,
            }
        }
        Some(self.busy())
    }

    /// The key holds no slot, or did not a moment ago.
    fn insert(&self, set: &Set<SLOTS>, hash: u64, spend: Spend, mono: u64) -> Option<Outcome> {
        let key = Fingerprint::of(hash);
        let mut lock = set.lock()?;
        for _ in 0..ATTEMPTS {
            let slots = lock.set.read();
            // Read under the lock, so no earlier than what the last holder saw, and after the words; nobody can
            // finish a sweep, and so move time beyond what this reading can tell apart, while the lock is held.
            let view = self.clock.view(mono);
            let (mut own, mut empty, mut least) = (None, None, None);
            for slot in slots {
                if slot.word.holds(key) {
                    own = Some(slot);
                } else if slot.word.is_empty() {
                    empty = empty.or(Some(slot));
                } else {
                    let debt = slot.word.ahead_of(view.reference);
                    match least {
                        Some((lesser, _)) if lesser <= debt => {}
                        _ => least = Some((debt, slot)),
                    }
                }
            }
            // Another thread may have let the key in meanwhile. An empty slot stands for a TAT in the past.
            let (start, slot, evicts) = match (own, empty, least) {
                (Some(slot), _, _) => (slot.word.ahead_of(view.reference), slot, false),
                (None, Some(slot), _) => (0, slot, false),
                (None, None, Some((debt, slot))) => (debt, slot, debt > 0),
                (None, None, None) => return None,
            };
            let tat = match spend.after(start, view.elapsed) {
                Ok(tat) => tat,
                Err(wait) => return Some(denied(start, wait, &view)),
            };
            let new = Word::new(key, view.reference.wrapping_add_signed(tat));
            if slot.replace(new).is_ok() {
                if evicts {
                    lock.evictions = lock.evictions.wrapping_add(1);
                    self.counters.evictions_with_debt.fetch_add(1, Ordering::Relaxed);
                }
                return Some(admitted(hash, slot.index, new, lock.evictions, tat, spend, &view));
            }
        }
        None
    }

    /// What the key owes at `mono` µs, in ticks after the moment returned with it (µs). Writes nothing.
    ///
    /// A key without a slot owes what it would inherit.
    pub(super) fn peek(&self, hash: u64, mono: u64) -> (i64, u64) {
        let key = Fingerprint::of(hash);
        let mono = mono.min(LAST_MOMENT);
        let slots = self.set(hash).map(Set::read);
        let view = self.clock.view(mono);
        let words = || slots.iter().flatten().map(|slot| slot.word);
        let tat = match words().find(|word| word.holds(key)) {
            Some(word) => word.ahead_of(view.reference),
            None if words().any(Word::is_empty) => 0,
            None => words().map(|word| word.ahead_of(view.reference)).min().unwrap_or(0),
        };
        (tat.saturating_sub(view.elapsed).max(0), view.now)
    }

    /// Gives back what the receipt's check took, or what time has not paid of it yet; the ticks given.
    ///
    /// Nothing, where the key has lost its slot, a key in debt was evicted from the set since, the debt has
    /// passed, or the set stays locked.
    pub(super) fn give_back(&self, receipt: &Receipt) -> u64 {
        self.give_back_at(receipt).0
    }

    /// And the moment it counted with, in µs.
    pub(super) fn give_back_at(&self, receipt: &Receipt) -> (u64, u64) {
        let key = Fingerprint::of(receipt.hash);
        let Some(lock) = self.set(receipt.hash).and_then(Set::lock) else { return (0, 0) };
        if lock.evictions != receipt.evictions {
            return (0, 0);
        }
        for _ in 0..ATTEMPTS {
            let slot = lock.set.slot(receipt.index).filter(|slot| slot.word.holds(key));
            let Some(slot) = slot else { return (0, 0) };
            let view = self.clock.view(0);
            if view.high.saturating_sub(receipt.at) > self.clock.quarter() {
                return (0, 0);
            }
            // The check left the debt at `left`; time has paid what lies behind `high`. Giving more than the
            // rest would pay a caller for waiting.
            let left = ahead(receipt.tat, view.reference);
            let debt = slot.word.ahead_of(view.reference);
            let given = left.min(debt).min(i64::try_from(receipt.cost).unwrap_or(0));
            if given <= 0 {
                return (0, 0);
            }
            let tat = debt.saturating_sub(given);
            if slot.replace(slot.word.with_tat(view.reference.wrapping_add_signed(tat))).is_ok() {
                return (given.unsigned_abs(), view.now);
            }
        }
        (0, 0)
    }

    /// Empties the key's slot, and voids the receipts of its set. False where it has none, or the set stays locked.
    pub(super) fn reset(&self, hash: u64) -> bool {
        let key = Fingerprint::of(hash);
        let Some(mut lock) = self.set(hash).and_then(Set::lock) else { return false };
        for _ in 0..ATTEMPTS {
            let Some(slot) = lock.set.find(key) else { return false };
            if slot.replace(Word::EMPTY).is_ok() {
                lock.evictions = lock.evictions.wrapping_add(1);
                return true;
            }
        }
        false
    }

    /// Empties every slot whose TAT is not after `high`. False where a set or a word stayed busy.
    fn sweep(&self) -> bool {
        self.counters.sweeps.fetch_add(1, Ordering::Relaxed);
        self.sets.iter().all(|set| self.sweep_set(set).is_some())
    }

    fn sweep_set(&self, set: &Set<SLOTS>) -> Option<()> {
        let lock = set.lock()?;
        // A failed swap is a hit, and it may have raised the TAT by less than it takes to be after `high`.
        for _ in 0..ATTEMPTS {
            let slots = lock.set.read();
            let view = self.clock.view(0);
            let behind = |slot: &&Slot<'_>| !slot.word.is_empty() && slot.word.ahead_of(view.reference) <= 0;
            if slots.iter().filter(behind).all(|slot| slot.replace(Word::EMPTY).is_ok()) {
                return Some(());
            }
        }
        None
    }

    pub(super) fn stats(&self) -> Stats {
        Stats {
            evictions_with_debt: self.counters.evictions_with_debt.load(Ordering::Relaxed),
            busy_denials: self.counters.busy.load(Ordering::Relaxed),
            sweeps: self.counters.sweeps.load(Ordering::Relaxed),
            slots: self.sets.len() * SLOTS,
        }
    }
}

#[inline]
fn admitted(hash: u64, index: u8, new: Word, evictions: u64, tat: i64, spend: Spend, view: &View) -> Outcome {
    let receipt = Receipt { hash, evictions, tat: new.tat(), cost: spend.cost, at: view.now, index };
    Outcome::Admitted { now: view.now, debt: tat.wrapping_sub(view.elapsed), receipt }
}

#[inline]
fn denied(tat: i64, wait: i64, view: &View) -> Outcome {
    Outcome::Denied { now: view.now, debt: tat.wrapping_sub(view.elapsed).max(0), wait }
}
