//! Counts what is allocated. Outside [`count`] it costs one relaxed load an allocation, on both sides alike.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};

static COUNTING: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicI64 = AtomicI64::new(0);

/// The system's allocator, counted.
pub(crate) struct Counting;

/// What happened while it was counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    /// Blocks asked for, also by way of growing one.
    pub(crate) allocations: u64,
    /// Bytes that were taken and not given back, as asked for.
    pub(crate) bytes: i64,
}

/// Counts what all threads do while `work` runs.
pub(crate) fn count<R>(work: impl FnOnce() -> R) -> (Counted, R) {
    ALLOCATIONS.store(0, Relaxed);
    BYTES.store(0, Relaxed);
    COUNTING.store(true, Relaxed);
    let result = work();
    COUNTING.store(false, Relaxed);
    (Counted { allocations: ALLOCATIONS.load(Relaxed), bytes: BYTES.load(Relaxed) }, result)
}

fn note(allocations: u64, bytes: i64) {
    if COUNTING.load(Relaxed) {
        ALLOCATIONS.fetch_add(allocations, Relaxed);
        BYTES.fetch_add(bytes, Relaxed);
    }
}

/// A layout is never larger than `isize::MAX`.
const fn signed(bytes: usize) -> i64 {
    bytes as i64
}

// SAFETY: every method hands its arguments to `System` unchanged and gives back what it gave; the counting
// touches nothing but atomics and cannot allocate or unwind.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(1, signed(layout.size()));
        // SAFETY: the caller's promise is the one `System` needs.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(1, signed(layout.size()));
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(1, signed(size) - signed(layout.size()));
        // SAFETY: as above; `block` came from `System`, as all blocks do.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        note(0, -signed(layout.size()));
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}
