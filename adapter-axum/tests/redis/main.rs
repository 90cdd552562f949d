//! Shared limits against a Redis of the test's own, which is stopped, killed, flushed and filled with other things.
#![cfg(feature = "redis")]

mod gates;
mod outages;
mod script;
mod server;
