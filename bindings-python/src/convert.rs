//! What callers pass, on its way in: text, bytes, times and lists, each with one clear error.

use crate::errors::config;
use doorward::Now;
use doorward::jwt::Algorithm;
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDateTime, PyDelta, PyFloat, PyString, PyTuple};
use std::borrow::Cow;

/// A credential or a name: `str` or `bytes`, borrowed. A `str` with lone surrogates stays what it is, in bytes that are
/// no UTF-8, for the core to refuse.
pub(crate) struct Octets<'a>(Cow<'a, [u8]>);

impl AsRef<[u8]> for Octets<'_> {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Octets<'a> {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if object.cast::<PyString>().is_ok() {
            return match object.extract::<&'a str>() {
                Ok(text) => Ok(Self(Cow::Borrowed(text.as_bytes()))),
                Err(_) => with_surrogates(&object),
            };
        }
        match object.extract::<&'a [u8]>() {
            Ok(bytes) if object.cast::<PyBytes>().is_ok() => Ok(Self(Cow::Borrowed(bytes))),
            _ => Err(wrong_type(&object, "str or bytes")),
        }
    }
}

#[cold]
fn with_surrogates<'a>(object: &Bound<'_, PyAny>) -> PyResult<Octets<'a>> {
    let py = object.py();
    let bytes =
        py.get_type::<PyString>().call_method1(intern!(py, "encode"), (object, "utf-8", "surrogatepass"))?;
    Ok(Octets(Cow::Owned(bytes.extract()?)))
}

pub(crate) fn wrong_type(object: &Bound<'_, PyAny>, wanted: &str) -> PyErr {
    match object.get_type().name() {
        Ok(found) => PyTypeError::new_err(format!("must be {wanted}, not {found}")),
        Err(error) => error,
    }
}

/// A secret or the text of a key: `str` or `bytes`.
pub(crate) struct Secret<'a>(Octets<'a>);

impl<'a, 'py> FromPyObject<'a, 'py> for Secret<'a> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let octets = Octets::extract(object)?;
        if matches!(octets.0, Cow::Owned(_)) {
            let message = "the text has a lone surrogate, which no encoding has bytes for";
            return Err(config(object.py(), "text_invalid", message));
        }
        Ok(Self(octets))
    }
}

impl AsRef<[u8]> for Secret<'_> {
    fn as_ref(&self) -> &[u8] {
        self.0.as_ref()
    }
}

/// Seconds, as `float` or `int`. An `int` beyond all floats is infinite.
#[derive(Clone, Copy)]
pub(crate) struct Seconds(pub(crate) f64);

impl<'py> FromPyObject<'_, 'py> for Seconds {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match object.extract::<f64>() {
            Ok(seconds) => Ok(Self(seconds)),
            Err(error) if error.is_instance_of::<PyOverflowError>(object.py()) => Ok(Self(f64::INFINITY)),
            Err(_) => Err(wrong_type(&object, "a number of seconds")),
        }
    }
}

/// A span of time: seconds, or a `timedelta`.
#[derive(Clone, Copy)]
pub(crate) struct Span(pub(crate) f64);

impl<'py> FromPyObject<'_, 'py> for Span {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if object.cast::<PyDelta>().is_ok() {
            return object.call_method0(intern!(object.py(), "total_seconds"))?.extract().map(Self);
        }
        match Seconds::extract(object) {
            Ok(Seconds(seconds)) => Ok(Self(seconds)),
            Err(_) => Err(wrong_type(&object, "a number of seconds or a timedelta")),
        }
    }
}

/// A point in time: seconds since the epoch, or a `datetime` with its time zone.
#[derive(Clone, Copy)]
pub(crate) struct When(pub(crate) f64);

impl<'py> FromPyObject<'_, 'py> for When {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match Seconds::extract(object) {
            Ok(Seconds(seconds)) => Ok(Self(seconds)),
            Err(_) => datetime(&object).map(Self),
        }
    }
}

#[cold]
fn datetime(object: &Bound<'_, PyAny>) -> PyResult<f64> {
    let py = object.py();
    let found = object
        .cast::<PyDateTime>()
        .map_err(|_| wrong_type(object, "a number of seconds since the epoch or a datetime"))?;
    if found.getattr(intern!(py, "tzinfo"))?.is_none() {
        // Some take it for UTC, and Python for the machine's own.
        return Err(config(py, "argument_invalid", "a datetime must have a time zone"));
    }
    found.call_method0(intern!(py, "timestamp"))?.extract()
}

impl Span {
    /// Finite, and not below zero.
    pub(crate) fn span(self, py: Python<'_>, name: &str) -> PyResult<f64> {
        if self.0.is_finite() && self.0 >= 0.0 {
            return Ok(self.0);
        }
        let message = format!("{name} must be a finite number of seconds, 0 or more");
        Err(config(py, "argument_invalid", &message))
    }
}

/// The operating system's clocks, or the wall clock the caller tells.
#[inline]
pub(crate) fn now(unix: Option<When>) -> Now {
    let system = Now::system();
    match unix {
        None => system,
        Some(When(unix)) => Now { unix, ..system },
    }
}

/// The operating system's clocks, or the caller's own in place of the one that never steps, in seconds.
///
/// To the nearest microsecond: the seconds nearest to some are a hair less, and who comes back exactly when a decision said
/// would be a microsecond early.
pub(crate) fn clock(now: Option<Seconds>) -> Now {
    let system = Now::system();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates; what is no number is 0"
    )]
    match now {
        None => system,
        Some(Seconds(seconds)) => Now { mono: (seconds * 1e6).round() as u64, ..system },
    }
}

/// The moment of a decision: seconds since the epoch or a `datetime`; or a pair of such and of seconds on a clock that never steps.
#[derive(Clone, Copy)]
pub(crate) struct Moment(Now);

impl Moment {
    /// The moment, or now.
    pub(crate) fn or_system(moment: Option<Self>) -> Now {
        moment.map_or_else(Now::system, |Self(now)| now)
    }
}

impl<'py> FromPyObject<'_, 'py> for Moment {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if object.cast::<PyTuple>().is_ok() {
            let (When(unix), mono) = object.extract()?;
            return Ok(Self(Now { unix, ..clock(Some(mono)) }));
        }
        Ok(Self(now(Some(When::extract(object)?))))
    }
}

/// A `str` that every language has bytes for.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text(pub(crate) String);

impl<'py> FromPyObject<'_, 'py> for Text {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let text = object.cast::<PyString>().map_err(|_| wrong_type(&object, "str"))?;
        string(&text).map(Self)
    }
}

/// One string, or several: `"a"` is `["a"]`, and never `["a"]` letter by letter.
pub(crate) struct Strings(pub(crate) Vec<String>);

impl<'py> FromPyObject<'_, 'py> for Strings {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(one) = object.cast::<PyString>() {
            return Ok(Self(vec![string(&one)?]));
        }
        if object.cast::<PyBytes>().is_ok() || object.cast::<PyFloat>().is_ok() {
            return Err(wrong_type(&object, "str or an iterable of str"));
        }
        let items = object.try_iter().map_err(|_| wrong_type(&object, "str or an iterable of str"))?;
        let mut strings = Vec::new();
        for item in items {
            let item = item?;
            let text = item.cast::<PyString>().map_err(|_| wrong_type(&item, "str"))?;
            strings.push(string(text)?);
        }
        Ok(Self(strings))
    }
}

fn string(text: &Bound<'_, PyString>) -> PyResult<String> {
    text.to_str().map(String::from).map_err(|_| {
        let message = "the text has a lone surrogate, which no encoding has bytes for";
        config(text.py(), "text_invalid", message)
    })
}

/// Algorithms by their names (RFC 7518 §3.1).
pub(crate) fn algorithms(py: Python<'_>, names: &Strings) -> PyResult<Vec<Algorithm>> {
    names.0.iter().map(|name| algorithm(py, name)).collect()
}

/// An algorithm by its name.
pub(crate) fn algorithm(py: Python<'_>, name: &str) -> PyResult<Algorithm> {
    Algorithm::from_name(name).ok_or_else(|| {
        let known = Algorithm::ALL.map(Algorithm::name).join(", ");
        config(py, "algorithm_unknown", &format!("an algorithm must be one of {known}"))
    })
}
