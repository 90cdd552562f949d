//! An authorization server on loopback: real RS256 tokens, rotation, and a switch to be down.
//!
//! It does what MCP's authorization asks of one: metadata (RFC 8414, OpenID Connect Discovery 1.0), dynamic registration
//! of public clients (RFC 7591), codes with PKCE (RFC 7636) and the issuer in the answer (RFC 9207), refresh tokens for one
//! use, and tokens for the `resource` that was asked for (RFC 8707). There is nobody to log in and nothing to click:
//! whoever asks is its one user, who consents at once.

mod keys;
mod routes;
mod state;
#[cfg(test)]
mod tests;
mod token;

use crate::port::Port;
use routes::{States, lock};
use serde_json::Value;
use state::{Grant, State};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// It runs until it is dropped, in threads of its own.
pub struct AuthorizationServer {
    state: States,
    address: SocketAddr,
    /// Nothing while it is down; its port is then held, so that nobody else answers there.
    running: Mutex<Result<Runtime, Port>>,
}

/// What it does from now on.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whom it knows: the subject of its tokens.
    pub subject: String,
    /// How long a token is good, in seconds.
    pub lifetime: u64,
    /// The scopes there is consent for; nothing for all that are asked for.
    pub consent: Option<Vec<String>>,
    /// Whom tokens are for in place of the resource that was asked for.
    pub audience: Option<String>,
    /// Whether there are refresh tokens.
    pub refreshes: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { subject: "anna".into(), lifetime: 600, consent: None, audience: None, refreshes: true }
    }
}

/// What can be asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Its metadata, at either address.
    Metadata,
    /// Its key set.
    Keys,
    /// To register a client.
    Register,
    /// To authorize: the user's consent.
    Authorize,
    /// A token for a code.
    Exchange,
    /// A token for a refresh token.
    Refresh,
}

/// One request, and its answer's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What for.
    pub what: What,
    /// The answer's status.
    pub status: u16,
    /// The scopes asked for when registering or authorizing, those granted with a token.
    pub scope: Option<String>,
    /// The resource asked for.
    pub resource: Option<String>,
}

impl AuthorizationServer {
    /// Starts on a free port, with one key.
    ///
    /// # Panics
    /// There is no port.
    #[must_use]
    pub fn start() -> Self {
        let port = Port::free();
        let address = port.address();
        let state = State::new(format!("http://{address}"));
        let server = Self { state: Arc::new(Mutex::new(state)), address, running: Mutex::new(Err(port)) };
        server.come_up();
        server
    }

    /// Its name: its URL, without a slash at the end.
    #[must_use]
    pub fn issuer(&self) -> String {
        lock(&self.state).issuer.clone()
    }

    /// Changes what it does from now on.
    pub fn adjust(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut lock(&self.state).settings);
    }

    /// Signs by a new key from now on, and publishes that beside the old ones.
    pub fn rotate(&self) {
        lock(&self.state).keys.rotate();
    }

    /// Publishes no key but the one that signs.
    pub fn withdraw_old_keys(&self) {
        lock(&self.state).keys.withdraw_old();
    }

    /// Forgets all refresh tokens, as at a log-out.
    pub fn forget_refresh_tokens(&self) {
        lock(&self.state).refresh.clear();
    }

    /// A token as a client would get it, without one.
    #[must_use]
    pub fn token(&self, resource: &str, scope: &str) -> String {
        let mut state = lock(&self.state);
        let (subject, client) = (state.settings.subject.clone(), "a-test".to_owned());
        state.access_token(&Grant { client, subject, scope: scope.into(), resource: resource.into() })
    }

    /// Every token that it gave to anybody.
    #[must_use]
    pub fn issued(&self) -> Vec<String> {
        lock(&self.state).issued.clone()
    }

    /// A token of its key with any claims.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        lock(&self.state).keys.sign(claims)
    }

    /// Stops answering: connections end, and new ones are refused.
    ///
    /// # Panics
    /// It is down already.
    pub fn go_down(&self) {
        let mut running = self.running.lock().expect("no test panicked here");
        let up = std::mem::replace(&mut *running, Err(Port::free()));
        // Ends its tasks, and with them the sockets.
        up.expect("it is up").shutdown_timeout(Duration::from_secs(5));
        *running = Err(Port::at(self.address));
    }

    /// Answers again, or for the first time.
    ///
    /// # Panics
    /// It is up already.
    pub fn come_up(&self) {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let mut running = self.running.lock().expect("no test panicked here");
        let down = std::mem::replace(&mut *running, Ok(runtime));
        let port = down.expect_err("it is down");
        let Ok(runtime) = &*running else { unreachable!("it was just put there") };
        let routes = routes::routes(Arc::clone(&self.state));
        let listener = runtime.block_on(async { port.listen() });
        runtime.spawn(async move { axum::serve(listener, routes).await });
    }

    /// All it was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.state).asked.clone()
    }

    /// How often it was asked that.
    #[must_use]
    pub fn count(&self, what: What) -> usize {
        lock(&self.state).asked.iter().filter(|one| one.what == what).count()
    }
}
