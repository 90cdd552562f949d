//! Key sets that are fetched: the core says when and from where, the host does the GET.

use crate::boundary::Octets;
use crate::convert::{span, text};
use crate::errors::{OrConfigError, Result, config};
use crate::keys::LeftOut;
use crate::now::now;
use doorward::Now;
use doorward::jwks::{Fetch, Fetched, Jwks, Reply};
use napi::bindgen_prelude::External;
use napi_derive::napi;
use std::cell::RefCell;
use std::sync::Arc;

/// A set that is fetched.
pub(crate) struct JwksHandle {
    pub(crate) jwks: Arc<Jwks>,
}

/// The right to fetch, until it was used.
pub(crate) struct FetchHandle {
    fetch: RefCell<Option<Fetch>>,
}

/// What to GET, and the right to.
#[napi(object, object_from_js = false)]
pub(crate) struct FetchParts {
    /// What to GET.
    pub url: String,
    /// The most bytes of a reply to read.
    pub limit: u32,
    /// Seconds the GET may take.
    pub timeout: f64,
    /// What is told of the reply.
    pub handle: External<FetchHandle>,
}

/// What came of a fetch.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub(crate) struct FetchedParts {
    /// The next GET to do.
    pub next: Option<FetchParts>,
    /// How many keys the set has.
    pub keys: Option<u32>,
    /// The keys that can't be used.
    pub left_out: Vec<LeftOut>,
    /// Whether the set differs from the one before.
    pub changed: bool,
    /// The code of what failed.
    pub error: Option<&'static str>,
    /// The same in words.
    pub message: Option<String>,
}

/// How a set stands.
#[napi(object, object_from_js = false)]
pub(crate) struct StandingParts {
    /// How many keys there are.
    pub keys: u32,
    /// Their age in seconds.
    pub age: Option<f64>,
    /// Whether they may be used.
    pub usable: bool,
    /// The code of the last fetch's failure.
    pub error: Option<&'static str>,
}

/// Times in seconds.
#[napi(object, object_to_js = false)]
pub(crate) struct JwksTimes {
    /// Between fetches.
    pub cooldown: Option<f64>,
    /// Until a set is fetched anew.
    pub fresh_for: Option<f64>,
    /// Until one that can't be is no longer used.
    pub stale_for: Option<f64>,
    /// Of one GET.
    pub timeout: Option<f64>,
}

impl FetchParts {
    pub(crate) fn of(fetch: Fetch) -> Self {
        Self {
            url: fetch.url().to_owned(),
            limit: count(fetch.limit()),
            timeout: fetch.timeout().as_secs_f64(),
            handle: External::new(FetchHandle { fetch: RefCell::new(Some(fetch)) }),
        }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// For what counts on the second clock alone.
fn mono(milliseconds: f64) -> Now {
    now(0.0, milliseconds)
}

/// A set at an address or of an issuer.
#[napi(ts_args_type = "url: string | undefined, issuer: string | undefined, times: JwksTimes")]
pub(crate) fn jwks(
    url: Option<Octets>,
    issuer: Option<Octets>,
    times: JwksTimes,
) -> Result<External<JwksHandle>> {
    let mut jwks = match (url, issuer) {
        (Some(url), None) => Jwks::at(text(&url)?).or_config_error()?,
        (None, Some(issuer)) => Jwks::of_issuer(text(&issuer)?).or_config_error()?,
        _ => return Err(config("argument_invalid", "give the url or the issuer, and not both")),
    };
    if let Some(seconds) = times.cooldown {
        jwks = jwks.cooldown(span(seconds, "cooldown")?);
    }
    if let Some(seconds) = times.fresh_for {
        jwks = jwks.fresh_for(span(seconds, "freshFor")?);
    }
    if let Some(seconds) = times.stale_for {
        jwks = jwks.stale_for(span(seconds, "staleFor")?);
    }
    if let Some(seconds) = times.timeout {
        jwks = jwks.timeout(span(seconds, "timeout")?);
    }
    Ok(External::new(JwksHandle { jwks: Arc::new(jwks) }))
}

/// The issuer whose set it is.
#[napi]
pub(crate) fn jwks_issuer(jwks: &External<JwksHandle>) -> Option<String> {
    jwks.jwks.issuer().map(str::to_owned)
}

/// The fetch that is due.
#[napi]
pub(crate) fn jwks_refresh(jwks: &External<JwksHandle>, milliseconds: f64) -> Option<FetchParts> {
    jwks.jwks.refresh(mono(milliseconds)).map(FetchParts::of)
}

/// The fetch to do because a key is lacking.
#[napi]
pub(crate) fn jwks_fetch(jwks: &External<JwksHandle>, milliseconds: f64) -> Option<FetchParts> {
    jwks.jwks.fetch(mono(milliseconds)).map(FetchParts::of)
}

/// Whether a fetch is under way.
#[napi]
pub(crate) fn jwks_is_fetching(jwks: &External<JwksHandle>, milliseconds: f64) -> bool {
    jwks.jwks.is_fetching(mono(milliseconds))
}

/// How it stands.
#[napi]
pub(crate) fn jwks_standing(jwks: &External<JwksHandle>, milliseconds: f64) -> StandingParts {
    let standing = jwks.jwks.standing(mono(milliseconds));
    StandingParts {
        keys: count(standing.keys),
        age: standing.age.map(|age| age.as_secs_f64()),
        usable: standing.usable,
        error: standing.last_error.map(|error| error.code()),
    }
}

fn end(fetch: &FetchHandle, reply: Reply<'_>, milliseconds: f64) -> Option<FetchedParts> {
    let fetch = fetch.fetch.borrow_mut().take()?;
    Some(match fetch.replied(reply, mono(milliseconds)) {
        Fetched::Next(fetch) => FetchedParts { next: Some(FetchParts::of(fetch)), ..FetchedParts::default() },
        Fetched::Loaded(loaded) => FetchedParts {
            keys: Some(count(loaded.keys)),
            left_out: loaded
                .left_out
                .iter()
                .map(|(place, error)| LeftOut::of((*place, error.code())))
                .collect(),
            changed: loaded.changed,
            ..FetchedParts::default()
        },
        Fetched::Failed(error) => FetchedParts {
            error: Some(error.code()),
            message: Some(error.to_string()),
            ..FetchedParts::default()
        },
        _ => FetchedParts::default(),
    })
}

/// The reply's status and body. Nothing where the fetch was used before.
#[napi(
    ts_args_type = "fetch: ExternalObject<FetchHandle>, status: number, body: string | Uint8Array, milliseconds: number"
)]
pub(crate) fn fetch_replied(
    fetch: &External<FetchHandle>,
    status: u16,
    body: Octets,
    milliseconds: f64,
) -> Option<FetchedParts> {
    end(fetch, Reply::Answer { status, body: body.as_bytes() }, milliseconds)
}

/// The reply was too long.
#[napi]
pub(crate) fn fetch_too_large(fetch: &External<FetchHandle>, milliseconds: f64) -> Option<FetchedParts> {
    end(fetch, Reply::TooLarge, milliseconds)
}

/// There was no reply in time.
#[napi]
pub(crate) fn fetch_unreachable(fetch: &External<FetchHandle>, milliseconds: f64) -> Option<FetchedParts> {
    end(fetch, Reply::Unreachable, milliseconds)
}

/// Drops the right to fetch: it counts as failed.
#[napi]
pub(crate) fn fetch_dropped(fetch: &External<FetchHandle>) {
    drop(fetch.fetch.borrow_mut().take());
}
