//! Shared limits against a Redis of the report's own, on loopback: commands a decision as the server counted them, and the
//! wall's time a decision beside a `PING` over a bare socket, by turns. Without `redis-server` there are no such rows.

use super::{Failure, rounded, value_row};
use doorward::rate::Quota;
use doorward::rate::shared::{Fallback, Settings, SharedLimiter, Source, Verdict};
use doorward_axum::Redis;
use serde_json::{Map, Value};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Decisions that are counted.
const COUNTED: u32 = 1000;
/// Units a process takes at once, where it takes more than one.
const LEASE: u32 = 10;

type Row = Map<String, Value>;

/// The rows that are wanted.
pub(crate) fn rows(wants: impl Fn(&str) -> bool, quick: bool) -> Result<Vec<Row>, Failure> {
    let cases = [("no-lease", 1, false), ("lease", LEASE, false), ("denied", 1, true)];
    let ids = cases.map(|(name, ..)| [format!("redis/round-trips/{name}"), format!("redis/decision/{name}")]);
    if !ids.iter().flatten().any(|id| wants(id)) {
        return Ok(Vec::new());
    }
    let Some(server) = Server::start()? else {
        eprintln!("redis/…: no redis-server, no rows (make deps-system)");
        return Ok(Vec::new());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut rows = Vec::new();
    for ((name, lease, denied), [trips, decision]) in cases.into_iter().zip(ids) {
        let shared = Shared::new(name, lease, denied, &server)?;
        runtime.block_on(shared.prepare())?;
        if wants(&trips) {
            let before = server.commands()?;
            runtime.block_on(shared.decide(COUNTED))?;
            let mut row =
                value_row(&trips, (server.commands()? - before) as f64 / f64::from(COUNTED), "commands");
            row.insert("decisions".into(), COUNTED.into());
            row.insert("lease".into(), lease.into());
            rows.push(row);
        }
        if wants(&decision) {
            rows.push(shared.timed(&decision, &server, &runtime, if quick { 100 } else { 1000 })?);
        }
    }
    Ok(rows)
}

/// One process's side of a limit.
struct Shared {
    redis: Redis,
    limiter: SharedLimiter,
    denied: bool,
}

impl Shared {
    fn new(name: &str, lease: u32, denied: bool, server: &Server) -> Result<Self, Failure> {
        // What is denied stays so for as long as it is looked at; what is admitted never comes to an end.
        let quota = if denied {
            Quota::per(1, Duration::from_secs(3600))?
        } else {
            Quota::per(1_000_000, Duration::from_secs(1))?
        };
        let settings =
            Settings::new(name).lease(lease).fallback(Fallback::Deny).deadline(Duration::from_secs(2));
        Ok(Self {
            redis: Redis::new(&format!("redis://127.0.0.1:{}", server.port))?,
            limiter: SharedLimiter::with_random_seed(quota, settings.slots(64))?,
            denied,
        })
    }

    /// Connects, has the script loaded, and empties the bucket that is to be empty.
    async fn prepare(&self) -> Result<(), Failure> {
        let first = self.redis.spend(&self.limiter, b"key:ci", self.limiter.base(), 1).await;
        if first.verdict != Verdict::Admitted || first.source != Source::Store {
            return Err(format!("the server did not decide: {first:?}").into());
        }
        let turns = if self.denied { 1 } else { 2 * LEASE };
        self.decide(turns).await
    }

    async fn decide(&self, times: u32) -> Result<(), Failure> {
        let verdict = if self.denied { Verdict::Denied } else { Verdict::Admitted };
        for _ in 0..times {
            let outcome = self.redis.spend(&self.limiter, b"key:ci", self.limiter.base(), 1).await;
            if outcome.verdict != verdict || outcome.source == Source::Fallback {
                return Err(format!("not what was to be measured: {outcome:?}").into());
            }
        }
        Ok(())
    }

    /// Batches of two leases' worth, each beside as many `PING`s.
    fn timed(
        &self,
        id: &str,
        server: &Server,
        runtime: &tokio::runtime::Runtime,
        batches: usize,
    ) -> Result<Row, Failure> {
        const BATCH: u32 = 2 * LEASE;
        let mut socket = server.connect()?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..batches {
            let began = Instant::now();
            runtime.block_on(self.decide(BATCH))?;
            ours.push(began.elapsed().as_nanos() as f64 / f64::from(BATCH));
            let began = Instant::now();
            for _ in 0..BATCH {
                exchange(&mut socket, "PING\r\n")?;
            }
            theirs.push(began.elapsed().as_nanos() as f64 / f64::from(BATCH));
        }
        ours.sort_unstable_by(f64::total_cmp);
        theirs.sort_unstable_by(f64::total_cmp);
        let at =
            |times: &[f64], tenths: usize| times.get(times.len() * tenths / 10).copied().unwrap_or(f64::NAN);
        let (our, their) = (at(&ours, 5), at(&theirs, 5));
        let mut row = Row::new();
        row.insert("id".into(), id.into());
        row.insert("ns".into(), rounded(our));
        row.insert("vs".into(), "PING over a bare socket".into());
        row.insert("vs_ns".into(), rounded(their));
        row.insert("ratio".into(), rounded(our / their));
        row.insert("n".into(), batches.into());
        row.insert("spread".into(), rounded((at(&ours, 9) - at(&ours, 1)) / our));
        row.insert("clock".into(), "ours".into());
        Ok(row)
    }
}

/// A server on a free port, with nothing kept on disk, killed in the end.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Nothing where there is no `redis-server`.
    fn start() -> Result<Option<Self>, Failure> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let spawned = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .arg("--dir")
            .arg(std::env::temp_dir())
            .stdout(Stdio::null())
            .spawn();
        let child = match spawned {
            Ok(child) => child,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let server = Self { child, port };
        let began = Instant::now();
        while server.connect().is_err() {
            if began.elapsed() > Duration::from_secs(10) {
                return Err("redis-server does not listen".into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Some(server))
    }

    fn connect(&self) -> Result<TcpStream, Failure> {
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(socket)
    }

    /// How many scripts it has been asked to run.
    fn commands(&self) -> Result<u64, Failure> {
        let stats = exchange(&mut self.connect()?, "INFO commandstats\r\n")?;
        let calls = |line: &str| {
            let rest =
                line.strip_prefix("cmdstat_evalsha:").or_else(|| line.strip_prefix("cmdstat_eval:"))?;
            rest.strip_prefix("calls=")?.split(',').next()?.parse::<u64>().ok()
        };
        Ok(stats.lines().filter_map(calls).sum())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One command and the reply, which is short enough to come at once.
fn exchange(socket: &mut TcpStream, command: &str) -> Result<String, Failure> {
    socket.write_all(command.as_bytes())?;
    let mut reply = [0; 4096];
    let length = socket.read(&mut reply)?;
    Ok(String::from_utf8_lossy(reply.get(..length).unwrap_or_default()).into_owned())
}
