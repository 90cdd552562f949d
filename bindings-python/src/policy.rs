//! Who may reach what.

use crate::convert::{Octets, Strings, wrong_type};
use crate::errors::{self, OrConfigError};
use doorward::mcp::Kind;
use doorward::policy::{Grants, Held, Holder, List, Policy, Requirement};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyMapping, PyString};
use std::collections::BTreeMap;

/// What somebody may reach: ``"*"`` for everything, or a mapping of ``tools``, ``resources``, ``prompts`` and ``methods`` to
/// patterns.
pub(crate) struct Granted(pub(crate) Grants);

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

fn list(py: Python<'_>, method: &str) -> PyResult<List> {
    List::of_method(method).ok_or_else(|| {
        let message = "a list is tools/list, prompts/list, resources/list or resources/templates/list";
        errors::config(py, "argument_invalid", message)
    })
}

/// What the policy says to somebody of lists.
pub(crate) struct Shown<'a, H> {
    pub(crate) policy: &'a Policy,
    pub(crate) holder: &'a H,
}

impl<H: Holder> Shown<'_, H> {
    pub(crate) fn shows(&self, method: &str, name: &Bound<'_, PyString>) -> PyResult<bool> {
        let list = list(name.py(), method)?;
        // What is no Unicode is nobody's name, and in no policy.
        Ok(name.to_str().is_ok_and(|name| self.policy.shows(self.holder, list, name)))
    }

    pub(crate) fn filter<'py>(
        &self,
        method: &str,
        items: &Bound<'py, PyAny>,
        key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let py = items.py();
        list(py, method)?;
        let shown = PyList::empty(py);
        if items.cast::<PyString>().is_ok() || items.cast::<PyBytes>().is_ok() {
            return Err(wrong_type(items, "an iterable of items"));
        }
        for item in items.try_iter()? {
            let item = item?;
            let name = match key {
                Some(key) => key.call1((&item,))?,
                None => item.clone(),
            };
            let name = name.cast::<PyString>().map_err(|_| wrong_type(&name, "an item's name, a str"))?;
            if self.shows(method, name)? {
                shown.append(item)?;
            }
        }
        Ok(shown)
    }

    pub(crate) fn filter_result(
        &self,
        py: Python<'_>,
        method: &str,
        result: &Octets<'_>,
    ) -> PyResult<String> {
        let list = list(py, method)?;
        // What is no UTF-8 is no JSON either.
        let result = core::str::from_utf8(result.as_ref()).unwrap_or_default();
        self.policy.filter_result(self.holder, list, result).map_err(|error| errors::list(py, error))
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
        name: &Bound<'_, PyString>,
        roles: Strings,
        scopes: Strings,
    ) -> PyResult<bool> {
        let (holder, kind) = (Held::new(&roles.0, &scopes.0), self::kind(py, kind)?);
        // A lone surrogate is in nobody's name: what asks for it is refused, whoever may reach everything.
        Ok(name.to_str().is_ok_and(|name| self.policy.is_allowed(&holder, kind, name)))
    }

    /// Whether an item of a list is shown to somebody with these roles and scopes: what they may reach, and templates by which they might
    /// reach something. ``method`` is ``tools/list``, ``prompts/list``, ``resources/list`` or ``resources/templates/list``.
    #[pyo3(signature = (method, name, *, roles=Strings(vec![]), scopes=Strings(vec![])),
        text_signature = "($self, method, name, *, roles=(), scopes=())")]
    fn shows(
        &self,
        method: &str,
        name: &Bound<'_, PyString>,
        roles: Strings,
        scopes: Strings,
    ) -> PyResult<bool> {
        Shown { policy: &self.policy, holder: &Held::new(&roles.0, &scopes.0) }.shows(method, name)
    }

    /// Of ``items``, those that are shown, in a new list. ``key`` gives an item's name (of resources the URI, of templates theirs); without
    /// it, items are names. Say ``cacheScope: private`` with such a list. Filtering hides and does not protect.
    ///
    /// >>> policy = Policy(roles={"viewer": {"tools": ["read_*"]}})
    /// >>> policy.filter("tools/list", ["read_file", "write_file"], roles="viewer")
    /// ['read_file']
    #[pyo3(signature = (method, items, *, key=None, roles=Strings(vec![]), scopes=Strings(vec![])),
        text_signature = "($self, method, items, *, key=None, roles=(), scopes=())")]
    fn filter<'py>(
        &self,
        method: &str,
        items: &Bound<'py, PyAny>,
        key: Option<&Bound<'py, PyAny>>,
        roles: Strings,
        scopes: Strings,
    ) -> PyResult<Bound<'py, PyList>> {
        Shown { policy: &self.policy, holder: &Held::new(&roles.0, &scopes.0) }.filter(method, items, key)
    }

    /// The text of a list's result (the ``result`` of the JSON-RPC answer) with those items left that are shown, and ``cacheScope:
    /// private``; the rest as it was, to the byte. Raises ``ListError``: it can't be read, and must not be passed on.
    #[pyo3(signature = (method, result, *, roles=Strings(vec![]), scopes=Strings(vec![])),
        text_signature = "($self, method, result, *, roles=(), scopes=())")]
    fn filter_result(
        &self,
        py: Python<'_>,
        method: &str,
        result: Octets<'_>,
        roles: Strings,
        scopes: Strings,
    ) -> PyResult<String> {
        let shown = Shown { policy: &self.policy, holder: &Held::new(&roles.0, &scopes.0) };
        shown.filter_result(py, method, &result)
    }

    fn __repr__(&self) -> &'static str {
        "<doorward.Policy>"
    }
}
