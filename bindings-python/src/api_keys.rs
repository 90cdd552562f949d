//! Sets of API keys.

use crate::convert::{self, Octets, Secret, Strings, Text, When};
use crate::errors::{self, OrConfigError};
use crate::gate::PyPrincipal;
use crate::rate::PyQuota;
use doorward::Now;
use doorward::api_keys::file::KeyFile;
use doorward::api_keys::{
    ApiKey, ApiKeyRefusal, ApiKeys, ApiKeysBuilder, KeyDigest, KeyFormat, MAX_PRESENTED, NewKey, Pepper,
};
use doorward::gate::Principal;
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyString, PyTuple};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// One API key of a set: who presents it, what they may do, and when.
///
/// ``id`` names the key, and its caller unless ``name`` does; both are public, 1 to 128 bytes. The key comes as ``key``, what
/// its owner sends, or as ``digest``, the 64 hexadecimal digits of its SHA-256; a set keeps nothing but the digest.
/// ``not_before`` and ``expires`` are seconds since the epoch, or a ``datetime`` with its time zone; ``metadata`` maps ``str`` to ``str``.
/// ``strong`` says of a ``digest`` that the key is of doorward's own format: a set of none but such refuses all else by its form,
/// and whoever has one is let in where guesses from the same address are not. A ``key`` is judged by itself.
///
/// Raises ``ConfigError``: a digest that is none, or neither of key and digest, or both.
#[pyclass(frozen, name = "ApiKey", module = "doorward")]
pub(crate) struct PyApiKey {
    pub(crate) entry: ApiKey,
    credential: Credential,
}

enum Credential {
    Text(Zeroizing<Vec<u8>>),
    Digest(KeyDigest),
    /// Of an entry that a set gave.
    Kept,
}

#[pymethods]
impl PyApiKey {
    #[new]
    #[pyo3(signature = (
        id, key=None, *, digest=None, name=None, roles=Strings(vec![]), scopes=Strings(vec![]), quota=None,
        not_before=None, expires=None, disabled=false, strong=false, metadata=None
    ), text_signature = "(id, key=None, *, digest=None, name=None, roles=(), scopes=(), quota=None, not_before=None, \
        expires=None, disabled=False, strong=False, metadata=None)")]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments")]
    fn new(
        py: Python<'_>,
        id: Text,
        key: Option<Secret<'_>>,
        digest: Option<Text>,
        name: Option<Text>,
        roles: Strings,
        scopes: Strings,
        quota: Option<&Bound<'_, PyQuota>>,
        not_before: Option<When>,
        expires: Option<When>,
        disabled: bool,
        strong: bool,
        metadata: Option<BTreeMap<Text, Text>>,
    ) -> PyResult<Self> {
        let mut entry = ApiKey::new(id.0).disabled(disabled).strong(strong);
        if let Some(Text(name)) = name {
            entry = entry.named(name);
        }
        entry = roles.0.into_iter().fold(entry, ApiKey::role);
        entry = scopes.0.into_iter().fold(entry, ApiKey::scope);
        if let Some(quota) = quota {
            entry = entry.quota(quota.get().quota);
        }
        if let Some(When(unix)) = not_before {
            entry = entry.not_before(unix);
        }
        if let Some(When(unix)) = expires {
            entry = entry.expires(unix);
        }
        for (Text(name), Text(value)) in metadata.unwrap_or_default() {
            entry = entry.meta(name, value);
        }
        let credential = match (key, digest) {
            (Some(key), None) => Credential::Text(Zeroizing::new(key.as_ref().to_vec())),
            (None, Some(Text(hex))) => Credential::Digest(KeyDigest::from_hex(&hex).or_config_error(py)?),
            _ => {
                return Err(errors::config(
                    py,
                    "argument_invalid",
                    "give the key or its digest, and not both",
                ));
            }
        };
        Ok(Self { entry, credential })
    }

    /// The key's public id.
    #[getter]
    fn id(&self) -> &str {
        self.entry.id()
    }

    /// The caller's name: the id, unless it was named. Keys of one name are one caller.
    #[getter]
    fn name(&self) -> &str {
        self.entry.name()
    }

    /// The roles.
    #[getter]
    fn roles<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.entry.roles())
    }

    /// The scopes.
    #[getter]
    fn scopes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.entry.scopes())
    }

    /// What the caller may spend, where that is not what all may; else ``None``.
    #[getter]
    fn quota(&self) -> Option<PyQuota> {
        self.entry.own_quota().copied().map(PyQuota::of)
    }

    /// Seconds since the epoch before which the key is refused, or ``None``.
    #[getter]
    fn not_before(&self) -> Option<f64> {
        self.entry.valid_from()
    }

    /// Seconds since the epoch from which on the key is refused, or ``None``.
    #[getter]
    fn expires(&self) -> Option<f64> {
        self.entry.valid_until()
    }

    /// Whether the key is switched off.
    #[getter]
    fn disabled(&self) -> bool {
        self.entry.is_disabled()
    }

    /// Whether the key is of doorward's own format, whose secret nobody guesses. Before a set is made, what was said.
    #[getter]
    fn strong(&self) -> bool {
        self.entry.is_strong()
    }

    /// What was attached: a new dict each time.
    #[getter]
    fn metadata(&self) -> BTreeMap<String, String> {
        self.entry.metadata().clone()
    }

    fn __repr__(&self) -> String {
        format!("<doorward.ApiKey {:?}>", self.entry.id())
    }
}

/// A set of API keys, held as digests and matched in time that does not depend on which key matches. Immutable: other
/// keys make another set.
///
/// ``keys`` are ``ApiKey`` entries. ``prefix`` is that of doorward's own keys (``dw_live_…``); ``pepper``, at least 32 bytes,
/// makes the digests HMACs; what is presented may have ``max_presented`` bytes. Raises ``ConfigError``: a key that is empty,
/// too long, damaged, no visible ASCII, or there twice; an id likewise.
///
/// >>> keys = ApiKeys([ApiKey("ci", "a-key-nobody-guesses", roles=["user"])])
/// >>> keys.find("a-key-nobody-guesses").roles
/// ('user',)
/// >>> keys.find("another") is None
/// True
#[pyclass(frozen, name = "ApiKeys", module = "doorward")]
pub(crate) struct PyApiKeys {
    pub(crate) keys: ApiKeys,
    /// The entries, in the set's order, so that a hit makes nothing anew.
    entries: Vec<Py<PyApiKey>>,
}

fn builder(py: Python<'_>, prefix: &str, pepper: Option<Secret<'_>>) -> PyResult<ApiKeysBuilder> {
    let builder = ApiKeys::builder().format(KeyFormat::new(prefix).or_config_error(py)?);
    match pepper {
        None => Ok(builder),
        Some(pepper) => Ok(builder.pepper(Pepper::new(pepper.as_ref()).or_config_error(py)?)),
    }
}

impl PyApiKeys {
    fn built(py: Python<'_>, builder: ApiKeysBuilder) -> PyResult<Self> {
        let keys = builder.build_random().or_config_error(py)?;
        let entry =
            |entry: &ApiKey| Py::new(py, PyApiKey { entry: entry.clone(), credential: Credential::Kept });
        let entries = keys.iter().map(entry).collect::<PyResult<_>>()?;
        Ok(Self { keys, entries })
    }

    fn entry(&self, presented: &[u8], now: Now) -> Result<&Py<PyApiKey>, ApiKeyRefusal> {
        let place = self.keys.position(presented, now)?;
        self.entries.get(place).ok_or(ApiKeyRefusal::Unknown)
    }
}

#[pymethods]
impl PyApiKeys {
    #[new]
    #[pyo3(signature = (keys, *, prefix=Text("dw".into()), pepper=None, max_presented=MAX_PRESENTED),
        text_signature = "(keys, *, prefix='dw', pepper=None, max_presented=512)")]
    fn new(
        py: Python<'_>,
        keys: &Bound<'_, PyAny>,
        prefix: Text,
        pepper: Option<Secret<'_>>,
        max_presented: usize,
    ) -> PyResult<Self> {
        let mut builder = builder(py, &prefix.0, pepper)?.max_presented(max_presented);
        for key in keys.try_iter()? {
            let key = key?;
            let key = key.cast::<PyApiKey>().map_err(|_| convert::wrong_type(&key, "an ApiKey"))?.get();
            let entry = key.entry.clone();
            builder = match &key.credential {
                Credential::Text(text) => builder.add(text, entry),
                Credential::Digest(digest) => builder.add_digest(*digest, entry),
                Credential::Kept => {
                    let message = "an entry that a set gave has no key: add the one the set was made of";
                    return Err(errors::config(py, "argument_invalid", message));
                }
            };
        }
        Self::built(py, builder)
    }

    /// The keys of a file's text (JSON Lines, as ``doorward keys`` writes it). Raises ``ConfigError`` with the line.
    #[staticmethod]
    #[pyo3(signature = (text, *, prefix=Text("dw".into()), pepper=None), text_signature = "(text, *, prefix='dw', pepper=None)")]
    fn from_text(
        py: Python<'_>,
        text: Octets<'_>,
        prefix: Text,
        pepper: Option<Secret<'_>>,
    ) -> PyResult<Self> {
        let file = KeyFile::parse(text.as_ref()).or_config_error(py)?;
        Self::built(py, builder(py, &prefix.0, pepper)?.add_file(&file).or_config_error(py)?)
    }

    /// The entry of the key that was presented (``str`` or ``bytes``), if it may be used now; else ``None``. ``now`` is seconds
    /// since the epoch, in place of the clock's.
    #[pyo3(signature = (presented, *, now=None))]
    fn find(&self, py: Python<'_>, presented: Octets<'_>, now: Option<When>) -> Option<Py<PyApiKey>> {
        self.entry(presented.as_ref(), convert::now(now)).ok().map(|entry| entry.clone_ref(py))
    }

    /// As ``find``, and raises ``ApiKeyError`` with its ``code`` in place of ``None``: for the operator's log. Tell the caller
    /// the same in every case.
    #[pyo3(signature = (presented, *, now=None))]
    fn verify(&self, py: Python<'_>, presented: Octets<'_>, now: Option<When>) -> PyResult<Py<PyApiKey>> {
        match self.entry(presented.as_ref(), convert::now(now)) {
            Ok(entry) => Ok(entry.clone_ref(py)),
            Err(refusal) => Err(errors::refusal(py, refusal)),
        }
    }

    /// Whose key was presented, as a gate knows them: ``key:<name>``. For what has no gate, which should know callers by the
    /// same ids. Raises as ``verify``.
    #[pyo3(signature = (presented, *, now=None))]
    fn identify(&self, py: Python<'_>, presented: Octets<'_>, now: Option<When>) -> PyResult<PyPrincipal> {
        match self.entry(presented.as_ref(), convert::now(now)) {
            Ok(entry) => Ok(PyPrincipal::of(&Principal::of_entry(&entry.get().entry))),
            Err(refusal) => Err(errors::refusal(py, refusal)),
        }
    }

    fn __len__(&self) -> usize {
        self.keys.len()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyTuple::new(py, self.entries.iter().map(|entry| entry.bind(py)))?.try_iter()
    }

    fn __repr__(&self) -> String {
        format!("<doorward.ApiKeys, {} keys>", self.keys.len())
    }
}

/// A key that was minted just now: the only time its text is seen.
#[pyclass(frozen, name = "NewKey", module = "doorward")]
pub(crate) struct PyNewKey {
    key: NewKey,
}

#[pymethods]
impl PyNewKey {
    /// The key, as its owner sends it.
    #[getter]
    fn key<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        PyString::new(py, self.key.expose())
    }

    /// Everything before the secret: prefix, environment and id.
    #[getter]
    fn public(&self) -> &str {
        self.key.public()
    }

    /// Its SHA-256, 64 hexadecimal digits: what to store.
    #[getter]
    fn digest(&self) -> String {
        self.key.digest().to_hex()
    }

    fn __repr__(&self) -> String {
        format!("<doorward.NewKey {}_...>", self.key.public())
    }
}

/// Mints an API key of doorward's own format, ``<prefix>_<env>_<id>_<secret><checksum>``, with 160 bits of secret.
///
/// ``env`` and ``prefix`` are 1 to 16 characters of a-z and 0-9, otherwise ``ConfigError``.
///
/// >>> new = generate_key()
/// >>> new.key.startswith(new.public) and new.public.startswith("dw_live_")
/// True
#[pyfunction]
#[pyo3(signature = (env=Text("live".into()), *, prefix=Text("dw".into())), text_signature = "(env='live', *, prefix='dw')")]
pub(crate) fn generate_key(py: Python<'_>, env: Text, prefix: Text) -> PyResult<PyNewKey> {
    let format = KeyFormat::new(&prefix.0).or_config_error(py)?;
    Ok(PyNewKey { key: format.mint_random(&env.0).or_config_error(py)? })
}
