//! Sessions of rmcp's stateful server behind the guard, over real HTTP: each good for the principal it was opened by.

use axum::Router;
use doorward::api_keys::{ApiKey, ApiKeys};
use doorward::gate::{Gate, SessionKey};
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
use std::time::Duration;

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
        .policy(Policy::allow_all())
        .sessions(SessionKey::new(key).unwrap())
        .slots(64, 64);
    let gate = Arc::new(gate.build_random().unwrap());
    let service = StreamableHttpService::new(
        || Ok(Tools { tool_router: Tools::tool_router() }),
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default(),
    );
    let app = Router::new()
        .route_service("/mcp", service)
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
        self.speaking("2025-06-18", method, who, sessions, body).await
    }

    async fn speaking(
        &self,
        version: &str,
        method: &str,
        who: &str,
        sessions: &[&str],
        body: &'static str,
    ) -> Answer {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("http://{}/mcp", self.address))
            .header("x-api-key", format!("the-key-of-{who}"))
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

#[tokio::test]
async fn a_session_is_good_for_whoever_opened_it() {
    let server = server(KEY).await;
    let session = server.open("anna").await;
    let answer = server.send("POST", "anna", &[&session], CALL).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.session.as_deref().unwrap_or(&session), session, "never the service's own id");
    assert!(answer.text().await.contains("hello to you"));

    // The service's own id, which Ben may have guessed or read, a tag of his own session, and no tag at all.
    let (inner, tag) = session.rsplit_once('.').unwrap();
    let of_ben = server.open("ben").await;
    let his_tag = of_ben.rsplit_once('.').unwrap().1;
    let spoilt =
        format!("{}{}", &session[..session.len() - 1], if session.ends_with('A') { 'B' } else { 'A' });
    for foreign in [session.as_str(), inner, &format!("{inner}.{his_tag}"), &format!("{inner}."), &spoilt] {
        for (method, body) in [("POST", CALL), ("POST", INITIALIZED), ("GET", ""), ("DELETE", "")] {
            let answer = server.send(method, "ben", &[foreign], body).await;
            assert_eq!((answer.status, answer.session.is_some()), (404, false), "{method} {foreign}");
            assert_eq!(answer.text().await, NOT_FOUND);
        }
    }
    for tampered in [inner, &spoilt, &format!("x{session}"), &format!("{inner}.{tag}."), ""] {
        assert_eq!(server.send("POST", "anna", &[tampered], CALL).await.status, 404, "{tampered}");
    }
    for two in [[session.as_str(), &session], [&session, &of_ben]] {
        assert_eq!(server.send("POST", "anna", &two, CALL).await.status, 400);
    }
    // Nothing of that ended it; its owner does.
    assert!(server.send("POST", "anna", &[&session], CALL).await.text().await.contains("hello to you"));
    assert!((200..300).contains(&server.send("DELETE", "anna", &[&session], "").await.status));
    assert_eq!(server.send("POST", "anna", &[&session], CALL).await.status, 404);
    assert!(server.send("POST", "ben", &[&of_ben], CALL).await.text().await.contains("hello to you"));
}

#[tokio::test]
async fn a_sessions_stream_is_its_principals_and_ends_with_its_key() {
    let server = server(KEY).await;
    let session = server.open("anna").await;
    assert_eq!(server.send("GET", "ben", &[&session], "").await.status, 404);
    let stream = server.send("GET", "anna", &[&session], "").await;
    assert_eq!(stream.status, 200);
    let began = std::time::Instant::now();
    let ended = tokio::spawn(async move { stream.body.collect().await.map(|_| ()) });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!ended.is_finished(), "a stream that nothing ended goes on");
    server.gate.swap_api_keys(keys(&["ben"])).unwrap();
    tokio::time::timeout(Duration::from_secs(30), ended).await.expect("within a sweep").unwrap().unwrap();
    assert!(began.elapsed() <= Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!(server.send("POST", "anna", &[&session], CALL).await.status, 401);
}

#[tokio::test]
async fn the_revision_without_sessions_has_none() {
    let server = server(KEY).await;
    let session = server.open("anna").await;
    // Ignored, and not passed on: neither a session of one's own nor another's is reached so.
    let (inner, _) = session.rsplit_once('.').unwrap();
    for who in ["anna", "ben"] {
        for named in [session.as_str(), inner] {
            let get = server.speaking("2026-07-28", "GET", who, &[named], "").await;
            assert!(get.status >= 400, "{}", get.status);
            let delete = server.speaking("2026-07-28", "DELETE", who, &[named], "").await;
            assert!(delete.status >= 400, "{}", delete.status);
        }
    }
    assert!(server.send("POST", "anna", &[&session], CALL).await.text().await.contains("hello to you"));
}

#[tokio::test]
async fn instances_share_sessions_by_their_key_alone() {
    let [one, same, other] = [server(KEY).await, server(KEY).await, server(&[7; 32]).await];
    let session = one.open("anna").await;
    // The other instance lets it pass, and its own service, which does not know it, refuses it.
    let passed = same.send("POST", "anna", &[&session], CALL).await;
    assert!(passed.text().await != NOT_FOUND);
    assert_eq!(other.send("POST", "anna", &[&session], CALL).await.text().await, NOT_FOUND);
}
