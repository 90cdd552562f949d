//! The guard around a service of axum's, request by request, on a clock of the tests' own.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use doorward::Now;
use doorward::api_keys::{ApiKey, ApiKeys};
use doorward::gate::{Gate, GateBuilder};
use doorward::jwt::{Algorithm, Rules, SigningKey, Verifier, sign};
use doorward::keys::{Key, KeySet};
use doorward::policy::Policy;
use doorward_axum::{Authenticated, CorsLayer, GuardLayer, PeerAddress, RateHeadersLayer};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;
use tower::ServiceExt as _;

const SECRET: &[u8] = b"a secret of at least 32 bytes, kept well";
const START: f64 = 1_700_000_000.0;
const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

fn builder() -> GateBuilder {
    let keys = ApiKeys::builder().add("good-key", ApiKey::new("ci").role("user")).build_random().unwrap();
    let key = Key::hmac(Algorithm::HS256, SECRET).unwrap();
    let verifier = Verifier::new(KeySet::from(key), Rules::new()).unwrap();
    Gate::builder().api_keys(keys).verifier(verifier).policy(Policy::allow_all()).slots(64, 64)
}

/// A clock that is set by hand, in microseconds from `START`.
#[derive(Clone, Default)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn layer(&self, gate: Arc<Gate>) -> GuardLayer {
        let micros = Arc::clone(&self.0);
        GuardLayer::with_clock(gate, move || {
            let now = micros.load(Ordering::Relaxed);
            Now::new(START + now as f64 / 1e6, now)
        })
    }
}

/// An app whose guarded handler tells the caller's id and how many bytes it was sent.
fn app(builder: GateBuilder) -> Router {
    let gate = Arc::new(builder.build_random().unwrap());
    let handler = |Authenticated(caller): Authenticated, body: Bytes| async move {
        format!("{} sent {}", caller.id(), body.len())
    };
    Router::new().route("/mcp", post(handler).get(handler)).layer(Clock::default().layer(gate))
}

fn request(method: Method, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri("/mcp").header("host", "127.0.0.1:3000");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(body.into()).unwrap();
    request.extensions_mut().insert(PeerAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    request
}

fn ping(headers: &[(&str, &str)]) -> Request<Body> {
    let headers = [&[("content-type", "application/json")], headers].concat();
    request(Method::POST, &headers, PING)
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn header<'r>(response: &'r Response<Body>, name: &str) -> &'r str {
    response.headers().get(name).unwrap_or_else(|| panic!("{name} is missing")).to_str().unwrap()
}

fn token(lifetime: u64) -> String {
    let claims = format!(r#"{{"sub":"anna","exp":{}}}"#, START as u64 + lifetime);
    sign(&claims, &SigningKey::hmac(Algorithm::HS256, SECRET).unwrap()).unwrap()
}

#[tokio::test]
async fn an_admitted_request_reaches_the_service_whole_and_with_its_principal() {
    let app = app(builder());
    let response = app.clone().oneshot(ping(&[("x-api-key", "good-key")])).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "x-ratelimit-remaining"), "99");
    assert_eq!(text(response).await, format!("key:ci sent {}", PING.len()));

    let bearer = format!("bearer {}", token(60));
    let response = app.clone().oneshot(ping(&[("authorization", &bearer)])).await.unwrap();
    assert_eq!(text(response).await, format!("jwt::anna sent {}", PING.len()));

    let response = app.oneshot(request(Method::GET, &[("x-api-key", "good-key")], "")).await.unwrap();
    assert_eq!(text(response).await, "key:ci sent 0");
}

#[tokio::test]
async fn a_refusal_is_finished_and_says_nothing_more() {
    let app = app(builder());
    let response = app.oneshot(ping(&[("x-api-key", "bad-key")])).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(header(&response, "www-authenticate"), "Bearer error=\"invalid_token\"");
    assert_eq!(header(&response, "cache-control"), "no-store");
    assert_eq!(header(&response, "x-ratelimit-limit"), "30");
    assert_eq!(header(&response, "x-ratelimit-remaining"), "29");
    let body = text(response).await;
    assert_eq!(body, r#"{"error":"invalid_token","error_description":"The credential is not valid."}"#);
}

#[tokio::test]
async fn the_head_is_decided_before_the_body_is_read() {
    let polled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&polled);
    let frames = std::iter::from_fn(move || {
        count.fetch_add(1, Ordering::Relaxed);
        Some(Ok::<_, Infallible>(Bytes::from_static(&[b' '; 1024])))
    });
    let endless = Body::from_stream(Frames(frames));
    let bad =
        request(Method::POST, &[("content-type", "application/json"), ("x-api-key", "bad-key")], endless);
    assert_eq!(app(builder()).oneshot(bad).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(polled.load(Ordering::Relaxed), 0, "nothing was read for a stranger");
}

#[tokio::test]
async fn an_oversize_body_is_refused_as_soon_as_that_is_known() {
    let app = app(builder().body_limit(4096));
    let polled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&polled);
    let frames = std::iter::from_fn(move || {
        count.fetch_add(1, Ordering::Relaxed);
        Some(Ok::<_, Infallible>(Bytes::from_static(&[b' '; 1024])))
    });
    let headers = [("content-type", "application/json"), ("x-api-key", "good-key")];
    let endless = request(Method::POST, &headers, Body::from_stream(Frames(frames)));
    let response = app.clone().oneshot(endless).await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(polled.load(Ordering::Relaxed) <= 6, "it stops at the limit");
    let known = request(Method::POST, &headers, vec![b' '; 4097]);
    let response = app.oneshot(known).await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(header(&response, "x-ratelimit-limit"), "100", "its principal is known");
}

#[tokio::test]
async fn without_an_address_nobody_comes_in() {
    let mut nowhere = ping(&[("x-api-key", "good-key")]);
    nowhere.extensions_mut().remove::<PeerAddress>();
    let response = app(builder()).oneshot(nowhere).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(!response.headers().contains_key("www-authenticate"));
}

#[tokio::test]
async fn a_handler_that_is_not_behind_the_guard_gets_no_principal() {
    let app = Router::new().route("/mcp", post(|_: Authenticated| async { "in" }));
    let response = app.oneshot(ping(&[("x-api-key", "good-key")])).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(text(response).await, "");
}

#[tokio::test]
async fn the_hundred_and_first_request_waits_and_a_neighbour_does_not() {
    let keys = ApiKeys::builder().add("key-a", ApiKey::new("a")).add("key-b", ApiKey::new("b"));
    let gate = Gate::builder().api_keys(keys.build_random().unwrap()).policy(Policy::allow_all());
    let gate = Arc::new(gate.build_random().unwrap());
    let clock = Clock::default();
    let app = Router::new().route("/mcp", post(|| async { "in" })).layer(clock.layer(gate));
    for _ in 0..100 {
        let response = app.clone().oneshot(ping(&[("x-api-key", "key-a")])).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
    let response = app.clone().oneshot(ping(&[("x-api-key", "key-a")])).await.unwrap();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    // One comes back every 600 ms, told in whole seconds and never too early.
    assert_eq!(header(&response, "retry-after"), "1");
    assert_eq!(header(&response, "x-ratelimit-remaining"), "0");
    let response = app.clone().oneshot(ping(&[("x-api-key", "key-b")])).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    clock.0.store(1_000_000, Ordering::Relaxed);
    let response = app.oneshot(ping(&[("x-api-key", "key-a")])).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "as promised");
}

#[tokio::test(start_paused = true)]
async fn a_streaming_answer_ends_with_its_credential() {
    let gate = Arc::new(builder().build_random().unwrap());
    let endless = || async {
        Body::from_stream(Frames(std::iter::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(b"x")))))
            .into_response_slowly()
    };
    let app = Router::new().route("/mcp", get(endless)).layer(Clock::default().layer(gate));
    let bearer = format!("Bearer {}", token(60));
    let response = app.oneshot(request(Method::GET, &[("authorization", &bearer)], "")).await.unwrap();
    let began = tokio::time::Instant::now();
    let received = text(response).await;
    let lasted = began.elapsed();
    assert!((59..=61).contains(&lasted.as_secs()), "it lasted {lasted:?}");
    assert!((55..=61).contains(&received.len()), "one frame a second: {}", received.len());
}

#[tokio::test]
async fn cors_is_for_listed_origins_alone() {
    let hosts = doorward::origin::HostRules::new(
        Ipv4Addr::LOCALHOST.into(),
        None,
        &[],
        vec![doorward::origin::Origin::parse("https://app.example").unwrap()],
    );
    let gate = Arc::new(builder().hosts(hosts.unwrap()).build_random().unwrap());
    let app = Router::new()
        .route("/mcp", post(|| async { "in" }))
        .layer(GuardLayer::new(Arc::clone(&gate)))
        .layer(CorsLayer::new(gate));
    let preflight = |origin: &'static str| {
        request(
            Method::OPTIONS,
            &[
                ("origin", origin),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "x-api-key, content-type"),
            ],
            "",
        )
    };
    let response = app.clone().oneshot(preflight("https://app.example")).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "access-control-allow-origin"), "https://app.example");
    assert_eq!(header(&response, "access-control-allow-credentials"), "true");
    assert!(header(&response, "access-control-allow-headers").contains("x-api-key"));

    let response = app.clone().oneshot(ping(&[("origin", "https://app.example")])).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(header(&response, "access-control-allow-origin"), "https://app.example", "readable");
    assert!(header(&response, "access-control-expose-headers").contains("www-authenticate"));
    assert!(header(&response, "vary").contains("origin"));

    for refused in [preflight("https://evil.example"), ping(&[("origin", "https://evil.example")])] {
        let response = app.clone().oneshot(refused).await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert_eq!(header(&response, "vary"), "origin");
        let cors = response.headers().keys().filter(|name| name.as_str().starts_with("access-control"));
        assert_eq!(cors.count(), 0);
    }
}

#[tokio::test]
async fn open_routes_tell_the_addresss_bucket_and_spend_nothing() {
    let gate = Arc::new(builder().build_random().unwrap());
    let app = Router::new().route("/mcp", get(|| async { "fine" })).layer(RateHeadersLayer::new(gate));
    for _ in 0..3 {
        let response = app.clone().oneshot(request(Method::GET, &[], "")).await.unwrap();
        assert_eq!(header(&response, "x-ratelimit-remaining"), "30");
        assert_eq!(text(response).await, "fine");
    }
}

#[tokio::test]
async fn what_the_gate_has_not_read_reaches_nobody() {
    // The service behind would read it, were it there: the gate has decided on the method alone.
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"forbidden"}}"#;
    let headers = [("content-type", "application/json"), ("x-api-key", "good-key")];
    let response = app(builder()).oneshot(request(Method::GET, &headers, call)).await.unwrap();
    assert_eq!(text(response).await, "key:ci sent 0");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_is_given_up() {
    let app = app(builder());
    let trickle = futures_util::stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Ok::<_, Infallible>(Bytes::from_static(b" ")), ()))
    });
    let headers = [("content-type", "application/json"), ("x-api-key", "good-key")];
    let began = tokio::time::Instant::now();
    let response = app.oneshot(request(Method::POST, &headers, Body::from_stream(trickle))).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(began.elapsed(), Duration::from_secs(30));
}

/// A tick a second for ever, by key or by token, while `change` happens in the fourth second: how many came.
async fn ticks(credential: (&str, &str), change: impl FnOnce(&Gate)) -> usize {
    let gate = Arc::new(builder().build_random().unwrap());
    let ticking = || async {
        let ticks = futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((Ok::<_, Infallible>(Bytes::from_static(b"t")), ()))
        });
        Response::new(Body::from_stream(ticks))
    };
    let app = Router::new().route("/mcp", get(ticking)).layer(Clock::default().layer(Arc::clone(&gate)));
    let response = app.oneshot(request(Method::GET, &[credential], "")).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let mut body = response.into_body();
    let mut came = 0;
    let mut change = Some(change);
    while let Some(frame) = body.frame().await {
        came += frame.unwrap().into_data().unwrap().len();
        if came == 4 {
            change.take().unwrap()(&gate);
        }
        if came == 100 {
            break;
        }
    }
    came
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_within_a_sweep_of_its_keys_removal() {
    let swap =
        |key: &str| ApiKeys::builder().add(key, ApiKey::new("ci").role("user")).build_random().unwrap();
    let key = ("x-api-key", "good-key");
    assert_eq!(ticks(key, |_| ()).await, 100, "a good key's stream goes on");
    assert_eq!(ticks(key, |gate| gate.swap_api_keys(swap("good-key")).unwrap()).await, 100);
    assert!((14..=15).contains(&ticks(key, |gate| gate.swap_api_keys(swap("other-key")).unwrap()).await));
    let bearer = format!("Bearer {}", token(5000));
    let bearer = ("authorization", bearer.as_str());
    assert_eq!(ticks(bearer, |_| ()).await, 100);
    let revoked = ticks(bearer, |gate| {
        let token = bearer.1.strip_prefix("Bearer ").unwrap();
        gate.revocations().revoke_token(token.as_bytes(), 4e9, Now::new(0.0, 0)).unwrap();
    });
    assert!((14..=15).contains(&revoked.await));
}

/// A body that says how long it is and takes its time, as one that is passed on from another server does.
struct Drip(u64);

impl http_body::Body for Drip {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        let left = self.0.checked_sub(1);
        self.0 = left.unwrap_or(0);
        Poll::Ready(left.map(|_| Ok(http_body::Frame::data(Bytes::from_static(b"x")))))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.0)
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_says_its_length_ends_as_well() {
    let gate = Arc::new(builder().build_random().unwrap());
    let handler = || async { Response::new(Body::new(Drip(100))) };
    let app = Router::new().route("/mcp", post(handler)).layer(Clock::default().layer(Arc::clone(&gate)));
    let response = app.oneshot(ping(&[("x-api-key", "good-key")])).await.unwrap();
    assert_eq!(header(&response, "content-length"), "100");
    gate.swap_api_keys(ApiKeys::builder().add("other-key", ApiKey::new("b")).build_random().unwrap())
        .unwrap();
    // Each frame is there at once; it is the reader who is slow.
    let (mut body, mut frames) = (response.into_body(), 0);
    while body.frame().await.is_some() {
        frames += 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!((15..=16).contains(&frames), "{frames}");
}

#[tokio::test]
async fn of_an_answer_that_says_its_length_nothing_is_lost() {
    for length in [0, 1, 2, 5] {
        let gate = Arc::new(builder().build_random().unwrap());
        let handler = move || async move { Response::new(Body::new(Drip(length))) };
        let app = Router::new().route("/mcp", post(handler)).layer(Clock::default().layer(gate));
        let response = app.oneshot(ping(&[("x-api-key", "good-key")])).await.unwrap();
        assert_eq!(header(&response, "content-length"), length.to_string());
        let body = axum::body::to_bytes(response.into_body(), 1024).await.unwrap();
        assert_eq!(body.len(), length as usize);
    }
}

#[tokio::test]
async fn the_uris_authority_and_the_host_are_one_or_refused() {
    let app = app(builder());
    let headers = [("content-type", "application/json"), ("x-api-key", "good-key")];
    let with = |uri: &'static str| {
        let mut request = request(Method::POST, &headers, PING);
        *request.uri_mut() = uri.parse().unwrap();
        request
    };
    for (uri, status) in [
        ("http://127.0.0.1:3000/mcp", StatusCode::OK),
        // RFC 9112 §3.2.2: a server must go by the target and not by Host; so what differs is nobody's.
        ("http://evil.example/mcp", StatusCode::FORBIDDEN),
        ("http://localhost:3000/mcp", StatusCode::FORBIDDEN),
    ] {
        assert_eq!(app.clone().oneshot(with(uri)).await.unwrap().status(), status, "{uri}");
    }
    let mut alone = with("http://127.0.0.1:3000/mcp");
    alone.headers_mut().remove("host");
    assert_eq!(app.oneshot(alone).await.unwrap().status(), StatusCode::OK, "HTTP/2 sends no Host");
}

#[tokio::test]
async fn credentials_are_shown_by_no_debug_behind_the_guard() {
    let gate = Arc::new(builder().build_random().unwrap());
    let handler = |request: axum::extract::Request| async move { format!("{:?}", request.headers()) };
    let app = Router::new().route("/mcp", post(handler)).layer(Clock::default().layer(gate));
    let bearer = format!("Bearer {}", token(60));
    for (name, value) in [("x-api-key", "good-key"), ("authorization", bearer.as_str())] {
        let shown = text(app.clone().oneshot(ping(&[(name, value)])).await.unwrap()).await;
        assert!(shown.contains(name) && !shown.contains(value), "{shown}");
    }
}

/// A stream of an iterator's items.
struct Frames<I>(I);

impl<I: Iterator + Unpin> futures_core::Stream for Frames<I> {
    type Item = I::Item;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

trait Slowly {
    fn into_response_slowly(self) -> Response<Body>;
}

impl Slowly for Body {
    /// A frame a second.
    fn into_response_slowly(self) -> Response<Body> {
        let slow = futures_util::stream::unfold(self, |mut body| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let frame = body.frame().await?.ok()?.into_data().ok()?;
            Some((Ok::<_, Infallible>(frame), body))
        });
        Response::new(Body::from_stream(slow))
    }
}

#[tokio::test]
async fn keys_of_the_hosts_are_looked_up_in_time() {
    let lookup = doorward::gate::KeyLookup::new().deadline(Duration::from_millis(50));
    let gate = Gate::builder().api_key_lookup(lookup).policy(Policy::allow_all()).slots(64, 64);
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let layer =
        Clock::default().layer(Arc::new(gate.build_random().unwrap())).with_key_lookup(move |digest| {
            count.fetch_add(1, Ordering::Relaxed);
            let is = |key: &str| digest == doorward::api_keys::KeyDigest::of(key.as_bytes());
            let (good, slow, broken) = (is("good"), is("slow"), is("broken"));
            async move {
                if slow {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                }
                if broken { Err("no database") } else { Ok(good.then(|| ApiKey::new("customer"))) }
            }
        });
    let handler = |Authenticated(caller): Authenticated| async move { caller.id().to_owned() };
    let app = Router::new().route("/mcp", post(handler)).layer(layer);
    let call = |key: &'static str| {
        let app = app.clone();
        async move {
            let response = app.oneshot(ping(&[("x-api-key", key)])).await.unwrap();
            (response.status().as_u16(), text(response).await)
        }
    };
    assert_eq!(call("good").await, (200, "key:customer".into()));
    assert_eq!(call("good").await.0, 200);
    assert_eq!(asked.load(Ordering::Relaxed), 1, "kept");
    assert_eq!(call("none").await.0, 401);
    assert_eq!(call("broken").await.0, 503);
    assert_eq!(call("slow").await.0, 503);
}
