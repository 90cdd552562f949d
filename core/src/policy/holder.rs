//! Who is decided on, as far as a policy looks: the roles and scopes somebody holds.

use crate::gate::Principal;

/// Somebody with roles and scopes.
pub trait Holder {
    /// The roles, in any order.
    fn roles(&self) -> impl Iterator<Item = &str>;

    /// The scopes, in any order, without those they imply.
    fn scopes(&self) -> impl Iterator<Item = &str>;
}

impl Holder for Principal {
    fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles()
    }

    fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes()
    }
}

/// Roles and scopes, borrowed from wherever they are.
///
/// ```
/// use doorward::policy::{Held, Holder as _};
/// let both = Held::new(&["editor"], &["files:read"]);
/// assert!(both.roles().eq(["editor"]) && both.scopes().eq(["files:read"]));
/// assert_eq!(Held::of_roles(&["editor"]).scopes().count(), 0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Held<'a, R, S> {
    roles: &'a [R],
    scopes: &'a [S],
}

impl<'a, R: AsRef<str>, S: AsRef<str>> Held<'a, R, S> {
    /// These roles and these scopes.
    #[must_use]
    pub const fn new(roles: &'a [R], scopes: &'a [S]) -> Self {
        Self { roles, scopes }
    }
}

impl<'a, R: AsRef<str>> Held<'a, R, &'static str> {
    /// These roles, and no scope.
    #[must_use]
    pub const fn of_roles(roles: &'a [R]) -> Self {
        Self { roles, scopes: &[] }
    }
}

impl<'a, S: AsRef<str>> Held<'a, &'static str, S> {
    /// These scopes, and no role.
    #[must_use]
    pub const fn of_scopes(scopes: &'a [S]) -> Self {
        Self { roles: &[], scopes }
    }
}

impl<R: AsRef<str>, S: AsRef<str>> Holder for Held<'_, R, S> {
    fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(AsRef::as_ref)
    }

    fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().map(AsRef::as_ref)
    }
}
