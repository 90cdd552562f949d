//! `axum/overhead`: what the guard takes of an MCP server's requests a second, rmcp's streamable HTTP behind axum as users have
//! it; and `axum/overhead/echo`, of a handler that does next to nothing. Two servers on loopback, one with the layer and
//! one without, alike in all else, each on a thread of its own; one client has 32 requests under way, by turns.
//! What is told is the server thread's own time a request, system calls included, whose inverse is what it can serve in a
//! second. The client never sleeps: waking it is a system call's time, which only the slower of two servers would pay.

use super::{Failure, rounded};
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Json, Router};
use cpu_time::ThreadTime;
use doorward_axum::{GuardLayer, PeerAddress};
use doorward_benches::cases::gate;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ServerHandler, tool, tool_handler, tool_router};
use serde_json::{Map, Value, json};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

const CONNECTIONS: usize = 32;
/// Requests a connection in one turn.
const TURN: usize = 64;
/// 5 % fewer requests a second.
const BUDGET: f64 = 1.0 / 0.95;

/// The rows that are wanted.
pub(crate) fn rows(wants: impl Fn(&str) -> bool, quick: bool) -> Result<Vec<Map<String, Value>>, Failure> {
    type Server = (&'static str, fn() -> Router, Option<f64>);
    let servers: [Server; 2] = [("axum/overhead", mcp, Some(BUDGET)), ("axum/overhead/echo", echo, None)];
    let wanted = servers.into_iter().filter(|(id, ..)| wants(id));
    wanted.map(|(id, server, budget)| row(id, server, budget, quick)).collect()
}

fn row(
    id: &str,
    server: fn() -> Router,
    budget: Option<f64>,
    quick: bool,
) -> Result<Map<String, Value>, Failure> {
    let (gate, bearer) = gate::warm_gate();
    let request = format!(
        "POST /mcp HTTP/1.1\r\nhost: 127.0.0.1:3000\r\nuser-agent: mcp-client/1.4.0\r\n\
         accept: application/json, text/event-stream\r\nauthorization: {bearer}\r\ncontent-type: application/json\r\n\
         mcp-protocol-version: 2025-06-18\r\ncontent-length: {}\r\n\r\n{}",
        gate::CALL.len(),
        std::str::from_utf8(gate::CALL)?,
    );
    // The tokens of the benches are of another time.
    let guard = GuardLayer::with_clock(Arc::new(gate), || doorward_benches::material::NOW);
    let mut guarded = Client::new(serve("guarded", server().layer(guard))?)?;
    let mut unguarded = Client::new(serve("bare", server())?)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for turn in 0..if quick { 20 } else { 100 } {
        let pair = (guarded.turn(&request)?, unguarded.turn(&request)?);
        // The first has the connections opened and the token verified.
        if turn > 0 {
            ours.push(pair.0);
            theirs.push(pair.1);
        }
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    let mut row = Map::new();
    row.insert("id".into(), id.into());
    row.insert("ns".into(), rounded(ours));
    row.insert("vs".into(), "the same server without it".into());
    row.insert("vs_ns".into(), rounded(theirs));
    row.insert("ratio".into(), rounded(ours / theirs));
    row.insert("clock".into(), "server thread".into());
    if let Some(budget) = budget {
        row.insert("budget".into(), json!({ "ratio": rounded(budget) }));
        row.insert("met".into(), (ours / theirs <= budget).into());
    }
    Ok(row)
}

#[derive(Clone)]
struct Tides {
    tool_router: ToolRouter<Self>,
}

#[tool_router]
impl Tides {
    #[tool(name = "search")]
    async fn search(&self) -> String {
        "High water 04:12, 16:40".to_owned()
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Tides {}

/// A stateless MCP server, as doorward's own is one.
fn mcp() -> Router {
    let tides = Tides { tool_router: Tides::tool_router() };
    let config =
        StreamableHttpServerConfig::default().with_legacy_session_mode(false).with_json_response(true);
    let service = StreamableHttpService::new(
        move || Ok(tides.clone()),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    Router::new().route_service("/mcp", service)
}

/// A server that reads the call and answers as a tool would.
fn echo() -> Router {
    let answer = || {
        json!({"jsonrpc": "2.0", "id": 7, "result": {"content": [{"type": "text", "text": "High water 04:12, 16:40"}],
               "isError": false}})
    };
    let call = async move |body: Bytes| {
        let read = serde_json::from_slice::<Value>(&body).is_ok();
        if read { Json(answer()) } else { Json(Value::Null) }
    };
    Router::new().route("/mcp", post(call)).layer(DefaultBodyLimit::max(1 << 20))
}

fn serve(name: &str, routes: Router) -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // The peer's address, as `into_make_service_with_connect_info` would have it for either.
    let routes =
        routes.route("/cpu", get(cpu)).layer(axum::Extension(PeerAddress(Ipv4Addr::LOCALHOST.into())));
    // It ends with the report.
    std::thread::Builder::new().name(name.into()).spawn(move || {
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            axum::serve(listener, routes).await
        })
    })?;
    Ok(address)
}

/// The time its thread has had so far, in nanoseconds. Each server has one thread.
async fn cpu() -> String {
    thread_local! { static BEGAN: ThreadTime = ThreadTime::now(); }
    BEGAN.with(|began| began.elapsed().as_nanos()).to_string()
}

struct Client(Vec<TcpStream>);

impl Client {
    fn new(server: SocketAddr) -> Result<Self, Failure> {
        let connect = |_| {
            let stream = TcpStream::connect(server)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            Ok(stream)
        };
        Ok(Self((0..CONNECTIONS).map(connect).collect::<Result<_, std::io::Error>>()?))
    }

    /// The server's nanoseconds a request.
    fn turn(&mut self, request: &str) -> Result<f64, Failure> {
        let before = self.cpu()?;
        for stream in &mut self.0 {
            stream.write_all(request.as_bytes())?;
        }
        // Each connection has a request under way all the time, so that the server mostly has another to go on with.
        for round in 0..TURN {
            for stream in &mut self.0 {
                let answer = answer(stream)?;
                if !answer.contains("High water") {
                    return Err(format!("not admitted: {answer}").into());
                }
                if round + 1 < TURN {
                    stream.write_all(request.as_bytes())?;
                }
            }
        }
        Ok((self.cpu()? - before) / (CONNECTIONS * TURN) as f64)
    }

    fn cpu(&mut self) -> Result<f64, Failure> {
        let stream = self.0.first_mut().ok_or("no connection")?;
        stream.write_all(b"GET /cpu HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")?;
        Ok(answer(stream)?.parse()?)
    }
}

/// Reads one answer; gives its body.
fn answer(stream: &mut TcpStream) -> Result<String, Failure> {
    let mut buffer = [0; 2048];
    let mut have = 0;
    loop {
        let more = match stream.read(buffer.get_mut(have..).unwrap_or_default()) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                std::hint::spin_loop();
                continue;
            }
            read => read?,
        };
        if more == 0 {
            return Err("the server has closed a connection".into());
        }
        have += more;
        let text = std::str::from_utf8(buffer.get(..have).unwrap_or_default())?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.ok_or("an answer without a length")?.parse::<usize>()? {
            return Ok(body.to_owned());
        }
    }
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
