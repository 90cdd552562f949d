//! JSON values as Python's own.

use doorward::jwt::{JsonStr, Number, Value};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyNone, PyString};

/// Digits that Python's `int` reads whatever its limit is set to (`sys.set_int_max_str_digits`, at least 640).
const INT_DIGITS: usize = 640;

/// A text, copied once.
pub(crate) fn string<'py>(py: Python<'py>, text: JsonStr<'_>) -> Bound<'py, PyString> {
    match text.as_plain() {
        Some(plain) => PyString::new(py, plain),
        None => PyString::new(py, &text.to_cow()),
    }
}

/// A value and all that is in it, made anew.
pub(crate) fn value<'py>(py: Python<'py>, value: Value<'_>) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => PyNone::get(py).to_owned().into_any(),
        Value::Bool(truth) => truth.into_pyobject(py)?.to_owned().into_any(),
        Value::Number(one) => number(py, one)?,
        Value::String(text) => string(py, text).into_any(),
        Value::Array(_) => {
            let list = PyList::empty(py);
            let mut outcome = Ok(());
            value.for_each_item(|item| {
                if outcome.is_ok() {
                    outcome = self::value(py, item).and_then(|item| list.append(item));
                }
            });
            outcome?;
            list.into_any()
        }
        Value::Object(_) => {
            let dict = PyDict::new(py);
            let mut outcome = Ok(());
            value.for_each_member(|name, value| {
                if outcome.is_ok() {
                    outcome = member(&dict, string(py, name), value);
                }
            });
            outcome?;
            dict.into_any()
        }
    })
}

/// Sets a member of an object.
pub(crate) fn member(dict: &Bound<'_, PyDict>, name: Bound<'_, PyString>, of: Value<'_>) -> PyResult<()> {
    dict.set_item(name, value(dict.py(), of)?)
}

/// An `int` where it was written as one, else a `float`. More digits than [`INT_DIGITS`] make a `float`, so that nobody
/// can have Python count for long.
fn number<'py>(py: Python<'py>, number: Number<'_>) -> PyResult<Bound<'py, PyAny>> {
    let text = number.as_text();
    if let Ok(small) = text.parse::<i64>() {
        return Ok(small.into_pyobject(py)?.into_any());
    }
    let whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if whole && text.len() <= INT_DIGITS {
        return py.get_type::<PyInt>().call1((text,));
    }
    Ok(PyFloat::new(py, number.to_f64()).into_any())
}

/// The same value, lists and dicts copied through and through.
pub(crate) fn fresh<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    if let Ok(list) = value.cast_exact::<PyList>() {
        let copy = PyList::empty(py);
        for item in list {
            copy.append(fresh(&item)?)?;
        }
        return Ok(copy.into_any());
    }
    if let Ok(dict) = value.cast_exact::<PyDict>() {
        return Ok(fresh_dict(dict)?.into_any());
    }
    Ok(value.clone())
}

/// The same dict, copied through and through.
pub(crate) fn fresh_dict<'py>(dict: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyDict>> {
    let copy = PyDict::new(dict.py());
    for (name, value) in dict {
        copy.set_item(name, fresh(&value)?)?;
    }
    Ok(copy)
}
