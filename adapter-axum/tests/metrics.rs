//! Counters of the guard: what is counted, as text that a scraper reads, and never more series than there are codes.
#![cfg(feature = "metrics")]

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use doorward::Now;
use doorward::api_keys::{ApiKey, ApiKeys};
use doorward::gate::Gate;
use doorward::jwks::Jwks;
use doorward::jwt::{Algorithm, Rules, Verifier};
use doorward::keys::{Key, KeySet};
use doorward::policy::{Grants, Policy};
use doorward_axum::{GuardLayer, Metrics, PeerAddress};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tower::ServiceExt as _;

const GOOD: &str = "a-good-key-that-nobody-should-see";

fn gate() -> Arc<Gate> {
    let keys = ApiKeys::builder().add(GOOD, ApiKey::new("ci").role("user")).build_random().unwrap();
    let secret = Key::hmac(Algorithm::HS256, b"a secret of at least 32 bytes, kept well").unwrap();
    let own = Verifier::new(KeySet::from(secret), Rules::new().issuer("https://own.example")).unwrap();
    let fetched = Jwks::of_issuer("https://issuer.example").unwrap();
    let fetched =
        Verifier::fetching(fetched, Rules::new().issuer("https://issuer.example").audience("x")).unwrap();
    let policy = Policy::new().role("user", Grants::new().tools(["whoami"]));
    let gate = Gate::builder().api_keys(keys).verifier(own).verifier(fetched).policy(policy).slots(64, 64);
    Arc::new(gate.build_random().unwrap())
}

fn app(gate: &Arc<Gate>, metrics: &Metrics) -> Router {
    let stream = || async {
        let ticks = futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((Ok::<_, Infallible>(Bytes::from_static(b"t")), ()))
        });
        Response::new(Body::from_stream(ticks))
    };
    let three = || async {
        let three =
            futures_util::stream::iter([(); 3].map(|()| Ok::<_, Infallible>(Bytes::from_static(b"t"))));
        Response::new(Body::from_stream(three))
    };
    let guard = GuardLayer::new(Arc::clone(gate)).with_metrics(metrics.clone());
    let routes =
        Router::new().route("/mcp", post(|| async { "done" }).get(stream)).route("/three", get(three));
    routes.layer(guard)
}

fn request(method: &str, path: &str, peer: IpAddr, headers: &[(&str, &str)], body: String) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:3000");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::from(body)).unwrap();
    request.extensions_mut().insert(PeerAddress(peer));
    request
}

fn call(name: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{name}"}}}}"#)
}

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const JSON: (&str, &str) = ("content-type", "application/json");

/// The series and their values, of a text held to OpenMetrics' grammar as far as it is used here.
fn series(text: &str) -> BTreeMap<String, f64> {
    assert!(text.ends_with("# EOF\n"), "{text}");
    let mut types = BTreeSet::new();
    let mut series = BTreeMap::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            if let Some(typed) = comment.strip_prefix("TYPE ") {
                assert!(types.insert(typed.split(' ').next().unwrap().to_owned()), "twice: {line}");
            }
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let base = name.split('{').next().unwrap();
        assert!(types.iter().any(|known| base.starts_with(known.as_str())), "untyped: {line}");
        assert!(series.insert(name.to_owned(), value.parse().unwrap()).is_none(), "twice: {line}");
    }
    series
}

#[tokio::test]
async fn decisions_are_counted_by_their_codes() {
    let gate = gate();
    let metrics = Metrics::new(Arc::clone(&gate));
    let app = app(&gate, &metrics);
    let send = |headers: &[(&str, &str)], body: String| {
        app.clone().oneshot(request("POST", "/mcp", HERE, headers, body))
    };
    for _ in 0..3 {
        assert_eq!(
            send(&[("x-api-key", GOOD), JSON], call("whoami")).await.unwrap().status(),
            StatusCode::OK
        );
    }
    send(&[("x-api-key", GOOD), JSON], call("other")).await.unwrap();
    send(&[("x-api-key", "none-of-ours"), JSON], call("whoami")).await.unwrap();
    let found = series(&metrics.to_text());
    let decided = |labels: &str| found.get(&format!("doorward_decisions_total{{{labels}}}")).copied();
    let admitted = r#"decision="admitted",code="admitted",auth="api_key",kind="tool""#;
    assert_eq!(decided(admitted), Some(3.0), "{found:#?}");
    let forbidden = r#"decision="denied",code="policy_forbidden",auth="api_key",kind="tool""#;
    assert_eq!(decided(forbidden), Some(1.0));
    assert_eq!(decided(r#"decision="denied",code="api_key_unknown",auth="none",kind="none""#), Some(1.0));
    assert_eq!(found[r#"doorward_decision_seconds_count{decision="admitted"}"#], 3.0);
    assert!(found[r#"doorward_decision_seconds_sum{decision="denied"}"#] > 0.0);
    for there in [
        r#"doorward_token_cache_total{outcome="miss"}"#,
        r#"doorward_limit_busy_denials_total{limit="principal"}"#,
        r#"doorward_limit_evictions_with_debt_total{limit="address"}"#,
        r#"doorward_jwks_usable{set="0",issuer="https://issuer.example"}"#,
        r#"doorward_jwks_failing{set="0",issuer="https://issuer.example"}"#,
        "doorward_streams_open",
    ] {
        assert_eq!(found.get(there), Some(&0.0), "{there} in {found:#?}");
    }
    assert!(found[r#"doorward_limit_slots{limit="principal"}"#] >= 64.0);
}

#[tokio::test]
async fn a_decision_on_the_head_alone_takes_its_time_too() {
    let (gate, reads) = (gate(), AtomicU64::new(0));
    let metrics = Metrics::new(Arc::clone(&gate));
    // A millisecond goes by between one look at the clock and the next.
    let clock = move || Now::new(1_800_000_000.0, 1000 * reads.fetch_add(1, Ordering::Relaxed));
    let guard = GuardLayer::with_clock(gate, clock).with_metrics(metrics.clone());
    let app = Router::new().route("/mcp", get(|| async { "done" })).layer(guard);
    for key in [GOOD, "a-guess"] {
        app.clone()
            .oneshot(request("GET", "/mcp", HERE, &[("x-api-key", key)], String::new()))
            .await
            .unwrap();
    }
    let found = series(&metrics.to_text());
    for decision in ["admitted", "denied"] {
        let sum = found[&format!(r#"doorward_decision_seconds_sum{{decision="{decision}"}}"#)];
        assert!(sum > 0.0009, "{decision}: {sum}");
    }
}

#[tokio::test]
async fn hostile_requests_make_no_series_and_leave_no_trace() {
    let gate = gate();
    let metrics = Metrics::new(Arc::clone(&gate));
    let app = app(&gate, &metrics);
    let round = |from: u32, to: u32| {
        let app = app.clone();
        async move {
            for number in from..to {
                let peer = IpAddr::V6(Ipv6Addr::from_bits(u128::from(number) << 64 | 0x2001 << 112));
                let mark = format!("mark{number}");
                let bearer = format!("Bearer {mark}.{mark}.{mark}");
                let (headers, body): (Vec<(&str, &str)>, _) = match number % 8 {
                    0 => (vec![JSON, ("x-api-key", &mark)], call(&mark)),
                    1 => (vec![JSON, ("authorization", &bearer)], call(&mark)),
                    2 => (vec![JSON, ("x-api-key", GOOD)], call(&mark)),
                    3 => (vec![JSON, ("x-api-key", GOOD), ("origin", &mark)], call("whoami")),
                    4 => (vec![JSON, ("x-api-key", GOOD), ("mcp-protocol-version", &mark)], call(&mark)),
                    5 => (vec![("content-type", &mark), ("x-api-key", GOOD)], call(&mark)),
                    6 => (vec![JSON, ("x-api-key", GOOD), ("mcp-name", &mark)], format!("{{\"{mark}\":")),
                    _ => (vec![JSON, ("authorization", &mark)], call(&mark)),
                };
                let request =
                    request(if number % 3 == 0 { "GET" } else { "POST" }, "/mcp", peer, &headers, body);
                drop(app.clone().oneshot(request).await.unwrap());
            }
        }
    };
    // What comes of everything there is, once.
    for _ in 0..40 {
        let wrong = request("POST", "/mcp", HERE, &[("x-api-key", "none-of-ours")], String::new());
        drop(app.clone().oneshot(wrong).await.unwrap());
    }
    round(0, 3000).await;
    let before: Vec<String> = series(&metrics.to_text()).into_keys().collect();
    round(3000, 10_000).await;
    let text = metrics.to_text();
    let after = series(&text);
    assert_eq!(after.keys().collect::<Vec<_>>(), before.iter().collect::<Vec<_>>());
    assert!(after.len() < 120, "{} series", after.len());
    let all: f64 =
        after.iter().filter(|(name, _)| name.starts_with("doorward_decisions")).map(|(_, count)| count).sum();
    assert_eq!(all, 10_040.0);
    for secret in [GOOD, "mark", "key:ci", "2001:", "127.0.0.1", "whoami"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test(start_paused = true)]
async fn streams_are_counted_by_how_they_end() {
    let gate = gate();
    let metrics = Metrics::new(Arc::clone(&gate));
    let app = app(&gate, &metrics);
    let open =
        |path: &str| app.clone().oneshot(request("GET", path, HERE, &[("x-api-key", GOOD)], String::new()));
    let now = |name: &str| series(&metrics.to_text()).get(&format!("doorward_streams_{name}")).copied();
    let (left, swept, three) =
        (open("/mcp").await.unwrap(), open("/mcp").await.unwrap(), open("/three").await.unwrap());
    assert_eq!(now("open"), Some(3.0));
    assert_eq!(three.into_body().collect().await.unwrap().to_bytes().len(), 3);
    assert_eq!((now("open"), now(r#"ended_total{cause="finished"}"#)), (Some(2.0), Some(1.0)));
    drop(left);
    assert_eq!((now("open"), now(r#"ended_total{cause="dropped"}"#)), (Some(1.0), Some(1.0)));
    gate.swap_api_keys(ApiKeys::builder().add("another", ApiKey::new("b")).build_random().unwrap()).unwrap();
    swept.into_body().collect().await.unwrap();
    assert_eq!((now("open"), now(r#"ended_total{cause="withdrawn"}"#)), (Some(0.0), Some(1.0)));
}

#[tokio::test]
async fn the_route_answers_a_scraper_on_this_machine_alone() {
    let routes = Metrics::new(gate()).routes();
    let ask = |headers: &[(&str, &str)]| {
        let mut request = Request::builder().uri("/metrics");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        routes.clone().oneshot(request.body(Body::empty()).unwrap())
    };
    let answer = ask(&[("host", "127.0.0.1:9464")]).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    let text = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(!series(std::str::from_utf8(&text).unwrap()).is_empty());
    for refused in [
        &[("host", "evil.example:9464")][..],
        &[],
        &[("host", "localhost:9464"), ("origin", "http://localhost:9464")],
        &[("host", "localhost"), ("host", "evil.example")],
    ] {
        assert_eq!(ask(refused).await.unwrap().status(), StatusCode::FORBIDDEN, "{refused:?}");
    }
}
