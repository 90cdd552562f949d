//! doorward's gate for axum, tower and rmcp: who may call this MCP server, decided before the server sees the call.
//!
//! ```no_run
//! use std::{net::SocketAddr, sync::Arc};
//! use axum::{Router, routing::post};
//! use doorward::{api_keys::{ApiKey, ApiKeys}, gate::Gate, policy::Policy};
//! use doorward_axum::{Authenticated, GuardLayer};
//!
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! let keys = ApiKeys::builder().add("a-key-nobody-guesses", ApiKey::new("ci")).build_random()?;
//! let gate = Arc::new(Gate::builder().api_keys(keys).policy(Policy::allow_all()).build_random()?);
//!
//! let app = Router::new()
//!     .route("/mcp", post(|Authenticated(caller): Authenticated| async move { caller.id().to_owned() }))
//!     .layer(GuardLayer::new(gate));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//! axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! | item | what it does |
//! |---|---|
//! | [`GuardLayer`] | a tower layer: head decided before the body is read, rate headers on every answer |
//! | [`KeyFetcher`] | fetches issuers' key sets (feature `fetch`, on by default: reqwest, rustls) |
//! | [`Introspector`] | asks about opaque tokens (RFC 7662; feature `fetch`) |
//! | `Redis` | a limit shared by several processes, counted in Redis or Valkey (feature `redis`; over TLS, `redis-tls`) |
//! | [`RateHeadersLayer`] | the address's rate headers on routes that are open to all |
//! | [`CorsLayer`] | CORS by the gate's own list of origins; belongs outside the guard |
//! | [`KeysFile`] | API keys by a file of digests, read again when it changes |
//! | `Metrics` | counters of the guard's decisions for Prometheus (feature `metrics`) |
//! | [`well_known`] | routes for the resource's metadata (RFC 9728) |
//! | [`Authenticated`] | an extractor of the [`Principal`](doorward::gate::Principal), with its rejection |
//! | [`principal`] | the same from a request's extensions, as in an rmcp tool |
//!
//! The guard needs the peer's address: serve with `into_make_service_with_connect_info::<SocketAddr>()`, or put a
//! [`PeerAddress`] into the request's extensions. Without one every request is refused with 503.

mod cors;
mod ending;
mod extract;
#[cfg(feature = "fetch")]
mod fetch;
mod guard;
mod headers;
#[cfg(feature = "fetch")]
mod introspect;
mod keys_file;
mod log;
#[cfg(feature = "metrics")]
mod metrics;
mod open;
#[cfg(feature = "redis")]
mod redis;
mod request;
mod session;
mod well_known;

#[cfg(feature = "redis")]
pub use crate::redis::{Redis, RedisError};
pub use cors::{Cors, CorsLayer};
pub use extract::{Authenticated, NotGuarded, principal};
#[cfg(feature = "fetch")]
pub use fetch::{FetcherError, KeyFetcher};
pub use guard::{Guard, GuardLayer};
#[cfg(feature = "fetch")]
pub use introspect::{Introspector, IntrospectorError};
pub use keys_file::{KeysFile, KeysFileError, KeysStatus};
#[cfg(feature = "metrics")]
pub use metrics::Metrics;
pub use open::{RateHeaders, RateHeadersLayer};
pub use request::PeerAddress;
pub use well_known::well_known;

/// The README's examples.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
