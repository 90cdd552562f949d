//! A gate from its parts, from variables, from a file.

use crate::convert::{Span, Strings};
use crate::errors::{self, OrConfigError};
use crate::oauth::{PyClaimMapping, PyIssuer};
use crate::rate::{PyQuota, duration};
use crate::verifier::PyVerifier;
use doorward::address::{AddressRules, TrustedProxies};
use doorward::api_keys::file::KeyFile;
use doorward::config::{Config, SETTINGS};
use doorward::gate::{Gate, Introspection};
use doorward::oauth::{ClaimMapping, Issuer, Resource, ResourceError};
use doorward::origin::{HostRules, Origin, PublicUrl};
use doorward::rate::layers::{Layer, Per};
use doorward::rate::shared::{Fallback, Settings};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyMapping, PyString};
use std::net::{IpAddr, Ipv4Addr};

/// One verifier, or several.
pub(super) fn verifiers<'py>(given: Option<&Bound<'py, PyAny>>) -> PyResult<Vec<Bound<'py, PyVerifier>>> {
    let Some(given) = given else { return Ok(Vec::new()) };
    if let Ok(one) = given.cast::<PyVerifier>() {
        return Ok(vec![one.clone()]);
    }
    let cast = |one: PyResult<Bound<'py, PyAny>>| {
        one.and_then(|one| one.cast_into::<PyVerifier>().map_err(PyErr::from))
    };
    given.try_iter()?.map(cast).collect()
}

pub(super) fn public_url(py: Python<'_>, url: Option<&str>) -> PyResult<Option<PublicUrl>> {
    url.map(|url| PublicUrl::parse(url).or_config_error(py)).transpose()
}

/// One issuer, or several.
pub(super) fn issuers(given: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<Issuer>> {
    let Some(given) = given else { return Ok(Vec::new()) };
    if let Ok(one) = given.cast::<PyIssuer>() {
        return Ok(vec![one.get().issuer.clone()]);
    }
    let issuer = |one: PyResult<Bound<'_, PyAny>>| {
        one.and_then(|one| Ok(one.cast_into::<PyIssuer>()?.get().issuer.clone()))
    };
    given.try_iter()?.map(issuer).collect()
}

/// What the server says of itself to OAuth's clients.
pub(super) struct Said {
    pub(super) servers: Option<Strings>,
    pub(super) scopes: Option<Strings>,
    pub(super) default_scopes: Option<Strings>,
    pub(super) name: Option<String>,
}

impl Said {
    /// The resource, where anybody issues tokens for it. `known` are the names of those who do, where no servers are named.
    pub(super) fn resource(
        self,
        py: Python<'_>,
        url: Option<&PublicUrl>,
        known: &[&str],
    ) -> PyResult<Option<Resource>> {
        let wrong = |message| errors::config(py, "argument_invalid", message);
        let mut resource = match (&self.servers, url) {
            (None, None) => None,
            (Some(Strings(servers)), None) if servers.is_empty() => None,
            (Some(_), None) => {
                return Err(wrong("authorization_servers need a public_url: clients are told of it"));
            }
            (Some(Strings(servers)), Some(url)) => servers
                .iter()
                .try_fold(None, |resource, server| with(resource, url, server).map(Some))
                .or_config_error(py)?,
            // An issuer whose keys are at an address of their own need be no URL: clients can't be sent there.
            (None, Some(url)) => known.iter().fold(None, |resource: Option<Resource>, name| {
                with(resource.clone(), url, name).ok().or(resource)
            }),
        };
        let Some(mut made) = resource.take() else {
            return match self.scopes.is_some() || self.default_scopes.is_some() || self.name.is_some() {
                true => Err(wrong(
                    "what the resource says of itself needs issuers or authorization_servers, and a public_url",
                )),
                false => Ok(None),
            };
        };
        if let Some(Strings(scopes)) = self.scopes {
            made = made.scopes(scopes).or_config_error(py)?;
        }
        if let Some(Strings(scopes)) = self.default_scopes {
            made = made.default_scopes(scopes).or_config_error(py)?;
        }
        if let Some(name) = self.name {
            made = made.name(name).or_config_error(py)?;
        }
        Ok(Some(made))
    }
}

fn with(resource: Option<Resource>, url: &PublicUrl, server: &str) -> Result<Resource, ResourceError> {
    match resource {
        None => Resource::new(url.clone(), server),
        Some(resource) => resource.and_issuer(server),
    }
}

pub(super) fn hosts(
    py: Python<'_>,
    host: Option<&str>,
    url: Option<PublicUrl>,
    allowed: Option<Strings>,
    origins: Option<Strings>,
) -> PyResult<HostRules> {
    let wrong = |_| errors::config(py, "argument_invalid", "host must be an IP address");
    let host = host.map_or(Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)), |host| host.parse().map_err(wrong))?;
    let allowed = allowed.map(|allowed| allowed.0).unwrap_or_default();
    let origins = origins.map(|origins| origins.0).unwrap_or_default();
    let origins: Result<Vec<_>, _> = origins.iter().map(|origin| Origin::parse(origin)).collect();
    HostRules::new(host, url, &allowed, origins.or_config_error(py)?).or_config_error(py)
}

pub(super) fn addresses(
    py: Python<'_>,
    proxies: Option<Strings>,
    header: Option<&str>,
    ipv6_prefix: Option<u8>,
) -> PyResult<AddressRules> {
    let proxies = proxies.map(|proxies| proxies.0.join(",")).unwrap_or_default();
    let mut rules = AddressRules::new(TrustedProxies::parse(&proxies).or_config_error(py)?);
    if let Some(name) = header {
        rules = rules.with_header_name(name).or_config_error(py)?;
    }
    match ipv6_prefix {
        Some(bits) => rules.with_ipv6_prefix(bits).or_config_error(py),
        None => Ok(rules),
    }
}

/// Names and values of a mapping, or of the environment. What is no Unicode is no setting's name; as a setting's value it
/// is an error.
pub(super) fn vars(py: Python<'_>, given: Option<Bound<'_, PyAny>>) -> PyResult<Vec<(String, String)>> {
    let given = match given {
        Some(given) => given,
        None => py.import(intern!(py, "os"))?.getattr(intern!(py, "environ"))?,
    };
    let mapping = given.cast::<PyMapping>().map_err(|_| crate::convert::wrong_type(&given, "a mapping"))?;
    let mut vars = Vec::new();
    for (name, value) in mapping.items()?.extract::<Vec<(Bound<'_, PyString>, Bound<'_, PyString>)>>()? {
        let Ok(name) = name.to_str() else { continue };
        match value.to_str() {
            Ok(value) => vars.push((name.to_owned(), value.to_owned())),
            Err(_) if SETTINGS.iter().any(|setting| setting.name == name) => {
                return Err(errors::config(py, "text_invalid", &format!("{name} is no Unicode text")));
            }
            Err(_) => {}
        }
    }
    Ok(vars)
}

/// Reads the file of keys, where the configuration has one.
pub(super) fn load_keys(py: Python<'_>, config: &Config, gate: &Gate) -> PyResult<bool> {
    let Some(path) = &config.key_settings.file else { return Ok(false) };
    let text = py.detach(|| std::fs::read(path))?;
    let file = KeyFile::parse(&text).or_config_error(py)?;
    let keys = config.keys_with(&file).map_err(|error| errors::setting(py, &error))?;
    gate.swap_api_keys(keys).or_config_error(py)?;
    Ok(true)
}

/// A further limit of a gate, spent from behind the principal's own bucket.
///
/// ``per`` is ``principal``, ``principal-tool``, ``address`` or ``everybody``: whose bucket it is. It counts what the patterns name (``tools``, ``resources``,
/// ``prompts``, ``methods``; without any, everything) of principals with one of ``roles`` (without any, all), ``cost`` units each. Raises ``ConfigError``.
#[pyclass(frozen, name = "Limit", module = "doorward")]
pub(crate) struct PyLimit {
    pub(super) layer: Layer,
}

#[pymethods]
impl PyLimit {
    #[new]
    #[pyo3(signature = (
        name, quota, per="principal", *, tools=None, resources=None, prompts=None, methods=None, roles=None, cost=None, slots=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments")]
    fn new(
        py: Python<'_>,
        name: String,
        quota: &Bound<'_, PyQuota>,
        per: &str,
        tools: Option<Strings>,
        resources: Option<Strings>,
        prompts: Option<Strings>,
        methods: Option<Strings>,
        roles: Option<Strings>,
        cost: Option<u32>,
        slots: Option<usize>,
    ) -> PyResult<Self> {
        let message = "per must be principal, principal-tool, address or everybody";
        let per = Per::of_name(per).ok_or_else(|| errors::config(py, "argument_invalid", message))?;
        let mut layer = Layer::new(name, quota.get().quota, per);
        for (patterns, add) in [
            (tools, Layer::tools as fn(Layer, Vec<String>) -> Layer),
            (resources, Layer::resources),
            (prompts, Layer::prompts),
            (methods, Layer::methods),
            (roles, Layer::roles),
        ] {
            if let Some(Strings(patterns)) = patterns {
                layer = add(layer, patterns);
            }
        }
        if let Some(units) = cost {
            layer = layer.cost(units);
        }
        if let Some(slots) = slots {
            layer = layer.slots(slots);
        }
        Ok(Self { layer })
    }

    fn __repr__(&self) -> &'static str {
        "<doorward.Limit>"
    }
}

/// How a gate asks about opaque tokens (RFC 7662): the endpoint's ``url``, and the ``issuer`` whose tokens it knows.
///
/// ``audience`` are those a token may be for: without any, a token that names one is refused. ``allow_missing_audience`` takes tokens that name
/// none, though they may be another service's. ``leeway`` is in seconds; ``mapping`` says where who, scopes and roles are. Raises ``ConfigError``: the url is neither ``https`` nor on a loopback host.
#[pyclass(frozen, name = "Introspection", module = "doorward")]
pub(crate) struct PyIntrospection {
    pub(super) introspection: Introspection,
    pub(super) issuer: String,
}

#[pymethods]
impl PyIntrospection {
    #[new]
    #[pyo3(signature = (url, issuer, *, audience=None, allow_missing_audience=false, leeway=Span(0.0), mapping=None),
        text_signature = "(url, issuer, *, audience=None, allow_missing_audience=False, leeway=0.0, mapping=None)")]
    fn new(
        py: Python<'_>,
        url: &str,
        issuer: String,
        audience: Option<Strings>,
        allow_missing_audience: bool,
        leeway: Span,
        mapping: Option<&Bound<'_, PyClaimMapping>>,
    ) -> PyResult<Self> {
        let named = issuer.clone();
        let mut introspection = Introspection::new(url, issuer).or_config_error(py)?.tolerance(leeway.0);
        if let Some(mapping) = mapping {
            introspection = introspection.mapping(mapping.get().over(ClaimMapping::new()));
        }
        for one in audience.map(|audience| audience.0).unwrap_or_default() {
            introspection = introspection.audience(one);
        }
        if allow_missing_audience {
            introspection = introspection.allow_missing_audience();
        }
        Ok(Self { introspection, issuer: named })
    }

    fn __repr__(&self) -> &'static str {
        "<doorward.Introspection>"
    }
}

/// How several processes count ``principal_quota`` together, in Redis or Valkey: the guard's ``redis=`` is the client.
///
/// Processes share it where the server and ``prefix`` are the same. ``fallback`` holds while the server can't be asked: ``local`` (each
/// process by itself, to the limit divided by ``instances``), ``deny`` or ``allow``. ``deadline`` is in seconds, a second attempt included;
/// ``lease`` units are taken at once, for fewer round trips and as many units late. Raises ``ConfigError``.
#[pyclass(frozen, name = "SharedLimit", module = "doorward")]
pub(crate) struct PySharedLimit {
    pub(super) settings: Settings,
}

#[pymethods]
impl PySharedLimit {
    #[new]
    #[pyo3(signature = (*, prefix=None, fallback="local", instances=1, deadline=Span(0.05), lease=1),
        text_signature = "(*, prefix=None, fallback='local', instances=1, deadline=0.05, lease=1)")]
    fn new(
        py: Python<'_>,
        prefix: Option<String>,
        fallback: &str,
        instances: u32,
        deadline: Span,
        lease: u32,
    ) -> PyResult<Self> {
        let fallback = match fallback {
            "local" => Fallback::LocalAtLimitOver(instances),
            "deny" => Fallback::Deny,
            "allow" => Fallback::Allow,
            _ => {
                let message = "fallback must be local, deny or allow";
                return Err(errors::config(py, "argument_invalid", message));
            }
        };
        let mut settings = Settings::new("principal").fallback(fallback).lease(lease);
        settings = settings.deadline(duration(py, deadline, "deadline")?);
        if let Some(prefix) = prefix {
            settings = settings.prefix(prefix);
        }
        Ok(Self { settings })
    }

    fn __repr__(&self) -> &'static str {
        "<doorward.SharedLimit>"
    }
}
