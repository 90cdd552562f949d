//! The real server, as a process: its settings, its log, and its end.
//!
//! Whatever credential a test configures or sends is looked for in the log when the server ends: finding one fails
//! the test, whichever test it is.

use crate::http::{Answer, Connection, Request};
use crate::process::{Ended, Process};
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// Shorter texts are in any log by chance.
const SHORTEST_SECRET: usize = 8;
/// The settings that are credentials.
const SECRET_SETTINGS: [&str; 5] =
    ["API_KEYS", "ADMIN_API_KEYS", "JWT_SECRET", "JWT_SECRET_PREVIOUS", "REDIS_URL"];

/// How a server is to be started.
#[derive(Clone, Debug)]
pub struct Setup {
    pub(crate) vars: Vec<(String, OsString)>,
    pub(crate) args: Vec<String>,
    pub(crate) files: Vec<(String, String)>,
    pub(crate) folders: Vec<String>,
}

impl Default for Setup {
    fn default() -> Self {
        Self::new()
    }
}

impl Setup {
    /// With nothing configured but a free port and a log for machines. The environment is otherwise empty, and the
    /// working directory a new one.
    #[must_use]
    pub fn new() -> Self {
        Self::bare().var("PORT", "0").var("LOG_FORMAT", "json")
    }

    /// With nothing configured at all.
    #[must_use]
    pub const fn bare() -> Self {
        Self { vars: Vec::new(), args: Vec::new(), files: Vec::new(), folders: Vec::new() }
    }

    /// Sets a variable.
    #[must_use]
    pub fn var(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.vars.retain(|(one, _)| one != name);
        self.vars.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Takes a variable away again.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.vars.retain(|(one, _)| one != name);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    /// Puts a file into the working directory.
    #[must_use]
    pub fn file(mut self, name: &str, text: &str) -> Self {
        self.files.push((name.to_owned(), text.to_owned()));
        self
    }

    /// Puts a folder where a file would be looked for.
    #[must_use]
    pub fn folder(mut self, name: &str) -> Self {
        self.folders.push(name.to_owned());
        self
    }

    /// Starts the server and waits until it listens.
    ///
    /// # Panics
    /// It does not.
    #[must_use]
    pub fn start(&self) -> Server {
        let process = Process::spawn(self);
        let line = process.stderr.wait_for(|line| line.contains("listening")).unwrap_or_else(|| {
            panic!("the server does not listen:\n{}\n{}", process.stderr.text(), process.stdout.text())
        });
        let log: Value = serde_json::from_str(&line).unwrap_or_default();
        // In a log for people it is the last word.
        let address = log["address"].as_str().or_else(|| line.rsplit_once("address=").map(|(_, last)| last));
        let address = address.and_then(|address| address.trim().parse().ok());
        let address = address.unwrap_or_else(|| panic!("no address in: {line}"));
        let configured = self.vars.iter().filter(|(name, _)| SECRET_SETTINGS.contains(&name.as_str()));
        let texts: Vec<_> = configured.map(|(_, value)| value.to_string_lossy()).collect();
        let secrets =
            texts.iter().flat_map(|text| text.split(',')).map(|one| one.trim().to_owned()).collect();
        Server { process: Some(process), address, secrets: Mutex::new(secrets) }
    }

    /// Runs the server where it is expected to end by itself.
    ///
    /// # Panics
    /// It does not.
    #[must_use]
    pub fn run(&self) -> Ended {
        Process::spawn(self).wait()
    }
}

/// A running server, killed when dropped.
#[derive(Debug)]
pub struct Server {
    process: Option<Process>,
    /// Where it listens.
    pub address: SocketAddr,
    secrets: Mutex<Vec<String>>,
}

impl Server {
    /// Its MCP endpoint.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// A connection to it.
    ///
    /// # Panics
    /// It does not listen any more.
    #[must_use]
    pub fn connect(&self) -> Connection {
        Connection::open(self.address).expect("the server listens")
    }

    /// Sends a request by a connection of its own.
    ///
    /// # Panics
    /// There is no answer.
    pub fn send(&self, request: &Request) -> Answer {
        for value in request.credentials() {
            self.secret(&value);
        }
        self.connect().send(request).unwrap_or_else(|error| panic!("no answer: {error} to {request:?}"))
    }

    /// Sends bytes by a connection of their own, and reads one answer.
    ///
    /// # Panics
    /// There is none.
    pub fn raw(&self, bytes: &[u8]) -> Answer {
        let mut connection = self.connect();
        connection.write(bytes).expect("bytes can be sent");
        connection.read(false).unwrap_or_else(|error| panic!("no answer: {error}"))
    }

    /// Names a text that must not be in the log: a whole header's value, or a credential. Of a token, no segment may
    /// be there but the header's, which is the same for all.
    pub fn secret(&self, value: &str) {
        let mut secrets = self.secrets.lock().expect("no test panicked here");
        let words = value.split([' ', ',']).flat_map(|word| word.split('.').skip(1).chain([word]));
        secrets.extend(words.map(str::to_owned));
    }

    /// Waits until a line of the log holds `text`, and gives its JSON.
    ///
    /// # Panics
    /// There is none in time.
    #[must_use]
    pub fn logged(&self, text: &str) -> Value {
        let stderr = &self.process().stderr;
        let line = stderr.wait_for(|line| line.contains(text));
        let line = line.unwrap_or_else(|| panic!("no {text} in the log:\n{}", stderr.text()));
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Waits until the log holds `text` so many times.
    ///
    /// # Panics
    /// It does not in time, or holds it more often.
    pub fn logged_times(&self, text: &str, times: usize) {
        let began = Instant::now();
        while self.log().matches(text).count() < times && began.elapsed() < Duration::from_secs(20) {
            thread::sleep(Duration::from_millis(2));
        }
        let log = self.log();
        assert_eq!(log.matches(text).count(), times, "{text} in the log:\n{log}");
    }

    /// All of the log so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.process().stderr.text()
    }

    /// All of its standard output so far; waits until that holds `text`.
    ///
    /// # Panics
    /// It does not in time.
    #[must_use]
    pub fn printed(&self, text: &str) -> String {
        let stdout = &self.process().stdout;
        assert!(stdout.wait_for(|line| line.contains(text)).is_some(), "no {text} in:\n{}", stdout.text());
        stdout.text()
    }

    /// Its process's id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process().id()
    }

    /// Sends it a signal, as `INT` or `TERM`.
    ///
    /// # Panics
    /// There is no `kill`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.id().to_string()]).status();
        assert!(sent.expect("kill is there").success());
    }

    /// Waits for its end, and looks for credentials in its log.
    ///
    /// # Panics
    /// It does not end, or there is one.
    #[must_use]
    pub fn wait(mut self) -> Ended {
        let ended = self.process.take().expect("it runs until it is waited for").wait();
        self.check(&ended.stderr);
        ended
    }

    fn process(&self) -> &Process {
        self.process.as_ref().expect("it runs until it is waited for")
    }

    fn check(&self, log: &str) {
        let secrets = self.secrets.lock().map(|secrets| secrets.clone()).unwrap_or_default();
        let leaked = secrets.iter().filter(|secret| secret.len() >= SHORTEST_SECRET);
        let leaked: Vec<_> = leaked.filter(|secret| log.contains(secret.as_str())).collect();
        assert!(leaked.is_empty(), "credentials in the log: {leaked:?}\n{log}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(process) = self.process.take() else { return };
        let ended = process.kill();
        if thread::panicking() {
            eprintln!("the server's log:\n{}", ended.stderr);
        } else {
            self.check(&ended.stderr);
        }
    }
}
