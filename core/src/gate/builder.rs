//! A gate from its parts.

use super::Gate;
use super::anonymous::{Anonymous, ByAddress, quota_of_missing};
use super::head::Names;
use super::keyring::{KeyRing, Keys};
use super::tokens::Tokens;
use crate::address::{AddressRules, TrustedProxies};
use crate::api_keys::ApiKeys;
use crate::jwt::{Issuers, Verifier, VerifierError};
use crate::origin::HostRules;
use crate::policy::{Grants, Policy};
use crate::rate::layers::{Layer, LayersError};
use crate::rate::{Limiter, Quota, QuotaError, RateHeaders};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

/// Addresses whose failures are counted at once: memory is 8 bytes and a seventh each.
const ADDRESS_SLOTS: usize = 1 << 18;
/// Principals that are counted at once.
const PRINCIPAL_SLOTS: usize = 1 << 17;
/// Tokens kept as verified.
#[cfg(feature = "std")]
const CACHED_TOKENS: usize = 10_000;
/// For how long, in microseconds.
#[cfg(feature = "std")]
const CACHE_TTL: u64 = 60_000_000;
/// The headers that are read for something else, and can't carry keys or addresses.
const TAKEN: [&str; 11] = [
    "host",
    "origin",
    "sec-fetch-site",
    "authorization",
    "content-type",
    "content-encoding",
    "mcp-protocol-version",
    "mcp-method",
    "mcp-name",
    "mcp-session-id",
    "cookie",
];

/// The parts of a [`Gate`], each with a safe default: loopback only, no proxies, 30 failed attempts a minute an
/// address, 100 requests a minute a principal, bodies of 1 MiB, and nobody allowed to do anything.
#[must_use]
pub struct GateBuilder {
    verifiers: Vec<Verifier>,
    keys: Option<ApiKeys>,
    keys_come_later: bool,
    policy: Policy,
    hosts: Option<HostRules>,
    addresses: AddressRules,
    api_key_header: String,
    address_quota: Option<Quota>,
    anonymous: Option<Grants>,
    anonymous_quota: Option<Quota>,
    principal_quota: Option<Quota>,
    address_slots: usize,
    principal_slots: usize,
    header_families: (bool, bool),
    limits: Vec<Layer>,
    body_limit: usize,
    resource: Option<crate::oauth::Resource>,
    sessions: Option<super::SessionKey>,
    cached_tokens: Option<usize>,
    revocations: usize,
    #[cfg(feature = "std")]
    list: Option<super::revocation::List>,
    #[cfg(feature = "std")]
    lookup: Option<super::KeyLookup>,
    #[cfg(feature = "std")]
    introspection: Option<super::Introspection>,
    #[cfg(feature = "std")]
    shared: Option<crate::rate::shared::Settings>,
}

/// Why a gate cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GateError {
    /// There are neither API keys nor a verifier, so nobody could ever come in.
    NoCredentials,
    /// The API-key header's name is no header's name, or one that is read for something else.
    ApiKeyHeader,
    /// A quota can't be kept.
    Quota(QuotaError),
    /// Two verifiers are for the same tokens.
    Verifiers(VerifierError),
    /// An API key's own quota can't be kept beside the quota for principals.
    KeyQuota {
        /// Position of the key in its set, counted from 0.
        at: usize,
        /// Why.
        error: QuotaError,
    },
    /// A named limit can't be kept.
    Limit(LayersError),
    /// The shared limit can't be kept.
    #[cfg(feature = "std")]
    SharedLimit(crate::rate::shared::SharedError),
    /// The operating system gave no random numbers.
    NoRandomness,
}

impl GateError {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoCredentials => "no_credentials",
            Self::ApiKeyHeader => "api_key_header_invalid",
            Self::Quota(error) | Self::KeyQuota { error, .. } => error.code(),
            Self::Verifiers(error) => error.code(),
            Self::Limit(error) => error.error.code(),
            #[cfg(feature = "std")]
            Self::SharedLimit(error) => error.code(),
            Self::NoRandomness => "no_randomness",
        }
    }
}

impl fmt::Display for GateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCredentials => f.write_str(
                "a gate needs api keys, a verifier of tokens, or both: by settings, one of API_KEYS, API_KEYS_FILE, JWT_SECRET, \
                 JWT_PUBLIC_KEY or OAUTH_ISSUER",
            ),
            Self::ApiKeyHeader => f.write_str(
                "the api key header must be a header name of letters, digits and hyphens that is read for nothing else",
            ),
            Self::Quota(error) => error.fmt(f),
            Self::Verifiers(error) => error.fmt(f),
            Self::Limit(error) => error.fmt(f),
            Self::KeyQuota { at, error } => write!(f, "the quota of the api key at position {at}: {error}"),
            #[cfg(feature = "std")]
            Self::SharedLimit(error) => write!(f, "the shared limit: {error}"),
            Self::NoRandomness => f.write_str("the operating system gave no random numbers"),
        }
    }
}

impl core::error::Error for GateError {}

impl From<QuotaError> for GateError {
    fn from(error: QuotaError) -> Self {
        Self::Quota(error)
    }
}

impl GateBuilder {
    pub(super) fn new() -> Self {
        Self {
            verifiers: Vec::new(),
            keys: None,
            keys_come_later: false,
            policy: Policy::new(),
            hosts: None,
            addresses: AddressRules::new(TrustedProxies::default()),
            api_key_header: "x-api-key".into(),
            address_quota: None,
            anonymous: None,
            anonymous_quota: None,
            principal_quota: None,
            address_slots: ADDRESS_SLOTS,
            principal_slots: PRINCIPAL_SLOTS,
            header_families: (true, true),
            limits: Vec::new(),
            body_limit: 1024 * 1024,
            resource: None,
            sessions: None,
            cached_tokens: None,
            revocations: 10_000,
            #[cfg(feature = "std")]
            list: None,
            #[cfg(feature = "std")]
            lookup: None,
            #[cfg(feature = "std")]
            introspection: None,
            #[cfg(feature = "std")]
            shared: None,
        }
    }

    /// Accepts tokens that verify. Several verifiers are for several issuers: see [`Issuers`].
    pub fn verifier(mut self, verifier: Verifier) -> Self {
        self.verifiers.push(verifier);
        self
    }

    /// Accepts these API keys.
    pub fn api_keys(mut self, keys: ApiKeys) -> Self {
        self.keys = Some(keys);
        self
    }

    /// Lets the gate be made with no API key, or with a set of none: they come by
    /// [`Gate::swap_api_keys`]. Until then every key is unknown.
    #[cfg(feature = "std")]
    pub fn keys_come_later(mut self) -> Self {
        self.keys_come_later = true;
        self
    }

    /// Who may reach what. Without one, nobody reaches anything beyond `initialize` and `ping`.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Which Host and Origin a request may carry. Without them, a bind to loopback is assumed.
    pub fn hosts(mut self, hosts: HostRules) -> Self {
        self.hosts = Some(hosts);
        self
    }

    /// Whose address a request counts against. Without them, the peer's.
    pub fn addresses(mut self, addresses: AddressRules) -> Self {
        self.addresses = addresses;
        self
    }

    /// The header API keys come in, `x-api-key` by default.
    pub fn api_key_header(mut self, name: impl Into<String>) -> Self {
        self.api_key_header = name.into();
        self
    }

    /// Failed attempts an address may make: 30 a minute by default.
    pub fn address_quota(mut self, quota: Quota) -> Self {
        self.address_quota = Some(quota);
        self
    }

    /// What anybody may do who sends no credential at all; nothing by default. Only what is named: not even `initialize`
    /// or a notification otherwise; and the lists, unless other methods are named. Whatever else they ask for is answered
    /// with 401, not 403, and a credential that is not good is never taken for none.
    ///
    /// ```
    /// use doorward::{gate::Gate, policy::Grants};
    /// let methods = ["initialize", "notifications/*", "tools/list"];
    /// let _ = Gate::builder().anonymous(Grants::new().methods(methods).tools(["search"]));
    /// ```
    pub fn anonymous(mut self, grants: Grants) -> Self {
        self.anonymous = Some(grants);
        self
    }

    /// Requests without a credential that an address may make, refused ones included: 30 a minute by default. Counted in a
    /// table of their own.
    pub fn anonymous_quota(mut self, quota: Quota) -> Self {
        self.anonymous_quota = Some(quota);
        self
    }

    /// Requests a principal may make: 100 a minute by default.
    pub fn principal_quota(mut self, quota: Quota) -> Self {
        self.principal_quota = Some(quota);
        self
    }

    /// How many addresses and principals are counted at once; 2¹⁸ and 2¹⁷ by default. See [`Limiter`] for sizing.
    pub fn slots(mut self, addresses: usize, principals: usize) -> Self {
        self.address_slots = addresses;
        self.principal_slots = principals;
        self
    }

    /// A further limit, spent from behind the principal's own bucket and behind those added before: see
    /// [`rate::layers`](crate::rate::layers).
    ///
    /// ```
    /// use core::time::Duration;
    /// use doorward::gate::Gate;
    /// use doorward::rate::{Quota, layers::{Layer, Per}};
    ///
    /// let hour = Duration::from_secs(3600);
    /// let _ = Gate::builder()
    ///     .limit(Layer::new("exports", Quota::per(10, hour)?, Per::Principal).tools(["export_*"]))
    ///     .limit(Layer::new("trial", Quota::per(50, hour)?, Per::Principal).roles(["trial"]))
    ///     .limit(Layer::new("network", Quota::per(5_000, hour)?, Per::Address));
    /// # Ok::<(), doorward::rate::QuotaError>(())
    /// ```
    pub fn limit(mut self, limit: Layer) -> Self {
        self.limits.push(limit);
        self
    }

    /// Which rate headers answers carry: `X-RateLimit-*`, and `RateLimit` with `RateLimit-Policy`. Both by default.
    pub fn rate_headers(mut self, x_ratelimit: bool, ratelimit: bool) -> Self {
        self.header_families = (x_ratelimit, ratelimit);
        self
    }

    /// What the server is to its clients' authorization servers: challenges then name its metadata, which
    /// [`Gate::well_known`] serves. Its URI is no audience by itself: say that to the verifiers.
    pub fn resource(mut self, resource: crate::oauth::Resource) -> Self {
        self.resource = Some(resource);
        self
    }

    /// The longest body that is read, in bytes. 1 MiB by default.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Binds session ids to their principals, for a server that has sessions: a request with another principal's is answered
    /// with 404. The host must put [`Admitted::session`](super::Admitted::session) in the place of the request's `Mcp-Session-Id`, and
    /// what [`Gate::bind_session`] gives in the place of its answer's. Without a key, session ids are the service's own affair.
    pub fn sessions(mut self, key: super::SessionKey) -> Self {
        self.sessions = Some(key);
        self
    }

    /// How many verified tokens are kept for up to a minute; 10,000 by default, 0 switches the cache off.
    pub fn cached_tokens(mut self, tokens: usize) -> Self {
        self.cached_tokens = Some(tokens);
        self
    }

    /// How many revocations there is room for at once; 10,000 by default.
    pub fn revocations(mut self, entries: usize) -> Self {
        self.revocations = entries;
        self
    }

    /// API keys that are not among [`api_keys`](Self::api_keys) are asked of the host: see
    /// [`Question::ApiKey`](super::Question::ApiKey).
    #[cfg(feature = "std")]
    pub fn api_key_lookup(mut self, lookup: super::KeyLookup) -> Self {
        self.keys_come_later = true;
        self.lookup = Some(lookup);
        self
    }

    /// Asks the host about what comes behind `Bearer` and is neither a JWT nor a key by its form: see
    /// [`Question::Introspect`](super::Question::Introspect). Keys of another form than doorward's are looked for first.
    /// Such a bearer is then never asked of [`api_key_lookup`](Self::api_key_lookup): those keys come in their own header.
    #[cfg(feature = "std")]
    pub fn introspection(mut self, introspection: super::Introspection) -> Self {
        self.introspection = Some(introspection);
        self
    }

    /// Counts the quotas of principals over several processes, behind each process's own buckets: see
    /// [`rate::shared`](crate::rate::shared) and [`Question::SharedLimit`](super::Question::SharedLimit).
    #[cfg(feature = "std")]
    pub fn shared_limit(mut self, settings: crate::rate::shared::Settings) -> Self {
        self.shared = Some(settings);
        self
    }

    /// A revocation list of the host's own, asked about every token that verifies and is not revoked here: fresh ones,
    /// and cached ones too, unless its last answer [still holds](super::Listed::GoodFor). It must answer at once.
    ///
    /// ```
    /// use doorward::gate::{Gate, Listed};
    /// let _ = Gate::builder().revocation_list(|token, _now| match token.id {
    ///     Some("leaked") | None => Listed::Revoked,
    ///     Some(_) => Listed::GoodFor(std::time::Duration::from_secs(10)),
    /// });
    /// ```
    #[cfg(feature = "std")]
    pub fn revocation_list(
        mut self,
        list: impl Fn(crate::jwt::Revocable<'_>, crate::Now) -> super::Listed + Send + Sync + 'static,
    ) -> Self {
        self.list = Some(alloc::boxed::Box::new(list));
        self
    }

    /// Makes the gate, its tables seeded by the operating system.
    ///
    /// # Errors
    /// No credentials are configured, a quota can't be kept, a header name is wrong, or there is no randomness.
    #[cfg(feature = "std")]
    pub fn build_random(self) -> Result<Gate, GateError> {
        let mut bytes = [0; 128];
        getrandom::fill(&mut bytes).map_err(|_| GateError::NoRandomness)?;
        let mut words = bytes.as_chunks::<8>().0.iter().map(|word| u64::from_ne_bytes(*word));
        let seeds = core::array::from_fn(|_| core::array::from_fn(|_| words.next().unwrap_or_default()));
        self.build(seeds)
    }

    /// Makes the gate. Whoever knows the seeds can choose addresses and tokens that share a slot.
    ///
    /// # Errors
    /// No credentials are configured, a quota can't be kept, or a header name is wrong.
    pub fn build(self, seeds: [[u64; 4]; 4]) -> Result<Gate, GateError> {
        let no_keys = self.keys.as_ref().is_none_or(ApiKeys::is_empty);
        if self.verifiers.is_empty() && no_keys && !self.keys_come_later && !self.introspects() {
            return Err(GateError::NoCredentials);
        }
        let names = self.names()?;
        let introspects = self.introspects();
        let [address_seed, principal_seed, cache_seed, revocation_seed] = seeds;
        let minute = |amount| Quota::per(amount, Duration::from_secs(60));
        let address_quota = self.address_quota.map_or_else(|| minute(30), Ok)?;
        let principal_quota = self.principal_quota.map_or_else(|| minute(100), Ok)?;
        let (x_ratelimit, ratelimit) = self.header_families;
        let headers = |name, quota: &Quota| {
            RateHeaders::new(name, quota)
                .map(|headers| headers.families(x_ratelimit, ratelimit))
                .map_err(|_| GateError::ApiKeyHeader)
        };
        let loopback = || {
            HostRules::new(IpAddr::V4(Ipv4Addr::LOCALHOST), None, &[], Vec::new())
                .map_err(|_| GateError::NoCredentials)
        };
        #[cfg(feature = "std")]
        let cache = match self.cached_tokens.unwrap_or(CACHED_TOKENS) {
            0 => None,
            tokens => Some(crate::jwt::TokenCache::new(tokens, CACHE_TTL, cache_seed)),
        };
        #[cfg(not(feature = "std"))]
        let _ = (cache_seed, revocation_seed, self.revocations);
        let issuers = match self.verifiers {
            verifiers if verifiers.is_empty() => None,
            verifiers => Some(Issuers::new(verifiers).map_err(GateError::Verifiers)?),
        };
        let is_oauth =
            self.resource.is_some() || introspects || issuers.as_ref().is_some_and(has_fetched_keys);
        let tokens = Tokens {
            issuers,
            #[cfg(feature = "std")]
            cache,
            #[cfg(feature = "std")]
            revocation: super::revocation::Revocation {
                set: crate::jwt::Revocations::new(self.revocations, revocation_seed),
                list: self.list,
            },
        };
        let principal_limiter = Limiter::new(self.principal_slots, principal_quota, principal_seed)?;
        let keys = match self.keys {
            None if self.keys_come_later => Some(ApiKeys::nobody().ok_or(GateError::NoCredentials)?),
            keys => keys,
        };
        #[cfg(feature = "std")]
        let shared = super::shared::limiter(self.shared, principal_quota, principal_seed, keys.as_ref())?;
        let principal_headers = headers("principal", &principal_quota)?;
        let layers = super::limits::layers(
            self.limits,
            principal_seed,
            self.header_families,
            self.anonymous.is_some(),
        )?;
        #[cfg(feature = "std")]
        let has_later = layers.is_some() || shared.is_some();
        #[cfg(not(feature = "std"))]
        let has_later = layers.is_some();
        let refusals =
            has_later.then(|| super::limits::refusals(self.principal_slots, principal_quota, principal_seed));
        let ring = keys.map(|keys| KeyRing::new(keys, true, &principal_limiter, &principal_headers));
        let by_address = |name, quota: Quota, turn: u32| {
            // The seed of the addresses' own table, turned: none is ever shown.
            let seed = address_seed.map(|word| word.rotate_left(turn) ^ u64::from(turn));
            let limiter = Limiter::new(self.address_slots, quota, seed)?;
            Ok::<_, GateError>(ByAddress { limiter, headers: headers(name, &quota)? })
        };
        let missing = is_oauth
            .then(|| by_address("unauthenticated", quota_of_missing(address_quota)?, 17))
            .transpose()?;
        let anonymous = match self.anonymous {
            None => None,
            Some(grants) => {
                let quota = self.anonymous_quota.map_or_else(|| minute(30), Ok)?;
                Some(Anonymous::new(grants, by_address("anonymous", quota, 29)?))
            }
        };
        Ok(Gate {
            hosts: self.hosts.map_or_else(loopback, Ok)?,
            addresses: self.addresses,
            names,
            tokens,
            keys: Keys::new(ring.transpose()?),
            #[cfg(feature = "std")]
            introspecting: self
                .introspection
                .map(|settings| super::introspect::Introspecting::new(settings, cache_seed)),
            #[cfg(feature = "std")]
            lookup: self.lookup.map(|settings| super::lookup::Lookup::new(settings, cache_seed)),
            policy: self.policy,
            anonymous,
            missing,
            address_limiter: Limiter::new(self.address_slots, address_quota, address_seed)?,
            principal_limiter,
            layers,
            refusals: refusals.transpose()?,
            #[cfg(feature = "std")]
            shared,
            sessions: self.sessions,
            address_headers: headers("address", &address_quota)?,
            principal_headers,
            body_limit: self.body_limit,
            challenges: super::challenge::Challenges::new(self.resource.as_ref()),
            documents: crate::oauth::Documents::new(self.resource.as_ref()),
        })
    }

    #[cfg(feature = "std")]
    const fn introspects(&self) -> bool {
        self.introspection.is_some()
    }

    #[cfg(not(feature = "std"))]
    #[expect(clippy::unused_self, reason = "there is no introspection without std")]
    const fn introspects(&self) -> bool {
        false
    }

    fn names(&self) -> Result<Names, GateError> {
        let api_key = self.api_key_header.to_ascii_lowercase();
        let forwarded = self.addresses.header_name().to_ascii_lowercase();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if api_key.is_empty()
            || !api_key.bytes().all(is_name)
            || TAKEN.contains(&api_key.as_str())
            || api_key == forwarded
        {
            return Err(GateError::ApiKeyHeader);
        }
        Ok(Names { api_key, forwarded })
    }
}

/// Whether any issuer's keys are fetched.
#[cfg(all(feature = "std", feature = "asymmetric"))]
fn has_fetched_keys(issuers: &Issuers) -> bool {
    issuers.iter().any(|verifier| verifier.jwks().is_some())
}

#[cfg(not(all(feature = "std", feature = "asymmetric")))]
const fn has_fetched_keys(_: &Issuers) -> bool {
    false
}

impl fmt::Debug for GateBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GateBuilder")
            .field("verifiers", &self.verifiers)
            .field("keys", &self.keys)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
