//! A request's head, as Python's frameworks have it.

use crate::convert::wrong_type;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyMapping, PyString, PyTuple};
use std::net::IpAddr;

/// All headers, held and not copied: names that are UTF-8, and values as they were on the wire.
pub(crate) struct Headers<'py> {
    pairs: Vec<(Wire<'py>, Wire<'py>)>,
}

/// The bytes of a header's name or value. A `str` is ISO 8859-1, as frameworks read it (RFC 9110 §5.5); what is none of that
/// was never on a wire, and is no credential either.
enum Wire<'py> {
    Bytes(Bound<'py, PyBytes>),
    /// Of ASCII alone, which is the same in UTF-8.
    Plain(Bound<'py, PyString>),
    Other(Vec<u8>),
}

impl<'py> Wire<'py> {
    fn of(text: Bound<'py, PyAny>) -> PyResult<Self> {
        let text = match text.cast_into::<PyBytes>() {
            Ok(bytes) => return Ok(Self::Bytes(bytes)),
            Err(other) => other.into_inner(),
        };
        let text =
            text.cast_into::<PyString>().map_err(|other| wrong_type(&other.into_inner(), "str or bytes"))?;
        let other = match text.to_str() {
            Ok(plain) if plain.is_ascii() => None,
            Ok(other) => {
                let latin = other.chars().map(|one| u8::try_from(u32::from(one)).ok()).collect();
                Some(Option::unwrap_or_else(latin, || other.as_bytes().to_vec()))
            }
            // A lone surrogate: bytes that are no UTF-8.
            Err(_) => Some(vec![0xff]),
        };
        Ok(other.map_or(Self::Plain(text), Self::Other))
    }

    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes.as_bytes(),
            Self::Plain(text) => text.to_str().unwrap_or_default().as_bytes(),
            Self::Other(bytes) => bytes,
        }
    }
}

impl Headers<'_> {
    /// For the core, which needs no interpreter for them.
    pub(crate) fn pairs(&self) -> Vec<(&str, &[u8])> {
        // No header that decides anything has a name that is no UTF-8.
        self.pairs
            .iter()
            .filter_map(|(name, value)| Some((str::from_utf8(name.as_bytes()).ok()?, value.as_bytes())))
            .collect()
    }
}

impl<'py> FromPyObject<'_, 'py> for Headers<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if object.cast::<PyString>().is_ok() || object.cast::<PyBytes>().is_ok() {
            return Err(wrong_type(&object, "a mapping or pairs"));
        }
        // What ASGI gives, first: whether it is a mapping takes longer to find out than all the rest.
        let items = match object.cast::<PyList>().is_err().then(|| object.cast::<PyMapping>()) {
            Some(Ok(mapping)) => mapping.call_method0(intern!(object.py(), "items"))?,
            _ => object.to_owned(),
        };
        let mut pairs = Vec::with_capacity(16);
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
            pairs.push((Wire::of(name)?, Wire::of(value)?));
        }
        Ok(Self { pairs })
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
