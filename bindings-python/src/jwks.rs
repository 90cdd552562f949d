//! Key sets that are fetched: the core says when and from where, the host does the GET.

use crate::convert::{Octets, Seconds, Span, clock};
use crate::errors::{self, OrConfigError};
use crate::rate::duration;
use doorward::jwks::{Fetch, Fetched, Jwks, Reply};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::{Arc, Mutex, PoisonError};

/// A JWK Set that an issuer serves: when to fetch it, from where, and how long it is good. It does no I/O: ask it for a
/// ``Fetch``, do the GET, and tell what came of it.
///
/// Either ``url``, the set's own address, or ``issuer``, whose metadata (RFC 8414, OpenID Connect) names it; both ``https``, or
/// ``http`` on a loopback host. In seconds: ``cooldown`` between fetches (30), ``fresh_for`` until a set is fetched anew,
/// ``stale_for`` until one that can't be is no longer used (24 hours), ``timeout`` of one GET. Raises ``ConfigError``.
#[pyclass(frozen, name = "Jwks", module = "doorward")]
pub(crate) struct PyJwks {
    pub(crate) jwks: Arc<Jwks>,
}

#[pymethods]
impl PyJwks {
    #[new]
    #[pyo3(signature = (url=None, *, issuer=None, cooldown=None, fresh_for=None, stale_for=None, timeout=None))]
    fn new(
        py: Python<'_>,
        url: Option<&str>,
        issuer: Option<&str>,
        cooldown: Option<Span>,
        fresh_for: Option<Span>,
        stale_for: Option<Span>,
        timeout: Option<Span>,
    ) -> PyResult<Self> {
        let mut jwks = match (url, issuer) {
            (Some(url), None) => Jwks::at(url).or_config_error(py)?,
            (None, Some(issuer)) => Jwks::of_issuer(issuer).or_config_error(py)?,
            _ => {
                return Err(errors::config(
                    py,
                    "argument_invalid",
                    "give the url or the issuer, and not both",
                ));
            }
        };
        if let Some(seconds) = cooldown {
            jwks = jwks.cooldown(duration(py, seconds, "cooldown")?);
        }
        if let Some(seconds) = fresh_for {
            jwks = jwks.fresh_for(duration(py, seconds, "fresh_for")?);
        }
        if let Some(seconds) = stale_for {
            jwks = jwks.stale_for(duration(py, seconds, "stale_for")?);
        }
        if let Some(seconds) = timeout {
            jwks = jwks.timeout(duration(py, seconds, "timeout")?);
        }
        Ok(Self { jwks: Arc::new(jwks) })
    }

    /// The fetch that is due, if any: ask at start and after every request. ``now`` is seconds on a clock that never steps,
    /// in place of the system's.
    #[pyo3(signature = (*, now=None))]
    fn refresh(&self, now: Option<Seconds>) -> Option<PyFetch> {
        self.jwks.refresh(clock(now)).map(PyFetch::of)
    }

    /// The fetch to do because a key is lacking: ``None`` where one is under way or the last was too short a time ago.
    #[pyo3(signature = (*, now=None))]
    fn fetch(&self, now: Option<Seconds>) -> Option<PyFetch> {
        self.jwks.fetch(clock(now)).map(PyFetch::of)
    }

    /// Whether a fetch is under way, for which a request that lacks a key should wait.
    #[pyo3(signature = (*, now=None))]
    fn is_fetching(&self, now: Option<Seconds>) -> bool {
        self.jwks.is_fetching(clock(now))
    }

    /// How it stands: ``keys``, ``age`` in seconds or ``None``, ``usable``, and ``error``, the last fetch's code or ``None``.
    #[pyo3(signature = (*, now=None))]
    fn standing<'py>(&self, py: Python<'py>, now: Option<Seconds>) -> PyResult<Bound<'py, PyDict>> {
        let standing = self.jwks.standing(clock(now));
        let dict = PyDict::new(py);
        dict.set_item("keys", standing.keys)?;
        dict.set_item("age", standing.age.map(|age| age.as_secs_f64()))?;
        dict.set_item("usable", standing.usable)?;
        dict.set_item("error", standing.last_error.map(|error| error.code()))?;
        Ok(dict)
    }

    /// The issuer whose set it is; ``None`` for one at an address.
    #[getter]
    fn issuer(&self) -> Option<&str> {
        self.jwks.issuer()
    }

    fn __repr__(&self) -> &'static str {
        "<doorward.Jwks>"
    }
}

/// The right to fetch a key set, which nobody else has meanwhile. Do the GET, with no credentials and without following
/// redirects, and tell what came of it, once. One that is dropped counts as failed.
#[pyclass(frozen, name = "Fetch", module = "doorward")]
pub(crate) struct PyFetch {
    /// What to GET.
    #[pyo3(get)]
    url: String,
    /// The most bytes of a reply to read.
    #[pyo3(get)]
    limit: usize,
    /// Seconds the GET may take.
    #[pyo3(get)]
    timeout: f64,
    fetch: Mutex<Option<Fetch>>,
}

impl PyFetch {
    pub(crate) fn of(fetch: Fetch) -> Self {
        Self {
            url: fetch.url().to_owned(),
            limit: fetch.limit(),
            timeout: fetch.timeout().as_secs_f64(),
            fetch: Mutex::new(Some(fetch)),
        }
    }

    fn end(&self, py: Python<'_>, reply: Reply<'_>, now: Option<Seconds>) -> PyResult<PyFetched> {
        let fetch = take(&self.fetch)?;
        // A set of a hundred RSA keys takes a while to read.
        let fetched = py.detach(|| fetch.replied(reply, clock(now)));
        Ok(match fetched {
            Fetched::Next(fetch) => {
                PyFetched { next: Some(Py::new(py, PyFetch::of(fetch))?), ..PyFetched::default() }
            }
            Fetched::Loaded(loaded) => {
                let left_out = loaded.left_out.iter().map(|(place, error)| (*place, error.code())).collect();
                PyFetched {
                    keys: Some(loaded.keys),
                    left_out,
                    changed: loaded.changed,
                    ..PyFetched::default()
                }
            }
            Fetched::Failed(error) => PyFetched {
                error: Some(error.code()),
                message: Some(error.to_string()),
                ..PyFetched::default()
            },
            _ => PyFetched::default(),
        })
    }
}

/// What is good for once, and was not used yet.
pub(crate) fn take<T>(held: &Mutex<Option<T>>) -> PyResult<T> {
    held.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
        .ok_or_else(|| PyRuntimeError::new_err("this is good for once, and was used"))
}

#[pymethods]
impl PyFetch {
    /// The reply: its status, of this very address, and its body of at most ``limit`` bytes.
    #[pyo3(signature = (status, body, *, now=None))]
    fn replied(
        &self,
        py: Python<'_>,
        status: u16,
        body: Octets<'_>,
        now: Option<Seconds>,
    ) -> PyResult<PyFetched> {
        self.end(py, Reply::Answer { status, body: body.as_ref() }, now)
    }

    /// The reply was longer than ``limit`` bytes.
    #[pyo3(signature = (*, now=None))]
    fn too_large(&self, py: Python<'_>, now: Option<Seconds>) -> PyResult<PyFetched> {
        self.end(py, Reply::TooLarge, now)
    }

    /// There was no reply in time.
    #[pyo3(signature = (*, now=None))]
    fn unreachable(&self, py: Python<'_>, now: Option<Seconds>) -> PyResult<PyFetched> {
        self.end(py, Reply::Unreachable, now)
    }

    fn __repr__(&self) -> &'static str {
        "<doorward.Fetch>"
    }
}

/// What came of a fetch: another address to GET (``next``), a set (``keys``), or a failure (``error``).
#[pyclass(frozen, name = "Fetched", module = "doorward")]
#[derive(Default)]
pub(crate) struct PyFetched {
    /// The next ``Fetch`` to do, or ``None``.
    #[pyo3(get)]
    next: Option<Py<PyFetch>>,
    /// How many keys the set has, or ``None`` where there is no new one.
    #[pyo3(get)]
    keys: Option<usize>,
    /// The places in the set of keys that can't be used, and why, by code.
    #[pyo3(get)]
    left_out: Vec<(usize, &'static str)>,
    /// Whether the set differs from the one before.
    #[pyo3(get)]
    changed: bool,
    /// The code of what failed, or ``None``. The set that was there before, if any, is kept.
    #[pyo3(get)]
    error: Option<&'static str>,
    /// The same in words, for the log.
    #[pyo3(get)]
    message: Option<String>,
}
