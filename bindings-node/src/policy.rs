//! Who may reach what.

use crate::boundary::Octets;
use crate::errors::{self, OrConfigError, Result};
use doorward::mcp::Kind;
use doorward::policy::{Grants, Held, Holder, List, Policy, Requirement};
use napi::bindgen_prelude::External;
use napi_derive::napi;

/// What somebody may reach: everything, or what the patterns name.
#[napi(object, object_to_js = false)]
pub(crate) struct GrantsGiven {
    /// Everything.
    pub all: bool,
    /// Patterns of tools.
    pub tools: Option<Vec<String>>,
    /// Patterns of resources.
    pub resources: Option<Vec<String>>,
    /// Patterns of prompts.
    pub prompts: Option<Vec<String>>,
    /// Patterns of methods.
    pub methods: Option<Vec<String>>,
}

impl From<GrantsGiven> for Grants {
    fn from(given: GrantsGiven) -> Self {
        if given.all {
            return Self::all();
        }
        let mut grants = Self::new();
        for (patterns, add) in [
            (given.tools, Self::tools as fn(Self, Vec<String>) -> Self),
            (given.resources, Self::resources),
            (given.prompts, Self::prompts),
            (given.methods, Self::methods),
        ] {
            if let Some(patterns) = patterns {
                grants = add(grants, patterns);
            }
        }
        grants
    }
}

/// Grants of a role or a scope.
#[napi(object, object_to_js = false)]
pub(crate) struct NamedGrants {
    /// The role or the scope.
    pub name: String,
    /// What whoever has it may reach.
    pub grants: GrantsGiven,
}

/// Scopes that a scope implies.
#[napi(object, object_to_js = false)]
pub(crate) struct Implied {
    /// The scope.
    pub name: String,
    /// What whoever has it has too.
    pub scopes: Vec<String>,
}

pub(crate) fn kind(name: &str) -> Result<Kind> {
    match name {
        "tool" => Ok(Kind::Tool),
        "resource" => Ok(Kind::Resource),
        "prompt" => Ok(Kind::Prompt),
        "method" => Ok(Kind::Method),
        _ => Err(errors::config("argument_invalid", "a kind is tool, resource, prompt or method")),
    }
}

fn list(method: &str) -> Result<List> {
    List::of_method(method).ok_or_else(|| {
        let message = "a list is tools/list, prompts/list, resources/list or resources/templates/list";
        errors::config("argument_invalid", message)
    })
}

/// A policy of grants.
#[napi]
pub(crate) fn policy_new(
    roles: Vec<NamedGrants>,
    scopes: Vec<NamedGrants>,
    implies: Vec<Implied>,
    everybody: Option<GrantsGiven>,
) -> Result<External<Policy>> {
    let mut policy = Policy::new();
    for NamedGrants { name, grants } in roles {
        policy = policy.role(name, grants.into());
    }
    for NamedGrants { name, grants } in scopes {
        policy = policy.scope(name, grants.into()).or_config_error()?;
    }
    for Implied { name, scopes } in implies {
        policy = policy.implies(name, scopes).or_config_error()?;
    }
    if let Some(grants) = everybody {
        policy = policy.everybody(grants.into());
    }
    Ok(External::new(policy))
}

/// Everything for every authenticated principal.
#[napi]
#[must_use]
pub(crate) fn policy_allow_all() -> External<Policy> {
    External::new(Policy::allow_all())
}

/// The same policy with a requirement.
#[napi]
pub(crate) fn policy_require(
    policy: &External<Policy>,
    kind: String,
    pattern: String,
    scopes: Vec<String>,
    roles: Vec<String>,
    all: bool,
) -> Result<External<Policy>> {
    let needs = if all { Requirement::all() } else { Requirement::any() };
    let needs = needs.scopes(scopes).roles(roles);
    let policy = Policy::clone(policy).require(self::kind(&kind)?, &pattern, needs).or_config_error()?;
    Ok(External::new(policy))
}

/// Whether somebody may reach that.
#[napi]
pub(crate) fn policy_is_allowed(
    policy: &External<Policy>,
    kind: String,
    name: String,
    roles: Vec<String>,
    scopes: Vec<String>,
) -> Result<bool> {
    Ok(policy.is_allowed(&Held::new(&roles, &scopes), self::kind(&kind)?, &name))
}

/// What would have to be held besides; nothing where they may.
#[napi(object, object_from_js = false)]
pub(crate) struct PolicyRefusal {
    /// The scopes that would help.
    pub scopes: Vec<String>,
    /// Why, for the log.
    pub reason: String,
}

/// Why somebody may not reach that, if they may not.
#[napi]
pub(crate) fn policy_refusal(
    policy: &External<Policy>,
    kind: String,
    name: String,
    roles: Vec<String>,
    scopes: Vec<String>,
) -> Result<Option<PolicyRefusal>> {
    let refusal = policy.decide(&Held::new(&roles, &scopes), self::kind(&kind)?, &name).err();
    Ok(refusal.map(|refusal| PolicyRefusal {
        scopes: refusal.scopes().map(str::to_owned).collect(),
        reason: refusal.to_string(),
    }))
}

pub(crate) fn shown(
    policy: &Policy,
    holder: &impl Holder,
    method: &str,
    names: &[String],
) -> Result<Vec<bool>> {
    let list = list(method)?;
    Ok(names.iter().map(|name| policy.shows(holder, list, name)).collect())
}

pub(crate) fn filtered(
    policy: &Policy,
    holder: &impl Holder,
    method: &str,
    result: &Octets,
) -> Result<String> {
    // What is no text is no JSON either.
    let filtered = policy.filter_result(holder, list(method)?, result.text().unwrap_or_default());
    filtered.map_err(|error| errors::list(error.code(), &error.to_string()))
}

/// Which of the names are shown in that list.
#[napi]
pub(crate) fn policy_shows(
    policy: &External<Policy>,
    method: String,
    names: Vec<String>,
    roles: Vec<String>,
    scopes: Vec<String>,
) -> Result<Vec<bool>> {
    shown(policy, &Held::new(&roles, &scopes), &method, &names)
}

/// The text of a list's result with what is shown.
#[napi]
pub(crate) fn policy_filter_result(
    policy: &External<Policy>,
    method: String,
    result: Octets,
    roles: Vec<String>,
    scopes: Vec<String>,
) -> Result<String> {
    filtered(policy, &Held::new(&roles, &scopes), &method, &result)
}
