//! A revocation list of the host's own.

use doorward::gate::Listed;
use doorward::jwt;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDelta};
use pyo3::{PyTraverseError, PyVisit};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A token that verified, by what it may be revoked by: what a ``revocation_list`` is asked about.
#[pyclass(frozen, get_all, name = "Revocable", module = "doorward")]
pub(crate) struct PyRevocable {
    /// The token itself, as it was sent; empty where a streaming answer's credential is looked at without it.
    token: Py<PyBytes>,
    /// Its ``iss``, empty where it has none.
    issuer: String,
    /// Its subject, or the id of the client it is from where ``is_client``.
    subject: String,
    /// Whether it is a client's that has no ``sub``: it is no user's of the same name.
    is_client: bool,
    /// Its ``jti``, or ``None``.
    id: Option<String>,
    /// Its ``iat``, in seconds since the epoch, or ``None``.
    issued_at: Option<f64>,
}

#[pymethods]
impl PyRevocable {
    fn __repr__(&self) -> String {
        format!("<doorward.Revocable of {:?}>", self.subject)
    }
}

/// The host's function, where the garbage collector finds it: it may well hold the gate.
#[derive(Clone)]
pub(crate) struct List(Arc<Mutex<Option<Py<PyAny>>>>);

impl List {
    pub(crate) fn new(function: Py<PyAny>) -> Self {
        Self(Arc::new(Mutex::new(Some(function))))
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self.0.try_lock() {
            Ok(held) => visit.call(&*held),
            // It is in use, so it is no garbage.
            Err(_) => Ok(()),
        }
    }

    pub(crate) fn clear(&self) {
        // Dropped once the lock is.
        let _function = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn function<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|held| held.bind(py).clone())
    }
}

/// What the host's function says of a token. What goes wrong in it is told as Python tells of errors that nobody can catch
/// (``sys.unraisablehook``), and counts as revoked: a list that can't be read lets nobody in.
pub(crate) fn ask(list: &List, token: jwt::Revocable<'_>) -> Listed {
    Python::attach(|py| {
        // A gate that is garbage lets nobody in.
        let Some(list) = list.function(py) else { return Listed::Revoked };
        answer(py, &list, token).unwrap_or_else(|error| {
            error.write_unraisable(py, Some(&list));
            Listed::Revoked
        })
    })
}

fn answer(py: Python<'_>, list: &Bound<'_, PyAny>, token: jwt::Revocable<'_>) -> PyResult<Listed> {
    let asked = PyRevocable {
        token: PyBytes::new(py, token.token).unbind(),
        issuer: token.issuer.to_owned(),
        subject: token.subject.to_owned(),
        is_client: token.client,
        id: token.id.map(str::to_owned),
        issued_at: token.issued_at,
    };
    let said = list.call1((asked,))?;
    if let Ok(revoked) = said.cast::<PyBool>() {
        return Ok(if revoked.is_true() { Listed::Revoked } else { Listed::Good });
    }
    // No number: 1 is as good as true to many a database, and would be a second here.
    if said.cast::<PyDelta>().is_ok() {
        return said.extract::<Duration>().map(Listed::GoodFor);
    }
    let message = "a revocation list says True, False, or for how long not to ask again: a timedelta";
    Err(PyTypeError::new_err(message))
}
