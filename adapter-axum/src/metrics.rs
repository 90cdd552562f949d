//! Counters of what the guard decides, as text for Prometheus (OpenMetrics 1.0).
//!
//! Labels come from fixed codes and configured names alone, never from a request: there can be no more series than there are
//! codes, kinds, limits and issuers, whatever callers send. No principal, address, name or credential is in them.

use crate::KeysStatus;
use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use doorward::Now;
use doorward::gate::{AuditEvent, Gate};
use doorward::origin::HostRules;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabelSet, EncodeMetric,
};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock};

/// The ends of the buckets of decisions' times, in seconds: a warm token takes microseconds, a body its sender's time.
const BUCKETS: [f64; 10] = [1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0];

type Histograms = Family<Decision, Histogram, fn() -> Histogram>;

/// The counters of a [guard](crate::GuardLayer::with_metrics): cheap to clone, and each clone counts the same.
///
/// ```
/// use std::sync::Arc;
/// use doorward::api_keys::{ApiKey, ApiKeys};
/// use doorward::gate::Gate;
/// use doorward_axum::{GuardLayer, Metrics};
///
/// let keys = ApiKeys::builder().add("a-key-nobody-guesses", ApiKey::new("ci")).build_random()?;
/// let gate = Arc::new(Gate::builder().api_keys(keys).build_random()?);
/// let metrics = Metrics::new(Arc::clone(&gate));
/// let guard = GuardLayer::new(gate).with_metrics(metrics.clone());
/// // To be served on a listener of its own, on loopback: it asks for no credential.
/// let routes = metrics.routes();
/// assert!(metrics.to_text().contains("doorward_streams_open 0"));
/// # let _ = (guard, routes);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    decisions: Family<Decided, Counter>,
    seconds: Histograms,
    streams: Streams,
    keys: Arc<OnceLock<KeysStatus>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Decided {
    decision: &'static str,
    code: &'static str,
    auth: &'static str,
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Decision {
    decision: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    cause: &'static str,
}

/// Streaming answers that are open, and those that ended.
#[derive(Clone, Debug, Default)]
struct Streams {
    open: Gauge,
    ended: Family<Ended, Counter>,
}

impl Metrics {
    /// Counters of that gate.
    #[must_use]
    pub fn new(gate: Arc<Gate>) -> Self {
        let mut registry = Registry::with_prefix("doorward");
        let decisions = Family::default();
        let seconds: Histograms = Family::new_with_constructor(|| Histogram::new(BUCKETS));
        let (streams, keys) = (Streams::default(), Arc::new(OnceLock::new()));
        registry.register("decisions", "Requests decided on", decisions.clone());
        registry.register_with_unit(
            "decision",
            "Time to a decision, reading the body and asking others included",
            Unit::Seconds,
            seconds.clone(),
        );
        registry.register("streams_open", "Streaming answers under way", streams.open.clone());
        registry.register("streams_ended", "Streaming answers that ended", streams.ended.clone());
        registry.register_collector(Box::new(State { gate, keys: Arc::clone(&keys) }));
        Self(Arc::new(Inner { registry, decisions, seconds, streams, keys }))
    }

    /// Tells of a file of keys too; of the first that is given.
    pub fn watch_keys(&self, keys: KeysStatus) {
        let _ = self.0.keys.set(keys);
    }

    /// All of it as it is now.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &self.0.registry);
        text
    }

    /// `GET /metrics`, for a listener of its own. It asks for no credential, so it belongs on loopback; and it answers only
    /// to loopback's names, and to no web page, so that no page can have a browser read it (DNS rebinding).
    pub fn routes(&self) -> Router {
        let metrics = self.clone();
        Router::new().route("/metrics", get(move |headers| async move { metrics.answer(&headers) }))
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        let hosts: Vec<&[u8]> = headers.get_all(header::HOST).iter().map(|host| host.as_bytes()).collect();
        let rules = HostRules::new(IpAddr::V4(Ipv4Addr::LOCALHOST), None, &[], Vec::new());
        let ours = rules.is_ok_and(|rules| rules.check_host(&hosts).is_ok());
        if !ours || headers.contains_key(header::ORIGIN) {
            return (StatusCode::FORBIDDEN, "this is for a scraper on this machine\n").into_response();
        }
        ([(header::CONTENT_TYPE, TEXT), (header::CACHE_CONTROL, "no-store")], self.to_text()).into_response()
    }

    pub(crate) fn decided(&self, event: &AuditEvent<'_>) {
        let AuditEvent { decision, code, .. } = *event;
        let (auth, kind) = (event.auth.unwrap_or("none"), event.kind.unwrap_or("none"));
        self.0.decisions.get_or_create(&Decided { decision, code, auth, kind }).inc();
        self.0.seconds.get_or_create(&Decision { decision }).observe(event.micros as f64 / 1e6);
    }

    pub(crate) fn stream(&self) -> Stream {
        self.0.streams.open.inc();
        Stream { streams: self.0.streams.clone(), cause: "dropped" }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// A streaming answer, counted as open while this lives.
pub(crate) struct Stream {
    streams: Streams,
    cause: &'static str,
}

impl Stream {
    /// Why it ended: `finished`, `expired` or `withdrawn`. Where nothing is said, its client left.
    pub(crate) const fn ended(&mut self, cause: &'static str) {
        self.cause = cause;
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.streams.open.dec();
        self.streams.ended.get_or_create(&Ended { cause: self.cause }).inc();
    }
}

/// What the gate counts itself, read at each scrape.
struct State {
    gate: Arc<Gate>,
    keys: Arc<OnceLock<KeysStatus>>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

impl Collector for State {
    fn encode(&self, mut to: DescriptorEncoder<'_>) -> fmt::Result {
        if let Some(cache) = self.gate.cache_stats() {
            let looked_up = [("hit", cache.hits), ("miss", cache.misses)];
            let rows = looked_up.map(|(outcome, count)| ([("outcome", outcome)], count));
            counters(&mut to, "token_cache", "Tokens looked up among the verified ones", rows)?;
            let help = "Verified tokens that made room for others";
            counters(&mut to, "token_cache_evictions", help, [([("outcome", "evicted")], cache.evictions)])?;
        }
        let limits: Vec<_> = self.gate.limit_stats().collect();
        let of = |value: fn(&doorward::rate::Stats) -> u64| {
            limits.iter().map(move |(limit, stats)| ([("limit", *limit)], value(stats))).collect::<Vec<_>>()
        };
        let help = "Slots taken from a key in debt: many mean that the table is too small";
        counters(&mut to, "limit_evictions_with_debt", help, of(|stats| stats.evictions_with_debt))?;
        let help = "Denials because a slot was busy, not because of the quota";
        counters(&mut to, "limit_busy_denials", help, of(|stats| stats.busy_denials))?;
        gauges(&mut to, "limit_slots", "Slots of the table", of(|stats| stats.slots as u64))?;
        if let Some(named) = self.gate.limits() {
            let help = "Takings of named limits that could not be given back";
            counters(&mut to, "limit_lost", help, [([("limit", "named")], named.lost())])?;
        }
        self.key_sets(&mut to)?;
        self.shared(&mut to)?;
        if let Some(keys) = self.keys.get() {
            let rows = [([("source", "file")], u64::from(keys.is_stale()))];
            gauges(&mut to, "keys_stale", "Whether the keys in use are older than their file", rows)?;
            gauges(&mut to, "keys", "API keys of the file", [([("source", "file")], keys.keys() as u64)])?;
        }
        Ok(())
    }
}

impl State {
    /// The sets of keys that are fetched, by their place and their issuer's configured name.
    fn key_sets(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let now = Now::system();
        let sets: Vec<_> = self.gate.key_sets().enumerate().collect();
        let of = |value: &dyn Fn(&doorward::jwks::Standing) -> Option<f64>| {
            let row = |(at, set): &(usize, &Arc<doorward::jwks::Jwks>)| {
                let labels =
                    [("set", at.to_string()), ("issuer", set.issuer().unwrap_or_default().to_owned())];
                Some((labels, value(&set.standing(now))?))
            };
            sets.iter().filter_map(row).collect::<Vec<_>>()
        };
        if sets.is_empty() {
            return Ok(());
        }
        let age = of(&|standing| standing.age.map(|age| age.as_secs_f64()));
        gauges(to, "jwks_age_seconds", "Time since the set was fetched", age)?;
        gauges(to, "jwks_keys", "Keys of the set", of(&|standing| Some(standing.keys as f64)))?;
        let usable = of(&|standing| Some(f64::from(u8::from(standing.usable))));
        gauges(to, "jwks_usable", "Whether tokens can be verified by it", usable)?;
        let failed = of(&|standing| Some(f64::from(u8::from(standing.last_error.is_some()))));
        gauges(to, "jwks_failing", "Whether the last fetch failed", failed)
    }

    fn shared(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let Some(limit) = self.gate.shared_limit() else { return Ok(()) };
        let stats = limit.stats();
        let rows = [
            ("asked", stats.asked),
            ("from_lease", stats.from_lease),
            ("from_memory", stats.from_memory),
            ("failed", stats.failed),
            ("fell_back", stats.fell_back),
        ];
        let rows = rows.map(|(event, count)| ([("event", event)], count));
        counters(to, "shared_limit", "What was counted over several processes, and how", rows)?;
        let help = "Who counts now: the shared server, the fallback, or a probe of the server";
        gauges(to, "shared_limit_mode", help, [([("mode", limit.mode().name())], 1_u64)])
    }
}

fn counters<L: EncodeLabelSet, N: EncodeCounterValue>(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    rows: impl IntoIterator<Item = (L, N)>,
) -> fmt::Result
where
    ConstCounter<N>: EncodeMetric,
{
    each(to, name, help, rows.into_iter().map(|(labels, value)| (labels, ConstCounter::new(value))))
}

fn gauges<L: EncodeLabelSet, N: EncodeGaugeValue>(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    rows: impl IntoIterator<Item = (L, N)>,
) -> fmt::Result
where
    ConstGauge<N>: EncodeMetric,
{
    each(to, name, help, rows.into_iter().map(|(labels, value)| (labels, ConstGauge::new(value))))
}

fn each<L: EncodeLabelSet, M: EncodeMetric>(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    rows: impl Iterator<Item = (L, M)>,
) -> fmt::Result {
    let mut rows = rows.peekable();
    let Some((_, first)) = rows.peek() else { return Ok(()) };
    let mut family = to.encode_descriptor(name, help, None, first.metric_type())?;
    for (labels, metric) in rows {
        metric.encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}
