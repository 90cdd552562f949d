//! A gate from its parts, from variables, from a file.

use super::list::{Function, List};
use super::parts::IntrospectionHandle;
use super::{Core, GateHandle};
use crate::api_keys::ApiKeysHandle;
use crate::boundary::Octets;
use crate::errors::{self, OrConfigError, Result};
use crate::policy::GrantsGiven;
use crate::verifier::VerifierHandle;
use doorward::address::{AddressRules, TrustedProxies};
use doorward::api_keys::ApiKeys;
use doorward::api_keys::file::KeyFile;
use doorward::config::{Config, SETTINGS};
use doorward::gate::{Gate, KeyLookup, SessionKey};
use doorward::oauth::{Issuer, Resource, ResourceError};
use doorward::origin::{HostRules, Origin, PublicUrl};
use doorward::policy::Policy;
use doorward::rate::Quota;
use doorward::rate::layers::Layer;
use doorward::rate::shared::Settings;
use napi::Env;
use napi::bindgen_prelude::{External, ExternalRef};
use napi_derive::napi;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

/// What a gate is made of.
#[napi(object, object_to_js = false)]
pub(crate) struct GateGiven {
    /// Issuers whose keys are fetched.
    pub issuers: Vec<ExternalRef<Issuer>>,
    /// Keys.
    pub api_keys: Option<ExternalRef<ApiKeysHandle>>,
    /// Whether the host is asked about others.
    pub api_key_lookup: bool,
    /// How opaque tokens are asked about.
    pub introspection: Option<ExternalRef<IntrospectionHandle>>,
    /// Who may reach what.
    pub policy: Option<ExternalRef<Policy>>,
    /// What somebody without a credential may reach.
    pub anonymous: Option<GrantsGiven>,
    /// The address the server binds to.
    pub host: Option<String>,
    /// By what URL it is called.
    pub public_url: Option<String>,
    /// By what other names.
    pub allowed_hosts: Vec<String>,
    /// Whose pages may call it.
    pub origins: Vec<String>,
    /// Whose forwarding header is believed.
    pub trusted_proxies: Vec<String>,
    /// Which header that is.
    pub forwarded_header: Option<String>,
    /// How many bits of an IPv6 address count.
    pub ipv6_prefix: Option<u32>,
    /// Who issues tokens for it.
    pub authorization_servers: Option<Vec<String>>,
    /// The scopes there are.
    pub scopes_supported: Option<Vec<String>>,
    /// The scopes to ask for at first.
    pub default_scopes: Option<Vec<String>>,
    /// Its name, for people.
    pub resource_name: Option<String>,
    /// The header API keys come in.
    pub api_key_header: Option<String>,
    /// Of failed attempts of an address.
    pub address_quota: Option<ExternalRef<Quota>>,
    /// Of a principal.
    pub principal_quota: Option<ExternalRef<Quota>>,
    /// Of somebody without a credential.
    pub anonymous_quota: Option<ExternalRef<Quota>>,
    /// Further limits.
    pub limits: Vec<ExternalRef<Layer>>,
    /// How several processes count together.
    pub shared_limit: Option<ExternalRef<Settings>>,
    /// Bytes.
    pub body_limit: Option<f64>,
    /// How many tokens are kept as verified.
    pub cached_tokens: Option<u32>,
    /// How many revocations there is room for.
    pub revocations: Option<u32>,
}

/// A gate of these parts. `sessionKey` binds session ids to their principals.
#[napi(
    ts_args_type = "given: GateGiven, verifiers: ExternalObject<VerifierHandle>[], sessionKey: string | Uint8Array | undefined, list: Parameters<typeof gateListen>[1] | undefined"
)]
pub(crate) fn gate_new(
    env: &Env,
    given: GateGiven,
    verifiers: Vec<ExternalRef<VerifierHandle>>,
    session_key: Option<Octets>,
    list: Option<Function>,
) -> Result<External<GateHandle>> {
    let mut builder = Gate::builder();
    for verifier in verifiers {
        builder = builder.verifier(verifier.verifier().clone());
    }
    let url = given.public_url.as_deref().map(|url| PublicUrl::parse(url).or_config_error()).transpose()?;
    let known = given.issuers.iter().map(|issuer| issuer.name());
    let known: Vec<&str> =
        known.chain(given.introspection.iter().map(|introspection| introspection.issuer.as_str())).collect();
    let said = Said {
        servers: given.authorization_servers.as_deref(),
        scopes: given.scopes_supported.as_deref(),
        default_scopes: given.default_scopes.as_deref(),
        name: given.resource_name.as_deref(),
    };
    if let Some(resource) = said.resource(url.as_ref(), &known)? {
        builder = builder.resource(resource);
    }
    for issuer in &given.issuers {
        let Some(url) = &url else {
            let message = "issuers need a publicUrl: their tokens are for it";
            return Err(errors::config("argument_invalid", message));
        };
        builder = builder.verifier(Issuer::clone(issuer).verifier(url.as_str()).or_config_error()?);
    }
    if let Some(keys) = given.api_keys {
        builder = builder.api_keys(ApiKeys::clone(&keys.keys));
    }
    if given.api_key_lookup {
        builder = builder.api_key_lookup(KeyLookup::new());
    }
    if let Some(introspection) = given.introspection {
        builder = builder.introspection(introspection.introspection.clone());
    }
    if let Some(policy) = given.policy {
        builder = builder.policy(Policy::clone(&policy));
    }
    if let Some(grants) = given.anonymous {
        builder = builder.anonymous(grants.into());
    }
    builder = builder.hosts(hosts(given.host.as_deref(), url, &given.allowed_hosts, &given.origins)?);
    let header = given.forwarded_header.as_deref();
    builder = builder.addresses(addresses(&given.trusted_proxies, header, given.ipv6_prefix)?);
    if let Some(name) = given.api_key_header {
        builder = builder.api_key_header(name);
    }
    if let Some(quota) = given.address_quota {
        builder = builder.address_quota(*quota);
    }
    if let Some(quota) = given.principal_quota {
        builder = builder.principal_quota(*quota);
    }
    if let Some(quota) = given.anonymous_quota {
        builder = builder.anonymous_quota(*quota);
    }
    for limit in given.limits {
        builder = builder.limit(Layer::clone(&limit));
    }
    if let Some(shared) = given.shared_limit {
        builder = builder.shared_limit(Settings::clone(&shared));
    }
    if let Some(bytes) = given.body_limit {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked in TypeScript")]
        let bytes = bytes as usize;
        builder = builder.body_limit(bytes);
    }
    if let Some(tokens) = given.cached_tokens {
        builder = builder.cached_tokens(tokens as usize);
    }
    if let Some(entries) = given.revocations {
        builder = builder.revocations(entries as usize);
    }
    if let Some(key) = session_key {
        builder = builder.sessions(SessionKey::new(key.as_bytes()).or_config_error()?);
    }
    let list = list.map(|function| {
        let list = List::new();
        list.listen(env, function);
        list
    });
    if let Some(number) = list.as_ref().map(List::number) {
        builder = builder.revocation_list(move |token, _| super::list::ask(number, token));
    }
    let gate = builder.build_random().or_config_error()?;
    Ok(GateHandle(Arc::new(Core { gate, config: None, list })).keep())
}

/// A gate by names and values of variables, in turn.
#[napi]
pub(crate) fn gate_from_env(
    vars: Vec<String>,
    policy: Option<ExternalRef<Policy>>,
) -> Result<External<GateHandle>> {
    configured(Config::from_vars(pairs(&vars)), policy)
}

/// A gate by a TOML file, and variables, which win over it.
#[napi]
pub(crate) fn gate_from_config(
    path: String,
    vars: Vec<String>,
    policy: Option<ExternalRef<Policy>>,
) -> Result<External<GateHandle>> {
    let text = std::fs::read_to_string(&path).map_err(|error| errors::file(&error, Path::new(&path)))?;
    configured(Config::from_toml_and_vars(&text, pairs(&vars)), policy)
}

/// The names of all settings.
#[napi]
#[must_use]
pub(crate) fn setting_names() -> Vec<&'static str> {
    SETTINGS.iter().map(|setting| setting.name).collect()
}

fn pairs(vars: &[String]) -> impl Iterator<Item = (&String, &String)> {
    vars.iter().step_by(2).zip(vars.iter().skip(1).step_by(2))
}

fn configured(
    config: std::result::Result<Config, doorward::config::ConfigError>,
    policy: Option<ExternalRef<Policy>>,
) -> Result<External<GateHandle>> {
    let wrong = |error| errors::setting(&error);
    let config = config.map_err(wrong)?;
    let policy = policy.map_or_else(Policy::new, |policy| Policy::clone(&policy));
    let gate = config.gate(policy).map_err(wrong)?.build_random().or_config_error()?;
    load_keys(&config, &gate)?;
    Ok(GateHandle(Arc::new(Core { gate, config: Some(config), list: None })).keep())
}

/// Reads the file of keys, where the configuration has one.
pub(super) fn load_keys(config: &Config, gate: &Gate) -> Result<bool> {
    let Some(path) = &config.key_settings.file else { return Ok(false) };
    let text = std::fs::read(path).map_err(|error| errors::file(&error, Path::new(path)))?;
    let file = KeyFile::parse(&text).or_config_error()?;
    let keys = config.keys_with(&file).map_err(|error| errors::setting(&error))?;
    gate.swap_api_keys(keys).or_config_error()?;
    Ok(true)
}

/// What the server says of itself to OAuth's clients.
struct Said<'a> {
    servers: Option<&'a [String]>,
    scopes: Option<&'a [String]>,
    default_scopes: Option<&'a [String]>,
    name: Option<&'a str>,
}

impl Said<'_> {
    /// The resource, where anybody issues tokens for it. `known` are the names of those who do, where no servers are named.
    fn resource(self, url: Option<&PublicUrl>, known: &[&str]) -> Result<Option<Resource>> {
        let wrong = |message| errors::config("argument_invalid", message);
        let made = match (self.servers, url) {
            (None | Some([]), None) => None,
            (Some(_), None) => {
                return Err(wrong("authorizationServers need a publicUrl: clients are told of it"));
            }
            (Some(servers), Some(url)) => servers
                .iter()
                .try_fold(None, |resource, server| with(resource, url, server).map(Some))
                .or_config_error()?,
            // An issuer whose keys are at an address of their own need be no URL: clients can't be sent there.
            (None, Some(url)) => known.iter().fold(None, |resource: Option<Resource>, name| {
                with(resource.clone(), url, name).ok().or(resource)
            }),
        };
        let Some(mut made) = made else {
            return match self.scopes.is_some() || self.default_scopes.is_some() || self.name.is_some() {
                true => Err(wrong(
                    "what the resource says of itself needs issuers or authorizationServers, and a publicUrl",
                )),
                false => Ok(None),
            };
        };
        if let Some(scopes) = self.scopes {
            made = made.scopes(scopes).or_config_error()?;
        }
        if let Some(scopes) = self.default_scopes {
            made = made.default_scopes(scopes).or_config_error()?;
        }
        if let Some(name) = self.name {
            made = made.name(name).or_config_error()?;
        }
        Ok(Some(made))
    }
}

fn with(
    resource: Option<Resource>,
    url: &PublicUrl,
    server: &str,
) -> std::result::Result<Resource, ResourceError> {
    match resource {
        None => Resource::new(url.clone(), server),
        Some(resource) => resource.and_issuer(server),
    }
}

fn hosts(
    host: Option<&str>,
    url: Option<PublicUrl>,
    allowed: &[String],
    origins: &[String],
) -> Result<HostRules> {
    let wrong = |_| errors::config("argument_invalid", "host must be an IP address");
    let host = host.map_or(Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)), |host| host.parse().map_err(wrong))?;
    let origins: std::result::Result<Vec<_>, _> =
        origins.iter().map(|origin| Origin::parse(origin)).collect();
    HostRules::new(host, url, allowed, origins.or_config_error()?).or_config_error()
}

fn addresses(proxies: &[String], header: Option<&str>, ipv6_prefix: Option<u32>) -> Result<AddressRules> {
    let mut rules = AddressRules::new(TrustedProxies::parse(&proxies.join(",")).or_config_error()?);
    if let Some(name) = header {
        rules = rules.with_header_name(name).or_config_error()?;
    }
    match ipv6_prefix {
        // What is no such length is refused as the nearest that is none.
        Some(bits) => rules.with_ipv6_prefix(u8::try_from(bits).unwrap_or(u8::MAX)).or_config_error(),
        None => Ok(rules),
    }
}
