//! One trusted issuer: its keys, which of its tokens are meant for this server, and how they are read.

use super::{ClaimMapping, Preset};
use crate::jwks::{Jwks, UrlError};
use crate::jwt::{Rules, Verifier, VerifierError};
use core::fmt;
use std::string::String;
use std::vec;
use std::vec::Vec;

/// An issuer whose tokens are accepted; [`verifier`](Self::verifier) makes what a gate takes.
///
/// ```
/// use doorward::gate::Gate;
/// use doorward::oauth::{Issuer, Preset, Resource};
/// use doorward::origin::PublicUrl;
///
/// let issuer = Issuer::new("https://keycloak.example/realms/staff")
///     .preset(&Preset::Keycloak { client: Some("mcp-server".into()) })
///     .map(|claims| claims.only_roles(["editor", "viewer"]));
/// let resource = Resource::new(PublicUrl::parse("https://mcp.example/mcp")?, issuer.name())?;
/// let verifier = issuer.verifier(resource.uri())?;
/// let gate = Gate::builder().resource(resource).verifier(verifier).build_random()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Issuer {
    name: String,
    jwks_url: Option<String>,
    audiences: Vec<String>,
    audience_claim: Option<String>,
    allow_missing_audience: bool,
    tolerance: f64,
    mapping: ClaimMapping,
}

/// Why an issuer's tokens can't be verified.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IssuerError {
    /// It is no address whose metadata can be fetched.
    Issuer(UrlError),
    /// The address of its keys can't be fetched from.
    JwksUrl(UrlError),
    /// The rules contradict each other.
    Verifier(VerifierError),
}

impl IssuerError {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Issuer(error) | Self::JwksUrl(error) => error.code(),
            Self::Verifier(error) => error.code(),
        }
    }
}

impl fmt::Display for IssuerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issuer(error) => write!(f, "the issuer {error}"),
            Self::JwksUrl(error) => write!(f, "the address of its keys {error}"),
            Self::Verifier(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for IssuerError {}

impl Issuer {
    /// The issuer of that name, byte for byte as its tokens and its metadata have it. Its keys are found by its metadata
    /// (RFC 8414, OpenID Connect Discovery).
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            jwks_url: None,
            audiences: Vec::new(),
            audience_claim: None,
            allow_missing_audience: false,
            tolerance: 0.0,
            mapping: ClaimMapping::new(),
        }
    }

    /// Its keys are at that address, and its metadata is not asked for. The name may then be any text.
    pub fn jwks_at(mut self, url: impl Into<String>) -> Self {
        self.jwks_url = Some(url.into());
        self
    }

    /// Reads its tokens as that product's, in place of what was said of claims and audiences before.
    pub fn preset(mut self, preset: &Preset) -> Self {
        self.mapping = preset.mapping();
        self.audiences = preset.audiences();
        self
    }

    /// Its tokens must name one of these audiences, in place of the resource's own URI or what a preset says.
    pub fn audiences<T: Into<String>>(mut self, audiences: impl IntoIterator<Item = T>) -> Self {
        self.audiences = audiences.into_iter().map(Into::into).collect();
        self
    }

    /// The claim that names the audience, in place of `aud`: see [`Rules::audience_claim`] for what that gives up.
    pub fn audience_claim(mut self, claim: impl Into<String>) -> Self {
        self.audience_claim = Some(claim.into());
        self
    }

    /// Accepts tokens that name no audience at all: see [`Rules::audience_or_none`] for what that gives up.
    pub fn allow_missing_audience(mut self) -> Self {
        self.allow_missing_audience = true;
        self
    }

    /// Seconds by which its clock may differ.
    pub fn tolerance(mut self, seconds: f64) -> Self {
        self.tolerance = seconds;
        self
    }

    /// How its claims are read.
    pub fn map(mut self, map: impl FnOnce(ClaimMapping) -> ClaimMapping) -> Self {
        self.mapping = map(self.mapping);
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A verifier of its tokens; `resource` is the audience where no other was said.
    ///
    /// # Errors
    /// Its metadata or keys are at no `https` address (or `http` on a loopback host).
    pub fn verifier(self, resource: &str) -> Result<Verifier, IssuerError> {
        let jwks = match &self.jwks_url {
            Some(url) => Jwks::at(url).map_err(IssuerError::JwksUrl)?,
            None => Jwks::of_issuer(&self.name).map_err(IssuerError::Issuer)?,
        };
        let audiences = if self.audiences.is_empty() { vec![resource.into()] } else { self.audiences };
        let mut rules = Rules::new().tolerance(self.tolerance).issuer(self.name);
        rules = if self.allow_missing_audience {
            rules.audience_or_none(audiences)
        } else {
            rules.audience(audiences)
        };
        if let Some(claim) = self.audience_claim {
            rules = rules.audience_claim(claim);
        }
        Ok(Verifier::fetching(jwks, rules).map_err(IssuerError::Verifier)?.with_mapping(self.mapping))
    }
}
