//! Where an issuer's tokens say who, which scopes and which roles; and which of those it may give.
//!
//! Read only of a token that verified, and once for as long as it is cached. A claim of another type than expected, or one
//! that is not there, gives nothing: no scope, no role. Paths lead through objects only; an array on the way ends them.

use crate::jwt::{Claims, Value, Words};
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// A claim by its name, or one inside other claims by the names that lead there.
///
/// A name is taken to the letter, dots and slashes included: `https://example.com/roles` is one claim of that name.
///
/// ```
/// use doorward::oauth::ClaimPath;
/// let namespaced = ClaimPath::from("https://example.com/roles");
/// let inside = ClaimPath::nested(["realm_access", "roles"]);
/// # let _ = (namespaced, inside);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPath(Vec<String>);

impl ClaimPath {
    /// The claim at the end of these names, each inside the one before.
    #[must_use]
    pub fn nested<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    fn value<'a>(&self, claims: &Claims<'a>) -> Option<Value<'a>> {
        claims.at(&self.0)
    }
}

impl From<&str> for ClaimPath {
    fn from(name: &str) -> Self {
        Self(vec![name.into()])
    }
}

impl From<String> for ClaimPath {
    fn from(name: String) -> Self {
        Self(vec![name])
    }
}

/// How one issuer's claims are read.
///
/// Without more said: scopes in `scope` or `scp`, roles in `roles` or `role`, all of them granted, and a token without
/// `sub` refused.
///
/// ```
/// use doorward::oauth::{ClaimMapping, ClaimPath};
///
/// let keycloak = ClaimMapping::new()
///     .roles_in([ClaimPath::nested(["realm_access", "roles"])])
///     .only_roles(["admin", "user"]);
/// # let _ = keycloak;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct ClaimMapping {
    scopes: Option<Vec<ClaimPath>>,
    roles: Option<Vec<ClaimPath>>,
    client: Option<ClaimPath>,
    only_scopes: Option<BTreeSet<String>>,
    only_roles: Option<BTreeSet<String>>,
}

/// Whom a token is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Its `sub`.
    Subject(String),
    /// What the configured claim says of a token without one: never taken for a subject.
    Client(String),
}

impl ClaimMapping {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where scopes are, in place of `scope` and `scp`: in all of these, each a string separated by spaces or an array
    /// of strings.
    pub fn scopes_in<T: Into<ClaimPath>>(mut self, paths: impl IntoIterator<Item = T>) -> Self {
        self.scopes = Some(paths.into_iter().map(Into::into).collect());
        self
    }

    /// Where roles are, in place of `roles` and `role`: in all of these, each one string or an array of strings.
    pub fn roles_in<T: Into<ClaimPath>>(mut self, paths: impl IntoIterator<Item = T>) -> Self {
        self.roles = Some(paths.into_iter().map(Into::into).collect());
        self
    }

    /// The claim that tells whom a token without `sub` is from, usually `client_id` or `azp`. Such a principal is a
    /// client and never the user of that name: its id begins otherwise (RFC 9068 §5).
    pub fn client_in(mut self, path: impl Into<ClaimPath>) -> Self {
        self.client = Some(path.into());
        self
    }

    /// The scopes this issuer may give, to the letter; any other is dropped.
    pub fn only_scopes<T: Into<String>>(mut self, scopes: impl IntoIterator<Item = T>) -> Self {
        self.only_scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// The roles this issuer may give, to the letter; any other is dropped.
    pub fn only_roles<T: Into<String>>(mut self, roles: impl IntoIterator<Item = T>) -> Self {
        self.only_roles = Some(roles.into_iter().map(Into::into).collect());
        self
    }

    /// The scopes a token gives.
    #[must_use]
    pub fn scopes(&self, claims: &Claims<'_>) -> Vec<String> {
        let mut words = match &self.scopes {
            None => claims.scopes().to_vec(),
            Some(paths) => all(paths, claims, Words::spaced),
        };
        keep(&mut words, self.only_scopes.as_ref());
        words
    }

    /// The roles a token gives.
    #[must_use]
    pub fn roles(&self, claims: &Claims<'_>) -> Vec<String> {
        let mut words = match &self.roles {
            None => claims.roles().to_vec(),
            Some(paths) => all(paths, claims, Words::whole),
        };
        keep(&mut words, self.only_roles.as_ref());
        words
    }

    /// Whom a token is from. An empty `sub` is nobody, whatever else is said.
    pub(crate) fn who(&self, claims: &Claims<'_>) -> Option<Who> {
        if let Some(subject) = claims.subject() {
            return (!subject.is_empty()).then(|| Who::Subject(subject.to_cow().into_owned()));
        }
        let client = self.client.as_ref()?.value(claims)?.as_str()?;
        (!client.is_empty()).then(|| Who::Client(client.to_cow().into_owned()))
    }
}

/// The words of all these claims, each once.
fn all<'a>(
    paths: &[ClaimPath],
    claims: &Claims<'a>,
    read: impl Fn(Option<Value<'a>>) -> Words<'a>,
) -> Vec<String> {
    let mut words = Vec::new();
    for path in paths {
        words.append(&mut read(path.value(claims)).to_vec());
    }
    let mut seen = BTreeSet::new();
    words.retain(|word: &String| seen.insert(word.clone()));
    words
}

fn keep(words: &mut Vec<String>, only: Option<&BTreeSet<String>>) {
    if let Some(only) = only {
        words.retain(|word| only.contains(word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::Limits;

    fn read<T>(payload: &str, of: impl Fn(&Claims<'_>) -> T) -> T {
        of(&Claims::read(payload, &Limits::DEFAULT).unwrap())
    }

    #[test]
    fn what_has_another_type_gives_nothing() {
        let mapping = ClaimMapping::new()
            .scopes_in(["permissions"])
            .roles_in([ClaimPath::nested(["realm_access", "roles"])]);
        for payload in [
            "{}",
            r#"{"permissions":7,"realm_access":{"roles":7}}"#,
            r#"{"permissions":true,"realm_access":{"roles":{"admin":true}}}"#,
            r#"{"permissions":{"a":"b"},"realm_access":{"roles":[["admin"]]}}"#,
            r#"{"permissions":["a",1],"realm_access":{"roles":["admin",null]}}"#,
            r#"{"permissions":null,"realm_access":["roles"]}"#,
            r#"{"permissions":"","realm_access":[{"roles":["admin"]}]}"#,
            r#"{"permissions":[],"realm_access":"roles"}"#,
            r#"{"realm_access.roles":["admin"],"Permissions":["a"]}"#,
            r#"{"realm_access":{"Roles":["admin"],"roles ":["admin"]}}"#,
            r#"{"realm_access":{"nested":{"roles":["admin"]}},"roles":["admin"],"scope":"a"}"#,
        ] {
            let found = read(payload, |claims| (mapping.scopes(claims), mapping.roles(claims)));
            assert_eq!(found, (vec![], vec![]), "{payload}");
        }
    }

    #[test]
    fn names_are_read_however_they_are_written() {
        let mapping = ClaimMapping::new().roles_in([ClaimPath::nested(["realm_access", "roles"])]);
        let payload = r#"{"realm\u005faccess":{"r\u006fles":["\u0061dmin","user","user"]}}"#;
        assert_eq!(read(payload, |claims| mapping.roles(claims)), ["admin", "user"]);
    }

    #[test]
    fn a_list_of_what_may_be_given_is_to_the_letter() {
        let mapping = ClaimMapping::new().only_roles(["user"]).only_scopes(["mcp:read"]);
        let payload =
            r#"{"roles":["User","user","USER","user ","admin"],"scope":"mcp:read mcp:write MCP:read"}"#;
        let found = read(payload, |claims| (mapping.scopes(claims), mapping.roles(claims)));
        assert_eq!(found, (vec!["mcp:read".into()], vec!["user".into()]));
        let none = ClaimMapping::new().only_roles([""; 0]);
        assert_eq!(read(payload, |claims| none.roles(claims)), [""; 0]);
    }

    #[test]
    fn only_a_token_without_a_subject_is_a_clients() {
        let mapping = ClaimMapping::new().client_in("client_id");
        let who = |payload: &str| read(payload, |claims| mapping.who(claims));
        assert_eq!(who(r#"{"sub":"a","client_id":"b"}"#), Some(Who::Subject("a".into())));
        assert_eq!(who(r#"{"client_id":"b"}"#), Some(Who::Client("b".into())));
        for nobody in [
            r#"{"sub":"","client_id":"b"}"#,
            r#"{"client_id":""}"#,
            r#"{"client_id":["b"]}"#,
            r#"{"client_id":7}"#,
            r#"{"azp":"b"}"#,
            "{}",
        ] {
            assert_eq!(who(nobody), None, "{nobody}");
        }
        let plain = |payload: &str| read(payload, |claims| ClaimMapping::new().who(claims));
        assert_eq!(plain(r#"{"client_id":"b"}"#), None);
    }
}
