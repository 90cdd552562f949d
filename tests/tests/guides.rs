//! The guides in `docs/`, done as they say: files written, commands run in order, the server started.
//!
//! The one difference is the port, which is a free one wherever a command says 3000.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const START: &str = "doorward --config doorward.toml";

/// Ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A shell in which `doorward` is a command, and what was exported before is still there.
fn shell(folder: &Path, script: &str) -> Command {
    let bin = doorward_tests::process::binary().parent().expect("a binary is in a folder");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("there is a PATH"));
    let mut command = Command::new("sh");
    let script = format!("[ ! -f .exported ] || . ./.exported\n{script}");
    command.args(["-euc", &script]).current_dir(folder).env_clear().env("PATH", path).stdin(Stdio::null());
    command
}

fn run(folder: &Path, script: &str) -> String {
    let output =
        shell(folder, &format!("{script}\nexport -p > .exported")).output().expect("there is a shell");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{script}\n{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn start(folder: &Path) -> (Running, SocketAddr) {
    let child = shell(folder, &format!("export PORT=0 LOG_FORMAT=json\nexec {START}"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("there is a shell");
    let mut running = Running(child);
    let stderr = BufReader::new(running.0.stderr.take().expect("it is piped"));
    let (sender, lines) = mpsc::channel();
    // Read to its end, so that the server never waits for somebody to read.
    std::thread::spawn(move || stderr.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line))));
    loop {
        let line = lines.recv_timeout(Duration::from_secs(60)).expect("the server starts");
        let line: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        if line["message"] == "listening" {
            let address = line["address"].as_str().expect("an address is a text");
            return (running, address.parse().expect("an address is one"));
        }
    }
}

/// Does what a guide says; gives what its commands printed after the server was started.
fn follow(guide: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(guide);
    let page = std::fs::read_to_string(path).expect("the guide is there");
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let (mut running, mut printed) = (None, String::new());
    let mut parts = page.split("\n```");
    parts.next();
    while let Some(block) = parts.next() {
        let (language, text) = block.split_once('\n').expect("a block has lines");
        match (language, &running) {
            ("toml", None) => {
                std::fs::write(folder.path().join("doorward.toml"), text).expect("a file can be written");
            }
            ("sh", None) if text.trim() == START => running = Some(start(folder.path())),
            ("sh", None) => drop(run(folder.path(), text)),
            ("sh", Some((_, address))) => {
                printed += &run(folder.path(), &text.replace("127.0.0.1:3000", &address.to_string()));
            }
            ("", _) => {}
            other => panic!("a block of {:?}", other.0),
        }
        parts.next();
    }
    assert!(running.is_some(), "{guide} starts no server");
    printed
}

#[test]
fn api_keys_only() {
    let printed = follow("api-keys.md");
    assert!(printed.contains(r#""id":"key:reports""#), "{printed}");
}

#[test]
fn tokens_of_ones_own() {
    let printed = follow("own-tokens.md");
    assert!(printed.contains(r#""id":"jwt:https://accounts.example:anna""#), "{printed}");
}
