//! The tables of a TOML file that say what OAuth needs: their members, and what those come to.

use super::issuers::IntrospectionConfig;
use super::{Secret, parse_duration, values};
use crate::oauth::{ClaimMapping, ClaimPath, Issuer, Preset};
use crate::policy::Grants;
use crate::rate::{Limiter, Quota};
use serde::Deserialize;
use std::format;
use std::string::{String, ToString as _};
use std::time::Duration;
use std::vec::Vec;

/// The sections that are read here.
pub(super) const SECTIONS: [&str; 4] = ["oauth", "issuer", "introspection", "anonymous"];

/// `[oauth]`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OauthTable {
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    pub(super) default_scopes: Option<Vec<String>>,
    pub(super) name: Option<String>,
}

/// `[[issuer]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuerTable {
    url: String,
    jwks_url: Option<String>,
    preset: Option<Product>,
    /// Of Keycloak: the client whose roles count.
    client: Option<String>,
    /// Of Entra: the application's id.
    application: Option<String>,
    audience_claim: Option<String>,
    audience: Option<OneOrMore>,
    #[serde(default)]
    allow_missing_audience: bool,
    #[serde(default)]
    clock_tolerance: f64,
    scopes_claim: Option<Names>,
    roles_claim: Option<Names>,
    subject_claim: Option<OnePath>,
    allow_scopes: Option<Vec<String>>,
    allow_roles: Option<Vec<String>>,
}

/// `[introspection]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IntrospectionTable {
    url: String,
    issuer: String,
    client_id: Option<String>,
    audience: Option<OneOrMore>,
    #[serde(default)]
    allow_missing_audience: bool,
    #[serde(default)]
    clock_tolerance: f64,
    scopes_claim: Option<Names>,
    roles_claim: Option<Names>,
    subject_claim: Option<OnePath>,
    allow_scopes: Option<Vec<String>>,
    allow_roles: Option<Vec<String>>,
}

/// `[anonymous]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnonymousTable {
    #[serde(default)]
    methods: Vec<String>,
    #[serde(default)]
    tools: Vec<String>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    prompts: Vec<String>,
    max: Option<u32>,
    window: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Product {
    Auth0,
    Entra,
    Keycloak,
}

/// A text, or an array of such.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// A claim by its name, or by the names that lead to it.
#[derive(Deserialize)]
#[serde(untagged)]
enum OnePath {
    Name(String),
    Path(Vec<String>),
}

/// A claim by its name, one by the names that lead to it, or several of these.
#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    Name(String),
    Path(Vec<String>),
    Several(Vec<Vec<String>>),
}

/// What tables of issuers and of introspection have in common.
#[derive(Clone, Debug)]
pub(super) struct Claims {
    pub(super) audiences: Vec<String>,
    pub(super) allow_missing_audience: bool,
    pub(super) tolerance: f64,
    pub(super) mapping: ClaimMapping,
}

impl OneOrMore {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(one) => Vec::from([one]),
            Self::More(more) => more,
        }
    }
}

impl OnePath {
    fn path(self) -> ClaimPath {
        match self {
            Self::Name(name) => name.into(),
            Self::Path(names) => ClaimPath::nested(names),
        }
    }
}

impl Names {
    fn paths(self) -> Vec<ClaimPath> {
        match self {
            Self::Name(name) => Vec::from([name.into()]),
            Self::Path(names) => Vec::from([ClaimPath::nested(names)]),
            Self::Several(paths) => paths.into_iter().map(ClaimPath::nested).collect(),
        }
    }
}

impl IssuerTable {
    pub(super) fn read(self) -> Result<Issuer, String> {
        let preset = preset(self.preset, self.client, self.application)?;
        let mut issuer = Issuer::new(self.url);
        if let Some(url) = self.jwks_url {
            issuer = issuer.jwks_at(url);
        }
        let mut mapping = ClaimMapping::new();
        if let Some(preset) = &preset {
            issuer = issuer.preset(preset);
            mapping = preset.mapping();
        }
        let claims = Claims::read(
            mapping,
            self.audience,
            self.allow_missing_audience,
            self.clock_tolerance,
            (self.scopes_claim, self.roles_claim, self.subject_claim),
            (self.allow_scopes, self.allow_roles),
        )?;
        if !claims.audiences.is_empty() {
            issuer = issuer.audiences(claims.audiences);
        }
        if claims.allow_missing_audience {
            issuer = issuer.allow_missing_audience();
        }
        if let Some(claim) = self.audience_claim {
            issuer = issuer.audience_claim(claim);
        }
        Ok(issuer.tolerance(claims.tolerance).map(|_| claims.mapping))
    }
}

fn preset(
    product: Option<Product>,
    client: Option<String>,
    application: Option<String>,
) -> Result<Option<Preset>, String> {
    if client.is_some() && !matches!(product, Some(Product::Keycloak)) {
        return Err("client is only for preset = \"keycloak\"".into());
    }
    if application.is_some() && !matches!(product, Some(Product::Entra)) {
        return Err("application is only for preset = \"entra\"".into());
    }
    Ok(match product {
        None => None,
        Some(Product::Auth0) => Some(Preset::Auth0 { roles_claim: None }),
        Some(Product::Keycloak) => Some(Preset::Keycloak { client }),
        Some(Product::Entra) => Some(Preset::Entra {
            application: application
                .ok_or("preset = \"entra\" needs application, the id of the API's registration")?,
        }),
    })
}

impl Claims {
    fn read(
        mut mapping: ClaimMapping,
        audience: Option<OneOrMore>,
        allow_missing_audience: bool,
        tolerance: f64,
        (scopes, roles, subject): (Option<Names>, Option<Names>, Option<OnePath>),
        (allow_scopes, allow_roles): (Option<Vec<String>>, Option<Vec<String>>),
    ) -> Result<Self, String> {
        let audiences = audience.map(OneOrMore::list);
        if audiences.as_ref().is_some_and(|list| list.is_empty() || list.iter().any(String::is_empty)) {
            return Err("audience is empty: name one, or leave it out for the server's own URL".into());
        }
        values::parse_seconds(&tolerance.to_string()).map_err(|why| format!("clock_tolerance: {why}"))?;
        if let Some(names) = scopes {
            mapping = mapping.scopes_in(names.paths());
        }
        if let Some(names) = roles {
            mapping = mapping.roles_in(names.paths());
        }
        if let Some(path) = subject {
            mapping = mapping.client_in(path.path());
        }
        if let Some(list) = allow_scopes {
            mapping = mapping.only_scopes(list);
        }
        if let Some(list) = allow_roles {
            mapping = mapping.only_roles(list);
        }
        Ok(Self { audiences: audiences.unwrap_or_default(), allow_missing_audience, tolerance, mapping })
    }
}

impl IntrospectionTable {
    pub(super) fn read(self, client_secret: Secret) -> Result<IntrospectionConfig, String> {
        let claims = Claims::read(
            ClaimMapping::new(),
            self.audience,
            self.allow_missing_audience,
            self.clock_tolerance,
            (self.scopes_claim, self.roles_claim, self.subject_claim),
            (self.allow_scopes, self.allow_roles),
        )?;
        let Self { url, issuer, client_id, .. } = self;
        if issuer.is_empty() {
            return Err("issuer is empty: principals are named by it".into());
        }
        Ok(IntrospectionConfig { url, issuer, client_id, client_secret, claims })
    }
}

impl AnonymousTable {
    pub(super) fn read(self) -> Result<(Grants, Quota), String> {
        let Self { methods, tools, resources, prompts, max, window } = self;
        if [&methods, &tools, &resources, &prompts].into_iter().all(Vec::is_empty) {
            return Err(
                "it allows nothing: name methods, tools, resources or prompts, or leave it out".into()
            );
        }
        let window = window.as_deref().map(parse_duration).transpose()?.unwrap_or(Duration::from_secs(60));
        let quota = Quota::per(max.unwrap_or(30), window)
            .and_then(|quota| Limiter::new(1, quota, [0; 4]).map(|_| quota))
            .map_err(|error| error.to_string())?;
        Ok((Grants::new().methods(methods).tools(tools).resources(resources).prompts(prompts), quota))
    }
}
