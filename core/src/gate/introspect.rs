//! Opaque tokens: what their issuer said of them (RFC 7662), asked for by the host and kept for a while.
//!
//! The core writes the request's body and reads the answer's; the host sends the one, with the server's own client
//! credentials, and bounds the other. Answers are found by the token's SHA-256, and a good one is never kept beyond its
//! token's expiry.
//!
//! Not done here: signed answers (RFC 9701), tokens bound to a key (DPoP, mutual TLS).

use super::answers::{Answers, Keeping};
use super::revocation::{Revocation, Verified};
use super::{Code, Principal};
use crate::Now;
use crate::json::{Depth, JsonError, JsonStr, Value, object_members};
use crate::jwt::{Claims, Limits, Rules, TokenError, Window};
use crate::oauth::{ClaimMapping, EndpointError, check_endpoint};
use core::fmt;
use core::time::Duration;
use sha2::{Digest as _, Sha256};
use std::format;
use std::string::{String, ToString as _};
use std::sync::Arc;
use std::vec::Vec;
use zeroize::Zeroizing;

/// The longest a streaming answer lasts on one answer of the issuer, in seconds: nobody asks again meanwhile.
const LONGEST_STREAM: f64 = 600.0;
/// The longest token that is asked about, in bytes.
const MAX_TOKEN: usize = 4096;
/// Bytes of an answer.
const MAX_ANSWER: usize = 64 * 1024;
/// Answers may hold much that nobody asked for.
const LIMITS: Limits = Limits { members: 512, ..Limits::DEFAULT };

/// How a gate asks for tokens that are neither its own keys nor JWTs: see
/// [`GateBuilder::introspection`](super::GateBuilder::introspection).
///
/// ```
/// use doorward::gate::{Gate, Introspection};
/// let introspection =
///     Introspection::new("https://issuer.example/introspect", "https://issuer.example")?.audience("https://mcp.example/mcp");
/// let gate = Gate::builder().introspection(introspection).build_random()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Introspection {
    url: Arc<str>,
    issuer: String,
    audiences: Vec<String>,
    allow_missing_audience: bool,
    tolerance: f64,
    mapping: ClaimMapping,
    keeping: Keeping,
}

impl Introspection {
    /// The endpoint, and the issuer whose tokens it knows: the name that principals' ids have. Good answers are kept
    /// for 60 s, bad ones for 10 s, 10,000 of each; the host has 5 s to answer.
    ///
    /// # Errors
    /// The endpoint is no `https` URL (or `http` on a loopback host), or has a fragment.
    pub fn new(url: &str, issuer: impl Into<String>) -> Result<Self, EndpointError> {
        check_endpoint(url)?;
        Ok(Self {
            url: url.into(),
            issuer: issuer.into(),
            audiences: Vec::new(),
            allow_missing_audience: false,
            tolerance: 0.0,
            mapping: ClaimMapping::new(),
            keeping: Keeping::new(Duration::from_secs(5)),
        })
    }

    /// An audience that a token may be for. Without any, every token is refused that names one.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Accepts tokens of which the issuer names no audience, as many do not. Every token of that issuer is then good here,
    /// whatever service it was made for, unless the endpoint tells only of tokens made for the client that asks.
    pub fn allow_missing_audience(mut self) -> Self {
        self.allow_missing_audience = true;
        self
    }

    /// Seconds by which the issuer's clock may differ.
    pub fn tolerance(mut self, seconds: f64) -> Self {
        self.tolerance = seconds;
        self
    }

    /// How the answer's claims are read.
    pub fn mapping(mut self, mapping: ClaimMapping) -> Self {
        self.mapping = mapping;
        self
    }

    /// How long a good answer is kept: a minute at most. A token revoked at its issuer works for as long.
    pub fn good_for(mut self, time: Duration) -> Self {
        self.keeping.good_for(time);
        self
    }

    /// How long a bad answer is kept: a minute at most.
    pub fn bad_for(mut self, time: Duration) -> Self {
        self.keeping.bad_for(time);
        self
    }

    /// How many answers are kept, good and bad each.
    pub fn entries(mut self, entries: usize) -> Self {
        self.keeping.entries = entries;
        self
    }

    /// How long the host may take to answer. Without an answer by then the request gets 503.
    pub fn deadline(mut self, time: Duration) -> Self {
        self.keeping.deadline = time;
        self
    }

    fn rules(&self) -> Rules<'static> {
        // An issuer need not tell when a token ends (RFC 7662 §2.2); the answer itself is soon forgotten.
        let rules = Rules::new().tolerance(self.tolerance).without_expiry();
        match (self.audiences.is_empty(), self.allow_missing_audience) {
            (true, _) => rules,
            (false, true) => rules.audience_or_none(self.audiences.clone()),
            (false, false) => rules.audience(self.audiences.clone()),
        }
    }
}

/// A token the host is to ask its issuer about: a POST of `application/x-www-form-urlencoded`, with the server's own
/// client credentials and without following redirects (RFC 7662 §2.1).
pub struct IntrospectionWanted {
    url: Arc<str>,
    body: Zeroizing<String>,
    digest: [u8; 32],
    deadline: Duration,
    /// How often everything had been forgotten when it was asked.
    generation: u64,
}

impl IntrospectionWanted {
    /// Where to ask.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The body to send. It holds the token.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// SHA-256 of the token: those who ask about the same one may share an answer.
    #[must_use]
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// How long the answer may take, its body included.
    #[must_use]
    pub const fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The most bytes of an answer to read. Of a longer one say [`Answer::Unavailable`](super::Answer::Unavailable).
    #[must_use]
    pub const fn limit(&self) -> usize {
        MAX_ANSWER
    }
}

impl fmt::Debug for IntrospectionWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntrospectionWanted").field("url", &self.url).finish_non_exhaustive()
    }
}

/// What an introspection endpoint answered. Cheap to clone.
#[derive(Clone)]
pub struct IntrospectionReply {
    status: u16,
    body: Arc<Zeroizing<Vec<u8>>>,
}

impl IntrospectionReply {
    /// A status, and a body of at most [`IntrospectionWanted::limit`] bytes, its content encoding undone.
    #[must_use]
    pub fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, body: Arc::new(Zeroizing::new(body)) }
    }
}

impl fmt::Debug for IntrospectionReply {
    /// The status alone: the body tells of somebody.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntrospectionReply").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Why a token is refused, and more of it for the operator.
type Refusal = (Code, Option<String>);

/// The answers that are kept.
pub(super) struct Introspecting {
    settings: Introspection,
    rules: Rules<'static>,
    answers: Answers<Verified, Code>,
}

impl Introspecting {
    pub(super) fn new(settings: Introspection, seed: [u64; 4]) -> Self {
        Self { answers: Answers::new(&settings.keeping, seed), rules: settings.rules(), settings }
    }

    /// By which a token is known here.
    pub(super) fn digest(token: &[u8]) -> [u8; 32] {
        Sha256::digest(token).into()
    }

    /// The principal of a token that was good a moment ago.
    pub(super) fn good(&self, digest: &[u8; 32], now: Now) -> Option<Verified> {
        self.answers.good(digest, now)
    }

    /// Why a token was refused a moment ago.
    pub(super) fn bad(&self, digest: &[u8; 32], now: Now) -> Option<Code> {
        self.answers.bad(digest, now)
    }

    /// What to ask about a token; nothing where it is too long.
    pub(super) fn wanted(&self, token: &[u8]) -> Option<IntrospectionWanted> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        Some(IntrospectionWanted {
            url: Arc::clone(&self.settings.url),
            body: form(token),
            digest: Self::digest(token),
            deadline: self.settings.keeping.deadline,
            generation: self.answers.generation(),
        })
    }

    /// Keeps the host's answer, and says what it comes to.
    pub(super) fn answered(
        &self,
        wanted: &IntrospectionWanted,
        token: &[u8],
        reply: &IntrospectionReply,
        revocation: &Revocation,
        now: Now,
    ) -> Result<Principal, Refusal> {
        let (verified, window) = match self.read(reply, wanted.generation, now) {
            Ok(good) => good,
            Err((code, detail)) => {
                if code != Code::IntrospectionUnavailable {
                    self.answers.keep_bad(&wanted.digest, now, code, wanted.generation);
                }
                return Err((code, detail));
            }
        };
        let verified = revocation.remembering(verified);
        let outcome = revocation.check(&verified, token, now);
        let principal = verified.principal.clone();
        self.answers.keep_good(&wanted.digest, window, now, verified, wanted.generation);
        outcome.map(|()| principal).map_err(|code| (code, None))
    }

    fn read(
        &self,
        reply: &IntrospectionReply,
        generation: u64,
        now: Now,
    ) -> Result<(Verified, Window), Refusal> {
        let unavailable = |why: &str| (Code::IntrospectionUnavailable, Some(String::from(why)));
        if reply.status != 200 {
            return Err(unavailable(&format!("the endpoint answered with status {}", reply.status)));
        }
        if reply.body.len() > MAX_ANSWER {
            return Err(unavailable("the endpoint's answer is too long"));
        }
        let text =
            core::str::from_utf8(&reply.body).map_err(|_| unavailable("the endpoint's answer is no text"))?;
        match is_active(text) {
            None => {
                return Err(unavailable("the endpoint's answer is no JSON object with active true or false"));
            }
            Some(false) => return Err((Code::TokenInactive, None)),
            Some(true) => {}
        }
        let claims = Claims::read(text, &LIMITS)
            .map_err(|_| unavailable("the endpoint's answer has a claim of a wrong type"))?;
        // Need not be there (RFC 7662 §2.2); where it is, the token is that issuer's.
        if claims.issuer().is_some_and(|issuer| issuer != *self.settings.issuer) {
            return Err((Code::Token(TokenError::IssuerMismatch), None));
        }
        self.rules.check(&claims, now).map_err(|error| {
            let detail = self.rules.mismatch(error, &claims).map(|mismatch| mismatch.to_string());
            (Code::Token(error), detail)
        })?;
        let window = Window { from: self.rules.begins(&claims), until: self.rules.ends(&claims) };
        let until = window.until.min(now.unix + LONGEST_STREAM);
        let principal = Principal::of_introspected(
            self.settings.issuer.clone(),
            &claims,
            &self.settings.mapping,
            until,
            generation,
        );
        let principal = principal.ok_or((Code::SubjectMissing, None))?;
        Ok((Verified::new(principal, 0, 0), window))
    }

    /// Forgets every answer.
    pub(super) fn forget(&self) {
        self.answers.forget();
    }

    /// Whether an answer of that generation has not been forgotten.
    pub(super) fn remembers(&self, generation: u64) -> bool {
        self.answers.remembers(generation)
    }
}

impl fmt::Debug for Introspecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspecting").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// `active`, which must be `true` or `false` and nothing like it.
fn is_active(text: &str) -> Option<bool> {
    const DEPTH: Depth = Depth { left: 16, members: Some(512) };
    let mut active = None;
    object_members(text, DEPTH, |_: u64, name: JsonStr<'_>, value: Value<'_>| -> Result<(), JsonError> {
        if name == *"active" {
            active = Some(value);
        }
        Ok(())
    })
    .ok()?;
    match active? {
        Value::Bool(active) => Some(active),
        _ => None,
    }
}

/// The request's body: the token percent-encoded but for what RFC 3986 §2.3 leaves unreserved.
fn form(token: &[u8]) -> Zeroizing<String> {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    // Room for all of it at once: what is grown out of is not zeroised.
    let mut body = Zeroizing::new(String::with_capacity(token.len() * 3 + 64));
    body.push_str("token=");
    let digit = |nibble: u8| HEX.get(usize::from(nibble)).map_or('0', |digit| char::from(*digit));
    for byte in token {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                body.push(char::from(*byte))
            }
            _ => body.extend(['%', digit(byte >> 4), digit(byte & 15)]),
        }
    }
    body.push_str("&token_type_hint=access_token");
    body
}
