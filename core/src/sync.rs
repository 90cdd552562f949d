//! The atomics the core uses: `core`'s own, or loom's where a model is being checked (`--cfg doorward_loom`).

#[cfg(not(doorward_loom))]
pub(crate) use core::{
    hint::spin_loop,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
};
#[cfg(doorward_loom)]
pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Does not yield: every wait in a model ends after two turns, and what a waiting thread does when it gives up
/// while the other still sleeps is the interesting part.
#[cfg(doorward_loom)]
pub(crate) const fn spin_loop() {}
