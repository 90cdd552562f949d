//! `WWW-Authenticate`: what a client must bring to come in (RFC 6750 §3, RFC 9728 §5.1).
//!
//! All but the scopes of a step-up is written when the gate is made. Nothing of a request gets in: the address comes from
//! the configured public URL, and scopes have neither quote nor backslash (RFC 6749 §3.3).

use super::Public;
use crate::oauth::{Resource, may_be_asked_for};
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

/// The challenges of a gate.
#[derive(Clone, Debug)]
pub(super) struct Challenges {
    /// To who brought nothing: no `error` (RFC 6750 §3.1).
    missing: Cow<'static, str>,
    /// To who brought something that is not good.
    invalid: Cow<'static, str>,
    /// `, resource_metadata="…"`; empty without a resource.
    metadata: String,
}

impl Challenges {
    /// Those of that resource. Without one there is nowhere to get a token: plain `Bearer`.
    pub(super) fn new(resource: Option<&Resource>) -> Self {
        let Some(resource) = resource else {
            return Self {
                missing: Cow::Borrowed("Bearer"),
                invalid: Cow::Borrowed("Bearer error=\"invalid_token\""),
                metadata: String::new(),
            };
        };
        let metadata = format!("resource_metadata=\"{}\"", resource.metadata_url());
        let mut scope = String::new();
        for one in resource.challenge_scopes() {
            scope.push_str(if scope.is_empty() { "scope=\"" } else { " " });
            scope.push_str(one);
        }
        if !scope.is_empty() {
            scope.push_str("\", ");
        }
        Self {
            missing: Cow::Owned(format!("Bearer {scope}{metadata}")),
            invalid: Cow::Owned(format!("Bearer error=\"invalid_token\", {scope}{metadata}")),
            metadata: format!(", {metadata}"),
        }
    }

    /// The challenge of an answer; nothing where none belongs. `scope` holds the scopes that would help, between spaces,
    /// each a scope by RFC 6749 §3.3.
    pub(super) fn of(&self, public: Public, scope: Option<&str>) -> Option<Cow<'static, str>> {
        match public {
            Public::Unauthorized => Some(self.missing.clone()),
            Public::InvalidToken => Some(self.invalid.clone()),
            Public::InsufficientScope => Some(Cow::Owned(self.step_up(scope.unwrap_or_default()))),
            _ => None,
        }
    }

    fn step_up(&self, scope: &str) -> String {
        let mut challenge = String::from("Bearer error=\"insufficient_scope\"");
        let mut any = false;
        for one in scope.split(' ').filter(|one| !one.is_empty() && may_be_asked_for(one)) {
            challenge.push_str(if any { " " } else { ", scope=\"" });
            challenge.push_str(one);
            any = true;
        }
        if any {
            challenge.push('"');
        }
        challenge.push_str(&self.metadata);
        challenge
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::PublicUrl;

    fn of(challenges: &Challenges, public: Public, scope: Option<&str>) -> Option<String> {
        challenges.of(public, scope).map(Cow::into_owned)
    }

    #[test]
    fn every_challenge_byte_for_byte() {
        let url = || PublicUrl::parse("https://mcp.example/mcp").unwrap();
        let plain = Resource::new(url(), "https://issuer.example").unwrap();
        let scoped = plain.clone().scopes(["mcp:read", "mcp:write"]).unwrap();
        let less = scoped.clone().default_scopes(["mcp:read", "offline_access"]).unwrap();
        let metadata = r#"resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp""#;
        let both = r#"scope="mcp:read mcp:write", "#;
        let one = r#"scope="mcp:read", "#;
        for (resource, scope) in [(&plain, ""), (&scoped, both), (&less, one)] {
            let challenges = Challenges::new(Some(resource));
            let found = of(&challenges, Public::Unauthorized, None);
            assert_eq!(found, Some(format!("Bearer {scope}{metadata}")));
            let found = of(&challenges, Public::InvalidToken, None);
            assert_eq!(found, Some(format!("Bearer error=\"invalid_token\", {scope}{metadata}")));
            let found = of(&challenges, Public::InsufficientScope, Some("a b offline_access"));
            assert_eq!(
                found,
                Some(format!("Bearer error=\"insufficient_scope\", scope=\"a b\", {metadata}"))
            );
            let found = of(&challenges, Public::InsufficientScope, None);
            assert_eq!(found, Some(format!("Bearer error=\"insufficient_scope\", {metadata}")));
            for public in [
                Public::InvalidRequest,
                Public::Forbidden,
                Public::OriginNotAllowed,
                Public::TooLarge,
                Public::RateLimited,
                Public::Unavailable,
            ] {
                assert_eq!(of(&challenges, public, Some("a")), None, "{public:?}");
            }
        }
        let keys = Challenges::new(None);
        assert_eq!(of(&keys, Public::Unauthorized, None).unwrap(), "Bearer");
        assert_eq!(of(&keys, Public::InvalidToken, None).unwrap(), "Bearer error=\"invalid_token\"");
        assert_eq!(
            of(&keys, Public::InsufficientScope, Some("a")).unwrap(),
            "Bearer error=\"insufficient_scope\", scope=\"a\""
        );
    }
}
