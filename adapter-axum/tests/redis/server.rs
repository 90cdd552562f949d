//! A `redis-server` of a test's own: on a free loopback port, with nothing kept on disk, killed on drop.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) struct Server {
    child: Option<Child>,
    pub(crate) port: u16,
    more: Vec<String>,
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

pub(crate) fn url(port: u16) -> String {
    format!("redis://127.0.0.1:{port}")
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(Vec::new())
    }

    /// With these options beside its own.
    pub(crate) fn start_with(more: Vec<String>) -> Self {
        let mut server = Self { child: None, port: free_port(), more };
        server.restart();
        server
    }

    pub(crate) fn restart(&mut self) {
        self.kill();
        let child = Command::new("redis-server")
            .args([
                "--port",
                &self.port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ])
            .args(["--dir", std::env::temp_dir().to_str().unwrap(), "--enable-debug-command", "yes"])
            .args(&self.more)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed by `make deps-system`");
        self.child = Some(child);
        let began = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(10), "redis-server does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        self.run(&["PING"]);
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// `STOP` or `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    pub(crate) fn url(&self) -> String {
        url(self.port)
    }

    /// One command over a connection of its own; the reply as it came.
    pub(crate) fn run(&self, words: &[&str]) -> String {
        Self::run_at(self.port, words)
    }

    /// As `run`, for a server that wants a password.
    pub(crate) fn run_with(&self, password: &str, words: &[&str]) -> String {
        let mut stream = connect(self.port);
        assert_eq!(exchange(&mut stream, &["AUTH", password]), "+OK\r\n");
        exchange(&mut stream, words)
    }

    pub(crate) fn run_at(port: u16, words: &[&str]) -> String {
        exchange(&mut connect(port), words)
    }

    /// The four integers of a script's reply.
    pub(crate) fn integers(&self, words: &[&str]) -> Vec<i64> {
        let reply = self.run(words);
        assert!(reply.starts_with('*'), "{reply}");
        reply.lines().filter_map(|line| line.strip_prefix(':')?.parse().ok()).collect()
    }
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

fn exchange(stream: &mut TcpStream, words: &[&str]) -> String {
    let mut command = format!("*{}\r\n", words.len());
    for word in words {
        command.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    stream.write_all(command.as_bytes()).unwrap();
    let mut reply = [0; 4096];
    let length = stream.read(&mut reply).unwrap();
    String::from_utf8_lossy(&reply[..length]).into_owned()
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
