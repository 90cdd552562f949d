//! Quotas and limiters.

use crate::convert::{Octets, Seconds, Span, clock};
use crate::errors::{self, OrConfigError};
use doorward::rate::{Decision, Limiter, Quota, Receipt};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What may be spent: ``max`` units of cost every ``window`` (seconds, or a ``timedelta``), refilled evenly, ``burst`` of them at once (``max``
/// unless given). Any window then admits at most twice ``max``; ``strict`` keeps every window to ``max``, at half the
/// steady rate.
///
/// Raises ``ConfigError``: a number that is 0.
#[pyclass(frozen, eq, name = "Quota", module = "doorward")]
#[derive(PartialEq)]
pub(crate) struct PyQuota {
    pub(crate) quota: Quota,
}

pub(crate) fn duration(py: Python<'_>, seconds: Span, name: &str) -> PyResult<Duration> {
    Duration::try_from_secs_f64(seconds.span(py, name)?)
        .map_err(|_| errors::config(py, "argument_invalid", &format!("{name} is too long")))
}

impl PyQuota {
    fn made(py: Python<'_>, max: u32, window: Span, burst: Option<u32>, strict: bool) -> PyResult<Self> {
        let mut quota = Quota::per(max, duration(py, window, "window")?).or_config_error(py)?;
        if let Some(burst) = burst {
            quota = quota.burst(burst).or_config_error(py)?;
        }
        Ok(Self { quota: if strict { quota.strict() } else { quota } })
    }

    /// A quota of the core's.
    pub(crate) const fn of(quota: Quota) -> Self {
        Self { quota }
    }
}

#[pymethods]
impl PyQuota {
    #[new]
    #[pyo3(signature = (max, window, *, burst=None, strict=false))]
    fn new(py: Python<'_>, max: u32, window: Span, burst: Option<u32>, strict: bool) -> PyResult<Self> {
        Self::made(py, max, window, burst, strict)
    }

    /// Units of cost a window.
    #[getter]
    fn max(&self) -> u32 {
        self.quota.limit()
    }

    /// The window, in seconds.
    #[getter]
    fn window(&self) -> f64 {
        self.quota.period().as_secs_f64()
    }

    /// The most units that can be spent at once.
    #[getter]
    fn capacity(&self) -> u32 {
        self.quota.capacity()
    }

    /// Whether every window is kept to ``max``.
    #[getter]
    fn strict(&self) -> bool {
        self.quota.is_strict()
    }

    fn __repr__(&self) -> String {
        let strict = if self.quota.is_strict() { ", strict=True" } else { "" };
        let (max, window) = (self.quota.limit(), self.quota.period().as_secs_f64());
        format!("Quota({max}, {window}, burst={}{strict})", self.quota.capacity())
    }
}

/// Whether a caller may go on, and where its bucket stands. True where it may.
#[pyclass(frozen, name = "Decision", module = "doorward")]
pub(crate) struct PyDecision {
    /// Whether the cost fits.
    #[pyo3(get)]
    allowed: bool,
    /// The size of the bucket, in units of cost.
    #[pyo3(get)]
    limit: u32,
    /// Units left.
    #[pyo3(get)]
    remaining: u32,
    /// Seconds until the bucket is full again.
    #[pyo3(get)]
    reset_after: f64,
    /// Seconds until this cost can be admitted, never too short; 0 when allowed, ``None`` where waiting never helps.
    #[pyo3(get)]
    retry_after: Option<f64>,
    /// Proof of what was spent, and whose it is: good once.
    spent: Mutex<Option<(Arc<Limiter>, Receipt)>>,
}

impl PyDecision {
    fn of(decision: Decision, limiter: &Arc<Limiter>) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "below 2^53 for two centuries")]
        let seconds = |micros: u64| micros as f64 / 1e6;
        Self {
            allowed: decision.allowed,
            limit: decision.limit,
            remaining: decision.remaining,
            reset_after: seconds(decision.reset_after_micros),
            retry_after: (decision.retry_after_micros != Decision::NEVER)
                .then(|| seconds(decision.retry_after_micros)),
            spent: Mutex::new(decision.receipt.map(|receipt| (Arc::clone(limiter), receipt))),
        }
    }
}

#[pymethods]
impl PyDecision {
    /// Takes the spending back, once. False, and nothing given, where that is no longer safe: the bucket has been full
    /// since, or a neighbour had to make room.
    fn give_back(&self) -> bool {
        let spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner).take();
        spent.is_some_and(|(limiter, receipt)| limiter.give_back(receipt))
    }

    fn __bool__(&self) -> bool {
        self.allowed
    }

    fn __repr__(&self) -> String {
        let answer = if self.allowed { "allowed" } else { "denied" };
        format!("<doorward.Decision: {answer}, {} of {} left>", self.remaining, self.limit)
    }
}

/// A bounded table of rate buckets, one a key, shared by any number of threads: memory is fixed when it is made, about
/// 9 bytes a slot, and no flood of new keys resets a bucket. Give it twice the slots of the keys you expect at once.
///
/// State is this process's. Keys an attacker can choose (addresses) must not share a limiter with authenticated ones.
/// Raises ``ConfigError``: a quota that can't be counted to within 1 %, or too many slots.
///
/// >>> limiter = Limiter(2, 1.0)
/// >>> [bool(limiter.check("alice")) for _ in range(3)]
/// [True, True, False]
#[pyclass(frozen, name = "Limiter", module = "doorward")]
pub(crate) struct PyLimiter {
    limiter: Arc<Limiter>,
}

#[pymethods]
impl PyLimiter {
    #[new]
    #[pyo3(signature = (max, window, *, burst=None, strict=false, slots=65536))]
    fn new(
        py: Python<'_>,
        max: u32,
        window: Span,
        burst: Option<u32>,
        strict: bool,
        slots: usize,
    ) -> PyResult<Self> {
        let PyQuota { quota } = PyQuota::made(py, max, window, burst, strict)?;
        Ok(Self { limiter: Arc::new(Limiter::with_random_seed(slots, quota).or_config_error(py)?) })
    }

    /// Spends ``cost`` units from the bucket of ``key`` (``str`` or ``bytes``). A cost of 0 always fits.
    ///
    /// ``quota`` is the key's own, whose window may be 16 times the limiter's at most, and a sixteenth at least; otherwise
    /// ``ConfigError``. ``now`` is seconds on a clock that never steps, in place of the system's: one clock a limiter.
    #[pyo3(signature = (key, cost=1, *, quota=None, now=None))]
    fn check(
        &self,
        py: Python<'_>,
        key: Octets<'_>,
        cost: u32,
        quota: Option<&Bound<'_, PyQuota>>,
        now: Option<Seconds>,
    ) -> PyResult<PyDecision> {
        self.with(py, quota, |quota| self.limiter.check(key.as_ref(), quota, cost, clock(now)))
    }

    /// What ``check`` would say, spending nothing: ``remaining`` is what is left before the cost.
    #[pyo3(signature = (key, cost=0, *, quota=None, now=None))]
    fn peek(
        &self,
        py: Python<'_>,
        key: Octets<'_>,
        cost: u32,
        quota: Option<&Bound<'_, PyQuota>>,
        now: Option<Seconds>,
    ) -> PyResult<PyDecision> {
        self.with(py, quota, |quota| self.limiter.peek(key.as_ref(), quota, cost, clock(now)))
    }

    /// Forgets what the key has spent: an operator's act. False where it has no bucket.
    fn reset(&self, key: Octets<'_>) -> bool {
        self.limiter.reset(key.as_ref())
    }

    /// ``evictions_with_debt``, ``busy_denials``, ``sweeps`` and ``slots``: see ``doorward::rate::Stats``.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let stats = self.limiter.stats();
        let dict = PyDict::new(py);
        dict.set_item("evictions_with_debt", stats.evictions_with_debt)?;
        dict.set_item("busy_denials", stats.busy_denials)?;
        dict.set_item("sweeps", stats.sweeps)?;
        dict.set_item("slots", stats.slots)?;
        Ok(dict)
    }

    /// What a key without a quota of its own may spend.
    #[getter]
    fn quota(&self) -> PyQuota {
        PyQuota::of(*self.limiter.base().quota())
    }

    fn __repr__(&self) -> String {
        let quota = self.limiter.base().quota();
        format!("<doorward.Limiter: {} per {} s>", quota.limit(), quota.period().as_secs_f64())
    }
}

impl PyLimiter {
    fn with(
        &self,
        py: Python<'_>,
        quota: Option<&Bound<'_, PyQuota>>,
        ask: impl FnOnce(&doorward::rate::Prepared) -> Decision,
    ) -> PyResult<PyDecision> {
        let decision = match quota {
            None => ask(self.limiter.base()),
            Some(quota) => ask(&self.limiter.prepare(&quota.get().quota).or_config_error(py)?),
        };
        Ok(PyDecision::of(decision, &self.limiter))
    }
}
