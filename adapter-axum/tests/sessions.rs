//! Sessions of rmcp's stateful server behind the guard, over real HTTP: each good for the principal it was opened by.

use axum::Router;
use axum::body::Body;
use doorward::Now;
use doorward::api_keys::{ApiKey, ApiKeys};
use doorward::gate::{Gate, SessionKey};
use doorward::jwt::{Algorithm, Rules, SigningKey, Verifier, sign};
use doorward::keys::{Key, KeySet};
use doorward::policy::Policy;
use doorward_axum::{CorsLayer, GuardLayer};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ServerHandler, tool, tool_handler, tool_router};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}"#;
const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
const CALL: &str =
    r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"hello","arguments":{}}}"#;
const NOT_FOUND: &str =
    r#"{"error":"session_not_found","error_description":"There is no such session: start a new one."}"#;

#[derive(Clone)]
struct Tools {
    tool_router: ToolRouter<Self>,
}

#[tool_router]
impl Tools {
    #[tool(name = "hello")]
    async fn hello(&self) -> String {
        "hello to you".to_owned()
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Tools {}

/// A server on loopback, and where it is.
struct Server {
    address: SocketAddr,
    gate: Arc<Gate>,
}

struct Answer {
    status: u16,
    session: Option<String>,
    body: http_body_util::combinators::BoxBody<bytes::Bytes, hyper::Error>,
}

impl Answer {
    async fn text(self) -> String {
        String::from_utf8(self.body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }
}

fn keys(names: &[&str]) -> ApiKeys {
    let builder = names.iter().fold(ApiKeys::builder(), |builder, name| {
        builder.add(format!("the-key-of-{name}"), ApiKey::new(*name).role("user"))
    });
    builder.build_random().unwrap()
}

async fn server(key: &[u8]) -> Server {
    let gate = Gate::builder()
        .api_keys(keys(&["anna", "ben"]))
        .verifier(
            Verifier::new(KeySet::from(Key::hmac(Algorithm::HS256, SECRET).unwrap()), Rules::new()).unwrap(),
        )
        .policy(Policy::allow_all())
        .sessions(SessionKey::new(key).unwrap())
        .slots(64, 64);
    let gate = Arc::new(gate.build_random().unwrap());
    let service = StreamableHttpService::new(
        || Ok(Tools { tool_router: Tools::tool_router() }),
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default(),
    );
    let ticks = || async {
        let ticks = futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Some((Ok::<_, std::convert::Infallible>(bytes::Bytes::from_static(b": tick\n\n")), ()))
        });
        axum::response::Response::new(Body::from_stream(ticks))
    };
    let app = Router::new()
        .route_service("/mcp", service)
        .route("/ticks", axum::routing::get(ticks))
        .layer(GuardLayer::new(Arc::clone(&gate)))
        .layer(CorsLayer::new(Arc::clone(&gate)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    Server { address, gate }
}

impl Server {
    async fn send(&self, method: &str, who: &str, sessions: &[&str], body: &'static str) -> Answer {
        self.at("/mcp", "2025-06-18", method, who, sessions, body).await
    }

    /// `who` is a key, or what stands in `Authorization`.
    async fn at(
        &self,
        path: &str,
        version: &str,
        method: &str,
        who: &str,
        sessions: &[&str],
        body: &'static str,
    ) -> Answer {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address))
            .header(if who.starts_with("Bearer ") { "authorization" } else { "x-api-key" }, who)
            .header("mcp-protocol-version", version)
            .header("accept", "application/json, text/event-stream");
        if method == "POST" {
            request = request.header("content-type", "application/json");
        }
        for session in sessions {
            request = request.header("mcp-session-id", *session);
        }
        let request =
            request.body(http_body_util::Full::new(bytes::Bytes::from_static(body.as_bytes()))).unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        let (parts, body) = client.request(request).await.unwrap().into_parts();
        let session = parts.headers.get("mcp-session-id").map(|value| value.to_str().unwrap().to_owned());
        Answer { status: parts.status.as_u16(), session, body: body.boxed() }
    }

    /// Opens a session, to the end of the handshake.
    async fn open(&self, who: &str) -> String {
        let answer = self.send("POST", who, &[], INITIALIZE).await;
        assert_eq!(answer.status, 200);
        let session = answer.session.clone().expect("a session was opened");
        assert!(answer.text().await.contains("\"serverInfo\""));
        let answer = self.send("POST", who, &[&session], INITIALIZED).await;
        assert_eq!(answer.status, 202);
        session
    }
}

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
const SECRET: &[u8] = b"a secret of at least 32 bytes, kept well";

#[tokio::test]
async fn a_session_is_good_for_whoever_opened_it() {
    let server = server(KEY).await;
    let session = server.open("the-key-of-anna").await;
    let answer = server.send("POST", "the-key-of-anna", &[&session], CALL).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.session.as_deref().unwrap_or(&session), session, "never the service's own id");
    assert!(answer.text().await.contains("hello to you"));

    // The service's own id, which Ben may have guessed or read, a tag of his own session, and no tag at all.
    let (inner, tag) = session.rsplit_once('.').unwrap();
    let of_ben = server.open("the-key-of-ben").await;
    let his_tag = of_ben.rsplit_once('.').unwrap().1;
    let spoilt =
        format!("{}{}", &session[..session.len() - 1], if session.ends_with('A') { 'B' } else { 'A' });
    for foreign in [session.as_str(), inner, &format!("{inner}.{his_tag}"), &format!("{inner}."), &spoilt] {
        for (method, body) in [("POST", CALL), ("POST", INITIALIZED), ("GET", ""), ("DELETE", "")] {
            let answer = server.send(method, "the-key-of-ben", &[foreign], body).await;
            assert_eq!((answer.status, answer.session.is_some()), (404, false), "{method} {foreign}");
            assert_eq!(answer.text().await, NOT_FOUND);
        }
    }
    for tampered in [inner, &spoilt, &format!("x{session}"), &format!("{inner}.{tag}."), ""] {
        assert_eq!(server.send("POST", "the-key-of-anna", &[tampered], CALL).await.status, 404, "{tampered}");
    }
    for two in [[session.as_str(), &session], [&session, &of_ben]] {
        assert_eq!(server.send("POST", "the-key-of-anna", &two, CALL).await.status, 400);
    }
    // Nothing of that ended it; its owner does.
    assert!(
        server.send("POST", "the-key-of-anna", &[&session], CALL).await.text().await.contains("hello to you")
    );
    assert!((200..300).contains(&server.send("DELETE", "the-key-of-anna", &[&session], "").await.status));
    assert_eq!(server.send("POST", "the-key-of-anna", &[&session], CALL).await.status, 404);
    assert!(
        server.send("POST", "the-key-of-ben", &[&of_ben], CALL).await.text().await.contains("hello to you")
    );
}

/// Reads a stream to its end, and tells how long that took.
async fn drained(stream: Answer) -> Duration {
    let began = Instant::now();
    stream.body.collect().await.expect("it ends as a stream does");
    began.elapsed()
}

/// Over real HTTP and real time: streams of sessions, and of no session, each of which one thing ends.
#[tokio::test]
async fn a_stream_ends_when_its_token_expires_or_is_revoked_or_its_key_is_disabled() {
    let server = server(KEY).await;
    let now = Now::system().unix as u64;
    let [expiring, revoked, lasting] = [("carol", 4), ("dave", 600), ("erin", 600)].map(|(who, life)| {
        let claims = format!(r#"{{"sub":"{who}","exp":{}}}"#, now + life);
        format!("Bearer {}", sign(&claims, &SigningKey::hmac(Algorithm::HS256, SECRET).unwrap()).unwrap())
    });
    let mut streams = Vec::new();
    for who in ["the-key-of-anna", "the-key-of-ben", &expiring, &revoked, &lasting] {
        let session = server.open(who).await;
        let another = if who == "the-key-of-ben" { "the-key-of-anna" } else { "the-key-of-ben" };
        assert_eq!(server.send("GET", another, &[&session], "").await.status, 404);
        let stream = server.send("GET", who, &[&session], "").await;
        assert_eq!(stream.status, 200);
        let plain = server.at("/ticks", "2025-11-25", "GET", who, &[], "").await;
        assert_eq!(plain.status, 200);
        streams.push((tokio::spawn(drained(stream)), tokio::spawn(drained(plain))));
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(
        streams.iter().all(|(one, other)| !one.is_finished() && !other.is_finished()),
        "nothing ended them"
    );
    let token = revoked.strip_prefix("Bearer ").unwrap();
    server.gate.revocations().revoke_token(token.as_bytes(), 4e9, Now::system()).unwrap();
    server.gate.swap_api_keys(keys(&["ben"])).unwrap();
    // Expiry to the second, the rest within a sweep of fifteen.
    let within = [Some(16), None, Some(5), Some(16), None];
    tokio::time::sleep(Duration::from_secs(17)).await;
    for ((session, plain), within) in streams.into_iter().zip(within) {
        let Some(within) = within else {
            assert!(!session.is_finished() && !plain.is_finished(), "whose credential is good goes on");
            continue;
        };
        for stream in [session, plain] {
            assert!(stream.is_finished());
            let took = stream.await.unwrap();
            assert!(took <= Duration::from_secs(within), "{took:?}");
        }
    }
    assert_eq!(server.send("GET", "the-key-of-anna", &[], "").await.status, 401);
    assert_eq!(server.send("GET", &revoked, &[], "").await.status, 401);
    assert_eq!(server.send("GET", &expiring, &[], "").await.status, 401);
}

#[tokio::test]
async fn the_revision_without_sessions_has_none() {
    let server = server(KEY).await;
    let session = server.open("the-key-of-anna").await;
    // Ignored, and not passed on: neither a session of one's own nor another's is reached so.
    let (inner, _) = session.rsplit_once('.').unwrap();
    for who in ["the-key-of-anna", "the-key-of-ben"] {
        for named in [session.as_str(), inner] {
            let get = server.at("/mcp", "2026-07-28", "GET", who, &[named], "").await;
            assert!(get.status >= 400, "{}", get.status);
            let delete = server.at("/mcp", "2026-07-28", "DELETE", who, &[named], "").await;
            assert!(delete.status >= 400, "{}", delete.status);
        }
    }
    assert!(
        server.send("POST", "the-key-of-anna", &[&session], CALL).await.text().await.contains("hello to you")
    );
}

#[tokio::test]
async fn instances_share_sessions_by_their_key_alone() {
    let [one, same, other] = [server(KEY).await, server(KEY).await, server(&[7; 32]).await];
    let session = one.open("the-key-of-anna").await;
    // The other instance lets it pass, and its own service, which does not know it, refuses it.
    let passed = same.send("POST", "the-key-of-anna", &[&session], CALL).await;
    assert!(passed.text().await != NOT_FOUND);
    assert_eq!(other.send("POST", "the-key-of-anna", &[&session], CALL).await.text().await, NOT_FOUND);
}
