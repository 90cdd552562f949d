//! The gate: requests in, decisions and questions out.
//!
//! | file | what it converts |
//! |---|---|
//! | `build` | a gate from its parts, from variables, from a file |
//! | `parts` | limits, introspection, issuers and the like, for a gate to be made of |
//! | `list` | a revocation list of the host's own |
//! | `request` | a request's head |
//! | `principal` | who it is |
//! | `step` | what the gate says next: admitted, denied, a body to read, a question |
//! | `decided` | what there is to read of the first two |
//! | `ask` | questions, and their answers |

mod ask;
mod build;
mod decided;
mod list;
mod parts;
mod principal;
mod request;
mod step;

use crate::api_keys::ApiKeysHandle;
use crate::boundary::{Argument, Bound, Octets, Room};
use crate::errors::{OrConfigError, Result};
use crate::jwks::FetchParts;
use crate::now::now;
use crate::policy::{filtered, shown};
use doorward::config::Config;
use doorward::gate::{Body, Gate, Principal};
use napi::bindgen_prelude::{Buffer, External};
use napi_derive::napi;
use request::Request;
use std::sync::Arc;
use step::StepHandle;

/// A gate, which other threads may share.
pub(crate) struct Core {
    pub(crate) gate: Gate,
    /// Of a gate made from a configuration: for reading the file of keys again.
    pub(crate) config: Option<Config>,
    /// Its revocation list, where it has one of the host's own.
    pub(crate) list: Option<list::List>,
}

/// What a gate's tables take, in bytes, for the garbage collector to know.
const WEIGHT: usize = 4 << 20;

impl GateHandle {
    pub(crate) fn keep(self) -> External<Self> {
        External::new_with_size_hint(self, WEIGHT)
    }
}

/// A gate as one JavaScript object has it. On the heap by itself, for it wants a cache line's alignment.
#[derive(Clone)]
pub(crate) struct GateHandle(pub(crate) Arc<Core>);

/// The longest head that is read, in bytes: no server takes one nearly as long.
const LONGEST_HEAD: usize = 16 << 20;

/// A function that decides on a head: `(packed, numbers)`. It answers with a step, and writes what kind it is; with −1 where
/// the head has more lines than it should.
///
/// The head is lines: the method, the peer, a query parameter's name and the query that has it, or two empty ones; then names
/// and values in turn. The numbers are seconds since the epoch, milliseconds on a clock that never steps, and how many lines.
#[napi(ts_return_type = "(packed: string, numbers: Float64Array) => ExternalObject<StepHandle> | number")]
#[must_use]
pub(crate) fn gate_begin(gate: &External<GateHandle>) -> Bound {
    let core = Arc::clone(&gate.0);
    Bound::new(move |call| {
        let mut room = Room::new();
        let Argument::Bytes(packed) = call.octets(0, &mut room, LONGEST_HEAD) else { return call.int(-2) };
        let Some(numbers) = call.numbers(1) else { return call.int(-2) };
        let [unix, milliseconds, lines, ..] = numbers.get();
        // A list of the host's runs JavaScript, during which bytes that are borrowed of it may change.
        let owned = core.list.is_some().then(|| packed.to_vec());
        let packed = owned.as_deref().unwrap_or(packed);
        let Some(request) = Request::unpack(packed, lines) else { return call.int(-1) };
        let step = request.begin(&core.gate, now(unix, milliseconds));
        let step = StepHandle::of(Arc::clone(&core), step);
        // Looked for again where JavaScript may have run.
        let numbers = if core.list.is_some() { call.numbers(1) } else { Some(numbers) };
        let Some(numbers) = numbers else { return call.int(-2) };
        numbers.set(step.told());
        call.keep(step)
    })
}

/// A function that goes on with a body: `(step, body, numbers)`. It answers with 0 and writes what kind the step has become;
/// with −1 where the step is none that needs a body, −2 where the body is neither text nor bytes.
#[napi(
    ts_return_type = "(step: ExternalObject<StepHandle>, body: string | Uint8Array, numbers: Float64Array) => number"
)]
#[must_use]
pub(crate) fn gate_read(gate: &External<GateHandle>) -> Bound {
    let core = Arc::clone(&gate.0);
    Bound::new(move |call| {
        let mut room = Room::new();
        let (Some(step), Some(numbers)) = (call.external::<StepHandle>(0), call.numbers(2)) else {
            return call.int(-2);
        };
        let [unix, milliseconds, ..] = numbers.get();
        let Some(limit) = step.body_limit() else { return call.int(-1) };
        let body = match call.octets(1, &mut room, limit) {
            Argument::Bytes(body) => Body::Read(body),
            Argument::TooLong => Body::TooLarge,
            Argument::Other => return call.int(-2),
        };
        if !step.go_on(&core, body, now(unix, milliseconds)) {
            return call.int(-1);
        }
        // What is decided of a body runs no JavaScript: a list is asked about tokens, in the head.
        numbers.set(step.told());
        call.int(0)
    })
}

/// Whether any of its key sets is fetched.
#[napi]
pub(crate) fn gate_fetches(gate: &External<GateHandle>) -> bool {
    gate.0.gate.key_sets().next().is_some()
}

/// A fetch of an issuer's keys that is due.
#[napi]
pub(crate) fn gate_refresh(gate: &External<GateHandle>, unix: f64, milliseconds: f64) -> Option<FetchParts> {
    gate.0.gate.refresh(now(unix, milliseconds)).map(FetchParts::of)
}

/// Puts another set of API keys in the place of the one there is.
#[napi]
pub(crate) fn gate_swap_api_keys(gate: &External<GateHandle>, keys: &External<ApiKeysHandle>) -> Result<()> {
    gate.0.gate.swap_api_keys(doorward::api_keys::ApiKeys::clone(&keys.keys)).or_config_error()
}

/// Reads the file of keys again; false where there is none.
#[napi]
pub(crate) fn gate_reload_api_keys(gate: &External<GateHandle>) -> Result<bool> {
    let Some(config) = &gate.0.config else { return Ok(false) };
    build::load_keys(config, &gate.0.gate)
}

/// Forgets what the host said of API keys.
#[napi]
pub(crate) fn gate_forget_api_keys(gate: &External<GateHandle>) {
    gate.0.gate.forget_api_keys();
}

/// Whether who was admitted before would be now.
#[napi]
#[must_use]
pub(crate) fn gate_still_good(
    gate: &External<GateHandle>,
    principal: &External<Principal>,
    token: Octets,
    unix: f64,
    milliseconds: f64,
) -> bool {
    gate.0.gate.still_good(principal, token.as_bytes(), now(unix, milliseconds))
}

/// Revokes one token.
#[napi]
pub(crate) fn gate_revoke_token(
    gate: &External<GateHandle>,
    token: Octets,
    until: f64,
    unix: f64,
    milliseconds: f64,
) -> Result<()> {
    let now = now(unix, milliseconds);
    gate.0.gate.revocations().revoke_token(token.as_bytes(), until, now).or_config_error()
}

/// Revokes the token of that issuer and `jti`.
#[napi]
pub(crate) fn gate_revoke_id(
    gate: &External<GateHandle>,
    issuer: String,
    id: String,
    until: f64,
    unix: f64,
    milliseconds: f64,
) -> Result<()> {
    let now = now(unix, milliseconds);
    gate.0.gate.revocations().revoke_id(&issuer, &id, until, now).or_config_error()
}

/// What is revoked of somebody's tokens.
#[napi(object, object_to_js = false)]
pub(crate) struct RevocationGiven {
    /// Who issued them.
    pub issuer: String,
    /// The subject, or the client.
    pub subject: String,
    /// Whether it is a client's that has no subject.
    pub client: bool,
    /// Those issued before that.
    pub before: f64,
    /// When all of them will have expired.
    pub until: f64,
}

/// Revokes what was issued before that to a subject; or to a client, of those without a subject.
#[napi]
pub(crate) fn gate_revoke_subject(
    gate: &External<GateHandle>,
    given: RevocationGiven,
    unix: f64,
    milliseconds: f64,
) -> Result<()> {
    let (revocations, now) = (gate.0.gate.revocations(), now(unix, milliseconds));
    let RevocationGiven { issuer, subject, client, before, until } = given;
    let revoked = match client {
        true => revocations.revoke_client(&issuer, &subject, before, until, now),
        false => revocations.revoke_subject(&issuer, &subject, before, until, now),
    };
    revoked.or_config_error()
}

/// An answer of the gate's own.
#[napi(object, object_from_js = false)]
pub(crate) struct WellKnownAnswer {
    /// The status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<Vec<String>>,
    /// JSON.
    pub body: Buffer,
}

/// What to answer at OAuth's well-known addresses.
#[napi]
#[must_use]
pub(crate) fn gate_well_known(
    gate: &External<GateHandle>,
    method: String,
    path: String,
) -> Option<WellKnownAnswer> {
    let answer = gate.0.gate.well_known(&method, &path)?;
    Some(WellKnownAnswer {
        status: answer.status,
        headers: answer.headers.iter().map(|(name, value)| vec![(*name).into(), (*value).into()]).collect(),
        body: answer.body.as_bytes().to_vec().into(),
    })
}

/// Whether a page of that origin may read answers.
#[napi]
#[must_use]
pub(crate) fn gate_is_listed_origin(gate: &External<GateHandle>, origin: Octets) -> bool {
    gate.0.gate.host_rules().is_listed_origin(origin.as_bytes())
}

/// The rate headers of an answer that the gate does not guard, as names and values in turn, a line each. Nothing where the
/// head has more lines than it should.
#[napi]
#[must_use]
pub(crate) fn gate_address_headers(
    gate: &External<GateHandle>,
    packed: Octets,
    lines: f64,
    unix: f64,
    milliseconds: f64,
) -> Option<String> {
    let request = Request::unpack(packed.as_bytes(), lines)?;
    Some(request.address_headers(&gate.0.gate, now(unix, milliseconds)))
}

/// Whether session ids are bound to their principals.
#[napi]
#[must_use]
pub(crate) fn gate_binds_sessions(gate: &External<GateHandle>) -> bool {
    gate.0.gate.binds_sessions()
}

/// The session id that a client is given in the place of the service's own.
#[napi]
pub(crate) fn gate_bind_session(
    gate: &External<GateHandle>,
    principal: &External<Principal>,
    inner: String,
) -> Result<String> {
    gate.0.gate.bind_session(principal, &inner).map(std::borrow::Cow::into_owned).or_config_error()
}

/// Binds an id of another kind.
#[napi]
pub(crate) fn gate_bind(
    gate: &External<GateHandle>,
    kind: String,
    principal: &External<Principal>,
    inner: String,
) -> Result<String> {
    gate.0.gate.bind(&kind, principal, &inner).or_config_error()
}

/// The id that was bound.
#[napi]
#[must_use]
pub(crate) fn gate_unbind(
    gate: &External<GateHandle>,
    kind: String,
    principal: &External<Principal>,
    outward: String,
) -> Option<String> {
    gate.0.gate.unbind(&kind, principal, &outward).map(str::to_owned)
}

/// Which of the names a principal is shown in that list.
#[napi]
pub(crate) fn gate_shows(
    gate: &External<GateHandle>,
    principal: &External<Principal>,
    method: String,
    names: Vec<String>,
) -> Result<Vec<bool>> {
    shown(gate.0.gate.policy_of(principal), principal.as_ref(), &method, &names)
}

/// A list's result with what a principal is shown.
#[napi]
pub(crate) fn gate_filter_result(
    gate: &External<GateHandle>,
    principal: &External<Principal>,
    method: String,
    result: Octets,
) -> Result<String> {
    filtered(gate.0.gate.policy_of(principal), principal.as_ref(), &method, &result)
}

/// The header API keys come in.
#[napi]
#[must_use]
pub(crate) fn gate_api_key_header(gate: &External<GateHandle>) -> String {
    gate.0.gate.api_key_header().to_owned()
}

/// Hits, misses and evictions of the verified-token cache.
#[napi]
#[must_use]
pub(crate) fn gate_cache_stats(gate: &External<GateHandle>) -> Option<Vec<f64>> {
    let stats = gate.0.gate.cache_stats()?;
    Some(vec![stats.hits as f64, stats.misses as f64, stats.evictions as f64])
}
