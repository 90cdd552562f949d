//! Quotas and limiters.

use crate::boundary::{Argument, Bound, NUMBERS, Octets, Room};
use crate::errors::{self, OrConfigError, Result};
use crate::now::now;
use doorward::Now;
use doorward::rate::{Decision, Limiter, Quota, Receipt};
use napi::bindgen_prelude::External;
use napi_derive::napi;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// Receipts that are kept for giving back: of the last so many admissions through one object.
const RECEIPTS: usize = 4096;

/// A span in seconds that was checked to be finite and not below zero.
pub(crate) fn duration(seconds: f64, name: &str) -> Result<Duration> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| errors::config("argument_invalid", format!("{name} is too long")))
}

fn quota(max: u32, window: f64, burst: Option<u32>, strict: bool) -> Result<Quota> {
    let mut quota = Quota::per(max, duration(window, "window")?).or_config_error()?;
    if let Some(burst) = burst {
        quota = quota.burst(burst).or_config_error()?;
    }
    Ok(if strict { quota.strict() } else { quota })
}

/// A quota; `window` is in seconds.
#[napi]
pub(crate) fn quota_new(max: u32, window: f64, burst: Option<u32>, strict: bool) -> Result<External<Quota>> {
    quota(max, window, burst, strict).map(External::new)
}

/// Units a window, the window in seconds, the most units at once, and whether it is strict (1 or 0).
#[napi]
#[must_use]
pub(crate) fn quota_parts(quota: &External<Quota>) -> Vec<f64> {
    let strict = f64::from(u8::from(quota.is_strict()));
    vec![f64::from(quota.limit()), quota.period().as_secs_f64(), f64::from(quota.capacity()), strict]
}

/// A limiter as one JavaScript object has it: the table, which others may share, and the receipts of its own checks.
#[derive(Clone)]
pub(crate) struct LimiterHandle {
    pub(crate) limiter: Arc<Limiter>,
    receipts: Rc<RefCell<Receipts>>,
}

impl LimiterHandle {
    pub(crate) fn of(limiter: Arc<Limiter>) -> Self {
        Self { limiter, receipts: Rc::default() }
    }

    /// With what its table takes, for the garbage collector to know.
    pub(crate) fn keep(self) -> External<Self> {
        let weight = self.limiter.stats().slots.saturating_mul(9);
        External::new_with_size_hint(self, weight)
    }
}

#[derive(Default)]
struct Receipts {
    kept: VecDeque<Option<Receipt>>,
    /// The number of the first of them.
    first: u64,
}

impl Receipts {
    /// Keeps a receipt, and gives its number, which is no other's. A number stays exact for 2^53 admissions.
    fn keep(&mut self, receipt: Receipt) -> u64 {
        if self.kept.len() == RECEIPTS {
            self.kept.pop_front();
            self.first += 1;
        }
        self.kept.push_back(Some(receipt));
        self.first + self.kept.len() as u64 - 1
    }

    fn take(&mut self, number: u64) -> Option<Receipt> {
        let place = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.kept.get_mut(place)?.take()
    }
}

/// A limiter; `window` is in seconds.
#[napi]
pub(crate) fn limiter_new(
    max: u32,
    window: f64,
    burst: Option<u32>,
    strict: bool,
    slots: u32,
) -> Result<External<LimiterHandle>> {
    let quota = quota(max, window, burst, strict)?;
    let limiter = Limiter::with_random_seed(slots as usize, quota).or_config_error()?;
    Ok(LimiterHandle::of(Arc::new(limiter)).keep())
}

#[expect(clippy::cast_precision_loss, reason = "below 2^53 for two centuries")]
const fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

/// Whether it is allowed (1 or 0), the limit, units left, seconds until the bucket is full, seconds until this cost fits (NaN
/// where it never does), and the number of the receipt (NaN where there is none).
fn tell(handle: &LimiterHandle, decision: Decision) -> [f64; NUMBERS] {
    let retry = match decision.retry_after_micros {
        Decision::NEVER => f64::NAN,
        micros => seconds(micros),
    };
    #[expect(clippy::cast_precision_loss, reason = "below 2^53 for centuries")]
    let receipt =
        decision.receipt.map_or(f64::NAN, |receipt| handle.receipts.borrow_mut().keep(receipt) as f64);
    let allowed = f64::from(u8::from(decision.allowed));
    let (limit, remaining) = (f64::from(decision.limit), f64::from(decision.remaining));
    [allowed, limit, remaining, seconds(decision.reset_after_micros), retry, receipt, 0.0, 0.0]
}

/// The longest key that is counted by itself, in bytes: none that anybody has.
const LONGEST_KEY: usize = 1 << 20;

/// `(key, cost, numbers)`: spends from the key's bucket, at the milliseconds in the first of the numbers, which become those
/// of the decision. The answer is 0; −1 where the key is neither text nor bytes, −2 where it is too long.
fn bound(handle: &External<LimiterHandle>, ask: fn(&Limiter, &[u8], u32, Now) -> Decision) -> Bound {
    let handle = LimiterHandle::clone(handle);
    Bound::new(move |call| {
        let mut room = Room::new();
        let key = match call.octets(0, &mut room, LONGEST_KEY) {
            Argument::Bytes(key) => key,
            Argument::TooLong => return call.int(-2),
            Argument::Other => return call.int(-1),
        };
        let Some(numbers) = call.numbers(2) else { return call.int(-1) };
        let [milliseconds, ..] = numbers.get();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a u32")]
        let cost = call.number(1) as u32;
        let decision = ask(&handle.limiter, key, cost, now(0.0, milliseconds));
        numbers.set(tell(&handle, decision));
        call.int(0)
    })
}

/// A function that spends from a key's bucket.
#[napi(ts_return_type = "(key: string | Uint8Array, cost: number, numbers: Float64Array) => number")]
#[must_use]
pub(crate) fn limiter_check(limiter: &External<LimiterHandle>) -> Bound {
    bound(limiter, |limiter, key, cost, now| limiter.check(key, limiter.base(), cost, now))
}

/// A function that says what `check` would say.
#[napi(ts_return_type = "(key: string | Uint8Array, cost: number, numbers: Float64Array) => number")]
#[must_use]
pub(crate) fn limiter_peek(limiter: &External<LimiterHandle>) -> Bound {
    bound(limiter, |limiter, key, cost, now| limiter.peek(key, limiter.base(), cost, now))
}

/// The same by a quota of the key's own; `spend` or not. The numbers of the decision.
#[napi]
pub(crate) fn limiter_with(
    limiter: &External<LimiterHandle>,
    quota: &External<Quota>,
    key: Octets,
    cost: u32,
    spend: bool,
    milliseconds: f64,
) -> Result<Vec<f64>> {
    let quota = limiter.limiter.prepare(quota).or_config_error()?;
    let (key, now) = (key.as_bytes(), now(0.0, milliseconds));
    let decision = match spend {
        true => limiter.limiter.check(key, &quota, cost, now),
        false => limiter.limiter.peek(key, &quota, cost, now),
    };
    Ok(tell(limiter, decision).to_vec())
}

/// Takes back what was spent by the check of that receipt's number.
#[napi]
#[must_use]
pub(crate) fn limiter_give_back(limiter: &External<LimiterHandle>, receipt: f64) -> bool {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it was made of such a number"
    )]
    let receipt = limiter.receipts.borrow_mut().take(receipt as u64);
    receipt.is_some_and(|receipt| limiter.limiter.give_back(receipt))
}

/// Forgets what a key has spent.
#[napi]
#[must_use]
pub(crate) fn limiter_reset(limiter: &External<LimiterHandle>, key: Octets) -> bool {
    limiter.limiter.reset(key.as_bytes())
}

/// Evictions with debt, busy denials, sweeps, and slots.
#[napi]
#[must_use]
pub(crate) fn limiter_stats(limiter: &External<LimiterHandle>) -> Vec<f64> {
    let stats = limiter.limiter.stats();
    vec![stats.evictions_with_debt as f64, stats.busy_denials as f64, stats.sweeps as f64, stats.slots as f64]
}

/// What a key without a quota of its own may spend.
#[napi]
#[must_use]
pub(crate) fn limiter_quota(limiter: &External<LimiterHandle>) -> External<Quota> {
    External::new(*limiter.limiter.base().quota())
}
