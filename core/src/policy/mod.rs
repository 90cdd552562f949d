//! Who may use what: roles and scopes, and the tools, resources, prompts and methods each may reach.
//!
//! - A principal may do what any of its roles or scopes may: they *grant*. A role or scope that nobody configured gives
//!   nothing. Nothing is granted to begin with ([`Policy::new`]), or everything ([`Policy::allow_all`]).
//! - A *requirement* stands on a tool, resource or prompt: whoever is granted that must hold these scopes or roles too.
//! - A scope may *imply* others, and they others again: whoever holds it holds them.
//!
//! Grants and requirements ask only what is held, so a further role or scope never takes anything away. Scopes are compared
//! byte for byte (RFC 6749 §3.3). What the policy does not check is whether a scope was given by an issuer that may give it.

mod error;
mod filter;
mod grants;
mod holder;
mod patterns;
mod refusal;
mod requirement;
mod scopes;
mod uri;

pub use error::PolicyError;
pub use filter::{FilterError, List};
pub use grants::Grants;
pub use holder::{Held, Holder};
pub use patterns::Patterns;
pub(crate) use patterns::Restricted;
pub use refusal::Refusal;
pub use requirement::Requirement;

use crate::mcp::{Kind, is_always_allowed};
use alloc::collections::BTreeMap;
use alloc::string::String;
use requirement::{Rule, Rules};
use scopes::Scopes;

/// Roles and scopes, what each may reach, and what is required besides.
///
/// ```
/// use doorward::{mcp::Kind, policy::{Grants, Held, Policy, Requirement}};
/// let policy = Policy::new()
///     .role("viewer", Grants::new().tools(["read"]))
///     .role("admin", Grants::all())
///     .scope("files:write", Grants::new().tools(["write", "delete"]))?
///     .implies("files:all", ["files:write", "files:delete"])?
///     .require(Kind::Tool, "delete", Requirement::any().scopes(["files:delete"]).roles(["admin"]))?;
///
/// assert!(policy.is_allowed(&Held::of_roles(&["viewer"]), Kind::Tool, "read"));
/// assert!(!policy.is_allowed(&Held::of_roles(&["viewer"]), Kind::Tool, "write"));
/// assert!(policy.is_allowed(&Held::of_roles(&["viewer", "admin"]), Kind::Tool, "delete"));
/// assert!(!policy.is_allowed(&Held::of_roles(&["emperor"]), Kind::Tool, "read"));
///
/// assert!(policy.is_allowed(&Held::of_scopes(&["files:write"]), Kind::Tool, "write"));
/// assert!(!policy.is_allowed(&Held::of_scopes(&["files:write"]), Kind::Tool, "delete"));
/// assert!(policy.is_allowed(&Held::of_scopes(&["files:all"]), Kind::Tool, "delete"));
/// # Ok::<(), doorward::policy::PolicyError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Policy {
    roles: BTreeMap<String, Grants>,
    scopes: Scopes,
    everybody: Option<Grants>,
    rules: Rules,
}

impl Policy {
    /// Default deny: nobody may reach anything yet, beyond what [every principal may](is_always_allowed).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Default allow: every authenticated principal may reach everything, whatever its roles and scopes, but for what a
    /// [requirement](Self::require) stands on.
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

    /// What a scope may reach; said again, it replaces what was said before.
    ///
    /// # Errors
    /// It is no scope token, or `offline_access`.
    pub fn scope(mut self, scope: impl AsRef<str>, grants: Grants) -> Result<Self, PolicyError> {
        self.scopes.grant(scope.as_ref(), grants)?;
        Ok(self)
    }

    /// Scopes that whoever holds `scope` holds too, and theirs in turn, besides those said before. A circle makes its
    /// members equal.
    ///
    /// # Errors
    /// One is no scope token, or `offline_access`.
    pub fn implies<T: AsRef<str>>(
        mut self,
        scope: impl AsRef<str>,
        implied: impl IntoIterator<Item = T>,
    ) -> Result<Self, PolicyError> {
        self.scopes.imply(scope.as_ref(), implied)?;
        Ok(self)
    }

    /// What must be held for the tools, resources, prompts or methods of a [pattern](Patterns), besides being granted
    /// them. Several requirements on one thing must all hold.
    ///
    /// A resource is covered in other spellings too: escapes, letters of another case, doubled slashes; and whatever could
    /// be read as any path (`..`, `%2f`, a backslash, a space and so on) by every requirement on
    /// resources. A server that knows still other spellings, such as `localhost` in `file:` URIs, is better
    /// served by grants alone: what they don't reach in so many letters is refused.
    ///
    /// # Errors
    /// It names nothing; a scope in it is none; the pattern would cover nothing; or the calls of the method are decided
    /// by what they name.
    pub fn require(
        mut self,
        kind: Kind,
        pattern: impl AsRef<str>,
        needs: Requirement,
    ) -> Result<Self, PolicyError> {
        for scope in &needs.scopes {
            self.scopes.note(scope)?;
        }
        self.rules.add(kind, pattern.as_ref(), needs)?;
        Ok(self)
    }

    /// What every authenticated principal may reach, on top of its roles and scopes.
    #[must_use]
    pub fn everybody(mut self, grants: Grants) -> Self {
        self.everybody = Some(grants);
        self
    }

    /// Whether that role makes any difference, or every principal may reach something without one.
    #[must_use]
    pub fn gives_role(&self, role: &str) -> bool {
        self.everybody.is_some() || self.roles.contains_key(role) || self.rules.name_role(role)
    }

    /// Whether it gives any role anything.
    #[cfg(feature = "config")]
    pub(crate) fn has_roles(&self) -> bool {
        !self.roles.is_empty()
    }

    /// The roles that reach something, in order.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.keys().map(String::as_str)
    }

    /// The scopes there are, in order: those that reach or imply something, and those that are required or implied.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.names()
    }

    /// Whether somebody may reach that thing. Allocates nothing.
    pub fn is_allowed(&self, holder: &impl Holder, kind: Kind, name: &str) -> bool {
        (kind == Kind::Method && is_always_allowed(name))
            || (self.grants(holder, |grants| grants.allow(kind, name))
                && self.requirements_hold(holder, kind, name))
    }

    /// Whether somebody meets what stands on that thing, whoever is granted it.
    pub(crate) fn requirements_hold(&self, holder: &impl Holder, kind: Kind, name: &str) -> bool {
        self.rules.on(kind, name).all(|rule| self.holds(rule, holder))
    }

    /// As [`is_allowed`](Self::is_allowed), and why not.
    ///
    /// # Errors
    /// It is refused.
    ///
    /// ```
    /// use doorward::{mcp::Kind, policy::{Grants, Held, Policy}};
    /// let policy = Policy::new().scope("files:read", Grants::new().tools(["read"]))?;
    /// let refused = policy.decide(&Held::of_roles(&["user"]), Kind::Tool, "read").unwrap_err();
    /// assert!(refused.scopes().eq(["files:read"]));
    /// assert_eq!(refused.to_string(), "nothing held reaches this tool: scope files:read would");
    /// # Ok::<(), doorward::policy::PolicyError>(())
    /// ```
    pub fn decide(&self, holder: &impl Holder, kind: Kind, name: &str) -> Result<(), Refusal> {
        if self.is_allowed(holder, kind, name) {
            return Ok(());
        }
        Err(self.explain(holder, kind, name))
    }

    /// Whether any grant that somebody has is such.
    fn grants(&self, holder: &impl Holder, such: impl Fn(&Grants) -> bool) -> bool {
        self.role_grants(holder, &such) || holder.scopes().any(|scope| self.scopes.reached(scope).any(&such))
    }

    /// Whether any grant that somebody has without a scope is such.
    fn role_grants(&self, holder: &impl Holder, such: impl Fn(&Grants) -> bool) -> bool {
        self.everybody.as_ref().is_some_and(&such)
            || holder.roles().any(|role| self.roles.get(role).is_some_and(&such))
    }

    fn holds(&self, rule: &Rule, holder: &impl Holder) -> bool {
        let scope = |wanted: &String| holder.scopes().any(|held| self.scopes.gives(held, wanted));
        let role = |wanted: &String| holder.roles().any(|held| held == wanted);
        let needs = &rule.needs;
        if needs.all {
            needs.scopes.iter().all(scope) && needs.roles.iter().all(role)
        } else {
            needs.scopes.iter().any(scope) || needs.roles.iter().any(role)
        }
    }
}

#[cfg(test)]
mod tests;
