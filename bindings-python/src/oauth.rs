//! Issuers whose keys are fetched, and how their claims are read.

use crate::convert::{Span, Strings, wrong_type};
use crate::errors::OrConfigError;
use crate::verifier::PyVerifier;
use doorward::oauth::{ClaimMapping, ClaimPath, Issuer, Preset};
use pyo3::prelude::*;
use pyo3::types::{PyAnyMethods, PyString};

/// Claims by their names: a `str`; the names that lead to one inside others; or several of these.
#[derive(Clone)]
struct Paths(Vec<ClaimPath>);

/// One claim: its name, or the names that lead to it.
#[derive(Clone)]
struct Path(ClaimPath);

const WANTED: &str = "a claim's name, the names that lead to it, or a list of these";

impl<'py> FromPyObject<'_, 'py> for Path {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let Strings(names) = object.extract()?;
        Ok(Self(ClaimPath::nested(names)))
    }
}

impl<'py> FromPyObject<'_, 'py> for Paths {
    type Error = PyErr;

    /// As a configuration file has it: of strings alone, a list is one path.
    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if object.cast::<PyString>().is_ok() {
            return Ok(Self(vec![object.extract::<Path>()?.0]));
        }
        let items = object.try_iter().map_err(|_| wrong_type(&object, WANTED))?;
        let items: Vec<Bound<'py, PyAny>> = items.collect::<PyResult<_>>()?;
        if items.iter().all(|item| item.cast::<PyString>().is_ok()) {
            let names: Vec<String> = items.iter().map(|item| item.extract()).collect::<PyResult<_>>()?;
            return Ok(Self(vec![ClaimPath::nested(names)]));
        }
        let paths = items.iter().map(|item| item.extract::<Path>().map(|Path(path)| path));
        Ok(Self(paths.collect::<PyResult<_>>()?))
    }
}

/// Where an issuer's tokens say which scopes and roles, and which of these it may give. What is left out is as it was.
///
/// ``scopes`` and ``roles`` are claims, in place of ``scope``/``scp`` and ``roles``/``role``: a name, to the letter, dots included; a
/// list of names that lead to a claim inside others (``["realm_access", "roles"]``); or a list of such lists, all of which are
/// read. ``client`` is the claim that tells whom a token without ``sub`` is from: such a caller is a client, and never the user of
/// that name. ``only_scopes`` and ``only_roles`` are those the issuer may give; any other is dropped. A claim of another type
/// than expected gives nothing.
///
/// >>> keycloak = ClaimMapping(roles=["realm_access", "roles"], only_roles=["editor", "viewer"])
#[pyclass(frozen, name = "ClaimMapping", module = "doorward")]
pub(crate) struct PyClaimMapping {
    scopes: Option<Paths>,
    roles: Option<Paths>,
    client: Option<Path>,
    only_scopes: Option<Vec<String>>,
    only_roles: Option<Vec<String>>,
}

impl PyClaimMapping {
    /// What it says, in place of what `mapping` says of the same.
    pub(crate) fn over(&self, mut mapping: ClaimMapping) -> ClaimMapping {
        if let Some(Paths(paths)) = &self.scopes {
            mapping = mapping.scopes_in(paths.clone());
        }
        if let Some(Paths(paths)) = &self.roles {
            mapping = mapping.roles_in(paths.clone());
        }
        if let Some(Path(path)) = &self.client {
            mapping = mapping.client_in(path.clone());
        }
        if let Some(only) = &self.only_scopes {
            mapping = mapping.only_scopes(only.clone());
        }
        if let Some(only) = &self.only_roles {
            mapping = mapping.only_roles(only.clone());
        }
        mapping
    }
}

#[pymethods]
impl PyClaimMapping {
    #[new]
    #[pyo3(signature = (*, scopes=None, roles=None, client=None, only_scopes=None, only_roles=None))]
    fn new(
        scopes: Option<Paths>,
        roles: Option<Paths>,
        client: Option<Path>,
        only_scopes: Option<Strings>,
        only_roles: Option<Strings>,
    ) -> Self {
        let only = |only: Option<Strings>| only.map(|Strings(only)| only);
        Self { scopes, roles, client, only_scopes: only(only_scopes), only_roles: only(only_roles) }
    }

    fn __repr__(&self) -> &'static str {
        "<doorward.ClaimMapping>"
    }
}

/// A product whose tokens are known: where it puts audience, scopes and roles. Made by ``auth0``, ``entra`` or ``keycloak``.
///
/// >>> Preset.keycloak(client="mcp-server")
/// <doorward.Preset: keycloak>
#[pyclass(frozen, name = "Preset", module = "doorward")]
pub(crate) struct PyPreset {
    preset: Preset,
    name: &'static str,
}

#[pymethods]
impl PyPreset {
    /// Auth0: scopes in ``scope``; roles in ``permissions``, and in ``roles_claim``, the claim that an action of yours writes
    /// them into, whose name is a URL.
    #[staticmethod]
    #[pyo3(signature = (*, roles_claim=None))]
    const fn auth0(roles_claim: Option<String>) -> Self {
        Self { preset: Preset::Auth0 { roles_claim }, name: "auth0" }
    }

    /// Microsoft Entra ID: scopes in ``scp``, roles in ``roles``; ``application`` is the id of the API's registration, which is
    /// the audience, by itself or as ``api://<id>``.
    #[staticmethod]
    const fn entra(application: String) -> Self {
        Self { preset: Preset::Entra { application }, name: "entra" }
    }

    /// Keycloak: scopes in ``scope``, the realm's roles, and those of ``client`` where it is named.
    #[staticmethod]
    #[pyo3(signature = (*, client=None))]
    const fn keycloak(client: Option<String>) -> Self {
        Self { preset: Preset::Keycloak { client }, name: "keycloak" }
    }

    fn __repr__(&self) -> String {
        format!("<doorward.Preset: {}>", self.name)
    }
}

/// An issuer whose tokens are accepted: give it to a ``Gate`` as one of its ``issuers``.
///
/// ``name`` is byte for byte as its tokens and its metadata have it (Auth0's ends in a slash, Keycloak's does not). Its keys are
/// found by its metadata (RFC 8414, OpenID Connect), or are at ``jwks_url``; the name may then be any text. ``preset`` reads
/// its tokens as that product's; ``mapping`` says otherwise or more. Its tokens must name one of ``audience``, by default the
/// gate's ``public_url`` or what the preset says. ``audience_claim`` is read in place of ``aud``, and ``allow_missing_audience`` takes
/// tokens that name none: both let in tokens that were made for other services of that issuer. ``leeway`` is in seconds, or a ``timedelta``.
///
/// >>> staff = Issuer("https://sso.example/realms/staff", preset=Preset.keycloak(client="mcp-server"),
/// ...                mapping=ClaimMapping(only_roles=["editor", "viewer"]))
/// >>> gate = Gate(issuers=staff, public_url="https://mcp.example/mcp", policy=Policy(roles={"editor": "*"}))
#[pyclass(frozen, name = "Issuer", module = "doorward")]
pub(crate) struct PyIssuer {
    pub(crate) issuer: Issuer,
}

#[pymethods]
impl PyIssuer {
    #[new]
    #[pyo3(signature = (
        name, *, preset=None, mapping=None, jwks_url=None, audience=None, audience_claim=None, allow_missing_audience=false,
        leeway=Span(0.0)
    ), text_signature = "(name, *, preset=None, mapping=None, jwks_url=None, audience=None, audience_claim=None, \
        allow_missing_audience=False, leeway=0.0)")]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments")]
    fn new(
        name: String,
        preset: Option<&Bound<'_, PyPreset>>,
        mapping: Option<&Bound<'_, PyClaimMapping>>,
        jwks_url: Option<String>,
        audience: Option<Strings>,
        audience_claim: Option<String>,
        allow_missing_audience: bool,
        leeway: Span,
    ) -> Self {
        let mut issuer = Issuer::new(name).tolerance(leeway.0);
        if let Some(url) = jwks_url {
            issuer = issuer.jwks_at(url);
        }
        if let Some(preset) = preset {
            issuer = issuer.preset(&preset.get().preset);
        }
        if let Some(mapping) = mapping {
            issuer = issuer.map(|known| mapping.get().over(known));
        }
        if let Some(Strings(audience)) = audience {
            issuer = issuer.audiences(audience);
        }
        if let Some(claim) = audience_claim {
            issuer = issuer.audience_claim(claim);
        }
        if allow_missing_audience {
            issuer = issuer.allow_missing_audience();
        }
        Self { issuer }
    }

    /// Its name.
    #[getter]
    fn name(&self) -> &str {
        self.issuer.name()
    }

    /// A verifier of its tokens, for what has no gate, as an SDK's own bearer check; ``audience`` is the server's own URL, for where
    /// the issuer was made without one. ``Verifier.jwks`` is what to fetch. Raises ``ConfigError``: its metadata or keys are at no
    /// ``https`` address (or ``http`` on a loopback host).
    fn verifier(&self, py: Python<'_>, audience: &str) -> PyResult<PyVerifier> {
        let verifier = self.issuer.clone().verifier(audience).or_config_error(py)?;
        PyVerifier::fetching(py, verifier)
    }

    fn __repr__(&self) -> String {
        format!("<doorward.Issuer {:?}>", self.issuer.name())
    }
}
