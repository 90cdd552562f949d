//! What threads of a process have in common.

use napi_derive::napi;
use std::sync::OnceLock;
use std::time::Instant;

/// What a thread adds to its `performance.now()`, in milliseconds, for the clock of all threads: it begins anew in every
/// worker. Whoever asks first has nothing to add.
#[napi]
pub(crate) fn clock_offset(milliseconds: f64) -> f64 {
    static FIRST: OnceLock<(Instant, f64)> = OnceLock::new();
    let (instant, then) = FIRST.get_or_init(|| (Instant::now(), milliseconds));
    if *then == milliseconds {
        return 0.0;
    }
    then + instant.elapsed().as_secs_f64() * 1e3 - milliseconds
}
