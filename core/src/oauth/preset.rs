//! Where well-known products put audience, scopes and roles.
//!
//! - Auth0: `aud` holds the API's identifier, and `https://<tenant>/userinfo` beside it; `scope` what the client was
//!   granted. `permissions` is what the user may at that API, whatever the client was granted, so it is read as roles.
//!   An action of one's own puts roles into a claim whose name is a URL.
//! - Microsoft Entra ID: `aud` is the application's id (v2.0 tokens) or its URI, `api://<id>` unless changed (v1.0); `scp`
//!   holds delegated scopes, `roles` application roles. The two versions name different issuers.
//! - Keycloak: `aud` holds clients that an audience mapper names; `scope`; realm roles in `realm_access.roles` and a
//!   client's in `resource_access.<client>.roles`.

use super::{ClaimMapping, ClaimPath};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// A product whose tokens are known.
///
/// ```
/// use doorward::oauth::Preset;
/// let entra = Preset::Entra { application: "11111111-2222-3333-4444-555555555555".into() };
/// assert_eq!(entra.audiences()[1], "api://11111111-2222-3333-4444-555555555555");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Preset {
    /// Auth0.
    Auth0 {
        /// The claim that an action writes roles into, as `https://example.com/roles`; none without.
        roles_claim: Option<String>,
    },
    /// Microsoft Entra ID.
    Entra {
        /// The application (client) id of the API's registration.
        application: String,
    },
    /// Keycloak.
    Keycloak {
        /// The client whose roles count beside those of the realm; none without.
        client: Option<String>,
    },
}

impl Preset {
    /// Where its tokens have scopes and roles.
    pub fn mapping(&self) -> ClaimMapping {
        match self {
            Self::Auth0 { roles_claim } => {
                let own = roles_claim.as_ref().map(|name| ClaimPath::from(name.as_str()));
                ClaimMapping::new()
                    .scopes_in(["scope"])
                    .roles_in(own.into_iter().chain(["permissions".into()]))
            }
            Self::Entra { .. } => ClaimMapping::new().scopes_in(["scp"]).roles_in(["roles"]),
            Self::Keycloak { client } => {
                let realm = ClaimPath::nested(["realm_access", "roles"]);
                let own =
                    client.as_ref().map(|client| ClaimPath::nested(["resource_access", client, "roles"]));
                ClaimMapping::new().scopes_in(["scope"]).roles_in([realm].into_iter().chain(own))
            }
        }
    }

    /// The audiences its tokens name, where that is not the resource's own URI; otherwise none.
    #[must_use]
    pub fn audiences(&self) -> Vec<String> {
        match self {
            Self::Entra { application } => vec![application.clone(), format!("api://{application}")],
            Self::Auth0 { .. } | Self::Keycloak { .. } => Vec::new(),
        }
    }
}
