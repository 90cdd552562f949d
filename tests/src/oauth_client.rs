//! An official MCP client with OAuth, as a process that is told what to do line by line: tests/clients/*/oauth.*.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a client may take for one command.
const PATIENCE: Duration = Duration::from_secs(60);

/// An SDK, and the revision it is told to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sdk {
    /// `@modelcontextprotocol/sdk` 1.x: 2025-11-25.
    TypeScript1,
    /// `@modelcontextprotocol/client` 2.x: `legacy` for 2025-11-25, or a revision's name.
    TypeScript2(&'static str),
    /// `mcp` 2.x: `legacy`, or `auto` for 2026-07-28, which by name is not asked for before the first call.
    Python(&'static str),
}

impl Sdk {
    /// Each of them, in each revision it speaks.
    pub const ALL: [Self; 5] = [
        Self::TypeScript1,
        Self::TypeScript2("legacy"),
        Self::TypeScript2("2026-07-28"),
        Self::Python("legacy"),
        Self::Python("auto"),
    ];
    /// Each of them once.
    pub const EACH: [Self; 3] = [Self::TypeScript1, Self::TypeScript2("2026-07-28"), Self::Python("auto")];

    /// Whether it speaks the revision without `initialize`.
    #[must_use]
    pub fn is_modern(self) -> bool {
        !matches!(self, Self::TypeScript1 | Self::TypeScript2("legacy") | Self::Python("legacy"))
    }

    fn command(self) -> Command {
        let clients = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/clients"));
        let node = |sdk: &str, protocol: &str| {
            installed(clients.join("typescript/node_modules"));
            let mut command = Command::new("node");
            command.arg(clients.join("typescript/oauth.mjs")).args(["--sdk", sdk, "--protocol", protocol]);
            command
        };
        match self {
            Self::TypeScript1 => node("1", "legacy"),
            Self::TypeScript2(protocol) => node("2", protocol),
            Self::Python(protocol) => {
                let mut command = Command::new(installed(clients.join("python/.venv/bin/python")));
                command.arg(clients.join("python/oauth.py")).args(["--protocol", protocol]);
                command
            }
        }
    }
}

fn installed(path: PathBuf) -> PathBuf {
    assert!(path.exists(), "the MCP clients are not installed: run make deps");
    path
}

/// What came of a command.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What it answered; else the error in the SDK's own words.
    pub result: Result<Value, String>,
    /// What went over the wire meanwhile, in order.
    pub wire: Vec<Value>,
}

impl Outcome {
    /// What it answered.
    ///
    /// # Panics
    /// It failed.
    #[track_caller]
    pub fn ok(self) -> Value {
        let Self { result, wire } = self;
        result.unwrap_or_else(|error| panic!("{error}: {wire:#?}"))
    }

    /// The error.
    ///
    /// # Panics
    /// It did not fail.
    #[must_use]
    #[track_caller]
    pub fn error(&self) -> &str {
        self.result.as_ref().expect_err("it is refused")
    }

    /// A line a request, as `issuer POST /token 200` and, of JSON-RPC, `server tools/call 200`. Without what clients of older
    /// revisions do beside everything else, whenever they come to it: tell that they are ready, and try to open a stream.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let line = |note: &Value| {
            let text = |name: &str| note[name].as_str().unwrap_or_default().to_owned();
            let what = match note["rpc"].as_str() {
                Some(rpc) => rpc.to_owned(),
                None => format!("{} {}", text("method"), text("path")),
            };
            format!("{} {what} {}", text("to"), note["status"])
        };
        let lines = self.wire.iter().map(line);
        let beside = ["server GET /mcp", "server notifications/initialized"];
        lines.filter(|line| !beside.iter().any(|start| line.starts_with(start))).collect()
    }

    /// The challenges that came, in order.
    #[must_use]
    pub fn challenges(&self) -> Vec<&str> {
        self.wire.iter().filter_map(|note| note["challenge"].as_str()).collect()
    }
}

/// A client, which ends when it is dropped.
pub struct OauthClient {
    /// What it is.
    pub sdk: Sdk,
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
    stderr: Option<JoinHandle<String>>,
}

impl OauthClient {
    /// Starts a client of the server at `url`, without tokens; it asks nobody anything yet.
    ///
    /// # Panics
    /// It is not installed.
    #[must_use]
    pub fn start(sdk: Sdk, url: &str) -> Self {
        Self::with_header(sdk, url, "")
    }

    /// The same, with a header of its own in every request to the server: `name: value`.
    ///
    /// # Panics
    /// It is not installed.
    #[must_use]
    pub fn with_header(sdk: Sdk, url: &str, header: &str) -> Self {
        let mut child = sdk
            .command()
            .args(["--url", url])
            .env("DOORWARD_TEST_HEADER", header)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{sdk:?}: {error}"));
        let stdin = child.stdin.take().expect("it is piped");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut errors = child.stderr.take().expect("it is piped");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let stderr = thread::spawn(move || {
            let mut text = String::new();
            let _ = errors.read_to_string(&mut text);
            text
        });
        Self { sdk, child, stdin, lines, stderr: Some(stderr) }
    }

    /// Connects; a client that was connected begins anew, with the tokens it has. Gives the revision.
    pub fn connect(&mut self) -> Outcome {
        self.ask(&json!({ "do": "connect" }))
    }

    /// Lists the tools: their names, sorted.
    pub fn list(&mut self) -> Outcome {
        self.ask(&json!({ "do": "list" }))
    }

    /// Calls a tool.
    pub fn call(&mut self, tool: &str, arguments: Value) -> Outcome {
        self.ask(&json!({ "do": "call", "tool": tool, "args": arguments }))
    }

    /// Calls `whoami`.
    pub fn whoami(&mut self) -> Outcome {
        self.call("whoami", json!({}))
    }

    /// The scope of the token it holds; nothing where it holds none.
    #[track_caller]
    pub fn held_scope(&mut self) -> Option<String> {
        let held = self.ask(&json!({ "do": "tokens" })).ok();
        (held["access"] == true).then(|| held["scope"].as_str().unwrap_or_default().to_owned())
    }

    fn ask(&mut self, command: &Value) -> Outcome {
        let answer =
            writeln!(self.stdin, "{command}").ok().and_then(|()| self.lines.recv_timeout(PATIENCE).ok());
        let Some(answer) = answer else {
            let _ = self.child.kill();
            let stderr = self.stderr.take().and_then(|reader| reader.join().ok()).unwrap_or_default();
            panic!("{:?} does not answer {command}:\n{stderr}", self.sdk);
        };
        let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
        let result = match answer["ok"].as_bool() {
            Some(true) => Ok(answer["result"].clone()),
            _ => Err(answer["error"].as_str().unwrap_or_default().to_owned()),
        };
        Outcome { result, wire: answer["wire"].as_array().cloned().unwrap_or_default() }
    }
}

impl Drop for OauthClient {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
