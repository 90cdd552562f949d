//! The network side of fetched keys: GETs by reqwest, shared by all requests that wait for them.

use doorward::Now;
use doorward::gate::{Answer, Gate, KeysWanted};
use doorward::jwks::{Fetch, Fetched, Jwks, Reply};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Fetches the key sets of a gate's issuers.
///
/// A fetch runs as a task of its own, so that a caller who hangs up takes nobody's keys along. Redirects are not
/// followed, no cookies or credentials are sent, and no more is read than a key set may have.
#[derive(Clone)]
pub struct KeyFetcher {
    client: reqwest::Client,
    /// Changes whenever a fetch has ended.
    ended: Arc<watch::Sender<()>>,
}

/// Why there is no HTTP client.
#[derive(Debug)]
pub struct FetcherError(Box<dyn std::error::Error + Send + Sync>);

impl fmt::Display for FetcherError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "key sets can't be fetched: {}: install the system's CA certificates (Debian: ca-certificates)",
            self.0
        )
    }
}

impl std::error::Error for FetcherError {}

type Clock = Arc<dyn Fn() -> Now + Send + Sync>;

impl KeyFetcher {
    /// A fetcher with the system's trusted certificates and the proxies of the environment (`HTTPS_PROXY`).
    ///
    /// # Errors
    /// There are no trusted certificates.
    pub fn new() -> Result<Self, FetcherError> {
        Self::adjusted(|client| client)
    }

    /// As [`new`](Self::new), its client adjusted: another proxy, say, or other certificates. Redirects are switched off
    /// whatever is set.
    ///
    /// # Errors
    /// There are no trusted certificates, or no such client can be made.
    pub fn adjusted(
        adjust: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, FetcherError> {
        let client = adjust(reqwest::Client::builder())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .user_agent(concat!("doorward/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| FetcherError(error.into()))?;
        Ok(Self { client, ended: Arc::new(watch::Sender::new(())) })
    }

    /// Starts whatever fetch is due in the background.
    pub(crate) fn refresh(&self, gate: &Gate, clock: &Clock, now: Now) {
        while let Some(fetch) = gate.refresh(now) {
            self.start(fetch, clock);
        }
    }

    /// Fetches what is due, and waits for that and for what is under way already.
    pub(crate) async fn refreshed(&self, gate: &Gate, clock: &Clock) {
        self.refresh(gate, clock, clock());
        for jwks in gate.key_sets() {
            self.wait(jwks, clock).await;
        }
    }

    /// Sees to a gate's question.
    pub(crate) async fn answer(&self, wanted: &mut KeysWanted, clock: &Clock) -> Answer {
        if let Some(fetch) = wanted.take_fetch() {
            self.start(fetch, clock);
        }
        match tokio::time::timeout(wanted.deadline(), self.wait(wanted.jwks(), clock)).await {
            Ok(()) => Answer::Ready,
            Err(_) => Answer::Unavailable,
        }
    }

    async fn wait(&self, jwks: &Jwks, clock: &Clock) {
        let mut ended = self.ended.subscribe();
        // What ends after this line is seen by `changed`, what ended before it by `is_fetching`.
        while jwks.is_fetching(clock()) {
            // Another layer of the same gate has a fetcher of its own, of whose fetches this one hears nothing.
            let _ = tokio::time::timeout(LOOK, ended.changed()).await;
        }
    }

    fn start(&self, fetch: Fetch, clock: &Clock) {
        let (this, clock) = (self.clone(), Arc::clone(clock));
        tokio::spawn(async move {
            // Told however the task ends: by a panic too.
            let _told = Told(Arc::clone(&this.ended));
            this.run(fetch, &clock).await;
        });
    }

    async fn run(&self, mut fetch: Fetch, clock: &Clock) {
        loop {
            let url = fetch.url().to_owned();
            let fetched = match tokio::time::timeout(fetch.timeout(), self.get(&fetch)).await {
                Ok(Ok(Got::Answer(status, body))) => {
                    fetch.replied(Reply::Answer { status, body: &body }, clock())
                }
                Ok(Ok(Got::TooLarge)) => fetch.replied(Reply::TooLarge, clock()),
                Ok(Err(error)) => {
                    tracing::debug!(target: "doorward", %url, error = %cause(&error), "no reply");
                    fetch.replied(Reply::Unreachable, clock())
                }
                Err(_) => fetch.replied(Reply::Unreachable, clock()),
            };
            match fetched {
                Fetched::Next(next) => fetch = next,
                Fetched::Loaded(loaded) => {
                    if loaded.changed {
                        tracing::info!(target: "doorward", %url, keys = loaded.keys, "key set fetched");
                        for (place, error) in loaded.left_out {
                            tracing::warn!(
                                target: "doorward", %url, place, code = error.code(), "a key was left out: {error}"
                            );
                        }
                    }
                    return;
                }
                Fetched::Failed(error) => {
                    tracing::warn!(
                        target: "doorward", %url, code = error.code(),
                        "no key set fetched: {error}; the last one is kept for as long as it may be"
                    );
                    return;
                }
                _ => return,
            }
        }
    }

    async fn get(&self, fetch: &Fetch) -> Result<Got, reqwest::Error> {
        let mut response =
            self.client.get(fetch.url()).header(http::header::ACCEPT, "application/json").send().await?;
        let status = response.status().as_u16();
        if status != 200 {
            // What it says is of no use, so it is not read.
            return Ok(Got::Answer(status, Vec::new()));
        }
        if response.content_length().is_some_and(|length| length > fetch.limit() as u64) {
            return Ok(Got::TooLarge);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if chunk.len() > fetch.limit() - body.len() {
                return Ok(Got::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Got::Answer(status, body))
    }
}

/// How often those who wait look for themselves.
const LOOK: Duration = Duration::from_millis(250);

enum Got {
    Answer(u16, Vec<u8>),
    TooLarge,
}

/// Tells those who wait, when it goes.
struct Told(Arc<watch::Sender<()>>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.send_replace(());
    }
}

/// The innermost reason, which says most.
pub(crate) fn cause(error: &dyn std::error::Error) -> &dyn std::error::Error {
    error.source().map_or(error, cause)
}

impl fmt::Debug for KeyFetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFetcher").finish_non_exhaustive()
    }
}
