//! Limits, introspection, issuers and the like, for a gate to be made of.

use crate::errors::{self, OrConfigError, Result};
use crate::rate::duration;
use doorward::gate::Introspection;
use doorward::oauth::{ClaimMapping, ClaimPath, Issuer, Preset};
use doorward::rate::Quota;
use doorward::rate::layers::{Layer, Per};
use doorward::rate::shared::{Fallback, Settings};
use napi::bindgen_prelude::External;
use napi_derive::napi;

/// What a limit is made of.
#[napi(object, object_to_js = false)]
pub(crate) struct LimitGiven {
    /// Its name.
    pub name: String,
    /// Whose bucket it is.
    pub per: String,
    /// Patterns.
    pub tools: Option<Vec<String>>,
    /// Patterns.
    pub resources: Option<Vec<String>>,
    /// Patterns.
    pub prompts: Option<Vec<String>>,
    /// Patterns.
    pub methods: Option<Vec<String>>,
    /// Of principals with one of these.
    pub roles: Option<Vec<String>>,
    /// Units a call.
    pub cost: Option<u32>,
    /// How many buckets.
    pub slots: Option<u32>,
}

/// A further limit.
#[napi]
pub(crate) fn limit_new(given: LimitGiven, quota: &External<Quota>) -> Result<External<Layer>> {
    let message = "per must be principal, principal-tool, address or everybody";
    let per = Per::of_name(&given.per).ok_or_else(|| errors::config("argument_invalid", message))?;
    let mut layer = Layer::new(given.name, **quota, per);
    for (patterns, add) in [
        (given.tools, Layer::tools as fn(Layer, Vec<String>) -> Layer),
        (given.resources, Layer::resources),
        (given.prompts, Layer::prompts),
        (given.methods, Layer::methods),
        (given.roles, Layer::roles),
    ] {
        if let Some(patterns) = patterns {
            layer = add(layer, patterns);
        }
    }
    if let Some(units) = given.cost {
        layer = layer.cost(units);
    }
    if let Some(slots) = given.slots {
        layer = layer.slots(slots as usize);
    }
    Ok(External::new(layer))
}

/// Where claims are: each path the names that lead to it.
#[napi(object, object_to_js = false)]
pub(crate) struct MappingGiven {
    /// Of scopes.
    pub scopes: Option<Vec<Vec<String>>>,
    /// Of roles.
    pub roles: Option<Vec<Vec<String>>>,
    /// Of the client of a token without a subject.
    pub client: Option<Vec<String>>,
    /// The scopes that may be given.
    pub only_scopes: Option<Vec<String>>,
    /// The roles that may be given.
    pub only_roles: Option<Vec<String>>,
}

impl MappingGiven {
    /// What it says, in place of what `mapping` says of the same.
    pub(crate) fn over(self, mut mapping: ClaimMapping) -> ClaimMapping {
        if let Some(paths) = self.scopes {
            mapping = mapping.scopes_in(paths.into_iter().map(ClaimPath::nested));
        }
        if let Some(paths) = self.roles {
            mapping = mapping.roles_in(paths.into_iter().map(ClaimPath::nested));
        }
        if let Some(path) = self.client {
            mapping = mapping.client_in(ClaimPath::nested(path));
        }
        if let Some(only) = self.only_scopes {
            mapping = mapping.only_scopes(only);
        }
        if let Some(only) = self.only_roles {
            mapping = mapping.only_roles(only);
        }
        mapping
    }
}

/// What introspection is made of.
#[napi(object, object_to_js = false)]
pub(crate) struct IntrospectionGiven {
    /// The endpoint.
    pub url: String,
    /// Whose tokens it knows.
    pub issuer: String,
    /// Whom a token may be for.
    pub audience: Vec<String>,
    /// Whether a token may name nobody.
    pub allow_missing_audience: bool,
    /// Seconds.
    pub clock_tolerance: f64,
    /// Seconds an answer may take.
    pub deadline: Option<f64>,
    /// Where who, scopes and roles are.
    pub mapping: Option<MappingGiven>,
}

/// How opaque tokens are asked about, and whose they are.
pub(crate) struct IntrospectionHandle {
    pub(super) introspection: Introspection,
    pub(super) issuer: String,
}

/// How opaque tokens are asked about.
#[napi]
pub(crate) fn introspection_new(given: IntrospectionGiven) -> Result<External<IntrospectionHandle>> {
    let mut introspection = Introspection::new(&given.url, given.issuer.clone())
        .or_config_error()?
        .tolerance(given.clock_tolerance);
    if let Some(mapping) = given.mapping {
        introspection = introspection.mapping(mapping.over(ClaimMapping::new()));
    }
    for audience in given.audience {
        introspection = introspection.audience(audience);
    }
    if given.allow_missing_audience {
        introspection = introspection.allow_missing_audience();
    }
    if let Some(seconds) = given.deadline {
        introspection = introspection.deadline(duration(seconds, "deadline")?);
    }
    Ok(External::new(IntrospectionHandle { introspection, issuer: given.issuer }))
}

/// A product whose tokens are known.
#[napi(object, object_to_js = false)]
pub(crate) struct PresetGiven {
    /// `auth0`, `entra` or `keycloak`.
    pub product: String,
    /// Its one option.
    pub option: Option<String>,
}

/// What an issuer is made of.
#[napi(object, object_to_js = false)]
pub(crate) struct IssuerGiven {
    /// Its name.
    pub name: String,
    /// Where its keys are.
    pub jwks_url: Option<String>,
    /// The product it is.
    pub preset: Option<PresetGiven>,
    /// How its claims are read.
    pub mapping: Option<MappingGiven>,
    /// Whom its tokens are for.
    pub audience: Option<Vec<String>>,
    /// Read in place of `aud`.
    pub audience_claim: Option<String>,
    /// Whether its tokens may name nobody.
    pub allow_missing_audience: bool,
    /// Seconds.
    pub clock_tolerance: f64,
}

/// An issuer whose tokens are accepted.
#[napi]
pub(crate) fn issuer_new(given: IssuerGiven) -> Result<External<Issuer>> {
    let mut issuer = Issuer::new(given.name).tolerance(given.clock_tolerance);
    if let Some(url) = given.jwks_url {
        issuer = issuer.jwks_at(url);
    }
    if let Some(PresetGiven { product, option }) = given.preset {
        let preset = match (product.as_str(), option) {
            ("auth0", roles_claim) => Preset::Auth0 { roles_claim },
            ("entra", Some(application)) => Preset::Entra { application },
            ("keycloak", client) => Preset::Keycloak { client },
            _ => {
                let message = "a preset is auth0, entra with its application, or keycloak";
                return Err(errors::config("argument_invalid", message));
            }
        };
        issuer = issuer.preset(&preset);
    }
    if let Some(mapping) = given.mapping {
        issuer = issuer.map(|known| mapping.over(known));
    }
    if let Some(audience) = given.audience {
        issuer = issuer.audiences(audience);
    }
    if let Some(claim) = given.audience_claim {
        issuer = issuer.audience_claim(claim);
    }
    if given.allow_missing_audience {
        issuer = issuer.allow_missing_audience();
    }
    Ok(External::new(issuer))
}

/// What a limit of several processes is made of.
#[napi(object, object_to_js = false)]
pub(crate) struct SharedLimitGiven {
    /// Before every key.
    pub prefix: Option<String>,
    /// `local`, `deny` or `allow`.
    pub fallback: String,
    /// How many processes there are.
    pub instances: u32,
    /// Seconds.
    pub deadline: f64,
    /// Units taken at once.
    pub lease: u32,
}

/// How several processes count together.
#[napi]
pub(crate) fn shared_limit_new(given: SharedLimitGiven) -> Result<External<Settings>> {
    let fallback = match given.fallback.as_str() {
        "local" => Fallback::LocalAtLimitOver(given.instances),
        "deny" => Fallback::Deny,
        "allow" => Fallback::Allow,
        _ => return Err(errors::config("argument_invalid", "fallback must be local, deny or allow")),
    };
    let mut settings = Settings::new("principal").fallback(fallback).lease(given.lease);
    settings = settings.deadline(duration(given.deadline, "deadline")?);
    if let Some(prefix) = given.prefix {
        settings = settings.prefix(prefix);
    }
    Ok(External::new(settings))
}
