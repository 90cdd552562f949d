//! A token's claims, as a mapping nobody can change.

use crate::value;
use doorward::jwt::{Claims, OwnedClaims, Words};
use pyo3::exceptions::{PyKeyError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyIterator, PyString, PyTuple};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// What a verified token says: a read-only mapping of its claims, in the order they stand in it.
///
/// Registered claims (RFC 7519 §4.1) are attributes too, ``None`` where the token has none. Lists and dicts are copies each
/// time they are asked for, so that whatever is done to them changes nothing here, nor in the verifier's cache.
/// Whole numbers are ``int``; numbers with a fraction or an exponent, or of more than 640 digits, are ``float``.
///
/// Made by ``Verifier.verify`` alone. Compares equal to any mapping of the same items; can't be pickled, for what is
/// unpickled was verified by nobody.
#[pyclass(frozen, mapping, name = "Claims", module = "doorward")]
pub(crate) struct PyClaims {
    owned: OwnedClaims,
    /// Made when it is worth it; never handed out.
    dict: PyOnceLock<Py<PyDict>>,
    /// How often one claim was looked up in the payload.
    lookups: AtomicU8,
    scopes: PyOnceLock<Py<PyTuple>>,
    roles: PyOnceLock<Py<PyTuple>>,
}

/// So many claims are looked up in the payload, each for about a third of what the dict costs; for the next, it is made.
const LOOKUPS: u8 = 2;

impl PyClaims {
    pub(crate) fn new(claims: OwnedClaims) -> Self {
        Self {
            owned: claims,
            dict: PyOnceLock::new(),
            lookups: AtomicU8::new(0),
            scopes: PyOnceLock::new(),
            roles: PyOnceLock::new(),
        }
    }

    fn dict<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyDict>> {
        let dict = self.dict.get_or_try_init(py, || {
            let dict = PyDict::new(py);
            let mut outcome = Ok(());
            self.owned.for_each(|name, value| {
                if outcome.is_ok() {
                    let known = name.as_plain().and_then(|name| registered(py, name));
                    let name = known.map_or_else(|| value::string(py, name), |known| known.clone());
                    outcome = value::member(&dict, name, value);
                }
            });
            outcome.map(|()| dict.unbind())
        })?;
        Ok(dict.bind(py))
    }

    /// The core's.
    pub(crate) fn claims(&self) -> Claims<'_> {
        self.owned.claims()
    }

    /// All of them, in a dict of its own.
    pub(crate) fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        value::fresh_dict(self.dict(py)?)
    }

    /// A claim's value, made anew as far as it can be changed.
    fn find<'py>(&self, py: Python<'py>, claim: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        if self.dict.get(py).is_none()
            && let Ok(name) = claim.cast_exact::<PyString>()
            && let Ok(name) = name.to_str()
            && self.lookups.fetch_add(1, Relaxed) < LOOKUPS
        {
            return self.owned.get(name).map(|found| value::value(py, found)).transpose();
        }
        self.dict(py)?.get_item(claim)?.as_ref().map(value::fresh).transpose()
    }

    fn words<'py>(
        &self,
        py: Python<'py>,
        kept: &PyOnceLock<Py<PyTuple>>,
        of: impl for<'a> Fn(&Claims<'a>) -> Words<'a>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let words = kept
            .get_or_try_init(py, || PyTuple::new(py, of(&self.owned.claims()).to_vec()).map(Bound::unbind))?;
        Ok(words.bind(py).clone())
    }
}

/// The names that tokens share, made once: a new `str` a name cost a third of a dict.
fn registered<'py>(py: Python<'py>, name: &str) -> Option<&'py Bound<'py, PyString>> {
    Some(match name {
        "iss" => intern!(py, "iss"),
        "sub" => intern!(py, "sub"),
        "aud" => intern!(py, "aud"),
        "exp" => intern!(py, "exp"),
        "nbf" => intern!(py, "nbf"),
        "iat" => intern!(py, "iat"),
        "jti" => intern!(py, "jti"),
        "scope" => intern!(py, "scope"),
        "scp" => intern!(py, "scp"),
        "role" => intern!(py, "role"),
        "roles" => intern!(py, "roles"),
        "azp" => intern!(py, "azp"),
        "client_id" => intern!(py, "client_id"),
        _ => return None,
    })
}

/// One of the views that every mapping has (`collections.abc`).
fn view<'py>(claims: &Bound<'py, PyClaims>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    claims.py().import("collections.abc")?.getattr(name)?.call1((claims,))
}

#[pymethods]
impl PyClaims {
    /// ``iss``, the issuer: ``str`` or ``None``.
    #[getter]
    fn iss<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.find(py, intern!(py, "iss"))
    }

    /// ``sub``, the subject: ``str`` or ``None``.
    #[getter]
    fn sub<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.find(py, intern!(py, "sub"))
    }

    /// ``aud``, the audience: ``str``, a new list of ``str``, or ``None``.
    #[getter]
    fn aud<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.find(py, intern!(py, "aud"))
    }

    /// ``exp``, the end, in seconds since the epoch: ``int``, ``float`` or ``None``.
    #[getter]
    fn exp<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.find(py, intern!(py, "exp"))
    }

    /// ``nbf``, the beginning, in seconds since the epoch: ``int``, ``float`` or ``None``.
    #[getter]
    fn nbf<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.find(py, intern!(py, "nbf"))
    }

    /// ``iat``, when it was issued, in seconds since the epoch: ``int``, ``float`` or ``None``.
    #[getter]
    fn iat<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.find(py, intern!(py, "iat"))
    }

    /// ``jti``, the token's id: ``str`` or ``None``.
    #[getter]
    fn jti<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.find(py, intern!(py, "jti"))
    }

    /// The scopes of ``scope`` or, without it, ``scp``: a string separated by spaces, or an array of strings.
    #[getter]
    fn scopes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.words(py, &self.scopes, |claims| claims.scopes())
    }

    /// The roles of ``roles`` or, without it, ``role``: an array of strings, or one string, which is one role.
    #[getter]
    fn roles<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.words(py, &self.roles, |claims| claims.roles())
    }

    /// The payload as it was signed: the text of one JSON object.
    #[getter]
    fn raw(&self) -> &str {
        self.owned.payload()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, claim: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match self.find(py, claim)? {
            Some(found) => Ok(found),
            None => Err(PyKeyError::new_err((claim.clone().unbind(),))),
        }
    }

    /// The claim of that name; ``default`` where the token has none.
    #[pyo3(signature = (claim, default=None, /))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        claim: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.find(py, claim)?.or(default))
    }

    fn __contains__(&self, py: Python<'_>, claim: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.dict(py)?.contains(claim)
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.dict(py)?.len())
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.dict(py)?.keys().try_iter()
    }

    /// The names of the claims.
    fn keys<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        view(slf, "KeysView")
    }

    /// The claims' values.
    fn values<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        view(slf, "ValuesView")
    }

    /// Names and values.
    fn items<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        view(slf, "ItemsView")
    }

    fn __eq__<'py>(&self, py: Python<'py>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let abc = py.import("collections.abc")?;
        if !other.is_instance(&abc.getattr("Mapping")?)? {
            return Ok(py.NotImplemented().into_bound(py));
        }
        let theirs = PyDict::new(py);
        theirs.update(other.cast::<pyo3::types::PyMapping>()?)?;
        let equal = value::fresh_dict(self.dict(py)?)?.eq(theirs)?;
        Ok(equal.into_pyobject(py)?.to_owned().into_any())
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err("claims can't be pickled: keep the token, or dict(claims)"))
    }

    /// Nothing of what the token says: claims are somebody's, and logs are read by others.
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<doorward.Claims, {} claims>", self.dict(py)?.len()))
    }
}
