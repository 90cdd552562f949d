//! Several processes' gates and limiters on one server.

use crate::server::{Server, free_port, url};
use axum::Router;
use axum::routing::any;
use doorward::api_keys::{ApiKey, ApiKeys};
use doorward::gate::Gate;
use doorward::policy::Policy;
use doorward::rate::Quota;
use doorward::rate::shared::{Fallback, Settings, SharedLimiter, Source, Verdict};
use doorward_axum::{GuardLayer, PeerAddress, Redis};
use http::{Request, Response, StatusCode};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tower::ServiceExt as _;

const HOUR: Duration = Duration::from_secs(3600);

fn gate(quota: u32, fallback: Fallback) -> Arc<Gate> {
    let keys = ApiKeys::builder()
        .add("a-key-nobody-guesses", ApiKey::new("ci"))
        .add("a-key-of-its-own-quota", ApiKey::new("own").quota(Quota::per(2, HOUR).unwrap()))
        .build_random()
        .unwrap();
    let settings = Settings::new("principal").fallback(fallback).deadline(Duration::from_millis(500));
    let gate =
        Gate::builder().api_keys(keys).policy(Policy::allow_all()).slots(64, 64).shared_limit(settings);
    Arc::new(gate.principal_quota(Quota::per(quota, HOUR).unwrap()).build_random().unwrap())
}

fn app(gate: &Arc<Gate>, url: &str) -> Router {
    let layer = GuardLayer::new(Arc::clone(gate)).with_redis(Redis::new(url).unwrap());
    Router::new().route("/mcp", any(|| async { "in" })).layer(layer)
}

async fn call(app: &Router, method: &str, key: &str, body: &'static str) -> Response<axum::body::Body> {
    let request = Request::builder()
        .method(method)
        .uri("/mcp")
        .header("host", "localhost")
        .header("x-api-key", key)
        .header("content-type", "application/json")
        .extension(PeerAddress([127, 0, 0, 1].into()))
        .body(axum::body::Body::from(body))
        .unwrap();
    app.clone().oneshot(request).await.unwrap()
}

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
const PINGS: &str = r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]"#;
const KEY: &str = "a-key-nobody-guesses";

fn header(response: &Response<axum::body::Body>, name: &str) -> u64 {
    response.headers()[name].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn two_gates_admit_what_one_would() {
    let server = Server::start();
    let gates = [gate(10, Fallback::Deny), gate(10, Fallback::Deny)];
    let apps = gates.each_ref().map(|gate| app(gate, &server.url()));
    for turn in 0..10 {
        // Bodies and none: both ways come by the shared limit.
        let (method, body) = if turn % 3 == 0 { ("GET", "") } else { ("POST", PING) };
        let response = call(&apps[turn % 2], method, KEY, body).await;
        assert_eq!(
            (response.status(), header(&response, "x-ratelimit-remaining")),
            (StatusCode::OK, 9 - turn as u64)
        );
    }
    for app in &apps {
        let response = call(app, "POST", KEY, PING).await;
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!((350..=361).contains(&header(&response, "retry-after")));
        assert_eq!(header(&response, "x-ratelimit-remaining"), 0);
    }
    // A key's own quota is shared too, and a batch costs its members.
    assert_eq!(call(&apps[0], "POST", "a-key-of-its-own-quota", PINGS).await.status(), StatusCode::OK);
    assert_eq!(call(&apps[1], "POST", "a-key-of-its-own-quota", PING).await.status(), 429);
    assert_eq!(gates[0].shared_limit().unwrap().stats().failed, 0);
}

#[tokio::test]
async fn what_the_shared_limit_refuses_is_given_back_to_the_local_one() {
    let server = Server::start();
    let (gate, redis) = (gate(3, Fallback::Deny), Redis::new(&server.url()).unwrap());
    // Another process has spent it all.
    let other = gate.shared_limit().unwrap();
    assert_eq!(redis.spend(other, b"key:ci", other.base(), 3).await.verdict, Verdict::Admitted);
    let app = app(&gate, &server.url());
    // As many as the quota has units: further ones would cost their 1, for their bodies were read.
    for _ in 0..3 {
        assert_eq!(call(&app, "POST", KEY, PING).await.status(), 429);
    }
    // An operator gives the caller a new bucket, and the denial's memory ends: the local bucket is still full.
    server.run(&["FLUSHALL"]);
    tokio::time::sleep(Duration::from_millis(5100)).await;
    for _ in 0..3 {
        assert_eq!(call(&app, "POST", KEY, PING).await.status(), StatusCode::OK);
    }
    assert_eq!(call(&app, "POST", KEY, PING).await.status(), 429);
}

#[tokio::test]
async fn without_a_server_each_fallback_holds_at_the_gate() {
    let nobody = url(free_port());
    let answers = async |fallback| {
        let app = app(&gate(4, fallback), &nobody);
        let mut answers = Vec::new();
        for _ in 0..6 {
            answers.push(call(&app, "POST", KEY, PING).await.status().as_u16());
        }
        answers
    };
    assert_eq!(answers(Fallback::Deny).await, [503; 6]);
    assert_eq!(answers(Fallback::LocalAtLimitOver(2)).await, [200, 200, 429, 429, 429, 429]);
    assert_eq!(answers(Fallback::Allow).await, [200, 200, 200, 200, 429, 429], "the local layer still holds");
    let denied = call(&app(&gate(4, Fallback::Deny), &nobody), "POST", KEY, PING).await;
    assert_eq!(denied.headers().get_all("retry-after").iter().count(), 1);
}

/// Two processes at once, eight tasks each, with and without leases: what they admit is what one would.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_race_never_over_admits() {
    for lease in [1, 5] {
        let server = Server::start();
        // 200 at once, and one every 20 ms.
        let quota = Quota::per(3000, Duration::from_secs(60)).unwrap().burst(200).unwrap();
        let settings = || {
            Settings::new("race")
                .lease(lease)
                .fallback(Fallback::Deny)
                .deadline(Duration::from_secs(2))
                .slots(64)
        };
        let processes: Vec<_> = (0..2)
            .map(|_| {
                let limiter = SharedLimiter::with_random_seed(quota, settings()).unwrap();
                Arc::new((Redis::new(&server.url()).unwrap(), limiter))
            })
            .collect();
        let began = Instant::now();
        let tasks: Vec<_> = (0..16)
            .map(|task: usize| {
                let process = Arc::clone(&processes[task % 2]);
                tokio::spawn(async move {
                    let (redis, limiter) = &*process;
                    let mut admitted = 0_u64;
                    for _ in 0..40 {
                        let outcome = redis.spend(limiter, b"hot", limiter.base(), 1).await;
                        assert_ne!(outcome.source, Source::Fallback, "{outcome:?}");
                        admitted += u64::from(outcome.verdict == Verdict::Admitted);
                    }
                    admitted
                })
            })
            .collect();
        let mut admitted = 0;
        for task in tasks {
            admitted += task.await.unwrap();
        }
        let flowed = u64::try_from(began.elapsed().as_millis() / 20).unwrap() + 1;
        assert!(admitted <= 200 + flowed, "{admitted} of 200 + {flowed}, lease {lease}");
        assert!(admitted >= 200 - 4 * u64::from(lease), "{admitted}");
        let asked: u64 = processes.iter().map(|process| process.1.stats().asked).sum();
        println!("lease {lease}: {asked} commands for {admitted} admissions of 640 requests");
        assert!(lease == 1 || asked < admitted, "{asked}");
    }
}
