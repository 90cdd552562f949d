//! One pipeline from a request's head to a decision: Host and Origin, the address's bucket, the credential, who it
//! is, what they may do, the principal's bucket.
//!
//! The gate reads no clock and no socket. [`Gate::begin`] decides on the head, before a byte of the body is read;
//! [`Gate::body`] on what the body asks for. What neither can read is never admitted.

mod anonymous;
#[cfg(feature = "std")]
mod answers;
mod asking;
mod audit;
mod builder;
mod challenge;
mod code;
mod credential;
mod denial;
mod head;
mod identify;
#[cfg(feature = "std")]
mod introspect;
mod judge;
mod keyring;
mod limits;
#[cfg(feature = "std")]
mod lookup;
mod notes;
mod opaque;
mod principal;
#[cfg(feature = "std")]
mod revocation;
mod session;
#[cfg(feature = "std")]
mod shared;
mod step;
mod tokens;

pub use audit::AuditEvent;
pub use builder::{GateBuilder, GateError};
pub use code::{Code, Public};
pub use denial::{Denial, Header};
pub use head::Head;
#[cfg(feature = "std")]
pub use introspect::{Introspection, IntrospectionReply, IntrospectionWanted};
#[cfg(feature = "std")]
pub use lookup::{KeyLookup, KeyWanted};
pub use notes::{Note, Notes};
pub use principal::{AuthMethod, Principal};
#[cfg(feature = "std")]
pub use revocation::Listed;
pub use session::{SessionError, SessionKey, query_with_session};
#[cfg(feature = "std")]
pub use shared::SharedWanted;
#[cfg(all(feature = "std", feature = "asymmetric"))]
pub use step::KeysWanted;
pub use step::{Admitted, Answer, Ask, Body, NeedBody, Question, Step};

use crate::Now;
use crate::address::{AddressRules, ClientAddress};
#[cfg(all(feature = "std", feature = "asymmetric"))]
use crate::jwks::{Fetch, Jwks};
use crate::mcp::{Kind, ProtocolVersion, Said};
use crate::oauth::{Documents, WellKnown};
use crate::origin::HostRules;
use crate::policy::Policy;
use crate::rate::layers::{LayerId, Layers};
use crate::rate::{Decision, HeaderLines, Limiter, RateHeaders};
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
#[cfg(all(feature = "std", feature = "asymmetric"))]
use alloc::sync::Arc;
use core::fmt;
use core::net::IpAddr;
use head::{Field, Names};
use keyring::Keys;
use limits::{Demand, Request};
use session::Presented;
use step::{Caller, Then, ThenBody};
use tokens::Tokens;

/// The gate: shared freely between threads, and immutable but for its buckets, its cache and its set of API keys, which
/// is swapped whole.
///
/// ```
/// use doorward::api_keys::{ApiKey, ApiKeys};
/// use doorward::gate::{Body, Gate, Step};
/// use doorward::policy::{Grants, Policy};
/// use doorward::Now;
///
/// let keys = ApiKeys::builder().add("a-key-nobody-guesses", ApiKey::new("ci").role("user")).build_random()?;
/// let gate = Gate::builder()
///     .api_keys(keys)
///     .policy(Policy::new().role("user", Grants::new().tools(["whoami"])))
///     .build_random()?;
///
/// let headers = [("host", &b"127.0.0.1:3000"[..]), ("x-api-key", b"a-key-nobody-guesses"),
///                ("content-type", b"application/json")];
/// let head = gate.head("POST", Some([127, 0, 0, 1].into()), headers);
/// let Step::NeedBody(need) = gate.begin(&head, Now::system()) else { panic!("the head is good") };
/// let call = br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}"#;
/// let Step::Admitted(admitted) = gate.body(need, Body::Read(call), Now::system()) else { panic!("allowed") };
/// assert_eq!(admitted.principal.id(), "key:ci");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Gate {
    hosts: HostRules,
    addresses: AddressRules,
    names: Names,
    tokens: Tokens,
    keys: Keys,
    #[cfg(feature = "std")]
    lookup: Option<lookup::Lookup>,
    #[cfg(feature = "std")]
    introspecting: Option<introspect::Introspecting>,
    policy: Policy,
    anonymous: Option<anonymous::Anonymous>,
    address_limiter: Limiter,
    /// Of those without a credential, where there is an issuer.
    missing: Option<anonymous::ByAddress>,
    principal_limiter: Limiter,
    layers: Option<Layers>,
    /// Counts the refusals of the layers behind the principal's bucket; nothing where there are none.
    refusals: Option<Limiter>,
    #[cfg(feature = "std")]
    shared: Option<crate::rate::shared::SharedLimiter>,
    sessions: Option<SessionKey>,
    address_headers: RateHeaders,
    principal_headers: RateHeaders,
    body_limit: usize,
    challenges: challenge::Challenges,
    documents: Documents,
}

/// A refusal, and the state of the bucket that was asked for it.
struct Refused {
    code: Code,
    rate: Option<Decision>,
    /// The named limit whose bucket that is; where there is none, the principal's or the address's.
    limit: Option<LayerId>,
    /// Whether the address's bucket is that of those without a credential.
    missing: bool,
    told: Option<Box<Told>>,
    /// What the host could tell to change it.
    #[cfg(feature = "std")]
    lacking: Option<Box<asking::Lacking>>,
}

/// What there is to say of a refusal beside its code.
struct Told {
    /// For the log.
    detail: String,
    /// The scopes that would have helped, between spaces, for the challenge; empty where none would.
    scope: String,
}

impl From<String> for Told {
    fn from(detail: String) -> Self {
        Self { detail, scope: String::new() }
    }
}

impl Refused {
    fn with_rate(code: Code, rate: Decision) -> Self {
        Self { rate: Some(rate), ..code.into() }
    }
}

impl From<Code> for Refused {
    fn from(code: Code) -> Self {
        tokens::Failure::from(code).into()
    }
}

impl From<tokens::Failure> for Refused {
    fn from(failure: tokens::Failure) -> Self {
        Self {
            code: failure.code,
            rate: None,
            limit: None,
            missing: false,
            told: failure.detail.map(|detail| Box::new(detail.into())),
            #[cfg(all(feature = "std", feature = "asymmetric"))]
            lacking: failure.lacking.map(|jwks| Box::new(asking::Lacking::Keys(jwks))),
            #[cfg(all(feature = "std", not(feature = "asymmetric")))]
            lacking: None,
        }
    }
}

impl Gate {
    /// A gate with the defaults of every part, and neither keys nor tokens yet.
    pub fn builder() -> GateBuilder {
        GateBuilder::new()
    }

    /// Picks what matters out of a request's head. `headers` are all of them, in the order they came, names in any
    /// case; HTTP/2's `:authority` goes in as `host`. `peer` is the other end of the connection: without it every
    /// request is refused, for one bucket for all would lock everybody out.
    pub fn head<'a, 'h>(
        &self,
        method: &'a str,
        peer: Option<IpAddr>,
        headers: impl IntoIterator<Item = (&'h str, &'a [u8])>,
    ) -> Head<'a> {
        Head::read(&self.names, method, peer, headers)
    }

    /// Decides on a head.
    pub fn begin(&self, head: &Head<'_>, now: Now) -> Step {
        let Some(peer) = head.peer else {
            return Step::Denied(Box::new(Denial::new(Code::AddressUnknown, &self.challenges, None)));
        };
        let mut notes = Notes::default();
        let resolved = self.addresses.resolve(peer, head.forwarded_lines());
        if resolved.ignored_forwarding {
            notes.add(Note::ForwardingIgnored);
        }
        let address = resolved.address;
        match self.identify(head, address, now, &mut notes) {
            Ok(principal) => self.go_on(principal, address, self.then(head), notes, now),
            Err(refused) => self.ask_or_deny(head, refused, address, notes, now),
        }
    }

    /// A key set that should be fetched in the background: ask at start and after every request, for it costs next to
    /// nothing. Nothing where all are fresh, under way or cooling down.
    #[cfg(all(feature = "std", feature = "asymmetric"))]
    #[must_use]
    pub fn refresh(&self, now: Now) -> Option<Fetch> {
        self.key_sets().find_map(|jwks| jwks.refresh(now))
    }

    /// The key sets that are fetched.
    #[cfg(all(feature = "std", feature = "asymmetric"))]
    pub fn key_sets(&self) -> impl Iterator<Item = &Arc<Jwks>> {
        self.tokens.issuers.iter().flat_map(crate::jwt::Issuers::iter).filter_map(crate::jwt::Verifier::jwks)
    }

    /// The rate headers of an answer to a request that the gate does not guard: the address's bucket, as it is.
    /// Nothing without a peer.
    #[must_use]
    pub fn address_headers(&self, head: &Head<'_>, now: Now) -> Option<HeaderLines<'_>> {
        let resolved = self.addresses.resolve(head.peer?, head.forwarded_lines());
        Some(self.address_headers.write(&self.peek_address(resolved.address, now)))
    }

    /// What to answer to a request for a well-known address of OAuth, whatever its Host and without a credential: the
    /// resource's metadata (RFC 9728), or that there is none. Nothing where the path is another's to answer.
    ///
    /// ```
    /// use doorward::{gate::Gate, oauth::Resource, origin::PublicUrl};
    /// let url = PublicUrl::parse("https://mcp.example/mcp")?;
    /// let gate = Gate::builder().keys_come_later().resource(Resource::new(url, "https://issuer.example")?).build_random()?;
    /// let answer = |path| gate.well_known("GET", path).map(|answer| answer.status);
    /// assert_eq!(answer("/.well-known/oauth-protected-resource/mcp"), Some(200));
    /// assert_eq!(answer("/.well-known/oauth-authorization-server"), Some(404));
    /// assert_eq!(answer("/mcp"), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn well_known(&self, method: &str, path: &str) -> Option<WellKnown<'_>> {
        self.documents.answer(method, path)
    }

    /// The header API keys come in, in lower case.
    #[must_use]
    pub fn api_key_header(&self) -> &str {
        &self.names.api_key
    }

    /// Puts another set of API keys in the place of the one there is, whole. A request begun after this returns sees
    /// the new set; one that is under way is decided by the set it began with. A gate without a set gets its first.
    ///
    /// Long answers that were admitted by a key that is gone are the host's to end: see
    /// [`still_good`](Self::still_good).
    ///
    /// ```
    /// use doorward::api_keys::{ApiKey, ApiKeys};
    /// use doorward::gate::{Gate, Step};
    /// use doorward::Now;
    ///
    /// let set = |key: &str| ApiKeys::builder().add(key, ApiKey::new("ci")).build_random();
    /// let gate = Gate::builder().api_keys(set("the-key-of-may")?).build_random()?;
    /// gate.swap_api_keys(set("the-key-of-june")?)?;
    ///
    /// let headers = [("host", &b"localhost"[..]), ("x-api-key", b"the-key-of-june"), ("content-type", b"application/json")];
    /// let head = gate.head("POST", Some([127, 0, 0, 1].into()), headers);
    /// assert!(matches!(gate.begin(&head, Now::system()), Step::NeedBody(_)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Nothing is swapped: a key's own quota can't be kept beside the gate's quota for principals.
    #[cfg(feature = "std")]
    pub fn swap_api_keys(&self, keys: crate::api_keys::ApiKeys) -> Result<(), GateError> {
        shared::check_quotas(self.shared.as_ref(), &keys)?;
        self.keys.swap(keyring::KeyRing::new(keys, true, &self.principal_limiter, &self.principal_headers)?);
        Ok(())
    }

    /// As [`swap_api_keys`](Self::swap_api_keys), with what is left of a set when the rest of it can't be known, as when
    /// a file of keys has been unreadable for too long. Keys that are there work; any other is refused with 503, for
    /// it may be one of the rest.
    ///
    /// # Errors
    /// As [`swap_api_keys`](Self::swap_api_keys).
    #[cfg(feature = "std")]
    pub fn swap_incomplete_api_keys(&self, keys: crate::api_keys::ApiKeys) -> Result<(), GateError> {
        shared::check_quotas(self.shared.as_ref(), &keys)?;
        self.keys.swap(keyring::KeyRing::new(keys, false, &self.principal_limiter, &self.principal_headers)?);
        Ok(())
    }

    /// Whether who was admitted before would be now, as far as the credential goes: not expired, not revoked, the key
    /// still there as it was, a token's as well. For answers that last; ask at least every 30 seconds, and for
    /// fetches that are due as often: without other requests nobody else does. `token` is what came behind `Bearer`, and
    /// may be empty for a key; a host that does not keep it can't see that very token revoked, nor its issuer's key
    /// withdrawn.
    #[must_use]
    pub fn still_good(&self, principal: &Principal, token: &[u8], now: Now) -> bool {
        let by_key = principal.digest().is_none_or(|digest| {
            self.keys.current().as_deref().is_some_and(|ring| ring.still_holds(principal, digest, now))
        });
        #[cfg(feature = "std")]
        if !self.remembers(principal) {
            return false;
        }
        by_key
            && principal.is_of_a_gate()
            && principal.until().is_none_or(|until| now.unix < until)
            && self.tokens.is_still_good(principal, token, now)
    }

    /// Forgets what the host said of API keys: each is asked for anew, and streaming answers to those that were found end
    /// at the next sweep. For a host that has just withdrawn one.
    #[cfg(feature = "std")]
    pub fn forget_api_keys(&self) {
        if let Some(lookup) = &self.lookup {
            lookup.forget();
        }
    }

    /// Host and Origin rules, for the host's CORS.
    #[must_use]
    pub const fn host_rules(&self) -> &HostRules {
        &self.hosts
    }

    /// Who may reach what, for a host that shows each principal only what is theirs.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What the verified-token cache has done; nothing when it is switched off.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn cache_stats(&self) -> Option<crate::jwt::CacheStats> {
        self.tokens.cache.as_ref().map(crate::jwt::TokenCache::stats)
    }

    /// The tokens that are no longer good before their time: consulted for every token, cached ones too.
    #[cfg(feature = "std")]
    #[must_use]
    pub const fn revocations(&self) -> &crate::jwt::Revocations {
        &self.tokens.revocation.set
    }

    /// What a head says of how its request goes on.
    fn then(&self, head: &Head<'_>) -> Then {
        let version = ProtocolVersion::of(head.protocol_version.one());
        let bound = self.binds_sessions() && (version.has_sessions() || head.session_in_query);
        let session = if bound { Presented::from(head.session) } else { Presented::None };
        if has_no_body(head.method) {
            return Then { session, body: None };
        }
        let repeated = [head.protocol_version, head.mcp_method, head.mcp_name].contains(&Field::Several);
        let refuse = match () {
            () if !is_plain_json(head) => Some(Code::BodyMediaType),
            () if repeated => Some(Code::HeaderMismatch),
            () => None,
        };
        let own = |field: Field<'_>| field.one().map(Into::into);
        let said = Said { version, method: own(head.mcp_method), name: own(head.mcp_name) };
        Then { session, body: Some(ThenBody { said, refuse }) }
    }

    /// Goes on once it is known whose request it is.
    fn go_on(
        &self,
        principal: Principal,
        address: ClientAddress,
        then: Then,
        notes: Notes,
        now: Now,
    ) -> Step {
        let entry = match self.enter(&principal, now) {
            Ok(entry) => entry,
            Err(refused) => return self.deny(refused, address, Some(principal), None, notes, now),
        };
        let session = match self.session_of(&principal, &then.session) {
            Ok(session) => session,
            Err(code) => return self.deny(code.into(), address, Some(principal), None, notes, now),
        };
        let caller = Caller { principal, address, session, notes };
        let Some(ThenBody { said, refuse }) = then.body else {
            let mut demand = Demand::default();
            self.count(&mut demand, None);
            return self.admit(Request { entry, caller, target: None }, &demand, now);
        };
        let need = NeedBody { entry, caller, said, limit: self.body_limit };
        match refuse {
            Some(code) => self.deny_principal(code, need, None, now),
            None => Step::NeedBody(need),
        }
    }

    fn deny_address(&self, refused: Refused, address: ClientAddress, notes: Notes, now: Now) -> Step {
        self.deny(refused, address, None, None, notes, now)
    }

    fn deny_principal(
        &self,
        refused: impl Into<Refused>,
        need: NeedBody,
        target: Option<(Kind, String)>,
        now: Now,
    ) -> Step {
        let Caller { principal, address, notes, .. } = need.caller;
        self.deny(refused.into(), address, Some(principal), target, notes, now)
    }

    /// The finished answer. Its rate headers describe the principal's bucket where one is known, else the address's.
    fn deny(
        &self,
        refused: Refused,
        address: ClientAddress,
        principal: Option<Principal>,
        target: Option<(Kind, String)>,
        notes: Notes,
        now: Now,
    ) -> Step {
        let scope = refused.told.as_ref().map(|told| told.scope.as_str());
        let mut denial = Denial::new(refused.code, &self.challenges, scope);
        let missing = self.missing.as_ref().filter(|_| refused.missing);
        let lines = match (&principal, missing) {
            (Some(principal), _) => {
                let id = principal.id().as_bytes();
                // Cost 0: where it stands, and no word on whether a further request would pass.
                let peek = || self.table_of(principal).peek(id, self.quota_of(principal), 0, now);
                self.headers_of(principal, refused.limit).write(&refused.rate.unwrap_or_else(peek))
            }
            (None, Some(bucket)) => {
                bucket.headers.write(&refused.rate.unwrap_or_else(|| bucket.peek(address, now)))
            }
            (None, None) => {
                let peek = || self.address_limiter.peek(&address.key(), self.address_limiter.base(), 0, now);
                self.address_headers.write(&refused.rate.unwrap_or_else(peek))
            }
        };
        denial.headers.extend(lines.iter().map(|(name, value)| (name, Cow::Owned(value.into()))));
        denial.detail = refused.told.map(|told| told.detail);
        denial.address = Some(address);
        denial.principal = principal;
        denial.target = target;
        denial.notes = notes;
        Step::Denied(Box::new(denial))
    }
}

/// Whether a request of that method has no body that says anything.
fn has_no_body(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "DELETE" | "OPTIONS")
}

/// `application/json`, whatever its case and parameters, in UTF-8, and not compressed.
fn is_plain_json(head: &Head<'_>) -> bool {
    let Field::One(media) = head.content_type else { return false };
    let encoding = match head.content_encoding {
        Field::None => true,
        Field::One(value) => value.eq_ignore_ascii_case(b"identity"),
        Field::Several => false,
    };
    encoding && (media == b"application/json" || is_json(media))
}

fn is_json(media: &[u8]) -> bool {
    let mut parts = media.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case(b"application/json"))
        && parts.all(is_utf_8)
}

/// Whether a parameter of a media type leaves the text in UTF-8. JSON has no `charset` (RFC 8259 §11), but servers
/// that decode by it would read another text than the gate has. What is written unusually is taken for the worst.
fn is_utf_8(parameter: &[u8]) -> bool {
    const UTF_8: [&str; 4] = ["charset=utf-8", "charset=\"utf-8\"", "charset=utf8", "charset=\"utf8\""];
    let says = |text: &str| parameter.eq_ignore_ascii_case(text.as_bytes());
    let names = parameter.windows(7).any(|word| word.eq_ignore_ascii_case(b"charset"));
    !names || UTF_8.into_iter().any(says)
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("tokens", &self.tokens.are_accepted())
            .field("api_keys", &self.keys.len())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "std"))]
mod tests;
