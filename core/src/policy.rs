//! Who may use what: roles, and the tools, resources, prompts and methods each may reach.
//!
//! A principal may do what any of its roles may. A role nobody configured gives nothing. Nothing is ever taken
//! away by a further role.

use crate::mcp::{Kind, is_always_allowed};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

/// The methods a role reaches unless it is told otherwise: the lists, and the log level of one's own connection.
const DEFAULT_METHODS: [&str; 5] =
    ["tools/list", "resources/list", "resources/templates/list", "prompts/list", "logging/setLevel"];

/// Names that are allowed: `*` for all, `prefix*` for those that begin so, or the name itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patterns {
    all: bool,
    exact: BTreeSet<String>,
    prefixes: Vec<String>,
}

impl Patterns {
    /// Reads patterns. A `*` anywhere but at the end stands for itself.
    #[must_use]
    pub fn new<T: AsRef<str>>(patterns: impl IntoIterator<Item = T>) -> Self {
        let mut read = Self::default();
        for pattern in patterns {
            match pattern.as_ref().strip_suffix('*') {
                Some("") => read.all = true,
                Some(prefix) => read.prefixes.push(prefix.into()),
                None => {
                    read.exact.insert(pattern.as_ref().into());
                }
            }
        }
        read
    }

    fn matches(&self, kind: Kind, name: &str) -> bool {
        self.all || self.exact.contains(name) || self.matches_prefix(kind, name)
    }

    fn matches_prefix(&self, kind: Kind, name: &str) -> bool {
        // A server may resolve `dir/../other` or `dir/%2e%2e/other` to what lies outside the prefix.
        if kind == Kind::Resource && climbs(name) {
            return false;
        }
        self.prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()))
    }
}

/// Whether a URI holds what could lead out of the folder it seems to be in. URL parsers leave out tabs and line ends
/// (WHATWG URL §4.4), which makes `..` of `.`, tab, `.`: no URI holds a control character.
fn climbs(uri: &str) -> bool {
    if uri.bytes().any(|byte| byte.is_ascii_control()) {
        return true;
    }
    let lower = uri.to_ascii_lowercase();
    ["..", "%2e", "%2f", "%5c", "%25", "\\"].iter().any(|part| lower.contains(part))
}

/// What one role may reach. Nothing but the lists to begin with.
///
/// ```
/// use doorward::policy::Grants;
/// let editor = Grants::new().tools(["read", "write", "draft_*"]).resources(["docs://*"]);
/// # let _ = editor;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grants {
    tools: Patterns,
    resources: Patterns,
    prompts: Patterns,
    methods: Patterns,
}

impl Default for Grants {
    fn default() -> Self {
        Self::new()
    }
}

impl Grants {
    /// No tool, resource or prompt; the lists and `logging/setLevel`.
    #[must_use]
    pub fn new() -> Self {
        let nothing = Patterns::default();
        Self {
            tools: nothing.clone(),
            resources: nothing.clone(),
            prompts: nothing,
            methods: Patterns::new(DEFAULT_METHODS),
        }
    }

    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        let all = Patterns::new(["*"]);
        Self { tools: all.clone(), resources: all.clone(), prompts: all.clone(), methods: all }
    }

    /// The tools, by [pattern](Patterns).
    #[must_use]
    pub fn tools<T: AsRef<str>>(mut self, patterns: impl IntoIterator<Item = T>) -> Self {
        self.tools = Patterns::new(patterns);
        self
    }

    /// The resources by URI, by [pattern](Patterns). A prefix never reaches a URI with `..`, `%2e`, `%2f`, `%5c`,
    /// `%25`, a backslash or a control character in it.
    #[must_use]
    pub fn resources<T: AsRef<str>>(mut self, patterns: impl IntoIterator<Item = T>) -> Self {
        self.resources = Patterns::new(patterns);
        self
    }

    /// The prompts, by [pattern](Patterns).
    #[must_use]
    pub fn prompts<T: AsRef<str>>(mut self, patterns: impl IntoIterator<Item = T>) -> Self {
        self.prompts = Patterns::new(patterns);
        self
    }

    /// The methods that name no tool, resource or prompt, by [pattern](Patterns), in place of the default ones.
    #[must_use]
    pub fn methods<T: AsRef<str>>(mut self, patterns: impl IntoIterator<Item = T>) -> Self {
        self.methods = Patterns::new(patterns);
        self
    }

    fn allow(&self, kind: Kind, name: &str) -> bool {
        match kind {
            Kind::Tool => self.tools.matches(kind, name),
            Kind::Resource => self.resources.matches(kind, name),
            Kind::Prompt => self.prompts.matches(kind, name),
            Kind::Method => self.methods.matches(kind, name),
        }
    }
}

/// Roles and what each may reach.
///
/// ```
/// use doorward::{mcp::Kind, policy::{Grants, Policy}};
/// let policy = Policy::new().role("viewer", Grants::new().tools(["read"])).role("admin", Grants::all());
/// assert!(policy.is_allowed(["viewer"], Kind::Tool, "read"));
/// assert!(!policy.is_allowed(["viewer"], Kind::Tool, "delete"));
/// assert!(policy.is_allowed(["viewer", "admin"], Kind::Tool, "delete"));
/// assert!(!policy.is_allowed(["emperor"], Kind::Tool, "read"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    roles: BTreeMap<String, Grants>,
    everybody: Option<Grants>,
}

impl Policy {
    /// Nobody may reach anything yet, beyond what [every principal may](is_always_allowed).
    #[must_use]
    pub const fn new() -> Self {
        Self { roles: BTreeMap::new(), everybody: None }
    }

    /// Every authenticated principal may reach everything, whatever its roles.
    #[must_use]
    pub fn allow_all() -> Self {
        Self::new().everybody(Grants::all())
    }

    /// What a role may reach; said again, it replaces what was said before.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>, grants: Grants) -> Self {
        self.roles.insert(role.into(), grants);
        self
    }

    /// What every authenticated principal may reach, on top of its roles.
    #[must_use]
    pub fn everybody(mut self, grants: Grants) -> Self {
        self.everybody = Some(grants);
        self
    }

    /// Whether somebody with these roles may reach that thing.
    pub fn is_allowed<R: AsRef<str>>(
        &self,
        roles: impl IntoIterator<Item = R>,
        kind: Kind,
        name: &str,
    ) -> bool {
        (kind == Kind::Method && is_always_allowed(name))
            || self.everybody.as_ref().is_some_and(|grants| grants.allow(kind, name))
            || roles
                .into_iter()
                .any(|role| self.roles.get(role.as_ref()).is_some_and(|grants| grants.allow(kind, name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn a_prefix_never_reaches_out_of_its_folder() {
        let policy = Policy::new().role("r", Grants::new().resources(["file:///a/*", "file:///b/../c"]));
        let allowed = |uri: &str| policy.is_allowed(["r"], Kind::Resource, uri);
        assert!(allowed("file:///a/x"));
        for uri in
            ["file:///a/../x", "file:///a/%2e%2E/x", "file:///a/..%2Fx", "file:///a/%252e/x", "file:///a/\\x"]
        {
            assert!(!allowed(uri), "{uri}");
        }
        for gone in ["\t", "\n", "\r", "\0", "\u{7f}"] {
            assert!(!allowed(&format!("file:///a/.{gone}./x")), "URL parsers leave out {gone:?}");
        }
        assert!(allowed("file:///b/../c"), "what is named to the letter is meant");
        assert!(!allowed("file:///A/x"));
    }

    #[test]
    fn kinds_do_not_mix() {
        let policy = Policy::new().role("r", Grants::new().tools(["x"]));
        assert!(policy.is_allowed(["r"], Kind::Tool, "x"));
        assert!(!policy.is_allowed(["r"], Kind::Prompt, "x"));
        assert!(!policy.is_allowed(["r"], Kind::Method, "x"));
        assert!(policy.is_allowed(["r"], Kind::Method, "tools/list"));
        assert!(!policy.is_allowed(["r"], Kind::Tool, "ping"));
    }

    #[test]
    fn everybody_may_begin_and_nobody_may_more_by_default() {
        let none: [&str; 0] = [];
        let policy = Policy::new();
        for method in ["initialize", "ping", "server/discover", "notifications/initialized"] {
            assert!(policy.is_allowed(none, Kind::Method, method));
        }
        for method in ["tools/list", "initialize2", "notifications", "Ping"] {
            assert!(!policy.is_allowed(none, Kind::Method, method), "{method}");
        }
        assert!(Policy::allow_all().is_allowed(none, Kind::Tool, "anything"));
    }
}
