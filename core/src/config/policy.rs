//! The policy of a TOML file: `[roles.NAME]`, `[scopes.NAME]`, `[everybody]`, `[[require]]` and `[policy]`.
//!
//! What would have no effect is refused, as everywhere in a configuration: its author thinks that it has one.

use super::source::Source;
use super::{ADMIN, Config, ConfigError, USER};
use crate::mcp::{Kind, decided_by_name};
use crate::policy::{Grants, Policy, PolicyError, Requirement};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::format;
use std::string::String;
use std::vec::Vec;

const ROLES: &str = "roles";
const SCOPES: &str = "scopes";
const EVERYBODY: &str = "everybody";
const REQUIRE: &str = "require";
const POLICY: &str = "policy";

/// The sections that are read here.
pub(super) const SECTIONS: [&str; 5] = [ROLES, SCOPES, EVERYBODY, REQUIRE, POLICY];

type Section = BTreeMap<String, toml::Value>;

/// A role's, a scope's or everybody's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Granted {
    tools: Option<Vec<String>>,
    resources: Option<Vec<String>>,
    prompts: Option<Vec<String>>,
    /// The default ones where none are given.
    methods: Option<Vec<String>>,
    /// A scope's alone.
    implies: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Required {
    #[serde(default)]
    tools: Vec<String>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    prompts: Vec<String>,
    #[serde(default)]
    methods: Vec<String>,
    any_of: Option<Needed>,
    all_of: Option<Needed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Needed {
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    roles: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    default: ByDefault,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ByDefault {
    #[default]
    Deny,
    Allow,
}

/// Where in the file something is, as it is told.
struct Place<'a> {
    section: &'static str,
    name: &'a str,
}

impl Place<'_> {
    fn error(&self, why: &str) -> ConfigError {
        let Self { section, name } = self;
        let name = name.escape_debug();
        let place = match *section {
            REQUIRE => format!("[[require]] number {name}"),
            EVERYBODY | POLICY => format!("[{section}]"),
            _ => format!("[{section}.{name}]"),
        };
        ConfigError::at(section, format!("{place} {why}"))
    }

    fn parse<T: for<'de> Deserialize<'de>>(&self, value: toml::Value) -> Result<T, ConfigError> {
        value
            .try_into()
            .map_err(|error: toml::de::Error| self.error(&format!("is not right: {}", error.message())))
    }

    fn wrong(&self, error: PolicyError) -> ConfigError {
        self.error(&format!("is not right: {error}"))
    }

    /// What a pattern may not be.
    fn check(&self, kind: Kind, patterns: &[String]) -> Result<(), ConfigError> {
        for (pattern, position) in patterns.iter().zip(1..) {
            let why = match pattern.as_str() {
                "" => "is empty: remove it",
                _ if pattern.strip_suffix('*').unwrap_or(pattern).contains('*') => {
                    "has a * that is not its last character: only names and prefixes can be given"
                }
                method if kind == Kind::Method && decided_by_name().any(|one| one == method) => {
                    "has no effect, for its calls are decided by what they name: list that tool, resource or prompt"
                }
                _ => continue,
            };
            return Err(self.error(&format!("has among its {kind}s an item {position} that {why}")));
        }
        Ok(())
    }
}

impl Granted {
    fn grants(&self, place: &Place<'_>) -> Result<Grants, ConfigError> {
        let patterns = |kind, given: &Option<Vec<String>>| {
            let patterns = given.clone().unwrap_or_default();
            place.check(kind, &patterns).map(|()| patterns)
        };
        let grants = Grants::new()
            .tools(patterns(Kind::Tool, &self.tools)?)
            .resources(patterns(Kind::Resource, &self.resources)?)
            .prompts(patterns(Kind::Prompt, &self.prompts)?);
        let methods = patterns(Kind::Method, &self.methods)?;
        Ok(if self.methods.is_some() { grants.methods(methods) } else { grants })
    }

    /// Whether it reaches nothing itself, not even the lists: a scope that only implies others.
    fn only_implies(&self) -> bool {
        [&self.tools, &self.resources, &self.prompts, &self.methods].into_iter().all(Option::is_none)
            && self.implies.is_some()
    }
}

/// The policy of the file; nothing where it says nothing of one.
pub(super) fn read(source: &Source) -> Result<Option<Policy>, ConfigError> {
    if !SECTIONS.into_iter().any(|section| source.has_section(section)) {
        return Ok(None);
    }
    let settings = source.section::<toml::Value>(POLICY)?;
    let place = Place { section: POLICY, name: "" };
    let default = match settings {
        Some(value) => place.parse::<Settings>(value)?.default,
        None => ByDefault::Deny,
    };
    let allow = default == ByDefault::Allow;
    let mut granted_any = allow;
    let mut policy = if allow { Policy::allow_all() } else { Policy::new() };
    let mut grant = |place: &Place<'_>, granted: &Granted| {
        let given = [&granted.tools, &granted.resources, &granted.prompts, &granted.methods];
        if allow && given.into_iter().any(Option::is_some) {
            return Err(place.error(
                "has no effect, for [policy] allows everything by default: remove it, or let the default be deny",
            ));
        }
        if granted.implies.is_some() && place.section != SCOPES {
            return Err(place.error("implies something, which only scopes can: remove it"));
        }
        granted_any = true;
        granted.grants(place)
    };

    for (name, value) in source.section::<Section>(ROLES)?.unwrap_or_default() {
        let place = Place { section: ROLES, name: &name };
        let grants = grant(&place, &place.parse(value)?)?;
        policy = policy.role(name, grants);
    }
    if let Some(value) = source.section::<toml::Value>(EVERYBODY)? {
        let place = Place { section: EVERYBODY, name: "" };
        let grants = grant(&place, &place.parse(value)?)?;
        if !allow {
            policy = policy.everybody(grants);
        }
    }
    let mut implied = Vec::new();
    // What reaches something or is asked for: to imply another scope would have no effect.
    let mut known = BTreeSet::new();
    for (name, value) in source.section::<Section>(SCOPES)?.unwrap_or_default() {
        let place = Place { section: SCOPES, name: &name };
        let granted: Granted = place.parse(value)?;
        if !granted.only_implies() {
            let grants = grant(&place, &granted)?;
            policy = policy.scope(&name, grants).map_err(|error| place.wrong(error))?;
        }
        let implies = granted.implies.unwrap_or_default();
        policy = policy.implies(&name, &implies).map_err(|error| place.wrong(error))?;
        implied.extend(implies.into_iter().map(|scope| (name.clone(), scope)));
        known.insert(name);
    }
    for (value, number) in
        source.section::<Vec<toml::Value>>(REQUIRE)?.unwrap_or_default().into_iter().zip(1..)
    {
        let name = format!("{number}");
        let place = Place { section: REQUIRE, name: &name };
        policy = require(policy, &place, place.parse(value)?, &mut known)?;
    }
    if let Some((name, scope)) = implied.into_iter().find(|(_, scope)| !known.contains(scope)) {
        let why = format!(
            "implies {}, which reaches nothing and is required nowhere: add [scopes.\"{}\"], or remove it",
            scope.escape_debug(),
            scope.escape_debug()
        );
        return Err(Place { section: SCOPES, name: &name }.error(&why));
    }
    if !granted_any {
        return Err(ConfigError::at(
            POLICY,
            "[policy] denies by default, and nothing is granted to anybody: add [roles.NAME], [scopes.NAME] or \
             [everybody]",
        ));
    }
    Ok(Some(policy))
}

fn require(
    mut policy: Policy,
    place: &Place<'_>,
    required: Required,
    known: &mut BTreeSet<String>,
) -> Result<Policy, ConfigError> {
    let Required { tools, resources, prompts, methods, any_of, all_of } = required;
    let needs = [(any_of, Requirement::any()), (all_of, Requirement::all())];
    let needs: Vec<Requirement> = needs
        .into_iter()
        .filter_map(|(needed, needs)| {
            let needed = needed?;
            known.extend(needed.scopes.iter().cloned());
            Some(needs.scopes(needed.scopes).roles(needed.roles))
        })
        .collect();
    if needs.is_empty() {
        return Err(place.error("says nothing that is needed: add any_of or all_of"));
    }
    let patterns =
        [(Kind::Tool, tools), (Kind::Resource, resources), (Kind::Prompt, prompts), (Kind::Method, methods)];
    if patterns.iter().all(|(_, patterns)| patterns.is_empty()) {
        return Err(place.error("stands on nothing: add tools, resources or prompts"));
    }
    for (kind, patterns) in patterns {
        place.check(kind, &patterns)?;
        for pattern in patterns {
            for needs in &needs {
                policy = policy.require(kind, &pattern, needs.clone()).map_err(|error| place.wrong(error))?;
            }
        }
    }
    Ok(policy)
}

impl Config {
    /// That the roles of the listed keys are some.
    pub(super) fn check_roles(&self) -> Result<(), ConfigError> {
        let Some(policy) = &self.policy else { return Ok(()) };
        let lists = [("API_KEYS", USER, &self.api_keys), ("ADMIN_API_KEYS", ADMIN, &self.admin_api_keys)];
        for (setting, role, keys) in lists {
            if !keys.is_empty() && !policy.gives_role(role) {
                return Err(ConfigError::of(
                    setting,
                    format!("have the role {role}, by which nothing is reached: add [roles.{role}]"),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
