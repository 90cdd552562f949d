//! OAuth end to end: the well-known addresses, and opaque tokens asked about at an endpoint on loopback that is good, slow,
//! wrong or gone.
#![cfg(feature = "fetch")]

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use doorward::gate::{Gate, Introspection};
use doorward::oauth::Resource;
use doorward::origin::PublicUrl;
use doorward::policy::Policy;
use doorward_axum::{Authenticated, GuardLayer, Introspector, PeerAddress, well_known};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tower::ServiceExt as _;

const RESOURCE: &str = "https://mcp.example/mcp";
const METADATA: &str = "/.well-known/oauth-protected-resource/mcp";

fn resource() -> Resource {
    Resource::new(PublicUrl::parse(RESOURCE).unwrap(), "https://issuer.example").unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

async fn ask(routes: &Router, method: &str, path: &str) -> Response {
    // Nothing of what a page sends along is needed, and a strange Host does not matter.
    let request = Request::builder().method(method).uri(path).header("host", "evil.example");
    let request = request.header("origin", "https://page.example").body(Body::empty()).unwrap();
    routes.clone().oneshot(request).await.unwrap()
}

#[tokio::test]
async fn the_metadata_is_open_to_every_page() {
    let gate = Arc::new(Gate::builder().keys_come_later().resource(resource()).build_random().unwrap());
    let routes: Router = well_known(gate);
    for path in [METADATA, "/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/"]
    {
        let response = ask(&routes, "GET", path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        assert_eq!(
            text(response).await,
            r#"{"resource":"https://mcp.example/mcp","authorization_servers":["https://issuer.example"],"bearer_methods_supported":["header"]}"#
        );
    }
    let head = ask(&routes, "HEAD", METADATA).await;
    assert_eq!(head.status(), 200);
    let preflight = ask(&routes, "OPTIONS", METADATA).await;
    assert_eq!(preflight.status(), 204);
    assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
    assert_eq!(preflight.headers()["access-control-allow-headers"], "*");
    assert_eq!(ask(&routes, "POST", METADATA).await.status(), 405);
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-protected-resource/other",
        "/.well-known/anything",
    ] {
        let response = ask(&routes, "GET", path).await;
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(text(response).await, "", "an empty object would be taken for metadata");
    }
}

#[tokio::test]
async fn without_oauth_there_is_no_metadata() {
    let gate = Arc::new(Gate::builder().keys_come_later().build_random().unwrap());
    let routes: Router = well_known(gate);
    for path in [METADATA, "/.well-known/oauth-protected-resource", "/.well-known/oauth-authorization-server"]
    {
        assert_eq!(ask(&routes, "GET", path).await.status(), 404, "{path}");
    }
}

/// What the endpoint says.
#[derive(Clone, Copy)]
enum Mood {
    Good,
    Inactive,
    Slow(Duration),
    Never,
    Redirect,
    Endless,
    Broken,
}

struct Endpoint {
    url: String,
    mood: Mutex<Mood>,
    asked: Mutex<Vec<(HeaderMap, String)>>,
}

impl Endpoint {
    async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Arc::new(Self {
            url: format!("http://{}/introspect", listener.local_addr().unwrap()),
            mood: Mutex::new(Mood::Good),
            asked: Mutex::default(),
        });
        let introspect = |State(endpoint): State<Arc<Self>>, headers: HeaderMap, body: String| async move {
            endpoint.asked.lock().unwrap().push((headers, body));
            endpoint.answer().await
        };
        let routes = Router::new()
            .route("/introspect", post(introspect))
            .route("/moved", post(|| async { active() }))
            .with_state(Arc::clone(&endpoint));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        endpoint
    }

    async fn answer(&self) -> Response {
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Good => active().into_response(),
            Mood::Inactive => r#"{"active":false}"#.into_response(),
            Mood::Slow(time) => {
                tokio::time::sleep(time).await;
                active().into_response()
            }
            Mood::Never => std::future::pending().await,
            Mood::Redirect => (StatusCode::TEMPORARY_REDIRECT, [("location", "/moved")]).into_response(),
            Mood::Endless => {
                let chunk = bytes::Bytes::from(vec![b' '; 64 * 1024]);
                let chunks =
                    futures_util::stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
                Body::from_stream(chunks).into_response()
            }
            Mood::Broken => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn service(&self, deadline: Duration, introspector: Introspector) -> (Arc<Gate>, Router) {
        let introspection = Introspection::new(&self.url, "https://issuer.example").unwrap();
        let introspection = introspection.audience(RESOURCE).deadline(deadline);
        let gate = Gate::builder().introspection(introspection).policy(Policy::allow_all());
        let gate = Arc::new(gate.resource(resource()).build_random().unwrap());
        let who = |Authenticated(caller): Authenticated| async move { caller.id().to_owned() };
        let layer = GuardLayer::new(Arc::clone(&gate)).with_introspector(introspector);
        (gate, Router::new().route("/mcp", post(who)).layer(layer))
    }
}

fn active() -> String {
    format!(r#"{{"active":true,"sub":"anna","aud":"{RESOURCE}"}}"#)
}

fn client() -> Introspector {
    Introspector::with_client("mcp:server", "s3cret/ of ours").unwrap()
}

fn call(token: &str) -> Request<Body> {
    Request::post("/mcp")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
        .extension(PeerAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)))
        .body(Body::from(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#))
        .unwrap()
}

async fn status(routes: &Router, token: &str) -> u16 {
    routes.clone().oneshot(call(token)).await.unwrap().status().as_u16()
}

const LONG: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_token_is_asked_about_once_and_as_the_rfc_says() {
    let endpoint = Endpoint::start().await;
    let (gate, routes) = endpoint.service(LONG, client());
    let response = routes.clone().oneshot(call("a+b/c=")).await.unwrap();
    assert_eq!(text(response).await, "opaque:https://issuer.example:anna");
    assert_eq!(status(&routes, "a+b/c=").await, 200);
    let (headers, body) = endpoint.asked.lock().unwrap()[0].clone();
    assert_eq!(endpoint.asked(), 1, "it is remembered");
    assert_eq!(body, "token=a%2Bb%2Fc%3D&token_type_hint=access_token");
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(headers["accept"], "application/json");
    // By Python: base64.b64encode(b"mcp%3Aserver:s3cret%2F+of+ours")
    assert_eq!(headers["authorization"], "Basic bWNwJTNBc2VydmVyOnMzY3JldCUyRitvZitvdXJz");
    gate.forget_opaque_tokens();
    endpoint.be(Mood::Inactive);
    let refused = routes.clone().oneshot(call("a+b/c=")).await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(
        refused.headers()["www-authenticate"],
        "Bearer error=\"invalid_token\", resource_metadata=\"https://mcp.example/.well-known/oauth-protected-resource/mcp\""
    );
    assert_eq!((status(&routes, "a+b/c=").await, endpoint.asked()), (401, 2));
}

#[tokio::test]
async fn with_a_bearer_of_its_own() {
    let endpoint = Endpoint::start().await;
    let (_, routes) = endpoint.service(LONG, Introspector::with_bearer("of-the-server").unwrap());
    assert_eq!(status(&routes, "t").await, 200);
    assert_eq!(endpoint.asked.lock().unwrap()[0].0["authorization"], "Bearer of-the-server");
    assert!(Introspector::with_bearer("a\r\nb").is_err());
}

#[tokio::test]
async fn what_is_no_answer_is_503_and_is_asked_again() {
    let endpoint = Endpoint::start().await;
    let (_, routes) = endpoint.service(Duration::from_millis(500), client());
    for (mood, token) in [
        (Mood::Broken, "broken"),
        (Mood::Redirect, "redirect"),
        (Mood::Endless, "endless"),
        (Mood::Never, "never"),
    ] {
        endpoint.be(mood);
        let response = routes.clone().oneshot(call(token)).await.unwrap();
        assert_eq!(response.status(), 503, "{token}");
        assert!(!response.headers().contains_key("www-authenticate"), "clients would throw it away: {token}");
        assert!(response.headers().contains_key("retry-after"));
        endpoint.be(Mood::Good);
        assert_eq!(status(&routes, token).await, 200, "{token}");
    }
}

#[tokio::test]
async fn nobody_there_is_503() {
    let endpoint = Endpoint::start().await;
    let gone = Introspection::new("http://127.0.0.1:9/introspect", "https://issuer.example").unwrap();
    let gate = Gate::builder().introspection(gone).policy(Policy::allow_all()).build_random().unwrap();
    let layer = GuardLayer::new(Arc::new(gate)).with_introspector(client());
    let routes = Router::new().route("/mcp", post(|| async {})).layer(layer);
    assert_eq!((status(&routes, "t").await, endpoint.asked()), (503, 0));
}

#[tokio::test]
async fn a_crowd_with_one_token_shares_one_question() {
    let endpoint = Endpoint::start().await;
    endpoint.be(Mood::Slow(Duration::from_millis(300)));
    let (_, routes) = endpoint.service(LONG, client());
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let routes = routes.clone();
            tokio::spawn(async move { status(&routes, "shared").await })
        })
        .collect();
    // Another that hangs up takes nobody's answer along.
    let impatient = tokio::time::timeout(Duration::from_millis(50), status(&routes, "shared"));
    assert!(impatient.await.is_err());
    for caller in callers {
        assert_eq!(caller.await.unwrap(), 200);
    }
    assert_eq!(endpoint.asked(), 1);
}

#[tokio::test]
async fn who_hangs_up_first_takes_no_answer_along() {
    let endpoint = Endpoint::start().await;
    endpoint.be(Mood::Slow(Duration::from_millis(300)));
    let (_, routes) = endpoint.service(LONG, client());
    let first = tokio::time::timeout(Duration::from_millis(50), status(&routes, "t"));
    assert!(first.await.is_err());
    assert_eq!((status(&routes, "t").await, endpoint.asked()), (200, 1));
}

#[tokio::test]
async fn without_anybody_to_ask_it_is_503() {
    let introspection = Introspection::new("https://issuer.example/i", "https://issuer.example").unwrap();
    let gate = Gate::builder().introspection(introspection).build_random().unwrap();
    let routes = Router::new().route("/mcp", post(|| async {})).layer(GuardLayer::new(Arc::new(gate)));
    assert_eq!(status(&routes, "t").await, 503);
}
