//! The gate: requests in, decisions and questions out.
//!
//! | file | what it converts |
//! |---|---|
//! | `build` | a gate from its parts, from variables, from a file |
//! | `request` | a request's head |
//! | `principal` | who it is |
//! | `step` | what the gate says next: admitted, denied, a body to read, a question |

mod build;
mod principal;
mod request;
mod step;

pub(crate) use build::{PyIntrospection, PyLimit, PySharedLimit};
pub(crate) use principal::PyPrincipal;
pub(crate) use step::{PyAdmitted, PyAsk, PyDenial, PyNeedBody};

use crate::api_keys::PyApiKeys;
use crate::convert::{Moment, Octets, Secret, Strings, When};
use crate::errors::{self, OrConfigError};
use crate::jwks::PyFetch;
use crate::policy::{Granted, PyPolicy, Shown};
use crate::rate::PyQuota;
use crate::revocation;
use crate::verifier::PyVerifier;
use doorward::config::Config;
use doorward::gate::{Body, Gate, SessionKey};
use doorward::rate::Quota;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};
use request::{Headers, Peer};

/// One pipeline from a request to a decision: Host and Origin, the address's bucket, the credential, who it is, what they may
/// do, the principal's bucket. Shared by any number of threads and tasks. Raises ``ConfigError``.
///
/// Who is let in:
///
/// - ``verifiers``: a ``Verifier`` or several, each for issuers of its own
/// - ``issuers``: an ``Issuer`` or several, whose keys are fetched and whose tokens are for ``public_url``
/// - ``introspection``: asks about opaque tokens
/// - ``api_keys``: an ``ApiKeys`` set, in the header ``api_key_header`` (``x-api-key``) or behind ``Bearer``
/// - ``api_key_lookup``: whether the host is asked about others
/// - ``anonymous``: grants, as a policy's, for whoever sends no credential at all; a credential that is not good is never taken for none
///
/// What they may do:
///
/// - ``policy``: without one, nobody reaches anything but ``initialize`` and ``ping``
/// - ``principal_quota``: requests of a principal, 100 a minute; ``shared_limit`` has processes count them together
/// - ``address_quota``: failed attempts of an address, 30 a minute
/// - ``anonymous_quota``: requests of an address without a credential, 30 a minute
/// - ``limits``: further ones, each a ``Limit``
/// - ``body_limit``: bytes of a body, 1 MiB
///
/// Where it stands:
///
/// - ``host``: the IP address the server binds to, ``127.0.0.1``; off loopback, ``public_url`` or ``allowed_hosts`` say by what name it is called
/// - ``origins``: web origins whose pages may call it
/// - ``trusted_proxies``: addresses and CIDRs whose forwarding header is believed, ``X-Forwarded-For`` or ``forwarded_header``
/// - ``ipv6_prefix``: the bits by which IPv6 addresses count, 64
/// - ``authorization_servers``: where clients of ``public_url`` get tokens, by default the issuers; clients are told of them, of ``scopes_supported``, of
///   ``default_scopes`` (what to ask for without a credential) and of ``resource_name`` (for people)
///
/// What it keeps:
///
/// - ``cached_tokens``: as verified, for up to a minute; 10,000, and 0 for none
/// - ``revocations``: how many there is room for; 10,000
/// - ``revocation_list``: a function of yours, asked about every token that verifies, cached ones too. It gets a ``Revocable``, answers at once and from any
///   thread, and says ``True`` (revoked), ``False``, or a ``timedelta`` not to be asked again for so long; whatever goes wrong in it refuses
/// - ``session_key``: at least 32 bytes, binds session ids to their principals: see ``bind_session``
///
/// >>> gate = Gate(api_keys=ApiKeys([ApiKey("ci", "a-key-nobody-guesses", roles=["user"])]),
/// ...             policy=Policy(roles={"user": {"tools": ["whoami"]}}))
/// >>> headers = {"host": "localhost", "x-api-key": "a-key-nobody-guesses", "content-type": "application/json"}
/// >>> call = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}'
/// >>> gate.admit("POST", headers, "127.0.0.1", call).principal.id
/// 'key:ci'
#[pyclass(frozen, name = "Gate", module = "doorward")]
pub(crate) struct PyGate {
    /// Boxed, for it wants a cache line's alignment, and Python's allocator gives two words'.
    pub(crate) gate: Box<Gate>,
    /// Of a gate made from a configuration: for reading the file of keys again.
    config: Option<Config>,
    /// The host's own revocation list, which the gate holds too.
    list: Option<revocation::List>,
    detach: bool,
}

#[pymethods]
impl PyGate {
    #[new]
    #[pyo3(signature = (
        *, verifiers=None, issuers=None, api_keys=None, api_key_lookup=false, introspection=None, policy=None, anonymous=None, host=None,
        public_url=None, allowed_hosts=None, origins=None, trusted_proxies=None, forwarded_header=None, ipv6_prefix=None,
        authorization_servers=None, scopes_supported=None, default_scopes=None, resource_name=None, api_key_header=None, address_quota=None,
        principal_quota=None, anonymous_quota=None, limits=None, shared_limit=None, body_limit=None, cached_tokens=None, revocations=None,
        revocation_list=None, session_key=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments")]
    fn new(
        py: Python<'_>,
        verifiers: Option<Bound<'_, PyAny>>,
        issuers: Option<Bound<'_, PyAny>>,
        api_keys: Option<Bound<'_, PyApiKeys>>,
        api_key_lookup: bool,
        introspection: Option<Bound<'_, PyIntrospection>>,
        policy: Option<Bound<'_, PyPolicy>>,
        anonymous: Option<Granted>,
        host: Option<&str>,
        public_url: Option<&str>,
        allowed_hosts: Option<Strings>,
        origins: Option<Strings>,
        trusted_proxies: Option<Strings>,
        forwarded_header: Option<String>,
        ipv6_prefix: Option<u8>,
        authorization_servers: Option<Strings>,
        scopes_supported: Option<Strings>,
        default_scopes: Option<Strings>,
        resource_name: Option<String>,
        api_key_header: Option<String>,
        address_quota: Option<Bound<'_, PyQuota>>,
        principal_quota: Option<Bound<'_, PyQuota>>,
        anonymous_quota: Option<Bound<'_, PyQuota>>,
        limits: Option<Vec<Bound<'_, PyLimit>>>,
        shared_limit: Option<Bound<'_, PySharedLimit>>,
        body_limit: Option<usize>,
        cached_tokens: Option<usize>,
        revocations: Option<usize>,
        revocation_list: Option<Py<PyAny>>,
        session_key: Option<Secret<'_>>,
    ) -> PyResult<Self> {
        let (mut builder, mut detach) = (Gate::builder(), false);
        for verifier in build::verifiers(verifiers.as_ref())? {
            let PyVerifier { cached, detach: slow } = verifier.get();
            builder = builder.verifier(cached.verifier().clone());
            detach |= slow;
        }
        let url = build::public_url(py, public_url)?;
        let issuers = build::issuers(issuers.as_ref())?;
        let named: Vec<&str> = issuers
            .iter()
            .map(doorward::oauth::Issuer::name)
            .chain(introspection.iter().map(|introspection| introspection.get().issuer.as_str()))
            .collect();
        let said = build::Said {
            servers: authorization_servers,
            scopes: scopes_supported,
            default_scopes,
            name: resource_name,
        };
        if let Some(resource) = said.resource(py, url.as_ref(), &named)? {
            builder = builder.resource(resource);
        }
        for issuer in issuers.iter().cloned() {
            let Some(url) = &url else {
                let message = "issuers need a public_url: their tokens are for it";
                return Err(errors::config(py, "argument_invalid", message));
            };
            builder = builder.verifier(issuer.verifier(url.as_str()).or_config_error(py)?);
            detach = true;
        }
        if let Some(keys) = api_keys {
            builder = builder.api_keys(keys.get().keys.clone());
        }
        if api_key_lookup {
            builder = builder.api_key_lookup(doorward::gate::KeyLookup::new());
        }
        if let Some(introspection) = introspection {
            builder = builder.introspection(introspection.get().introspection.clone());
        }
        if let Some(policy) = policy {
            builder = builder.policy(policy.get().policy.clone());
        }
        builder = builder.hosts(build::hosts(py, host, url, allowed_hosts, origins)?);
        builder = builder.addresses(build::addresses(
            py,
            trusted_proxies,
            forwarded_header.as_deref(),
            ipv6_prefix,
        )?);
        if let Some(name) = api_key_header {
            builder = builder.api_key_header(name);
        }
        if let Some(Granted(grants)) = anonymous {
            builder = builder.anonymous(grants);
        }
        let quota = |quota: Bound<'_, PyQuota>| -> Quota { quota.get().quota };
        if let Some(anonymous) = anonymous_quota {
            builder = builder.anonymous_quota(quota(anonymous));
        }
        if let Some(address) = address_quota {
            builder = builder.address_quota(quota(address));
        }
        if let Some(principal) = principal_quota {
            builder = builder.principal_quota(quota(principal));
        }
        for limit in limits.unwrap_or_default() {
            builder = builder.limit(limit.get().layer.clone());
        }
        if let Some(shared) = shared_limit {
            builder = builder.shared_limit(shared.get().settings.clone());
        }
        if let Some(entries) = revocations {
            builder = builder.revocations(entries);
        }
        if revocation_list.as_ref().is_some_and(|list| !list.bind(py).is_callable()) {
            return Err(PyTypeError::new_err("revocation_list must be a function"));
        }
        let list = revocation_list.map(revocation::List::new);
        if let Some(list) = list.clone() {
            builder = builder.revocation_list(move |token, _| revocation::ask(&list, token));
        }
        if let Some(bytes) = body_limit {
            builder = builder.body_limit(bytes);
        }
        if let Some(tokens) = cached_tokens {
            builder = builder.cached_tokens(tokens);
        }
        if let Some(key) = session_key {
            builder = builder.sessions(SessionKey::new(key.as_ref()).or_config_error(py)?);
        }
        Ok(Self { gate: Box::new(builder.build_random().or_config_error(py)?), config: None, list, detach })
    }

    /// A gate by the settings of the environment, or of ``vars``, a mapping in its place: see the README's table. ``policy`` is for what no
    /// variable can say. Reads the file ``API_KEYS_FILE``. Raises ``ConfigError``, with the setting's name in ``setting``.
    #[staticmethod]
    #[pyo3(signature = (vars=None, *, policy=None))]
    fn from_env(
        py: Python<'_>,
        vars: Option<Bound<'_, PyAny>>,
        policy: Option<Bound<'_, PyPolicy>>,
    ) -> PyResult<Self> {
        let vars = build::vars(py, vars)?;
        Self::configured(py, Config::from_vars(vars), policy)
    }

    /// A gate by a TOML file, and the environment (or ``vars``), which wins over it. Raises as ``from_env``; ``OSError`` where the file can't be read.
    #[staticmethod]
    #[pyo3(signature = (path, vars=None, *, policy=None))]
    fn from_config(
        py: Python<'_>,
        path: std::path::PathBuf,
        vars: Option<Bound<'_, PyAny>>,
        policy: Option<Bound<'_, PyPolicy>>,
    ) -> PyResult<Self> {
        let text = py.detach(|| std::fs::read_to_string(&path))?;
        let vars = build::vars(py, vars)?;
        Self::configured(py, Config::from_toml_and_vars(&text, vars), policy)
    }

    /// Decides on a request's head, before its body is read: ``Admitted``, ``Denial``, ``NeedBody`` or ``Ask``.
    ///
    /// ``headers`` are all of them: a mapping, or pairs of names and values, ``str`` or ``bytes``. ``peer`` is the other end's IP address: without
    /// one, every request is refused. ``now`` is seconds since the epoch or a ``datetime``, or a pair of such and of seconds on a clock that never
    /// steps.
    /// ``session_in_query`` is for the older SSE transport: the parameter's name, and the query that has it.
    #[pyo3(signature = (method, headers, peer, *, session_in_query=None, now=None))]
    fn begin<'py>(
        slf: &Bound<'py, Self>,
        method: &Bound<'py, PyString>,
        headers: Headers<'_>,
        peer: Peer,
        session_in_query: Option<(Bound<'py, PyString>, Bound<'py, PyString>)>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (this, now) = (slf.get(), Moment::or_system(now));
        // A lone surrogate is in no method and in no session's id: whatever stands for it is neither.
        let method = &*method.to_string_lossy();
        let session_in_query = session_in_query.as_ref();
        let session_in_query =
            session_in_query.map(|(name, query)| (name.to_string_lossy(), query.to_string_lossy()));
        let (gate, pairs) = (&this.gate, headers.pairs());
        let step = this.run(slf.py(), || {
            let mut head = gate.head(method, peer.0, pairs);
            if let Some((parameter, query)) = &session_in_query {
                head = head.session_in_query(parameter, query);
            }
            gate.begin(&head, now)
        });
        step::convert(slf, step)
    }

    /// Decides on a whole request that was read already: ``Admitted`` or ``Denial``. Questions are answered with "unavailable", which refuses: hosts that
    /// answer them use ``begin``.
    #[pyo3(signature = (method, headers, peer, body=None, *, now=None))]
    fn admit<'py>(
        slf: &Bound<'py, Self>,
        method: &Bound<'py, PyString>,
        headers: Headers<'_>,
        peer: Peer,
        body: Option<Octets<'_>>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (this, now) = (slf.get(), Moment::or_system(now));
        let method = &*method.to_string_lossy();
        let body = body.as_ref().map_or(&[][..], |body| body.as_ref());
        let (gate, pairs) = (&this.gate, headers.pairs());
        let step = this.run(slf.py(), || {
            let head = gate.head(method, peer.0, pairs);
            step::to_the_end(gate, gate.begin(&head, now), Body::Read(body), now)
        });
        step::convert(slf, step)
    }

    /// A ``Fetch`` of an issuer's keys that is due, if any: ask at start and after every request.
    #[pyo3(signature = (*, now=None))]
    fn refresh(&self, now: Option<Moment>) -> Option<PyFetch> {
        self.gate.refresh(Moment::or_system(now)).map(PyFetch::of)
    }

    /// Puts another set of API keys in the place of the one there is: a request begun after this returns sees it. Raises ``ConfigError``.
    fn swap_api_keys(&self, py: Python<'_>, keys: &Bound<'_, PyApiKeys>) -> PyResult<()> {
        self.gate.swap_api_keys(keys.get().keys.clone()).or_config_error(py)
    }

    /// Reads ``API_KEYS_FILE`` again, of a gate made from a configuration that has one; false where there is none. When it raises (``ConfigError``,
    /// ``OSError``), the keys stay as they were.
    fn reload_api_keys(&self, py: Python<'_>) -> PyResult<bool> {
        let Some(config) = &self.config else { return Ok(false) };
        build::load_keys(py, config, &self.gate)
    }

    /// Forgets what the host said of API keys: each is asked for anew.
    fn forget_api_keys(&self) {
        self.gate.forget_api_keys();
    }

    /// Whether who was admitted before would be now, as far as the credential goes: for answers that last, at least every 30 seconds. ``token`` is what came
    /// behind ``Bearer``; without it, that very token's revocation isn't seen.
    #[pyo3(signature = (principal, token=None, *, now=None))]
    fn still_good(
        &self,
        principal: &Bound<'_, PyPrincipal>,
        token: Option<Octets<'_>>,
        now: Option<Moment>,
    ) -> bool {
        let token = token.as_ref().map_or(&[][..], |token| token.as_ref());
        self.gate.still_good(&principal.get().principal, token, Moment::or_system(now))
    }

    /// Revokes one token until it expires by itself, at ``until`` (seconds since the epoch, or a ``datetime``). Raises ``ConfigError``: the bounded set is full, and
    /// nothing was changed.
    #[pyo3(signature = (token, until, *, now=None))]
    fn revoke_token(
        &self,
        py: Python<'_>,
        token: Octets<'_>,
        until: When,
        now: Option<Moment>,
    ) -> PyResult<()> {
        let revoked = self.gate.revocations().revoke_token(token.as_ref(), until.0, Moment::or_system(now));
        revoked.or_config_error(py)
    }

    /// Revokes the token of that issuer and ``jti``. Otherwise as ``revoke_token``.
    #[pyo3(signature = (issuer, id, until, *, now=None))]
    fn revoke_id(
        &self,
        py: Python<'_>,
        issuer: &str,
        id: &str,
        until: When,
        now: Option<Moment>,
    ) -> PyResult<()> {
        self.gate.revocations().revoke_id(issuer, id, until.0, Moment::or_system(now)).or_config_error(py)
    }

    /// Revokes every token of that issuer and subject that was issued before ``before``. Otherwise as ``revoke_token``.
    #[pyo3(signature = (issuer, subject, before, until, *, now=None))]
    fn revoke_subject(
        &self,
        py: Python<'_>,
        issuer: &str,
        subject: &str,
        before: When,
        until: When,
        now: Option<Moment>,
    ) -> PyResult<()> {
        let now = Moment::or_system(now);
        self.gate.revocations().revoke_subject(issuer, subject, before.0, until.0, now).or_config_error(py)
    }

    /// Revokes every token of that issuer and client, of those that have no subject. Otherwise as ``revoke_subject``.
    #[pyo3(signature = (issuer, client, before, until, *, now=None))]
    fn revoke_client(
        &self,
        py: Python<'_>,
        issuer: &str,
        client: &str,
        before: When,
        until: When,
        now: Option<Moment>,
    ) -> PyResult<()> {
        let now = Moment::or_system(now);
        self.gate.revocations().revoke_client(issuer, client, before.0, until.0, now).or_config_error(py)
    }

    /// Whether an item of a list is shown to that principal: see ``Policy.shows``. Somebody without a credential is shown what ``anonymous`` grants.
    fn shows(
        &self,
        principal: &Bound<'_, PyPrincipal>,
        method: &str,
        name: &Bound<'_, PyString>,
    ) -> PyResult<bool> {
        let holder = &principal.get().principal;
        Shown { policy: self.gate.policy_of(holder), holder }.shows(method, name)
    }

    /// Of ``items``, those that are shown to that principal, in a new list: see ``Policy.filter``.
    #[pyo3(signature = (principal, method, items, *, key=None))]
    fn filter<'py>(
        &self,
        principal: &Bound<'py, PyPrincipal>,
        method: &str,
        items: &Bound<'py, PyAny>,
        key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let holder = &principal.get().principal;
        Shown { policy: self.gate.policy_of(holder), holder }.filter(method, items, key)
    }

    /// A list's result with those items left that are shown to that principal: see ``Policy.filter_result``. Raises ``ListError``.
    fn filter_result(
        &self,
        py: Python<'_>,
        principal: &Bound<'_, PyPrincipal>,
        method: &str,
        result: Octets<'_>,
    ) -> PyResult<String> {
        let holder = &principal.get().principal;
        Shown { policy: self.gate.policy_of(holder), holder }.filter_result(py, method, &result)
    }

    /// What to answer at OAuth's well-known addresses, whatever the Host and without a credential: status, headers and body; ``None`` where the
    /// path is another's.
    fn well_known<'py>(
        &self,
        py: Python<'py>,
        method: &Bound<'py, PyString>,
        path: &Bound<'py, PyString>,
    ) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let (method, path) = (method.to_string_lossy(), path.to_string_lossy());
        let Some(answer) = self.gate.well_known(&method, &path) else { return Ok(None) };
        let headers: Vec<(String, String)> =
            answer.headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let body = PyBytes::new(py, answer.body.as_bytes());
        Some((answer.status, headers, body).into_pyobject(py)).transpose()
    }

    /// Whether a page of that origin may read answers: for the host's CORS.
    fn is_listed_origin(&self, origin: Octets<'_>) -> bool {
        self.gate.host_rules().is_listed_origin(origin.as_ref())
    }

    /// The rate headers of an answer to a request that the gate does not guard: the address's bucket. None without a peer.
    #[pyo3(signature = (headers, peer, *, now=None))]
    fn address_headers(
        &self,
        headers: Headers<'_>,
        peer: Peer,
        now: Option<Moment>,
    ) -> Vec<(&'static str, String)> {
        let head = self.gate.head("GET", peer.0, headers.pairs());
        let lines = self.gate.address_headers(&head, Moment::or_system(now));
        lines.iter().flat_map(|lines| lines.iter()).map(|(name, value)| (name, value.to_owned())).collect()
    }

    /// Whether session ids are bound to their principals. Where they are, the service behind must be given ``Admitted.session`` in the place of the
    /// request's ``Mcp-Session-Id`` (or no such header), and clients what ``bind_session`` makes of the one in its answer.
    #[getter]
    fn binds_sessions(&self) -> bool {
        self.gate.binds_sessions()
    }

    /// The session id that a client is given in the place of the service's own. Raises ``ConfigError``: give it none then.
    fn bind_session(
        &self,
        py: Python<'_>,
        principal: &Bound<'_, PyPrincipal>,
        inner: &str,
    ) -> PyResult<String> {
        let bound = self.gate.bind_session(&principal.get().principal, inner);
        bound.map(std::borrow::Cow::into_owned).or_config_error(py)
    }

    /// Binds an id of another kind, such as a task's, which stands in bodies: the server gives out what this makes, and takes it back by
    /// ``unbind``. Raises ``ConfigError``.
    fn bind(
        &self,
        py: Python<'_>,
        kind: &str,
        principal: &Bound<'_, PyPrincipal>,
        inner: &str,
    ) -> PyResult<String> {
        self.gate.bind(kind, &principal.get().principal, inner).or_config_error(py)
    }

    /// The id that was bound; ``None`` where it is not that principal's, or not of that kind.
    fn unbind<'o>(
        &self,
        kind: &str,
        principal: &Bound<'_, PyPrincipal>,
        outward: &'o Bound<'_, PyString>,
    ) -> Option<&'o str> {
        self.gate.unbind(kind, &principal.get().principal, outward.to_str().ok()?)
    }

    /// The header API keys come in, in lower case.
    #[getter]
    fn api_key_header(&self) -> &str {
        self.gate.api_key_header()
    }

    /// ``hits``, ``misses`` and ``evictions`` of the verified-token cache; ``None`` without one.
    fn cache_stats<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        self.gate.cache_stats().map(|stats| crate::verifier::stats(py, stats)).transpose()
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.list.as_ref().map_or(Ok(()), |list| list.traverse(&visit))
    }

    fn __clear__(&self) {
        if let Some(list) = &self.list {
            list.clear();
        }
    }

    fn __repr__(&self) -> &'static str {
        "<doorward.Gate>"
    }
}

impl PyGate {
    fn configured(
        py: Python<'_>,
        config: Result<Config, doorward::config::ConfigError>,
        policy: Option<Bound<'_, PyPolicy>>,
    ) -> PyResult<Self> {
        let wrong = |error| errors::setting(py, &error);
        let config = config.map_err(wrong)?;
        let policy = policy.map_or_else(doorward::policy::Policy::new, |policy| policy.get().policy.clone());
        let gate = config.gate(policy).map_err(wrong)?.build_random().or_config_error(py)?;
        build::load_keys(py, &config, &gate)?;
        let detach = gate.key_sets().next().is_some()
            || config.jwt.as_ref().is_some_and(|jwt| jwt.public_key.is_some());
        Ok(Self { gate: Box::new(gate), config: Some(config), list: None, detach })
    }

    /// Detached where a signature may take long.
    pub(crate) fn run<T: Send>(&self, py: Python<'_>, decide: impl FnOnce() -> T + Send) -> T {
        if self.detach { py.detach(decide) } else { decide() }
    }
}
