//! The routes, and what stands in front of each.

use crate::mcp::Tools;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use doorward::api_keys::file::KeyFile;
use doorward::config::{ADMIN, Config, RedisConfig, USER};
use doorward::gate::Gate;
use doorward::policy::{Grants, Policy};
use doorward_axum::{
    CorsLayer, GuardLayer, Introspector, KeysFile, KeysFileError, KeysStatus, Metrics, RateHeadersLayer,
    Redis, RedisError, well_known,
};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;

/// How long a client may pause while it sends a body.
const BODY_PAUSE: Duration = Duration::from_secs(10);

/// The server's routes, and the way to end its streams.
pub(crate) struct App {
    pub(crate) routes: Router,
    /// The guard of the routes.
    pub(crate) guard: GuardLayer,
    /// What is served at `METRICS_ADDR`, where that is set.
    pub(crate) metrics: Option<Router>,
    pub(crate) stop: CancellationToken,
    pub(crate) gate: Arc<Gate>,
    /// How the file of keys is doing, where there is one.
    pub(crate) keys: Option<KeysStatus>,
}

impl App {
    pub(crate) fn new(config: &Config) -> Result<Self, Box<dyn std::error::Error>> {
        let gate = Arc::new(config.gate(policy())?.build_random()?);
        let keys = watch_keys(config, &gate)?;
        let stop = CancellationToken::new();
        let tools = Tools::new(config, Arc::clone(&gate))?;
        let mut guard = GuardLayer::new(Arc::clone(&gate));
        if let Some(redis) = &config.redis {
            let server = store(redis)?;
            guard = guard.with_redis(server);
        }
        if let Some(introspection) = &config.oauth.introspection {
            let secret = introspection.client_secret.expose();
            guard = guard.with_introspector(match &introspection.client_id {
                Some(id) => Introspector::with_client(id, secret)?,
                None => Introspector::with_bearer(secret)?,
            });
        }
        let metrics = config.metrics.map(|_| Metrics::new(Arc::clone(&gate)));
        if let Some(metrics) = &metrics {
            guard = guard.with_metrics(metrics.clone());
            if let Some(keys) = &keys {
                metrics.watch_keys(keys.clone());
            }
        }
        let guarded = Router::new()
            .route_service(
                "/mcp",
                StreamableHttpService::new(
                    move || Ok(tools.clone()),
                    Arc::new(NeverSessionManager::default()),
                    transport(config, &stop),
                ),
            )
            .layer(guard.clone())
            .layer(RequestBodyTimeoutLayer::new(BODY_PAUSE));
        let (counted, watched) = (Arc::clone(&gate), keys.clone());
        let open = Router::new()
            .route("/health", get(move || health(watched.clone(), Arc::clone(&counted))))
            .fallback(async || StatusCode::NOT_FOUND)
            .layer(RateHeadersLayer::new(Arc::clone(&gate)));
        let closed = guarded.merge(open).layer(CorsLayer::new(Arc::clone(&gate)));
        // Metadata is any page's to read, so it stands outside CORS.
        let metadata = well_known(Arc::clone(&gate)).layer(RateHeadersLayer::new(Arc::clone(&gate)));
        let routes = closed.merge(metadata).layer(CatchPanicLayer::new());
        let metrics = metrics.map(|metrics| metrics.routes());
        Ok(Self { routes, guard, metrics, stop, gate, keys })
    }
}

/// The server by which limits are shared; nothing is connected yet.
fn store(config: &RedisConfig) -> Result<Redis, String> {
    let Some(path) = &config.ca else {
        return Redis::new(config.url.expose()).map_err(|error| format!("REDIS_URL is not right: {error}"));
    };
    let pem = std::fs::read(path)
        .map_err(|error| format!("REDIS_CA {} could not be read: {error}", path.display()))?;
    Redis::with_authorities(config.url.expose(), &pem).map_err(|error| match error {
        RedisError::Authorities => format!("REDIS_CA {} is not right: {error}", path.display()),
        _ => format!("REDIS_URL is not right: {error}"),
    })
}

/// Where the configuration has none: admins may do everything; users everything but mint tokens.
fn policy() -> Policy {
    Policy::new().role(ADMIN, Grants::all()).role(USER, Grants::new().tools(["whoami"]))
}

/// Stateless: every request carries its credential, so there is no session that somebody else could take over.
///
/// rmcp's own Host and Origin checks are off: the gate stands before them, and what they read otherwise, such as a
/// default port, would only refuse what the gate means to allow.
fn transport(config: &Config, stop: &CancellationToken) -> StreamableHttpServerConfig {
    StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(config.body_limit)
        .with_cancellation_token(stop.child_token())
        .disable_allowed_hosts()
        .disable_allowed_origins()
}

/// Keeps the gate's keys by `API_KEYS_FILE`, where there is one; it must be good at the start.
fn watch_keys(config: &Config, gate: &Arc<Gate>) -> Result<Option<KeysStatus>, Box<dyn std::error::Error>> {
    let Some(path) = &config.key_settings.file else { return Ok(None) };
    let settings = config.clone();
    let mut file = KeysFile::new(Arc::clone(gate), path).build_with(move |file| settings.keys_with(file));
    if let Some(time) = config.key_settings.max_stale {
        file = file.max_stale(time);
    }
    let status = file.watch().map_err(|error| match error {
        KeysFileError::Set(error) => error.to_string(),
        other => format!("API_KEYS_FILE {}: {other}", path.display()),
    });
    Ok(Some(status?))
}

/// What to tell of roles of keys in `API_KEYS_FILE` by which nothing is reached: a name that was mistyped, mostly.
pub(crate) fn unknown_roles(
    config: &Config,
    gate: &Gate,
) -> Result<Option<String>, Box<dyn std::error::Error>> {
    let Some(path) = &config.key_settings.file else { return Ok(None) };
    let file = KeyFile::parse(&std::fs::read(path)?)?;
    let roles = file.records().iter().flat_map(|record| record.entry().roles());
    let unknown: BTreeSet<&String> = roles.filter(|role| !gate.policy().gives_role(role)).collect();
    let unknown: Vec<String> = unknown.into_iter().take(8).map(|role| format!("{role:?}")).collect();
    if unknown.is_empty() {
        return Ok(None);
    }
    let path = path.display();
    Ok(Some(format!("{path} has keys of roles by which nothing is reached: {}", unknown.join(", "))))
}

/// It serves: with a file of keys, also whether the keys in use are older than the file; with a shared limit, who counts.
async fn health(keys: Option<KeysStatus>, gate: Arc<Gate>) -> Json<Value> {
    let mut health = json!({ "status": "ok" });
    if let Some(keys) = keys {
        health["keys_stale"] = keys.is_stale().into();
    }
    if let Some(limit) = gate.shared_limit() {
        health["shared_limit"] = limit.mode().name().into();
    }
    Json(health)
}
