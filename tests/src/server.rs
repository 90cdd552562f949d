//! The real server, as a process: its settings, its log, and its end.
//!
//! Whatever credential a test configures or sends is looked for in the log when the server ends: finding one fails
//! the test, whichever test it is.

use crate::http::{Answer, Connection, Request};
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a server may take to start, to end, or to log a line.
const PATIENCE: Duration = Duration::from_secs(30);
/// Shorter texts are in any log by chance.
const SHORTEST_SECRET: usize = 8;
/// The settings that are credentials.
const SECRET_SETTINGS: [&str; 4] = ["API_KEYS", "ADMIN_API_KEYS", "JWT_SECRET", "JWT_SECRET_PREVIOUS"];

/// The server's binary: `DOORWARD_BIN`, else built once, where this test was.
///
/// # Panics
/// It can't be built.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(given) = std::env::var_os("DOORWARD_BIN") {
            return given.into();
        }
        // <target folder>/<profile>/deps/<test>
        let test = std::env::current_exe().expect("a test knows its own path");
        let profile_dir = test.ancestors().nth(2).expect("tests are in target/<profile>/deps");
        let target_dir = profile_dir.parent().expect("profiles are in the target folder");
        let profile = match profile_dir.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(other) => other,
        };
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        // What cargo tells a test of the test's own package would have build scripts run again, here and by the next
        // `cargo test` once more.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| text.starts_with(prefix)) {
                build.env_remove(name);
            }
        }
        let built = build
            .args(["build", "--quiet", "--package", "doorward-server", "--profile", profile, "--target-dir"])
            .arg(target_dir)
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .status()
            .expect("cargo is there");
        assert!(built.success(), "the server can't be built");
        profile_dir.join("doorward").with_extension(std::env::consts::EXE_EXTENSION)
    })
}

/// How a server is to be started.
#[derive(Clone, Debug)]
pub struct Setup {
    vars: Vec<(String, OsString)>,
    args: Vec<String>,
    files: Vec<(String, String)>,
    folders: Vec<String>,
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

/// How a server ended, and all it said.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// All of its standard output.
    pub stdout: String,
    /// All of its log.
    pub stderr: String,
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
        self.process().child.id()
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

#[derive(Debug)]
struct Process {
    child: Child,
    stdout: Output,
    stderr: Output,
    /// Its working directory, removed with it.
    _dir: tempfile::TempDir,
}

impl Process {
    fn spawn(setup: &Setup) -> Self {
        let dir = tempfile::tempdir().expect("there is room for a folder");
        for (name, text) in &setup.files {
            std::fs::write(dir.path().join(name), text).expect("a file can be written");
        }
        for name in &setup.folders {
            std::fs::create_dir(dir.path().join(name)).expect("a folder can be made");
        }
        let mut command = Command::new(binary());
        command.env_clear().envs(setup.vars.iter().map(|(name, value)| (name, value)));
        // Where a coverage build writes its counts.
        if let Some(profile) = std::env::var_os("LLVM_PROFILE_FILE") {
            command.env("LLVM_PROFILE_FILE", profile);
        }
        let mut child = command
            .args(&setup.args)
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server can be run");
        let stdout = Output::read(child.stdout.take().expect("it is piped"));
        let stderr = Output::read(child.stderr.take().expect("it is piped"));
        Self { child, stdout, stderr, _dir: dir }
    }

    fn wait(mut self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return self.ended(status);
            }
            if Instant::now() > deadline {
                let ended = self.kill();
                panic!("the server does not end:\n{}\n{}", ended.stdout, ended.stderr);
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn kill(mut self) -> Ended {
        // It may have ended already.
        let _ = self.child.kill();
        let status = self.child.wait().expect("it is our child");
        self.ended(status)
    }

    fn ended(self, status: ExitStatus) -> Ended {
        Ended { status, stdout: self.stdout.finish(), stderr: self.stderr.finish() }
    }
}

/// One of a process's outputs, read as it comes.
#[derive(Debug)]
struct Output {
    read: Arc<(Mutex<String>, Condvar)>,
    reader: JoinHandle<()>,
}

impl Output {
    fn read(from: impl Read + Send + 'static) -> Self {
        let read: Arc<(Mutex<String>, Condvar)> = Arc::default();
        let shared = Arc::clone(&read);
        let reader = thread::spawn(move || {
            let mut from = BufReader::new(from);
            let mut line = Vec::new();
            while from.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                let (text, news) = &*shared;
                text.lock().expect("only whole lines are added").push_str(&String::from_utf8_lossy(&line));
                news.notify_all();
                line.clear();
            }
        });
        Self { read, reader }
    }

    fn text(&self) -> String {
        self.read.0.lock().expect("only whole lines are added").clone()
    }

    fn wait_for(&self, is: impl Fn(&str) -> bool) -> Option<String> {
        let (text, news) = &*self.read;
        let found = |text: &str| text.lines().find(|line| is(line)).map(str::to_owned);
        let text = text.lock().expect("only whole lines are added");
        // An output that has ended will say nothing more.
        let waiting = |text: &mut String| found(text).is_none() && !self.reader.is_finished();
        let deadline = Instant::now() + PATIENCE;
        let mut text = text;
        while waiting(&mut text) && Instant::now() < deadline {
            text = news.wait_timeout(text, Duration::from_millis(50)).expect("only whole lines are added").0;
        }
        found(&text)
    }

    fn finish(self) -> String {
        self.reader.join().expect("reading does not panic");
        Arc::into_inner(self.read)
            .and_then(|(text, _)| text.into_inner().ok())
            .expect("the reader has ended and let go")
    }
}
