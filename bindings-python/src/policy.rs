//! Who may reach what.

use crate::convert::{Strings, wrong_type};
use crate::errors::{self, OrConfigError};
use doorward::mcp::Kind;
use doorward::policy::{Grants, Held, Policy, Requirement};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyString};
use std::collections::BTreeMap;

/// What somebody may reach: ``"*"`` for everything, or a mapping of ``tools``, ``resources``, ``prompts`` and ``methods`` to
/// patterns.
struct Granted(Grants);

impl<'py> FromPyObject<'_, 'py> for Granted {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let py = object.py();
        if let Ok(text) = object.cast::<PyString>() {
            return match text.to_str() {
                Ok("*") => Ok(Self(Grants::all())),
                _ => Err(errors::config(
                    py,
                    "argument_invalid",
                    "grants are a mapping, or \"*\" for everything",
                )),
            };
        }
        let mapping = object.cast::<PyMapping>().map_err(|_| wrong_type(&object, "a mapping or \"*\""))?;
        let given = PyDict::new(py);
        given.update(&mapping)?;
        let mut grants = Grants::new();
        for (name, patterns) in &given {
            let Strings(patterns) = patterns.extract()?;
            grants = match name.extract::<&str>()? {
                "tools" => grants.tools(patterns),
                "resources" => grants.resources(patterns),
                "prompts" => grants.prompts(patterns),
                "methods" => grants.methods(patterns),
                _ => {
                    let message = "grants are of tools, resources, prompts and methods alone";
                    return Err(errors::config(py, "argument_invalid", message));
                }
            };
        }
        Ok(Self(grants))
    }
}

pub(crate) fn kind(py: Python<'_>, name: &str) -> PyResult<Kind> {
    match name {
        "tool" => Ok(Kind::Tool),
        "resource" => Ok(Kind::Resource),
        "prompt" => Ok(Kind::Prompt),
        "method" => Ok(Kind::Method),
        _ => Err(errors::config(py, "argument_invalid", "a kind is tool, resource, prompt or method")),
    }
}

/// Roles and scopes, and which tools, resources, prompts and methods each may reach. Nothing is granted to begin with.
///
/// ``roles`` and ``scopes`` map names to grants: ``"*"`` for everything, or a mapping of ``tools``, ``resources``, ``prompts`` and
/// ``methods`` to patterns (``*``, ``prefix*``, or a name). ``implies`` maps a scope to those that whoever holds it holds too.
/// ``everybody`` is what each authenticated principal may reach besides. Immutable. Raises ``ConfigError``.
///
/// >>> policy = Policy(roles={"user": {"tools": ["whoami", "search_*"]}, "admin": "*"})
/// >>> policy.is_allowed("tool", "search_docs", roles=["user"]), policy.is_allowed("tool", "drop", roles=["user"])
/// (True, False)
#[pyclass(frozen, name = "Policy", module = "doorward")]
pub(crate) struct PyPolicy {
    pub(crate) policy: Policy,
}

#[pymethods]
impl PyPolicy {
    #[new]
    #[pyo3(signature = (*, roles=None, scopes=None, implies=None, everybody=None))]
    fn new(
        py: Python<'_>,
        roles: Option<BTreeMap<String, Granted>>,
        scopes: Option<BTreeMap<String, Granted>>,
        implies: Option<BTreeMap<String, Strings>>,
        everybody: Option<Granted>,
    ) -> PyResult<Self> {
        let mut policy = Policy::new();
        for (role, Granted(grants)) in roles.unwrap_or_default() {
            policy = policy.role(role, grants);
        }
        for (scope, Granted(grants)) in scopes.unwrap_or_default() {
            policy = policy.scope(scope, grants).or_config_error(py)?;
        }
        for (scope, Strings(implied)) in implies.unwrap_or_default() {
            policy = policy.implies(scope, implied).or_config_error(py)?;
        }
        if let Some(Granted(grants)) = everybody {
            policy = policy.everybody(grants);
        }
        Ok(Self { policy })
    }

    /// Everything for every authenticated principal, but for what a requirement stands on.
    #[staticmethod]
    fn allow_all() -> Self {
        Self { policy: Policy::allow_all() }
    }

    /// The same policy with a requirement: whoever is granted what the pattern names must hold one of these scopes or roles
    /// too, or all of them with ``all``. ``kind`` is ``tool``, ``resource``, ``prompt`` or ``method``. Raises ``ConfigError``.
    #[pyo3(signature = (kind, pattern, *, scopes=Strings(vec![]), roles=Strings(vec![]), all=false),
        text_signature = "($self, kind, pattern, *, scopes=(), roles=(), all=False)")]
    fn require(
        &self,
        py: Python<'_>,
        kind: &str,
        pattern: &str,
        scopes: Strings,
        roles: Strings,
        all: bool,
    ) -> PyResult<Self> {
        let needs = if all { Requirement::all() } else { Requirement::any() };
        let needs = needs.scopes(scopes.0).roles(roles.0);
        let policy =
            self.policy.clone().require(self::kind(py, kind)?, pattern, needs).or_config_error(py)?;
        Ok(Self { policy })
    }

    /// Whether somebody with these roles and scopes may reach the tool, resource, prompt or method of that name.
    #[pyo3(signature = (kind, name, *, roles=Strings(vec![]), scopes=Strings(vec![])),
        text_signature = "($self, kind, name, *, roles=(), scopes=())")]
    fn is_allowed(
        &self,
        py: Python<'_>,
        kind: &str,
        name: &str,
        roles: Strings,
        scopes: Strings,
    ) -> PyResult<bool> {
        Ok(self.policy.is_allowed(&Held::new(&roles.0, &scopes.0), self::kind(py, kind)?, name))
    }

    fn __repr__(&self) -> &'static str {
        "<doorward.Policy>"
    }
}
