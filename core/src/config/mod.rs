//! One configuration for every host: read from variables or from TOML, checked once, with one set of messages.
//!
//! Hosts read the file or the environment; what the names mean and which values are good is decided here. Every
//! setting has one name: `RATE_LIMIT_MAX` as a variable is `rate_limit_max` in TOML. Lists are separated by commas
//! in variables, and are arrays in TOML. What no single value can say, such as the policy, has tables in TOML alone.

mod error;
mod issuers;
mod keys;
mod limits;
mod policy;
mod redis;
mod secret;
mod settings;
mod source;
mod tables;
mod values;

pub use error::ConfigError;
pub use issuers::{IntrospectionConfig, OauthConfig, OauthIssuer};
pub use keys::KeySettings;
pub use redis::RedisConfig;
pub use secret::Secret;
pub use settings::{SETTINGS, Setting};
pub use values::parse_duration;

use crate::address::{AddressRules, TrustedProxies};
use crate::gate::{Gate, GateBuilder, SessionKey};
use crate::jwt::{Algorithm, Rules, SigningKey, Verifier};
use crate::keys::{Key, KeySet};
use crate::origin::{HostRules, Origin, PublicUrl};
use crate::policy::Policy;
use crate::rate::Quota;
use crate::rate::layers::Layer;
use source::Source;
use std::format;
use std::net::{IpAddr, SocketAddr};
use std::string::String;
use std::time::Duration;
use std::vec::Vec;

/// The role of the keys in `API_KEYS`.
pub const USER: &str = "user";
/// The role of the keys in `ADMIN_API_KEYS`.
pub const ADMIN: &str = "admin";

/// A checked configuration. Fields are what the settings of their names mean; see [`SETTINGS`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// `HOST`: the address to bind to.
    pub host: IpAddr,
    /// `PORT`: the port to bind to; 0 lets the operating system choose.
    pub port: u16,
    /// `PUBLIC_URL`: where clients reach the server.
    pub public_url: Option<PublicUrl>,
    /// `ALLOWED_HOSTS`: further names clients may call it by.
    pub allowed_hosts: Vec<String>,
    /// `CORS_ORIGINS`: the web origins whose pages may call it.
    pub cors_origins: Vec<Origin>,
    /// `TRUSTED_PROXIES`: whose forwarding header is believed.
    pub trusted_proxies: TrustedProxies,
    /// `API_KEYS`: keys of role user.
    pub api_keys: Vec<Secret>,
    /// `ADMIN_API_KEYS`: keys of role admin.
    pub admin_api_keys: Vec<Secret>,
    /// The settings of the file of keys, and of doorward's own keys.
    pub key_settings: KeySettings,
    /// The `JWT_…` settings, where there is a key to verify tokens with.
    pub jwt: Option<JwtConfig>,
    /// OAuth beyond `OAUTH_ISSUER`, and what anybody may do.
    pub oauth: OauthConfig,
    /// `MAX_TOKEN_LIFETIME`: the longest life of a token minted here.
    pub max_token_lifetime: Duration,
    /// `PREAUTH_RATE_LIMIT_MAX` and `PREAUTH_RATE_LIMIT_WINDOW_MS`: failures an address may have.
    pub address_quota: Quota,
    /// `RATE_LIMIT_MAX` and `RATE_LIMIT_WINDOW_MS`: requests a principal may make.
    pub principal_quota: Quota,
    /// The `[[limit]]` tables of a TOML file: named limits, in their order.
    pub limits: Vec<Layer>,
    /// The `REDIS_…` settings, where principals' quotas are shared.
    pub redis: Option<RedisConfig>,
    /// `SESSION_KEY`: what session ids are bound to their principals by.
    pub session_key: Option<SessionKey>,
    /// `METRICS_ADDR`: where counters are served, on loopback.
    pub metrics: Option<SocketAddr>,
    /// `BODY_LIMIT`, in bytes.
    pub body_limit: usize,
    /// The policy of the TOML file, where it has one.
    pub policy: Option<Policy>,
}

/// How tokens are verified, and signed where there is a secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JwtConfig {
    /// `JWT_SECRET`: signs and verifies HS256.
    pub secret: Option<Secret>,
    /// `JWT_SECRET_PREVIOUS`: still verifies.
    pub previous: Option<Secret>,
    /// `JWT_PUBLIC_KEY`: an RSA key in PEM that verifies RS256.
    pub public_key: Option<String>,
    /// `JWT_ISSUER`
    pub issuer: Option<String>,
    /// `JWT_AUDIENCE`
    pub audience: Option<String>,
    /// `OAUTH_ISSUER` and `JWKS_URL`: an issuer whose keys are fetched.
    pub oauth: Option<OauthIssuer>,
    /// `JWT_CLOCK_TOLERANCE`, in seconds.
    pub clock_tolerance: f64,
}

impl Config {
    /// Reads variables, given as names and values: usually the environment's. Names that are no setting's are left
    /// alone.
    ///
    /// # Errors
    /// One sentence that names the setting, what is wrong with it, and how to mend it.
    ///
    /// ```
    /// use doorward::config::Config;
    /// let config = Config::from_vars([("PORT", "8080"), ("API_KEYS", "first-key, second-key")])?;
    /// assert_eq!((config.port, config.api_keys.len()), (8080, 2));
    /// let error = Config::from_vars([("API_KEYS", "")]).unwrap_err();
    /// assert_eq!(error.setting(), Some("API_KEYS"));
    /// # Ok::<(), doorward::config::ConfigError>(())
    /// ```
    pub fn from_vars<N: AsRef<str>, V: AsRef<str>>(
        vars: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, ConfigError> {
        Self::read(&Source::from_vars(vars)?)
    }

    /// Reads TOML: the settings by their names in lower case, at the top level, and `[[limit]]` tables.
    ///
    /// # Errors
    /// As [`from_vars`](Self::from_vars); and a name that is no setting's is an error here.
    ///
    /// ```
    /// use doorward::config::Config;
    /// let config = Config::from_toml("port = 8080\napi_keys = [\"first-key\"]")?;
    /// assert_eq!(config.port, 8080);
    /// assert!(Config::from_toml("prot = 8080").unwrap_err().to_string().contains("prot"));
    /// # Ok::<(), doorward::config::ConfigError>(())
    /// ```
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Self::read(&Source::from_toml(text)?)
    }

    /// Reads TOML, and variables, which win over what is in it: so that secrets can stay out of the file.
    ///
    /// # Errors
    /// As [`from_toml`](Self::from_toml) and [`from_vars`](Self::from_vars).
    ///
    /// ```
    /// use doorward::config::Config;
    /// let config = Config::from_toml_and_vars("port = 8080\nhost = \"::1\"", [("PORT", "9090")])?;
    /// assert_eq!((config.port, config.host.is_ipv6()), (9090, true));
    /// # Ok::<(), doorward::config::ConfigError>(())
    /// ```
    pub fn from_toml_and_vars<N: AsRef<str>, V: AsRef<str>>(
        text: &str,
        vars: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, ConfigError> {
        Self::read(&Source::layered(text, vars)?)
    }

    fn read(source: &Source) -> Result<Self, ConfigError> {
        let principal_quota = source.quota("RATE_LIMIT_MAX", "RATE_LIMIT_WINDOW_MS", 100)?;
        let config = Self {
            host: source.host("HOST")?,
            port: source.number("PORT")?.unwrap_or(3000),
            public_url: source.parse("PUBLIC_URL", PublicUrl::parse)?,
            allowed_hosts: source.list("ALLOWED_HOSTS")?.unwrap_or_default(),
            cors_origins: source.parse_list("CORS_ORIGINS", Origin::parse)?,
            trusted_proxies: source.parse("TRUSTED_PROXIES", TrustedProxies::parse)?.unwrap_or_default(),
            api_keys: source.secrets("API_KEYS")?,
            admin_api_keys: source.secrets("ADMIN_API_KEYS")?,
            key_settings: KeySettings::read(source)?,
            jwt: JwtConfig::read(source)?,
            oauth: OauthConfig::read(source)?,
            max_token_lifetime: source
                .parse("MAX_TOKEN_LIFETIME", parse_duration)?
                .unwrap_or(Duration::from_secs(7 * 24 * 3600)),
            address_quota: source.quota("PREAUTH_RATE_LIMIT_MAX", "PREAUTH_RATE_LIMIT_WINDOW_MS", 30)?,
            principal_quota,
            limits: limits::read(source)?,
            redis: RedisConfig::read(source, principal_quota)?,
            session_key: source.parse("SESSION_KEY", |text| SessionKey::new(text.as_bytes()))?,
            metrics: source.parse("METRICS_ADDR", values::parse_metrics_address)?,
            body_limit: source.parse("BODY_LIMIT", values::parse_size)?.unwrap_or(1024 * 1024),
            policy: policy::read(source)?,
        };
        config.check()?;
        Ok(config)
    }

    /// What one setting alone can't tell.
    fn check(&self) -> Result<(), ConfigError> {
        if let Some(twice) = self.api_keys.iter().find(|key| self.admin_api_keys.contains(key)) {
            let position = self.admin_api_keys.iter().position(|key| key == twice).unwrap_or_default() + 1;
            return Err(ConfigError::of(
                "ADMIN_API_KEYS",
                format!(
                    "key {position} is also in API_KEYS: a key has one role, so remove it from one of them"
                ),
            ));
        }
        if !self.host.is_loopback() && !self.has_credentials() {
            return Err(ConfigError::of(
                "HOST",
                "is not loopback, and no credentials are configured: set API_KEYS, ADMIN_API_KEYS, \
                 API_KEYS_FILE, JWT_SECRET or OAUTH_ISSUER",
            ));
        }
        self.host_rules()?;
        self.check_lengths()?;
        self.check_roles()?;
        if let Some(policy) = &self.policy {
            limits::check_roles(&self.limits, policy)?;
        }
        self.check_oauth()?;
        self.keys()?;
        Ok(())
    }

    /// Whether anybody could come in.
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        let keys = !self.api_keys.is_empty() || !self.admin_api_keys.is_empty();
        keys || self.key_settings.file.is_some() || self.jwt.is_some() || self.oauth.has_credentials()
    }

    /// Host and Origin rules.
    ///
    /// # Errors
    /// `HOST` is not loopback, and neither `PUBLIC_URL` nor `ALLOWED_HOSTS` says by what name it is called.
    pub fn host_rules(&self) -> Result<HostRules, ConfigError> {
        HostRules::new(self.host, self.public_url.clone(), &self.allowed_hosts, self.cors_origins.clone())
            .map_err(|error| match error {
                crate::origin::OriginError::HostsRequired => ConfigError::of(
                    "PUBLIC_URL",
                    "is not set, and HOST is not loopback: say under which URL clients reach the server, or list \
                     the names in ALLOWED_HOSTS",
                ),
                other => ConfigError::of("ALLOWED_HOSTS", not_right(&other)),
            })
    }

    /// The verifiers of tokens: of `JWT_SECRET` and `JWT_PUBLIC_KEY`, of `OAUTH_ISSUER` and of `[[issuer]]`, as far as they
    /// are set.
    ///
    /// # Errors
    /// A secret that is too short or really a key; a public key that can't be read; an issuer or address that can't be
    /// fetched from; public keys without an audience; an issuer twice.
    pub fn verifiers(&self) -> Result<Vec<Verifier>, ConfigError> {
        let own = self.jwt.as_ref().map(JwtConfig::verifier).transpose()?.flatten();
        Ok(own.into_iter().chain(self.fetching()?).collect())
    }

    /// The key that signs tokens; nothing without `JWT_SECRET`.
    ///
    /// # Errors
    /// As [`verifiers`](Self::verifiers).
    pub fn signing_key(&self) -> Result<Option<SigningKey>, ConfigError> {
        let secret = self.jwt.as_ref().and_then(|jwt| jwt.secret.as_ref());
        secret
            .map(|secret| SigningKey::hmac(Algorithm::HS256, secret.expose().as_bytes()))
            .transpose()
            .map_err(|error| ConfigError::of("JWT_SECRET", not_right(&error)))
    }

    /// A gate by this configuration, for the host to adjust and build; `policy` is for one that has none of its own. The keys of `API_KEYS_FILE` are
    /// the host's to read: they come by [`keys_with`](Self::keys_with) and [`Gate::swap_api_keys`].
    ///
    /// # Errors
    /// As the parts; and a limit is for a role that the policy, which knows others, does not.
    pub fn gate(&self, policy: Policy) -> Result<GateBuilder, ConfigError> {
        let policy = self.policy.clone().unwrap_or(policy);
        limits::check_roles(&self.limits, &policy)?;
        let mut builder = Gate::builder()
            .policy(policy)
            .hosts(self.host_rules()?)
            .addresses(AddressRules::new(self.trusted_proxies.clone()))
            .address_quota(self.address_quota)
            .principal_quota(self.principal_quota)
            .body_limit(self.body_limit);
        if self.key_settings.file.is_some() {
            builder = builder.keys_come_later();
        }
        if let Some(key) = &self.session_key {
            builder = builder.sessions(key.clone());
        }
        for limit in &self.limits {
            builder = builder.limit(limit.clone());
        }
        if let Some(redis) = &self.redis {
            builder = builder.shared_limit(redis.settings());
        }
        if let Some(keys) = self.keys()? {
            builder = builder.api_keys(keys);
        }
        for verifier in self.verifiers()? {
            builder = builder.verifier(verifier);
        }
        self.with_oauth(builder)
    }
}

impl JwtConfig {
    /// Tokens signed and verified by one secret, with no rule but their dates.
    #[must_use]
    pub fn with_secret(secret: Secret) -> Self {
        Self {
            secret: Some(secret),
            previous: None,
            public_key: None,
            issuer: None,
            audience: None,
            oauth: None,
            clock_tolerance: 0.0,
        }
    }

    fn read(source: &Source) -> Result<Option<Self>, ConfigError> {
        let jwt = Self {
            secret: source.secret("JWT_SECRET")?,
            previous: source.secret("JWT_SECRET_PREVIOUS")?,
            public_key: source.text("JWT_PUBLIC_KEY")?.map(Into::into),
            issuer: source.text("JWT_ISSUER")?.map(Into::into),
            audience: source.text("JWT_AUDIENCE")?.map(Into::into),
            oauth: OauthIssuer::read(source)?,
            clock_tolerance: source.parse("JWT_CLOCK_TOLERANCE", values::parse_seconds)?.unwrap_or(0.0),
        };
        if jwt.secret.is_none() && jwt.previous.is_some() {
            return Err(without("JWT_SECRET_PREVIOUS", "JWT_SECRET"));
        }
        if !jwt.has_own_keys() && jwt.issuer.is_some() {
            return Err(without("JWT_ISSUER", "JWT_SECRET or JWT_PUBLIC_KEY"));
        }
        if jwt.has_own_keys() || jwt.oauth.is_some() {
            return Ok(Some(jwt));
        }
        match ["JWT_AUDIENCE", "JWT_CLOCK_TOLERANCE"].into_iter().find(|name| source.has(name)) {
            Some(name) => Err(without(name, "JWT_SECRET, JWT_PUBLIC_KEY or OAUTH_ISSUER")),
            None => Ok(None),
        }
    }

    const fn has_own_keys(&self) -> bool {
        self.secret.is_some() || self.public_key.is_some()
    }

    fn verifier(&self) -> Result<Option<Verifier>, ConfigError> {
        if !self.has_own_keys() {
            return Ok(None);
        }
        let mut keys = KeySet::new();
        for (name, secret) in [("JWT_SECRET", &self.secret), ("JWT_SECRET_PREVIOUS", &self.previous)] {
            if let Some(secret) = secret {
                let key = Key::hmac(Algorithm::HS256, secret.expose().as_bytes())
                    .map_err(|error| ConfigError::of(name, not_right(&error)))?;
                keys = keys.with(key);
            }
        }
        if let Some(pem) = &self.public_key {
            let key = Key::from_pem(pem, &[Algorithm::RS256])
                .map_err(|error| ConfigError::of("JWT_PUBLIC_KEY", not_right(&error)))?;
            keys = keys.with(key);
        }
        let mut rules = Rules::new().tolerance(self.clock_tolerance);
        if let Some(issuer) = &self.issuer {
            rules = rules.issuer(issuer.clone());
        }
        if let Some(audience) = &self.audience {
            rules = rules.audience(audience.clone());
        }
        Verifier::new(keys, rules).map(Some).map_err(|_| {
            ConfigError::of(
                "JWT_AUDIENCE",
                "is not set: JWT_PUBLIC_KEY verifies tokens made for anybody, so say for whom",
            )
        })
    }
}

/// What a part of the core says of a value, behind the setting's name.
fn not_right(error: &dyn std::fmt::Display) -> String {
    format!("is not right: {error}")
}

fn without(setting: &'static str, needed: &str) -> ConfigError {
    ConfigError::of(
        setting,
        format!("is set without {needed}, so it would have no effect: set that too, or unset this"),
    )
}

#[cfg(test)]
mod oauth_tests;
#[cfg(test)]
mod tests;
