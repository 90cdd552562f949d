//! Why somebody may not, and which scopes would change it.

use super::{Grants, Holder, Policy, Requirement, Rule};
use crate::mcp::Kind;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

/// The most names of one list that an explanation tells.
const TOLD: usize = 8;

/// A refusal by policy: what a caller may ask for, and what the operator should know.
///
/// As text it is one sentence for the log, of configured names alone, escaped and cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    scopes: BTreeSet<String>,
    why: String,
}

impl Refusal {
    /// The scopes of the operation, sorted: with the roles held now, whoever holds them is allowed. Those held already are
    /// among them, so that they are the same whatever was held. Empty where no scope would help.
    pub fn scopes(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.scopes.iter().map(String::as_str)
    }

    /// Whether further scopes would help: 403 `insufficient_scope` rather than 403 `forbidden`.
    #[must_use]
    pub fn is_for_scopes(&self) -> bool {
        !self.scopes.is_empty()
    }

    /// Both, for two members of a batch: the scopes of both, or none where no scope helps one of them, which is then the
    /// one that is explained.
    pub(crate) fn and(mut self, mut other: Self) -> Self {
        if !self.is_for_scopes() {
            return self;
        }
        if other.is_for_scopes() {
            self.scopes.append(&mut other.scopes);
            return self;
        }
        other
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl core::error::Error for Refusal {}

impl Policy {
    /// Why somebody who is not allowed is not.
    #[cold]
    pub(super) fn explain(&self, holder: &impl Holder, kind: Kind, name: &str) -> Refusal {
        let scopes = self.step_up(holder, kind, name).unwrap_or_default();
        let mut why = String::new();
        let failing = || self.rules.on(kind, name).find(|rule| !self.holds(rule, holder));
        // Writing to a String cannot fail.
        let _ = if self.grants(holder, |grants| grants.allow(kind, name)) {
            failing().map_or(Ok(()), |rule| tell_rule(&mut why, kind, rule))
        } else {
            self.tell_grants(&mut why, kind, name)
        };
        Refusal { scopes, why }
    }

    /// The scopes with which somebody of these roles would be allowed, whatever scopes there are now; nothing where there
    /// are none such.
    fn step_up(&self, holder: &impl Holder, kind: Kind, name: &str) -> Option<BTreeSet<String>> {
        let mut wanted = BTreeSet::new();
        let role = |wanted: &String| holder.roles().any(|held| held == wanted);
        let rules: Vec<&Requirement> = self.rules.on(kind, name).map(|rule| &rule.needs).collect();
        for needs in rules.iter().filter(|needs| needs.all) {
            if !needs.roles.iter().all(role) {
                return None;
            }
            wanted.extend(needs.scopes.iter().cloned());
        }
        let gives =
            |wanted: &BTreeSet<String>, one: &str| wanted.iter().any(|held| self.scopes.gives(held, one));
        for needs in rules.iter().filter(|needs| !needs.all) {
            if !needs.roles.iter().any(role) && !needs.scopes.iter().any(|scope| gives(&wanted, scope)) {
                wanted.insert(needs.scopes.first()?.clone());
            }
        }
        let allows = |grants: &Grants| grants.allow(kind, name);
        if !self.role_grants(holder, allows)
            && !wanted.iter().any(|scope| self.scopes.reached(scope).any(allows))
        {
            wanted.insert(self.narrowest(kind, name)?.into());
        }
        Some(wanted)
    }

    /// Of the scopes that reach a thing by themselves the one whose pattern is the narrowest; of several such the first by
    /// name.
    fn narrowest(&self, kind: Kind, name: &str) -> Option<&str> {
        let mut best: Option<(usize, &str)> = None;
        for (scope, grants) in self.scopes.granting() {
            let Some(narrow) = grants.of(kind).narrowness(kind, name) else { continue };
            if best.is_none_or(|(narrowest, _)| narrow > narrowest) {
                best = Some((narrow, scope));
            }
        }
        best.map(|(_, scope)| scope)
    }

    fn tell_grants(&self, out: &mut String, kind: Kind, name: &str) -> fmt::Result {
        let roles = self.roles.iter().filter(|(_, grants)| grants.allow(kind, name));
        let roles: Vec<&str> = roles.map(|(role, _)| role.as_str()).collect();
        let scopes = self.scopes.granting().filter(|(_, grants)| grants.allow(kind, name));
        let scopes: Vec<&str> = scopes.map(|(scope, _)| scope).collect();
        write!(out, "nothing held reaches this {kind}: ")?;
        if roles.is_empty() && scopes.is_empty() {
            return out.write_str("no role or scope does");
        }
        tell_names(out, &scopes, &roles, " or ")?;
        out.write_str(" would")
    }
}

fn tell_rule(out: &mut String, kind: Kind, rule: &Rule) -> fmt::Result {
    write!(out, "a requirement on {kind} ")?;
    crate::escape::for_the_log(rule.pattern.chars(), out)?;
    out.write_str(if rule.needs.all { " is not met: all of " } else { " is not met: one of " })?;
    tell_names(out, &rule.needs.scopes, &rule.needs.roles, ", ")?;
    out.write_str(" must be held")
}

/// `scope a, scope b or role c`
fn tell_names<T: AsRef<str>>(out: &mut String, scopes: &[T], roles: &[T], between: &str) -> fmt::Result {
    let scopes = scopes.iter().map(|name| ("scope ", name));
    let named = scopes.chain(roles.iter().map(|name| ("role ", name)));
    let count = named.clone().count();
    for (index, (what, name)) in named.take(TOLD).enumerate() {
        out.write_str(if index == 0 { "" } else { between })?;
        out.write_str(what)?;
        crate::escape::for_the_log(name.as_ref().chars(), out)?;
    }
    if count > TOLD {
        write!(out, "{between}{} more", count - TOLD)?;
    }
    Ok(())
}
