//! One set: a cache line with a header word and the slots.
//!
//! ```text
//! header   bits 63..1  evictions: slots taken from a key that was still in debt
//!          bit 0       locked
//! slots    see word.rs
//! ```
//!
//! *Which* key holds a slot changes only under the lock. The TAT of a slot in use is raised by anybody with one
//! compare-and-swap; it is lowered, and the slot emptied, only under the lock.

use super::word::{Fingerprint, Word};
use crate::sync::{AtomicU64, Ordering, spin_loop};

/// Turns of a spin loop before an insert into a locked set gives up: some tens of µs, where the lock is held
/// for some tens of ns unless its holder has lost the processor.
const PATIENCE: u32 = if cfg!(doorward_loom) { 2 } else { 2048 };
const LOCKED: u64 = 1;

#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Set<const SLOTS: usize> {
    header: AtomicU64,
    slots: [AtomicU64; SLOTS],
}

/// A slot as it was read.
pub(super) struct Slot<'a> {
    atomic: &'a AtomicU64,
    pub(super) index: u8,
    pub(super) word: Word,
}

impl Slot<'_> {
    /// One compare-and-swap, or what the slot holds in place of `word`. Loads before it, the header's among them,
    /// stay before it.
    #[inline]
    pub(super) fn replace(&self, new: Word) -> Result<(), Word> {
        let swapped = self.atomic.compare_exchange(self.word.0, new.0, Ordering::AcqRel, Ordering::Acquire);
        swapped.map(drop).map_err(Word)
    }
}

impl<const SLOTS: usize> Set<SLOTS> {
    pub(super) fn new() -> Self {
        Self { header: AtomicU64::new(0), slots: core::array::from_fn(|_| AtomicU64::new(Word::EMPTY.0)) }
    }

    /// All slots, read in order.
    pub(super) fn read(&self) -> [Slot<'_>; SLOTS] {
        let mut index = 0;
        self.slots.each_ref().map(|atomic| {
            let slot = Slot { atomic, index, word: Word(atomic.load(Ordering::Acquire)) };
            index += 1;
            slot
        })
    }

    /// The slot that holds the key.
    ///
    /// Every slot is looked at and none jumped over: where the key lies is as good as random, so a loop that ended
    /// there would be guessed wrong most times, and known to be wrong only once the line has come from memory.
    #[inline]
    pub(super) fn find(&self, key: Fingerprint) -> Option<Slot<'_>> {
        let mut found = u8::MAX;
        for (atomic, index) in self.slots.iter().zip(0..) {
            let holds = Word(atomic.load(Ordering::Acquire)).holds(key);
            found = if holds { index } else { found };
        }
        // Read again: that is cheaper than keeping seven words. Another key's by now is a miss.
        self.slot(found).filter(|slot| slot.word.holds(key))
    }

    /// One slot, if the set has it.
    #[inline]
    pub(super) fn slot(&self, index: u8) -> Option<Slot<'_>> {
        let atomic = self.slots.get(usize::from(index))?;
        Some(Slot { atomic, index, word: Word(atomic.load(Ordering::Acquire)) })
    }

    /// Slots taken from a key in debt, since the table was made.
    pub(super) fn evictions(&self) -> u64 {
        self.header.load(Ordering::Acquire) >> 1
    }

    pub(super) fn lock(&self) -> Option<Locked<'_, SLOTS>> {
        for _ in 0..PATIENCE {
            let header = self.header.load(Ordering::Relaxed);
            if header & LOCKED == 0
                && self
                    .header
                    .compare_exchange(header, header | LOCKED, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
            {
                return Some(Locked { set: self, evictions: header >> 1 });
            }
            spin_loop();
        }
        None
    }
}

/// The lock of a set, let go when dropped.
pub(super) struct Locked<'a, const SLOTS: usize> {
    pub(super) set: &'a Set<SLOTS>,
    pub(super) evictions: u64,
}

impl<const SLOTS: usize> Drop for Locked<'_, SLOTS> {
    fn drop(&mut self) {
        self.set.header.store(self.evictions << 1, Ordering::Release);
    }
}

#[cfg(all(test, not(doorward_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_seven_is_a_cache_line() {
        assert_eq!((size_of::<Set<7>>(), align_of::<Set<7>>()), (64, 64));
    }

    #[test]
    fn a_locked_set_is_not_locked_again_and_the_count_is_kept() {
        let set = Set::<7>::new();
        let mut lock = set.lock().unwrap();
        assert!(set.lock().is_none());
        lock.evictions += 1;
        drop(lock);
        assert_eq!(set.evictions(), 1);
        assert_eq!(set.lock().unwrap().evictions, 1);
    }

    #[test]
    fn a_word_that_changed_is_not_replaced() {
        let set = Set::<2>::new();
        let key = Fingerprint::of(u64::MAX);
        let (first, again) = (set.slot(0).unwrap(), set.slot(0).unwrap());
        assert_eq!(first.replace(Word::new(key, 5)), Ok(()));
        assert_eq!(again.replace(Word::new(key, 6)), Err(Word::new(key, 5)));
        assert_eq!(set.find(key).unwrap().word.tat(), 5);
    }
}
