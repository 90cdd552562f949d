//! A process and its outputs, read as they come.

use crate::server::Setup;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a server may take to start, to end, or to log a line.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is kept of an output, in bytes: a load test logs more than anybody wants to look through.
const MOST_KEPT: usize = 32 * 1024 * 1024;

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

/// A command of the binary, in an environment that is otherwise empty.
#[must_use]
pub fn doorward() -> Command {
    let mut command = Command::new(binary());
    command.env_clear();
    // Where a coverage build writes its counts.
    if let Some(profile) = std::env::var_os("LLVM_PROFILE_FILE") {
        command.env("LLVM_PROFILE_FILE", profile);
    }
    command
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

#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
    /// Its working directory, removed with it.
    _dir: tempfile::TempDir,
}

impl Process {
    pub(crate) fn spawn(setup: &Setup) -> Self {
        let dir = tempfile::tempdir().expect("there is room for a folder");
        for (name, text) in &setup.files {
            std::fs::write(dir.path().join(name), text).expect("a file can be written");
        }
        for name in &setup.folders {
            std::fs::create_dir(dir.path().join(name)).expect("a folder can be made");
        }
        let mut child = doorward()
            .envs(setup.vars.iter().map(|(name, value)| (name, value)))
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

    /// Its process's id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn wait(mut self) -> Ended {
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

    pub(crate) fn kill(mut self) -> Ended {
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
pub(crate) struct Output {
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
                let mut text = text.lock().expect("only whole lines are added");
                if text.len() < MOST_KEPT {
                    text.push_str(&String::from_utf8_lossy(&line));
                }
                drop(text);
                news.notify_all();
                line.clear();
            }
        });
        Self { read, reader }
    }

    pub(crate) fn text(&self) -> String {
        self.read.0.lock().expect("only whole lines are added").clone()
    }

    pub(crate) fn wait_for(&self, is: impl Fn(&str) -> bool) -> Option<String> {
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
