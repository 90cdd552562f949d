//! The atomics the core uses: `core`'s own, or loom's where a model is being checked (`--cfg doorward_loom`).

#[cfg(not(doorward_loom))]
pub(crate) use core::{
    hint::spin_loop,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
};
#[cfg(doorward_loom)]
pub(crate) use loom::{
    hint::spin_loop,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
};
