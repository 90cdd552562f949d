//! For the proof in `tests/constant-time` alone (`--cfg doorward_memcheck`): tells a harness which values the core is
//! about to treat as public, so that Valgrind, to which secrets were shown as undefined memory, stops watching these.

use std::sync::OnceLock;
use std::vec::Vec;

/// Told what a value is and where its bytes lie.
pub type Declassify = fn(what: &'static str, bytes: *mut u8, len: usize);

static HOOK: OnceLock<Declassify> = OnceLock::new();

/// Sets who is told; the first call counts.
pub fn on_declassify(hook: Declassify) {
    let _ = HOOK.set(hook);
}

/// What tokens and HMAC tags are compared with.
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    crate::constant_time::equal(a, b)
}

/// The value, read again from memory after the hook has been told of it.
pub(crate) fn declassified<T: Copy>(what: &'static str, mut value: T) -> T {
    if let Some(hook) = HOOK.get() {
        hook(what, (&raw mut value).cast(), size_of::<T>());
    }
    value
}

/// A copy the hook has been told of; the original stays as secret as it was.
pub(crate) fn declassified_copy(what: &'static str, bytes: &[u8]) -> Vec<u8> {
    let mut copy = bytes.to_vec();
    if let Some(hook) = HOOK.get() {
        hook(what, copy.as_mut_ptr(), copy.len());
    }
    copy
}
