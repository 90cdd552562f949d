//! A revocation list of the host's own.

use doorward::gate::Listed;
use doorward::jwt;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDelta};
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

/// What the host's function says of a token. What goes wrong in it is told as Python tells of errors that nobody can catch
/// (``sys.unraisablehook``), and counts as revoked: a list that can't be read lets nobody in.
pub(crate) fn ask(list: &Py<PyAny>, token: jwt::Revocable<'_>) -> Listed {
    Python::attach(|py| {
        answer(py, list, token).unwrap_or_else(|error| {
            error.write_unraisable(py, Some(list.bind(py)));
            Listed::Revoked
        })
    })
}

fn answer(py: Python<'_>, list: &Py<PyAny>, token: jwt::Revocable<'_>) -> PyResult<Listed> {
    let asked = PyRevocable {
        token: PyBytes::new(py, token.token).unbind(),
        issuer: token.issuer.to_owned(),
        subject: token.subject.to_owned(),
        is_client: token.client,
        id: token.id.map(str::to_owned),
        issued_at: token.issued_at,
    };
    let said = list.bind(py).call1((asked,))?;
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
