//! Shared limits against a Redis of the test's own, which is stopped, killed, flushed and filled with other things.
#![cfg(feature = "redis")]

#[cfg(feature = "redis-tls")]
mod certificates;
mod gates;
mod outages;
mod script;
mod server;
#[cfg(feature = "redis-tls")]
mod tls;
