//! Two issuers who each know an anna, and sign by keys of one name: two people, over real HTTP. They share no bucket,
//! no session and no revocation, and neither issuer can speak for the other.

use axum::http::{HeaderMap, HeaderValue};
use axum::{Json, Router, routing::post};
use doorward::Now;
use doorward::gate::{Gate, SessionKey};
use doorward::jwks::Jwks;
use doorward::jwt::{Rules, Verifier};
use doorward::policy::Policy;
use doorward::rate::Quota;
use doorward_axum::{Authenticated, GuardLayer};
use doorward_tests::fixtures::{AUDIENCE, unix};
use doorward_tests::{Answer, AuthorizationServer, Connection, Request};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// What each of them may do before its bucket is empty.
const QUOTA: u32 = 3;
/// What the service calls every session it begins.
const SESSION: &str = "the-one-session";

struct Service {
    gate: Arc<Gate>,
    address: SocketAddr,
    /// Dropped last: the service ends with it.
    _runtime: Runtime,
}

impl Service {
    fn trusting(issuers: &[&AuthorizationServer], quota: u32) -> Self {
        let quota = Quota::per(quota, Duration::from_secs(3600)).expect("a quota");
        let sessions = SessionKey::random().expect("random numbers");
        let mut builder =
            Gate::builder().policy(Policy::allow_all()).principal_quota(quota).sessions(sessions);
        for issuer in issuers {
            let jwks = Jwks::of_issuer(&issuer.issuer()).expect("a URL");
            let rules = Rules::new().issuer(issuer.issuer()).audience(AUDIENCE);
            builder = builder.verifier(Verifier::fetching(jwks, rules).expect("rules that go together"));
        }
        let gate = Arc::new(builder.build_random().expect("a gate"));
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let guard = GuardLayer::new(Arc::clone(&gate));
        let address = runtime.block_on(async {
            guard.fetch_keys().await;
            let app = Router::new().route("/mcp", post(answer)).layer(guard);
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let address = listener.local_addr().expect("it is bound");
            let app = app.into_make_service_with_connect_info::<SocketAddr>();
            tokio::spawn(async move { axum::serve(listener, app).await });
            address
        });
        Self { gate, address, _runtime: runtime }
    }

    fn send(&self, request: &Request) -> Answer {
        Connection::open(self.address).and_then(|mut to| to.send(request)).expect("it answers")
    }

    fn call(&self, token: &str) -> Answer {
        self.send(&request("ping").bearer(token))
    }
}

/// A service with sessions: it begins one, and tells by which of them it was called, and by whom.
async fn answer(
    Authenticated(caller): Authenticated,
    headers: HeaderMap,
    body: String,
) -> (HeaderMap, Json<Value>) {
    let session = headers.get("mcp-session-id").and_then(|id| id.to_str().ok());
    let answer = Json(json!({ "id": caller.id(), "session": session }));
    let begins = body.contains("\"initialize\"");
    let own = begins.then(|| ("mcp-session-id".parse().expect("a name"), HeaderValue::from_static(SESSION)));
    (own.into_iter().collect(), answer)
}

fn request(method: &str) -> Request {
    Request::post(json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": {} }).to_string())
}

fn remaining(answer: &Answer) -> (u16, u64) {
    (answer.status, answer.number("x-ratelimit-remaining"))
}

/// Two of them: whom they know and what their keys are called is the same.
fn issuers() -> [AuthorizationServer; 2] {
    [AuthorizationServer::start(), AuthorizationServer::start()]
}

#[test]
fn no_bucket_is_shared() {
    let [a, b] = &issuers();
    let service = Service::trusting(&[a, b], QUOTA);
    for left in (0..QUOTA).rev() {
        // Another token each time: the bucket is the person's.
        let answer = service.call(&a.token(AUDIENCE, ""));
        assert_eq!(remaining(&answer), (200, left.into()), "{answer:?}");
        assert_eq!(answer.json()["id"], format!("jwt:{}:anna", a.issuer()));
    }
    assert_eq!(remaining(&service.call(&a.token(AUDIENCE, ""))), (429, 0));
    let other = service.call(&b.token(AUDIENCE, ""));
    assert_eq!(remaining(&other), (200, (QUOTA - 1).into()), "{other:?}");
    assert_eq!(other.json()["id"], format!("jwt:{}:anna", b.issuer()));
    assert_eq!(remaining(&service.call(&a.token(AUDIENCE, ""))), (429, 0), "nor given back by it");
}

#[test]
fn no_session_is_shared() {
    let [a, b] = &issuers();
    let service = Service::trusting(&[a, b], 1000);
    let open = |issuer: &AuthorizationServer| {
        let answer = service.send(&request("initialize").bearer(&issuer.token(AUDIENCE, "")));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.header("mcp-session-id").expect("it begins").to_owned()
    };
    let (of_a, of_b) = (open(a), open(b));
    assert_ne!(of_a, of_b, "though the service calls both the same");
    for (issuer, own, other) in [(a, &of_a, &of_b), (b, &of_b, &of_a)] {
        let send = |session: &str| {
            let call = request("ping").bearer(&issuer.token(AUDIENCE, ""));
            service.send(&call.header("mcp-session-id", session))
        };
        let answer = send(own);
        assert_eq!((answer.status, &answer.json()["session"]), (200, &json!(SESSION)), "{answer:?}");
        for session in [other.as_str(), SESSION] {
            let answer = send(session);
            assert_eq!(
                (answer.status, &answer.json()["error"]),
                (404, &json!("session_not_found")),
                "{answer:?}"
            );
        }
    }
}

#[test]
fn no_revocation_is_shared() {
    let [a, b] = &issuers();
    let service = Service::trusting(&[a, b], 1000);
    let claims = |issuer: &AuthorizationServer, id: &str| json!({ "iss": issuer.issuer(), "aud": AUDIENCE, "sub": "anna", "jti": id, "iat": unix() - 5, "exp": unix() + 600 });
    let [of_a, of_b] = [a, b].map(|issuer| issuer.sign(&claims(issuer, "token-1")));
    // One is remembered as good when it is revoked, the other was never seen.
    assert_eq!(service.call(&of_a).status, 200);
    let (revocations, until) = (service.gate.revocations(), (unix() + 600) as f64);
    revocations.revoke_id(&a.issuer(), "token-1", until, Now::system()).expect("there is room");
    assert_eq!(
        (service.call(&of_a).status, service.call(&of_b).status),
        (401, 200),
        "one name of two tokens"
    );

    let [of_a, of_b] = [a, b].map(|issuer| issuer.sign(&claims(issuer, "token-2")));
    assert_eq!((service.call(&of_a).status, service.call(&of_b).status), (200, 200));
    let before = unix() as f64;
    revocations.revoke_subject(&b.issuer(), "anna", before, until, Now::system()).expect("there is room");
    assert_eq!(
        (service.call(&of_a).status, service.call(&of_b).status),
        (200, 401),
        "one name of two people"
    );
}

#[test]
fn neither_issuer_speaks_for_the_other() {
    let [a, b] = &issuers();
    let service = Service::trusting(&[a, b], 1000);
    let claims = |issuer: &AuthorizationServer| json!({ "iss": issuer.issuer(), "aud": AUDIENCE, "sub": "anna", "exp": unix() + 600 });
    assert_eq!(service.call(&a.sign(&claims(a))).status, 200);
    // Their keys have one name.
    for (signer, named) in [(a, b), (b, a)] {
        let answer = service.call(&signer.sign(&claims(named)));
        assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_token")), "{answer:?}");
    }
    // The one being down is no matter to the other.
    a.go_down();
    assert_eq!(service.call(&b.sign(&claims(b))).status, 200);
    let alone = Service::trusting(&[a, b], 1000);
    assert_eq!(alone.call(&a.sign(&claims(a))).status, 503, "its keys were never there");
    assert_eq!(alone.call(&b.sign(&claims(b))).status, 200);
}
