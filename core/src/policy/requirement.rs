//! What somebody must hold besides being granted a thing.

use super::PolicyError;
use super::patterns::Restricted;
use crate::mcp::{Kind, decided_by_name};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// Scopes and roles of which one, or all, must be held.
///
/// ```
/// use doorward::policy::Requirement;
/// let deleting = Requirement::any().scopes(["files:delete"]).roles(["admin"]);
/// let publishing = Requirement::all().scopes(["files:write", "web:publish"]);
/// # let _ = (deleting, publishing);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    pub(super) all: bool,
    pub(super) scopes: Vec<String>,
    pub(super) roles: Vec<String>,
}

impl Requirement {
    /// One of them is enough. Where none is held and a scope among them would do, the first named is asked for.
    #[must_use]
    pub const fn any() -> Self {
        Self { all: false, scopes: Vec::new(), roles: Vec::new() }
    }

    /// All of them are needed.
    #[must_use]
    pub const fn all() -> Self {
        Self { all: true, scopes: Vec::new(), roles: Vec::new() }
    }

    /// The scopes; a scope that implies one counts for it.
    #[must_use]
    pub fn scopes<T: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = T>) -> Self {
        self.scopes = scopes.into_iter().map(|scope| scope.as_ref().into()).collect();
        self
    }

    /// The roles.
    #[must_use]
    pub fn roles<T: AsRef<str>>(mut self, roles: impl IntoIterator<Item = T>) -> Self {
        self.roles = roles.into_iter().map(|role| role.as_ref().into()).collect();
        self
    }
}

/// A requirement, and the pattern it stands for, as it was written.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) pattern: String,
    covers: Restricted,
    pub(super) needs: Requirement,
}

/// The requirements of all kinds: those on whole names, found at once, and the others, looked through.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    named: BTreeMap<Kind, BTreeMap<String, Vec<Rule>>>,
    others: BTreeMap<Kind, Vec<Rule>>,
}

impl Rules {
    pub(super) fn add(&mut self, kind: Kind, pattern: &str, needs: Requirement) -> Result<(), PolicyError> {
        if needs.scopes.is_empty() && needs.roles.is_empty() {
            return Err(PolicyError::RequirementEmpty);
        }
        if pattern.strip_suffix('*').unwrap_or(pattern).contains('*') {
            return Err(PolicyError::Pattern);
        }
        let covers = Restricted::new(kind, pattern);
        if kind == Kind::Method && decided_by_name().any(|method| covers.covers(kind, method)) {
            return Err(PolicyError::MethodNames);
        }
        let rules = match covers {
            Restricted::Exact(_) if kind != Kind::Resource => {
                self.named.entry(kind).or_default().entry(pattern.into()).or_default()
            }
            _ => self.others.entry(kind).or_default(),
        };
        rules.push(Rule { pattern: pattern.into(), covers, needs });
        Ok(())
    }

    /// Those that restrict a name.
    pub(super) fn on(&self, kind: Kind, name: &str) -> impl Iterator<Item = &Rule> {
        let named = self.named.get(&kind).and_then(|named| named.get(name));
        let others = self.others.get(&kind);
        let covering = others.into_iter().flatten().filter(move |rule| rule.covers.covers(kind, name));
        named.into_iter().flatten().chain(covering)
    }

    /// Whether a role is named in any.
    pub(super) fn name_role(&self, role: &str) -> bool {
        let named = self.named.values().flat_map(BTreeMap::values);
        let mut rules = named.chain(self.others.values()).flatten();
        rules.any(|rule| rule.needs.roles.iter().any(|one| one == role))
    }

    /// Those that restrict every resource whose URI begins so.
    pub(super) fn on_all_beginning(&self, start: &str) -> impl Iterator<Item = &Rule> {
        let others = self.others.get(&Kind::Resource);
        others.into_iter().flatten().filter(move |rule| rule.covers.covers_beginning(start))
    }
}
