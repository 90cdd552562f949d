//! OAuth: the resource, its issuers and how their claims are read, introspection, and what anybody may do.
//!
//! One issuer is said by `OAUTH_ISSUER` and `JWKS_URL`; several, and all the rest, by the tables of a TOML file. The
//! secret of introspection is a setting of its own, for errors in tables are told with their values.

use super::source::Source;
use super::tables::{AnonymousTable, Claims, IntrospectionTable, IssuerTable, OauthTable};
use super::{Config, ConfigError, Secret, not_right, without};
use crate::gate::{GateBuilder, Introspection};
use crate::jwt::{Issuers, Verifier};
use crate::oauth::{Issuer, IssuerError, Resource};
use crate::origin::PublicUrl;
use crate::policy::Grants;
use crate::rate::Quota;
use std::format;
use std::net::SocketAddr;
use std::string::String;
use std::vec::Vec;

/// An issuer whose keys are fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OauthIssuer {
    /// `OAUTH_ISSUER`, byte for byte as tokens name it.
    pub issuer: String,
    /// `JWKS_URL`; found by the issuer's metadata where it is not given.
    pub jwks_url: Option<String>,
}

/// What the tables `[oauth]`, `[[issuer]]`, `[introspection]` and `[anonymous]` say.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct OauthConfig {
    /// The issuers of `[[issuer]]`, those of `OAUTH_ISSUER` and `[introspection]` not among them.
    pub issuers: Vec<Issuer>,
    /// `scopes`: those there are, and what a client without a credential is told to ask for.
    pub scopes: Vec<String>,
    /// `default_scopes`: what it is told to ask for, where that is less.
    pub default_scopes: Option<Vec<String>>,
    /// `name`: what people are shown.
    pub name: Option<String>,
    /// Where opaque tokens are asked about.
    pub introspection: Option<IntrospectionConfig>,
    /// What anybody may do, and how often.
    pub anonymous: Option<(Grants, Quota)>,
}

/// `[introspection]`
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IntrospectionConfig {
    /// `url`: the endpoint.
    pub url: String,
    /// `issuer`: whose tokens it knows.
    pub issuer: String,
    /// `client_id`: as whom this server asks. Without one, the secret is sent as a bearer token.
    pub client_id: Option<String>,
    /// `INTROSPECTION_CLIENT_SECRET`
    pub client_secret: Secret,
    pub(super) claims: Claims,
}

impl OauthIssuer {
    pub(super) fn read(source: &Source) -> Result<Option<Self>, ConfigError> {
        match (source.text("OAUTH_ISSUER")?, source.text("JWKS_URL")?) {
            (Some(issuer), url) => Ok(Some(Self { issuer: issuer.into(), jwks_url: url.map(Into::into) })),
            (None, Some(_)) => Err(without("JWKS_URL", "OAUTH_ISSUER")),
            (None, None) => Ok(None),
        }
    }

    fn issuer(&self) -> Issuer {
        let issuer = Issuer::new(self.issuer.clone());
        match &self.jwks_url {
            Some(url) => issuer.jwks_at(url.clone()),
            None => issuer,
        }
    }
}

impl OauthConfig {
    pub(super) fn read(source: &Source) -> Result<Self, ConfigError> {
        let OauthTable { scopes, default_scopes, name } = source.section("oauth")?.unwrap_or_default();
        let tables: Vec<IssuerTable> = source.section("issuer")?.unwrap_or_default();
        let issuers = tables.into_iter().zip(1..).map(|(table, at)| {
            table.read().map_err(|why| ConfigError::of("issuer", format!("{at} is not right: {why}")))
        });
        let secret = source.secret("INTROSPECTION_CLIENT_SECRET")?;
        let introspection = match (source.section::<IntrospectionTable>("introspection")?, secret) {
            (Some(table), Some(secret)) => Some(
                table
                    .read(secret)
                    .map_err(|why| ConfigError::of("introspection", format!("is not right: {why}")))?,
            ),
            (Some(_), None) => {
                return Err(ConfigError::of(
                    "INTROSPECTION_CLIENT_SECRET",
                    "is not set: the introspection endpoint tells nobody without credentials (RFC 7662 section 2.1)",
                ));
            }
            (None, Some(_)) => return Err(without("INTROSPECTION_CLIENT_SECRET", "[introspection]")),
            (None, None) => None,
        };
        let anonymous = source
            .section::<AnonymousTable>("anonymous")?
            .map(AnonymousTable::read)
            .transpose()
            .map_err(|why| ConfigError::of("anonymous", format!("is not right: {why}")))?;
        let issuers = issuers.collect::<Result<_, _>>()?;
        Ok(Self { issuers, scopes, default_scopes, name, introspection, anonymous })
    }

    /// Whether somebody could come in by it.
    pub(super) const fn has_credentials(&self) -> bool {
        !self.issuers.is_empty() || self.introspection.is_some()
    }
}

impl IntrospectionConfig {
    fn settings(&self, resource: &str) -> Result<Introspection, ConfigError> {
        let Claims { audiences, allow_missing_audience, tolerance, mapping } = self.claims.clone();
        let settings = Introspection::new(&self.url, self.issuer.clone())
            .map_err(|error| ConfigError::of("introspection", format!("is not right: url {error}")))?;
        let settings = if audiences.is_empty() {
            settings.audience(resource)
        } else {
            audiences.into_iter().fold(settings, Introspection::audience)
        };
        let settings = if allow_missing_audience { settings.allow_missing_audience() } else { settings };
        Ok(settings.tolerance(tolerance).mapping(mapping))
    }
}

impl Config {
    /// The names of all issuers, in the order they were given.
    fn issuer_names(&self) -> impl Iterator<Item = &str> {
        let single = self.jwt.as_ref().and_then(|jwt| jwt.oauth.as_ref()).map(|one| one.issuer.as_str());
        let asked = self.oauth.introspection.as_ref().map(|one| one.issuer.as_str());
        single.into_iter().chain(self.oauth.issuers.iter().map(Issuer::name)).chain(asked)
    }

    /// Where clients reach the server: `PUBLIC_URL`, or on loopback the address it is bound to. Where `PORT` is 0, a host
    /// sets [`port`](Self::port) once it is bound, and before it asks for a gate.
    ///
    /// # Errors
    /// There is no `PUBLIC_URL`, and `HOST` is not loopback.
    fn resource_url(&self) -> Result<PublicUrl, ConfigError> {
        if let Some(url) = &self.public_url {
            return Ok(url.clone());
        }
        let missing = ConfigError::of(
            "PUBLIC_URL",
            "is not set, and an issuer is: clients get tokens for that URL, and no request can tell it; it may be left \
             out on loopback only",
        );
        if !self.host.is_loopback() {
            return Err(missing);
        }
        let port = if self.port == 0 { 80 } else { self.port };
        PublicUrl::parse(&format!("http://{}/mcp", SocketAddr::new(self.host, port))).map_err(|_| missing)
    }

    /// The protected resource; nothing without an issuer.
    ///
    /// # Errors
    /// An issuer without `PUBLIC_URL`, unless `HOST` is loopback; a scope that is none.
    pub fn resource(&self) -> Result<Option<Resource>, ConfigError> {
        if self.issuer_names().next().is_none() {
            let given = !self.oauth.scopes.is_empty() || self.oauth.name.is_some();
            return if given {
                Err(without("oauth", "OAUTH_ISSUER, [[issuer]] or [introspection]"))
            } else {
                Ok(None)
            };
        }
        let url = self.resource_url()?;
        // An issuer whose keys are at an address of their own need be no URL: clients can't be sent there.
        let mut resource: Option<Resource> = None;
        for name in self.issuer_names() {
            let next = match resource.clone() {
                None => Resource::new(url.clone(), name),
                Some(resource) => resource.and_issuer(name),
            };
            resource = next.ok().or(resource);
        }
        let Some(mut resource) = resource else { return Ok(None) };
        let wrong = |error| ConfigError::of("oauth", not_right(&error));
        resource = resource.scopes(&self.oauth.scopes).map_err(wrong)?;
        if let Some(scopes) = &self.oauth.default_scopes {
            resource = resource.default_scopes(scopes).map_err(wrong)?;
        }
        if let Some(name) = &self.oauth.name {
            resource = resource.name(name.clone()).map_err(wrong)?;
        }
        Ok(Some(resource))
    }

    /// The verifiers of issuers whose keys are fetched.
    pub(super) fn fetching(&self) -> Result<Vec<Verifier>, ConfigError> {
        let single = self.jwt.as_ref().and_then(|jwt| Some((jwt, jwt.oauth.as_ref()?)));
        if single.is_none() && self.oauth.issuers.is_empty() {
            return Ok(Vec::new());
        }
        let url = self.resource_url()?;
        let mut verifiers = Vec::new();
        if let Some((jwt, oauth)) = single {
            if jwt.issuer.as_ref() == Some(&oauth.issuer) {
                return Err(ConfigError::of(
                    "OAUTH_ISSUER",
                    "is JWT_ISSUER too: an issuer's tokens are verified by one set of keys, so remove one of them",
                ));
            }
            let issuer = oauth.issuer().audiences(jwt.audience.clone()).tolerance(jwt.clock_tolerance);
            verifiers.push(issuer.verifier(url.as_str()).map_err(|error| match error {
                IssuerError::JwksUrl(error) => ConfigError::of("JWKS_URL", not_right(&error)),
                IssuerError::Issuer(error) => ConfigError::of("OAUTH_ISSUER", not_right(&error)),
                other => ConfigError::of("OAUTH_ISSUER", not_right(&other)),
            })?);
        }
        for (issuer, at) in self.oauth.issuers.iter().zip(1..) {
            let verifier = issuer.clone().verifier(url.as_str());
            verifiers.push(
                verifier.map_err(|error| ConfigError::of("issuer", format!("{at} is not right: {error}")))?,
            );
        }
        Ok(verifiers)
    }

    /// What no part of it can tell alone.
    pub(super) fn check_oauth(&self) -> Result<(), ConfigError> {
        self.resource()?;
        let verifiers = self.verifiers()?;
        if !verifiers.is_empty() {
            Issuers::new(verifiers).map_err(|error| ConfigError::of("issuer", not_right(&error)))?;
        }
        if let Some(introspection) = &self.oauth.introspection {
            let _ = introspection.settings(self.resource_url()?.as_str())?;
        }
        Ok(())
    }

    /// The gate with what is said of OAuth and of anybody.
    pub(super) fn with_oauth(&self, mut builder: GateBuilder) -> Result<GateBuilder, ConfigError> {
        if let Some(resource) = self.resource()? {
            builder = builder.resource(resource);
        }
        if let Some(introspection) = &self.oauth.introspection {
            builder = builder.introspection(introspection.settings(self.resource_url()?.as_str())?);
        }
        if let Some((grants, quota)) = &self.oauth.anonymous {
            builder = builder.anonymous(grants.clone()).anonymous_quota(*quota);
        }
        Ok(builder)
    }
}
