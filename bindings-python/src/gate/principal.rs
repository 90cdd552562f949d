//! Who a request is from.

use crate::claims::PyClaims;
use doorward::gate::Principal;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

/// Who a request is from. Equal to any other of the same ``id``.
#[pyclass(frozen, name = "Principal", module = "doorward")]
pub(crate) struct PyPrincipal {
    pub(crate) principal: Principal,
    claims: PyOnceLock<Option<Py<PyClaims>>>,
}

impl PyPrincipal {
    pub(crate) fn of(principal: &Principal) -> Self {
        Self { principal: principal.clone(), claims: PyOnceLock::new() }
    }

    /// With the claims there are already.
    pub(crate) fn with(py: Python<'_>, principal: &Principal, claims: Py<PyClaims>) -> Self {
        let of = Self::of(principal);
        // It is new, so nothing was in it.
        let _ = of.claims.set(py, Some(claims));
        of
    }
}

#[pymethods]
impl PyPrincipal {
    /// The canonical id, different for any two principals: ``key:<id>``, ``jwt:<issuer>:<subject>`` and so on. The only name to use for buckets, sessions and
    /// logs.
    #[getter]
    fn id(&self) -> &str {
        self.principal.id()
    }

    /// How it proved who it is: ``api_key``, ``jwt``, ``opaque`` or ``anonymous``.
    #[getter]
    fn method(&self) -> &'static str {
        self.principal.method().name()
    }

    /// The token's subject; ``None`` for a key, a client without a subject, and somebody without a credential.
    #[getter]
    fn subject(&self) -> Option<&str> {
        self.principal.subject()
    }

    /// The client whose token has no subject, where its issuer's mapping names one; otherwise ``None``.
    #[getter]
    fn client(&self) -> Option<&str> {
        self.principal.client()
    }

    /// The scopes it was given.
    #[getter]
    fn scopes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.principal.scopes().collect::<Vec<_>>())
    }

    /// The roles it was given.
    #[getter]
    fn roles<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.principal.roles().collect::<Vec<_>>())
    }

    /// When its credential expires, in seconds since the epoch, or ``None``.
    #[getter]
    fn expires(&self) -> Option<f64> {
        self.principal.expires()
    }

    /// The token's claims; ``None`` for a key.
    #[getter]
    fn claims(&self, py: Python<'_>) -> PyResult<Option<Py<PyClaims>>> {
        let claims = self.claims.get_or_try_init(py, || {
            self.principal.claims().map(|claims| Py::new(py, PyClaims::new(claims.to_owned()))).transpose()
        })?;
        Ok(claims.as_ref().map(|claims| claims.clone_ref(py)))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().principal.id() == self.principal.id())
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        pyo3::types::PyString::new(py, self.principal.id()).hash()
    }

    fn __repr__(&self) -> String {
        format!("<doorward.Principal {:?}>", self.principal.id())
    }
}
