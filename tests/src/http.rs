//! HTTP/1.1 as bytes on a socket (RFC 9112), for what no well-behaved client would send. Answers are read by
//! `httparse`.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request to be, written exactly as it is told.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    chunked: bool,
}

impl Request {
    /// Any request: no header but `Host`, which the connection knows, and the body's length.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        let (method, path) = (method.to_owned(), path.to_owned());
        Self { method, path, headers: Vec::new(), body: Vec::new(), chunked: false }
    }

    /// What an MCP client posts, without a credential.
    #[must_use]
    pub fn post(body: impl Into<Vec<u8>>) -> Self {
        Self::new("POST", "/mcp")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .body(body)
    }

    /// A GET.
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// Adds a line, be there one of that name or not.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Removes the lines of that name.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(one, _)| !one.eq_ignore_ascii_case(name));
        self
    }

    /// With an API key.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("x-api-key", key)
    }

    /// With a token, or with a key in a token's place.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// With that body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The body in chunks, its length not said ahead.
    #[must_use]
    pub const fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// The values of credentials' headers, for whoever must never log them.
    #[must_use]
    pub fn credentials(&self) -> Vec<String> {
        let secret =
            |name: &str| ["authorization", "x-api-key"].contains(&name.to_ascii_lowercase().as_str());
        let values = self.headers.iter().filter(|(name, _)| secret(name));
        values.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
    }

    fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// The head's bytes and the body's.
    fn write(&self, host: SocketAddr) -> (Vec<u8>, Vec<u8>) {
        let has = |name: &str| self.headers.iter().any(|(one, _)| one.eq_ignore_ascii_case(name));
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path).into_bytes();
        let mut line = |name: &str, value: &[u8]| {
            head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        };
        if !has("host") {
            line("host", host.to_string().as_bytes());
        }
        for (name, value) in &self.headers {
            line(name, value);
        }
        let mut body = self.body.clone();
        if self.chunked {
            line("transfer-encoding", b"chunked");
            body.clear();
            for chunk in self.body.chunks(16 * 1024) {
                body.extend([format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
            }
            body.extend(b"0\r\n\r\n");
        } else if !self.body.is_empty() && !has("content-length") {
            line("content-length", self.body.len().to_string().as_bytes());
        }
        head.extend(b"\r\n");
        (head, body)
    }
}

/// An answer, whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The body, its chunks joined.
    pub body: Vec<u8>,
}

impl Answer {
    /// The header's one value.
    ///
    /// # Panics
    /// There are several.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(one, _)| one == name).map(|(_, value)| value.as_str());
        let first = values.next();
        assert!(values.next().is_none(), "{name} is there twice: {self:?}");
        first
    }

    /// A header that is a number.
    ///
    /// # Panics
    /// It is not there, or is none.
    #[must_use]
    pub fn number(&self, name: &str) -> u64 {
        let value = self.header(name).unwrap_or_else(|| panic!("no {name} in {self:?}"));
        value.parse().unwrap_or_else(|_| panic!("{name} is no number in {self:?}"))
    }

    /// Each different header name once, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// It is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A connection that is kept open between requests.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    /// Read, and not yet part of an answer.
    ahead: Vec<u8>,
    host: SocketAddr,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Nothing listens there.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, ahead: Vec::new(), host: address })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// The connection failed, or ended before the answer did.
    pub fn send(&mut self, request: &Request) -> io::Result<Answer> {
        let (head, body) = request.write(self.host);
        self.stream.write_all(&head)?;
        // A server that refuses by the head alone may close before it has read a long body: the answer counts.
        let sent = self.stream.write_all(&body);
        let answer = self.read(request.is_head());
        if answer.is_err() { sent.and(answer) } else { answer }
    }

    /// Sends those bytes.
    ///
    /// # Errors
    /// The connection failed.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Reads the `100 Continue` by which a server says that it reads the body now (RFC 9110 §10.1.1).
    ///
    /// # Errors
    /// The connection failed, or the server said something else.
    pub fn read_continue(&mut self) -> io::Result<()> {
        const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
        while self.ahead.len() < CONTINUE.len() {
            self.more()?;
        }
        if self.ahead.drain(..CONTINUE.len()).eq(CONTINUE.iter().copied()) {
            return Ok(());
        }
        Err(io::Error::other("the server does not ask for the body"))
    }

    /// Whether the server has closed the connection: waits for that.
    pub fn is_closed(&mut self) -> bool {
        self.more().is_err_and(|error| error.kind() == io::ErrorKind::UnexpectedEof)
    }

    /// Reads one answer; one to HEAD has no body whatever its headers say.
    ///
    /// # Errors
    /// The connection failed or ended before the answer did, or it is no HTTP.
    pub fn read(&mut self, to_head: bool) -> io::Result<Answer> {
        loop {
            let mut lines = [httparse::EMPTY_HEADER; 64];
            let mut response = httparse::Response::new(&mut lines);
            let parsed = response.parse(&self.ahead).map_err(io::Error::other)?;
            let httparse::Status::Complete(length) = parsed else {
                self.more()?;
                continue;
            };
            let status = response.code.unwrap_or_default();
            let headers = response.headers.iter();
            let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
            let headers = headers.map(|line| (line.name.to_ascii_lowercase(), text(line.value))).collect();
            self.ahead.drain(..length);
            let mut answer = Answer { status, headers, body: Vec::new() };
            if status < 200 {
                continue; // 100 Continue
            }
            if !to_head {
                self.read_body(&mut answer)?;
            }
            return Ok(answer);
        }
    }

    fn read_body(&mut self, answer: &mut Answer) -> io::Result<()> {
        if answer.header("transfer-encoding") == Some("chunked") {
            loop {
                let size = httparse::parse_chunk_size(&self.ahead)
                    .map_err(|_| io::Error::other("a chunk's size is wrong"))?;
                let httparse::Status::Complete((start, size)) = size else {
                    self.more()?;
                    continue;
                };
                let end = start + usize::try_from(size).map_err(io::Error::other)?;
                while self.ahead.len() < end + 2 {
                    self.more()?;
                }
                answer.body.extend(&self.ahead[start..end]);
                self.ahead.drain(..end + 2);
                if size == 0 {
                    return Ok(());
                }
            }
        }
        let length = match answer.header("content-length") {
            Some(length) => length.parse().map_err(io::Error::other)?,
            None => 0,
        };
        while self.ahead.len() < length {
            self.more()?;
        }
        answer.body = self.ahead.drain(..length).collect();
        Ok(())
    }

    fn more(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.ahead.extend(&buffer[..read]);
                Ok(())
            }
        }
    }
}
