//! The network side of shared limits: one connection to Redis or Valkey by redis-rs, shared by all requests.
//!
//! A command runs as a task of its own and is waited for until its deadline: one that comes too late still tells whether
//! the connection is any good. The connection is made when it is first needed, and made anew when it breaks, when nothing
//! has come over it for a second, or when the server would not have us.

#[cfg(feature = "redis-tls")]
mod tls;

use doorward::Now;
use doorward::rate::shared::{Ask, Failure, Mode, Outcome, Reply, SharedLimiter, SharedQuota, Spend};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, ErrorKind, RedisError as Error, Value};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a connection has for its handshake, and for a reply before it is taken for dead. Deadlines are far shorter.
const DEAD: Duration = Duration::from_secs(1);
/// How often a failure is told again while the limit is kept by the server all the same.
const TOLD_AGAIN: Duration = Duration::from_secs(60);

/// A Redis or Valkey server, for limits that several processes share.
///
/// Nothing is connected before it is needed, so a server that is down keeps nobody from starting. State changes are
/// logged, and nothing of the address.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    client: Client,
    connection: Mutex<Option<Connection>>,
    told: Mutex<Told>,
}

struct Connection {
    manager: ConnectionManager,
    since: Instant,
}

/// What the log has been told.
#[derive(Default)]
struct Told {
    in_fallback: bool,
    failed: u64,
    last: Option<(Failure, Instant)>,
    /// redis-rs's word for what went wrong last.
    cause: Option<String>,
}

/// An address that can't be one of a server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedisError {
    /// It is no address at all.
    Address,
    /// It asks for TLS, which this build has not: feature `redis-tls`.
    NoTls,
    /// It asks for TLS that verifies nobody.
    Unverified,
    /// What should be certificate authorities is no PEM file of certificates.
    Authorities,
    /// Certificate authorities are of no use without TLS.
    AuthoritiesWithoutTls,
}

impl fmt::Display for RedisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "it must be an address such as redis://user:password@host:6379/0",
            Self::NoTls => "rediss:// needs TLS, which is not built in: build with feature redis-tls",
            Self::Unverified => "#insecure is not for here: the server's certificate is always verified",
            Self::Authorities => "certificate authorities must be a PEM file with at least one certificate",
            Self::AuthoritiesWithoutTls => {
                "certificate authorities need an address that begins with rediss://"
            }
        })
    }
}

impl std::error::Error for RedisError {}

impl Redis {
    /// The server at `url`: `redis://[user][:password@]host[:port][/database]`, or `unix:///path`. With feature
    /// `redis-tls` also `rediss://…`: TLS to a server whose certificate one of the system's authorities has signed.
    ///
    /// # Errors
    /// It is no such address.
    pub fn new(url: &str) -> Result<Self, RedisError> {
        if is_tls(url) {
            #[cfg(feature = "redis-tls")]
            return tls::client(url, None).map(Self::of);
            #[cfg(not(feature = "redis-tls"))]
            return Err(RedisError::NoTls);
        }
        // redis-rs's own error may quote the address, password and all.
        Client::open(url).map(Self::of).map_err(|_| RedisError::Address)
    }

    /// The server at `url`, `rediss://…`, whose certificate one of these authorities has signed, and none of the system's:
    /// a PEM file's text.
    ///
    /// # Errors
    /// It is no such address, or there is no certificate in `pem`.
    #[cfg(feature = "redis-tls")]
    pub fn with_authorities(url: &str, pem: &[u8]) -> Result<Self, RedisError> {
        if !is_tls(url) {
            let plain = Self::new(url);
            return plain.and(Err(RedisError::AuthoritiesWithoutTls));
        }
        tls::client(url, Some(pem)).map(Self::of)
    }

    fn of(client: Client) -> Self {
        Self(Arc::new(Inner { client, connection: Mutex::new(None), told: Mutex::new(Told::default()) }))
    }

    /// Spends `cost` units from the bucket of `id`: [`SharedLimiter::begin`] to its end, within its deadline. For limits
    /// beside a gate's own.
    ///
    /// ```no_run
    /// # async fn spend() -> Result<(), Box<dyn std::error::Error>> {
    /// use doorward::rate::{Quota, shared::{Settings, SharedLimiter, Verdict}};
    /// let redis = doorward_axum::Redis::new("redis://127.0.0.1:6379")?;
    /// let quota = Quota::per(5, std::time::Duration::from_secs(3600))?;
    /// let exports = SharedLimiter::with_random_seed(quota, Settings::new("exports"))?;
    /// let outcome = redis.spend(&exports, b"key:ci", exports.base(), 1).await;
    /// assert_eq!(outcome.verdict, Verdict::Admitted);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn spend(&self, limiter: &SharedLimiter, id: &[u8], quota: &SharedQuota, cost: u32) -> Outcome {
        let mut spend = limiter.begin(id, quota, cost, Now::system());
        loop {
            let ask = match spend {
                Spend::Decided(outcome) => return outcome,
                Spend::Ask(ask) => ask,
            };
            let reply = self.run(&ask, Now::system()).await;
            spend = limiter.answered(ask, &reply, Now::system());
            self.tell(limiter);
        }
    }

    /// Runs a command until its deadline.
    pub(crate) async fn run(&self, ask: &Ask, now: Now) -> Reply {
        let left = ask.time_left(now);
        if left.is_zero() {
            return Reply::TimedOut;
        }
        let mut command = redis::cmd(ask.command());
        command.arg(ask.script()).arg(1).arg(ask.key());
        for arg in ask.args() {
            command.arg(arg);
        }
        let this = self.clone();
        let sent = tokio::spawn(async move { this.send(&command).await });
        match tokio::time::timeout(left, sent).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(_)) => Reply::Unreachable,
            Err(_) => Reply::TimedOut,
        }
    }

    async fn send(&self, command: &Cmd) -> Reply {
        let mut manager = match self.manager() {
            Ok(manager) => manager,
            Err(error) => return self.failed(&error),
        };
        match command.query_async(&mut manager).await {
            Ok(Value::Array(items)) => {
                let integer = |item: &Value| if let Value::Int(number) = item { Some(*number) } else { None };
                items.iter().map(integer).collect::<Option<_>>().map_or(Reply::Other, Reply::Integers)
            }
            Ok(_) => Reply::Other,
            Err(error) => self.failed(&error),
        }
    }

    /// The connection, made where there is none: without waiting for it.
    fn manager(&self) -> Result<ConnectionManager, Error> {
        let mut connection = lock(&self.0.connection);
        if let Some(Connection { manager, .. }) = &*connection {
            return Ok(manager.clone());
        }
        #[cfg(feature = "redis-tls")]
        if matches!(self.0.client.get_connection_info().addr(), redis::ConnectionAddr::TcpTls { .. }) {
            tls::provide();
        }
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(DEAD))
            .set_response_timeout(Some(DEAD))
            // Whether and when to try again is the breaker's to say.
            .set_number_of_retries(0);
        let manager = ConnectionManager::new_lazy_with_config(self.0.client.clone(), config)?;
        *connection = Some(Connection { manager: manager.clone(), since: Instant::now() });
        Ok(manager)
    }

    fn failed(&self, error: &Error) -> Reply {
        let reply = match (error.code(), error.kind()) {
            (Some(code), _) => Reply::Error(format!("{code} {}", error.detail().unwrap_or_default())),
            (None, ErrorKind::Io) if error.is_timeout() => Reply::TimedOut,
            (None, ErrorKind::Io) => Reply::Unreachable,
            (None, ErrorKind::AuthenticationFailed) => Reply::Error("NOAUTH".into()),
            (None, _) => Reply::Other,
        };
        let of_a_script = matches!(&reply, Reply::Error(text)
            if ["NOSCRIPT", "WRONGTYPE", "DOORWARD"].iter().any(|code| text.starts_with(code)));
        if of_a_script {
            return reply;
        }
        // Server errors are told by their code alone: what is behind it may be anything.
        let code = error.code().map(str::to_owned);
        lock(&self.0.told).cause = Some(code.unwrap_or_else(|| error.to_string()));
        // The manager replaces a connection that was dropped; not one that is silent, nor one whose handshake failed.
        if !error.is_connection_dropped() {
            let mut connection = lock(&self.0.connection);
            if connection.as_ref().is_some_and(|connection| connection.since.elapsed() >= DEAD) {
                *connection = None;
            }
        }
        reply
    }

    /// Tells the log what has changed since it was last told.
    pub(crate) fn tell(&self, limiter: &SharedLimiter) {
        let (mode, failure, failed) = (limiter.mode(), limiter.last_failure(), limiter.stats().failed);
        let mut told = lock(&self.0.told);
        let in_fallback = mode != Mode::Shared;
        let fresh = failed > told.failed;
        told.failed = told.failed.max(failed);
        let code = failure.map(Failure::code);
        if in_fallback != told.in_fallback {
            told.in_fallback = in_fallback;
            if in_fallback {
                let cause = told.cause.as_deref();
                tracing::warn!(target: "doorward", code, cause, "shared limits can't be counted: the fallback holds");
                told.last = failure.map(|failure| (failure, Instant::now()));
            } else {
                tracing::info!(target: "doorward", code = "store_back", "shared limits are counted again");
            }
            return;
        }
        let Some(failure) = failure.filter(|_| fresh && !in_fallback) else { return };
        let is_known = told.last.is_some_and(|(last, at)| last == failure && at.elapsed() < TOLD_AGAIN);
        if !is_known {
            told.last = Some((failure, Instant::now()));
            tracing::warn!(
                target: "doorward", code, "a shared limit could not be counted, and its fallback held: {failure}"
            );
        }
    }
}

fn is_tls(url: &str) -> bool {
    ["rediss:", "valkeys:"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme)))
}

/// Nothing here is left half done by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Redis {
    /// Not the address: a password may be in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}
