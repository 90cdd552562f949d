//! What threads of a process have in common: a clock, and values that one thread made and another asks for by name.
//!
//! The registry keeps nothing alive: a value lives as long as some JavaScript object of it does, in whatever thread, and its
//! name goes with it.

use crate::api_keys::ApiKeysHandle;
use crate::errors::{self, Result};
use crate::gate::{Core, GateHandle};
use crate::rate::LimiterHandle;
use doorward::api_keys::ApiKeys;
use doorward::rate::Limiter;
use napi::bindgen_prelude::External;
use napi_derive::napi;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Instant;

/// What a thread adds to its `performance.now()`, in milliseconds, for the clock of all threads: it begins anew in every
/// worker. Whoever asks first has nothing to add.
#[napi]
pub(crate) fn clock_offset(milliseconds: f64) -> f64 {
    static FIRST: OnceLock<(Instant, f64)> = OnceLock::new();
    let mut is_first = false;
    let (instant, then) = FIRST.get_or_init(|| {
        is_first = true;
        (Instant::now(), milliseconds)
    });
    if is_first { 0.0 } else { then + instant.elapsed().as_secs_f64() * 1e3 - milliseconds }
}

enum Shared {
    Gate(Weak<Core>),
    Limiter(Weak<Limiter>),
    ApiKeys(Weak<ApiKeys>),
}

impl Shared {
    fn is_gone(&self) -> bool {
        let owners = match self {
            Self::Gate(gate) => gate.strong_count(),
            Self::Limiter(limiter) => limiter.strong_count(),
            Self::ApiKeys(keys) => keys.strong_count(),
        };
        owners == 0
    }

    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Gate(one), Self::Gate(other)) => one.ptr_eq(other),
            (Self::Limiter(one), Self::Limiter(other)) => one.ptr_eq(other),
            (Self::ApiKeys(one), Self::ApiKeys(other)) => one.ptr_eq(other),
            _ => false,
        }
    }
}

fn registry() -> MutexGuard<'static, HashMap<String, Shared>> {
    static REGISTRY: OnceLock<Mutex<HashMap<String, Shared>>> = OnceLock::new();
    REGISTRY.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// The value's name: always the same one.
fn name(shared: Shared) -> Result<String> {
    let mut registry = registry();
    registry.retain(|_, shared| !shared.is_gone());
    if let Some((name, _)) = registry.iter().find(|(_, known)| known.is(&shared)) {
        return Ok(name.clone());
    }
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|_| errors::config("no_randomness", "the operating system gave no random numbers"))?;
    let name: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    registry.insert(name.clone(), shared);
    Ok(name)
}

fn gone() -> errors::Thrown {
    errors::config("shared_unknown", "there is no such thing, or none any more: its last owner is gone")
}

/// The name of a gate.
#[napi]
pub(crate) fn share_gate(gate: &External<GateHandle>) -> Result<String> {
    name(Shared::Gate(Arc::downgrade(&gate.0)))
}

/// The gate of that name.
#[napi]
pub(crate) fn shared_gate(name: String) -> Result<External<GateHandle>> {
    match registry().get(&name) {
        Some(Shared::Gate(gate)) => gate.upgrade().map(|gate| GateHandle(gate).keep()).ok_or_else(gone),
        _ => Err(gone()),
    }
}

/// The name of a limiter.
#[napi]
pub(crate) fn share_limiter(limiter: &External<LimiterHandle>) -> Result<String> {
    name(Shared::Limiter(Arc::downgrade(&limiter.limiter)))
}

/// The limiter of that name.
#[napi]
pub(crate) fn shared_limiter(name: String) -> Result<External<LimiterHandle>> {
    match registry().get(&name) {
        Some(Shared::Limiter(limiter)) => {
            limiter.upgrade().map(|limiter| LimiterHandle::of(limiter).keep()).ok_or_else(gone)
        }
        _ => Err(gone()),
    }
}

/// The name of a set of API keys.
#[napi]
pub(crate) fn share_api_keys(keys: &External<ApiKeysHandle>) -> Result<String> {
    name(Shared::ApiKeys(Arc::downgrade(&keys.keys)))
}

/// The set of that name.
#[napi]
pub(crate) fn shared_api_keys(name: String) -> Result<External<ApiKeysHandle>> {
    match registry().get(&name) {
        Some(Shared::ApiKeys(keys)) => {
            keys.upgrade().map(|keys| External::new(ApiKeysHandle { keys })).ok_or_else(gone)
        }
        _ => Err(gone()),
    }
}
