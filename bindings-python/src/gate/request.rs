//! A request's head, as Python's frameworks have it.

use crate::convert::wrong_type;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMapping, PyString, PyTuple};
use std::net::IpAddr;

/// All headers, copied: names that are ASCII, and values as they were on the wire.
pub(crate) struct Headers {
    pairs: Vec<(String, Vec<u8>)>,
}

impl Headers {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }
}

impl<'py> FromPyObject<'_, 'py> for Headers {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if object.cast::<PyString>().is_ok() || object.cast::<PyBytes>().is_ok() {
            return Err(wrong_type(&object, "a mapping or pairs"));
        }
        let items = match object.cast::<PyMapping>() {
            Ok(mapping) => mapping.call_method0(intern!(object.py(), "items"))?,
            Err(_) => object.to_owned(),
        };
        let mut pairs = Vec::new();
        for pair in items.try_iter().map_err(|_| wrong_type(&object, "a mapping or pairs"))? {
            let pair = pair?;
            let (name, value) = match pair.cast::<PyTuple>() {
                Ok(pair) if pair.len() == 2 => (pair.get_item(0)?, pair.get_item(1)?),
                Ok(_) => return Err(wrong_type(&pair, "a pair of name and value")),
                Err(_) if pair.cast::<PyString>().is_ok() || pair.cast::<PyBytes>().is_ok() => {
                    return Err(wrong_type(&pair, "a pair of name and value"));
                }
                // ASGI's pairs are lists where they came through a test client or another framework.
                Err(_) => pair.extract::<(Bound<'py, PyAny>, Bound<'py, PyAny>)>().or_else(|_| {
                    pair.extract::<[Bound<'py, PyAny>; 2]>().map(|[name, value]| (name, value))
                })?,
            };
            // No header that decides anything has another name.
            if let Ok(name) = String::from_utf8(wire(&name)?) {
                pairs.push((name, wire(&value)?));
            }
        }
        Ok(Self { pairs })
    }
}

/// The bytes of a header's name or value: a `str` is ISO 8859-1, as frameworks read it (RFC 9110 §5.5); what is none of
/// that was never on a wire, and is no credential either.
fn wire(text: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if let Ok(bytes) = text.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().to_vec());
    }
    let Ok(text) = text.cast::<PyString>() else { return Err(wrong_type(text, "str or bytes")) };
    match text.to_str() {
        Ok(plain) if plain.is_ascii() => Ok(plain.as_bytes().to_vec()),
        Ok(other) => {
            let latin: Option<Vec<u8>> = other.chars().map(|one| u8::try_from(u32::from(one)).ok()).collect();
            Ok(latin.unwrap_or_else(|| other.as_bytes().to_vec()))
        }
        // A lone surrogate: bytes that are no UTF-8.
        Err(_) => Ok(vec![0xff]),
    }
}

/// The other end's address; what is none is unknown.
pub(crate) struct Peer(pub(crate) Option<IpAddr>);

impl<'py> FromPyObject<'_, 'py> for Peer {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if object.is_none() {
            return Ok(Self(None));
        }
        let text = object.cast::<PyString>().map_err(|_| wrong_type(&object, "str or None"))?;
        // A link-local address may come with its zone.
        let address = text.to_str().ok().and_then(|text| text.split('%').next()?.parse().ok());
        Ok(Self(address))
    }
}
