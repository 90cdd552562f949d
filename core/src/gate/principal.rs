//! Who a request is from.

use crate::address::ClientAddress;
use crate::api_keys::{ApiKey, KeyDigest};
use crate::jwt::{Claims, OwnedClaims, Verifier};
use crate::oauth::{ClaimMapping, Who};
use crate::rate::{Prepared, RateHeaders};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

/// How a principal proved who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthMethod {
    /// By an API key.
    ApiKey,
    /// By a signed token.
    Jwt,
    /// By a token that only its issuer can read, and told of (RFC 7662).
    Opaque,
    /// By nothing: nobody in particular, from some address.
    Anonymous,
}

impl AuthMethod {
    /// `api_key`, `jwt`, `opaque` or `anonymous`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Jwt => "jwt",
            Self::Opaque => "opaque",
            Self::Anonymous => "anonymous",
        }
    }
}

/// Who a request is from: cheap to clone, the same object for as long as a token is cached.
#[derive(Clone)]
pub struct Principal(Arc<Inner>);

struct Inner {
    id: String,
    method: AuthMethod,
    subject: Option<String>,
    client: Option<String>,
    #[cfg_attr(not(feature = "std"), allow(dead_code))]
    token: Option<TokenFacts>,
    /// Of its key: what tells whether that is still there.
    digest: Option<KeyDigest>,
    /// Of the host's answer that told of its key or token: what tells whether that was forgotten.
    #[cfg(feature = "std")]
    looked_up: Option<u64>,
    bucket: Option<Box<Bucket>>,
    scopes: Vec<String>,
    roles: Vec<String>,
    expires: Option<f64>,
    /// As `expires`, clock tolerance and maximum age included.
    until: Option<f64>,
    claims: Option<OwnedClaims>,
}

/// A quota of its own, and how answers tell of it.
pub(super) struct Bucket {
    pub(super) quota: Prepared,
    pub(super) headers: RateHeaders,
}

/// What a token may be revoked by.
#[cfg_attr(not(feature = "std"), allow(dead_code))]
struct TokenFacts {
    issuer: String,
    id: Option<String>,
    issued_at: Option<f64>,
}

impl Inner {
    const fn of_nobody() -> Self {
        Self {
            id: String::new(),
            method: AuthMethod::Anonymous,
            subject: None,
            client: None,
            token: None,
            digest: None,
            #[cfg(feature = "std")]
            looked_up: None,
            bucket: None,
            scopes: Vec::new(),
            roles: Vec::new(),
            expires: None,
            until: None,
            claims: None,
        }
    }

    fn of_key(key: &ApiKey, bucket: Option<Bucket>) -> Self {
        Self {
            id: id("key", &[key.name()]),
            method: AuthMethod::ApiKey,
            bucket: bucket.map(Box::new),
            scopes: key.scopes().to_vec(),
            roles: key.roles().to_vec(),
            expires: key.valid_until(),
            until: key.valid_until(),
            ..Self::of_nobody()
        }
    }

    fn of_claims(
        method: AuthMethod,
        issuer: String,
        claims: &Claims<'_>,
        mapping: &ClaimMapping,
        until: f64,
    ) -> Option<Self> {
        let (users, clients) = match method {
            AuthMethod::Opaque => ("opaque", "opaque-client"),
            _ => ("jwt", "jwt-client"),
        };
        let (id, subject, client) = match mapping.who(claims)? {
            Who::Subject(subject) => (id(users, &[&issuer, &subject]), Some(subject), None),
            Who::Client(client) => (id(clients, &[&issuer, &client]), None, Some(client)),
        };
        Some(Self {
            id,
            method,
            subject,
            client,
            token: Some(TokenFacts {
                issuer,
                id: claims.id().map(|id| id.to_string()),
                issued_at: claims.issued_at(),
            }),
            scopes: mapping.scopes(claims),
            roles: mapping.roles(claims),
            expires: claims.expiry(),
            until: Some(until).filter(|until| until.is_finite()),
            claims: Some(claims.to_owned()),
            ..Self::of_nobody()
        })
    }
}

impl Principal {
    /// The principal of an API key: `key:<id>`, or `key:<name>` where it has one.
    pub(super) fn of_key(key: &ApiKey, digest: KeyDigest, bucket: Option<Bucket>) -> Self {
        Self(Arc::new(Inner { digest: Some(digest), ..Inner::of_key(key, bucket) }))
    }

    /// The principal of an API key that the host knows, as of its answer.
    #[cfg(feature = "std")]
    pub(super) fn of_looked_up(key: &ApiKey, bucket: Option<Bucket>, generation: u64) -> Self {
        Self(Arc::new(Inner { looked_up: Some(generation), ..Inner::of_key(key, bucket) }))
    }

    /// The principal of a token: `jwt:<issuer>:<subject>`; nothing if it names no subject. No other claim stands in
    /// for `sub`, unless the issuer's mapping says so, and then as a client, with an id that is no user's: a client that
    /// is called as a user is would be that user (RFC 9068 §5). `until`: when the token ends by its verifier's rules.
    pub(super) fn of_claims(claims: &Claims<'_>, mapping: &ClaimMapping, until: f64) -> Option<Self> {
        let issuer = claims.issuer().map(|issuer| issuer.to_string()).unwrap_or_default();
        Inner::of_claims(AuthMethod::Jwt, issuer, claims, mapping, until).map(Arc::new).map(Self)
    }

    /// The principal of a token that its issuer told of: `opaque:<issuer>:<subject>`, otherwise alike.
    #[cfg(feature = "std")]
    pub(super) fn of_introspected(
        issuer: String,
        claims: &Claims<'_>,
        mapping: &ClaimMapping,
        until: f64,
        generation: u64,
    ) -> Option<Self> {
        let inner = Inner::of_claims(AuthMethod::Opaque, issuer, claims, mapping, until)?;
        Some(Self(Arc::new(Inner { looked_up: Some(generation), ..inner })))
    }

    /// Somebody without a credential, known by the address: `anon:<address>`.
    pub(super) fn anonymous(address: ClientAddress) -> Self {
        let mut inner = Inner::of_nobody();
        inner.id = format!("anon:{address}");
        Self(Arc::new(inner))
    }

    /// Whom a token is from that was verified apart from a gate, as a gate would have it by that verifier's
    /// [mapping](Verifier::mapping); nothing where it names nobody. For what has no gate and should know callers by the same
    /// ids; it was counted in no bucket.
    ///
    /// ```
    /// use doorward::{Now, gate::Principal, jwt::{self, Algorithm, Rules, SigningKey, Verifier}, keys::KeySet};
    ///
    /// let key = SigningKey::hmac(Algorithm::HS256, b"a secret of at least 32 bytes, kept well")?;
    /// let verifier = Verifier::new(KeySet::from(key.verifying_key()), Rules::new())?;
    /// let token = jwt::sign(r#"{"iss":"https://i.example","sub":"anna","exp":4102444800}"#, &key)?;
    /// let claims = verifier.verify(token.as_bytes(), Now::new(1_800_000_000.0, 0))?;
    /// let anna = Principal::of_verified(&verifier, &claims.claims());
    /// assert_eq!(anna.as_ref().map(Principal::id), Some("jwt:https://i.example:anna"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of_verified(verifier: &Verifier, claims: &Claims<'_>) -> Option<Self> {
        Self::of_claims(claims, verifier.mapping(), verifier.window(claims).until)
    }

    /// Whose an API key is that was found apart from a gate: as [`of_verified`](Self::of_verified), for keys. No gate takes it
    /// for [still good](super::Gate::still_good).
    #[must_use]
    pub fn of_entry(key: &ApiKey) -> Self {
        Self(Arc::new(Inner::of_key(key, None)))
    }

    /// Whether nothing was sent to prove who it is.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.0.method == AuthMethod::Anonymous
    }

    /// The number of the host's answer that told of its key or token; nothing for any other.
    #[cfg(feature = "std")]
    pub(super) fn looked_up(&self) -> Option<u64> {
        self.0.looked_up
    }

    /// The digest of its key; nothing for a token, or a key that the host knows.
    pub(super) fn digest(&self) -> Option<&KeyDigest> {
        self.0.digest.as_ref()
    }

    /// Whether it came in by a key that some gate knows, or by no key.
    pub(super) fn is_of_a_gate(&self) -> bool {
        #[cfg(feature = "std")]
        let looked_up = self.0.looked_up.is_some();
        #[cfg(not(feature = "std"))]
        let looked_up = false;
        self.0.method != AuthMethod::ApiKey || self.0.digest.is_some() || looked_up
    }

    /// What it may spend, where that is not what all may.
    pub(super) fn bucket(&self) -> Option<&Bucket> {
        self.0.bucket.as_deref()
    }

    /// Whether it is the other, with the same roles and scopes.
    pub(super) fn may_as(&self, other: &Self) -> bool {
        self.0.id == other.0.id && self.0.roles == other.0.roles && self.0.scopes == other.0.scopes
    }

    /// What its token may be revoked by; nothing for a key.
    #[cfg(feature = "std")]
    pub(super) fn revocable<'a>(&'a self, token: &'a [u8]) -> Option<crate::jwt::Revocable<'a>> {
        let facts = self.0.token.as_ref()?;
        Some(crate::jwt::Revocable {
            token,
            issuer: &facts.issuer,
            subject: self.0.subject.as_deref().or(self.client()).unwrap_or_default(),
            client: self.0.client.is_some(),
            id: facts.id.as_deref(),
            issued_at: facts.issued_at,
        })
    }

    /// The canonical id, different for any two principals: `key:<id>`, `jwt:<issuer>:<subject>` or
    /// `opaque:<issuer>:<subject>`, `jwt-client:…` or `opaque-client:…` for a client without a subject, and `anon:<address>`; where `%` and `:`
    /// inside a part are written `%25` and `%3A`, but for the issuer's, which stays readable.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// How it proved who it is.
    #[must_use]
    pub fn method(&self) -> AuthMethod {
        self.0.method
    }

    /// The client whose token has no subject, where its issuer is configured for such: see
    /// [`ClaimMapping::client_in`].
    #[must_use]
    pub fn client(&self) -> Option<&str> {
        self.0.client.as_deref()
    }

    /// The token's subject; nothing for a key, or for a client.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// The scopes it was given.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.scopes.iter().map(String::as_str)
    }

    /// The roles it was given.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.0.roles.iter().map(String::as_str)
    }

    pub(super) fn role_names(&self) -> &[String] {
        &self.0.roles
    }

    /// Whether it has that role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().any(|one| one == role)
    }

    /// When its credential expires, in seconds since the epoch; nothing if it does not.
    #[must_use]
    pub fn expires(&self) -> Option<f64> {
        self.0.expires
    }

    /// When its credential ends for this gate: [`expires`](Self::expires), clock tolerance and maximum age included.
    pub(super) fn until(&self) -> Option<f64> {
        self.0.until
    }

    /// The token's claims; nothing for a key. Reads the payload again.
    #[must_use]
    pub fn claims(&self) -> Option<Claims<'_>> {
        self.0.claims.as_ref().map(OwnedClaims::claims)
    }
}

/// Kind and parts joined by colons. The last part's `%` and `:` are escaped, so that the last colon is always the
/// one before it and no two lists of parts give the same id: a kind always has the same number of parts.
fn id(kind: &str, parts: &[&str]) -> String {
    let mut id = String::from(kind);
    for (index, part) in parts.iter().enumerate() {
        id.push(':');
        if index + 1 < parts.len() {
            id.push_str(part);
            continue;
        }
        for character in part.chars() {
            match character {
                '%' => id.push_str("%25"),
                ':' => id.push_str("%3A"),
                _ => id.push(character),
            }
        }
    }
    id
}

impl fmt::Debug for Principal {
    /// Shows the id, the method and the roles; no claims.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal")
            .field("id", &self.0.id)
            .field("method", &self.0.method)
            .field("roles", &self.0.roles)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::id;

    #[test]
    fn ids_are_injective() {
        assert_eq!(id("jwt", &["https://issuer.example", "auth0|7"]), "jwt:https://issuer.example:auth0|7");
        assert_ne!(id("jwt", &["a:b", "c"]), id("jwt", &["a", "b:c"]));
        assert_ne!(id("jwt", &["a", "b:c"]), id("jwt", &["a", "b%3Ac"]));
        assert_ne!(id("jwt-client", &["a", "b"]), id("jwt", &["a", "client:b"]));
        assert_ne!(id("jwt-client", &["a", "b"]), id("jwt", &["client:a", "b"]));
    }
}
