//! Fetched keys end to end: a gate, reqwest, and an issuer on loopback that is good, slow, wrong or gone.
#![cfg(feature = "fetch")]

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::gate::Gate;
use doorward::jwks::Jwks;
use doorward::jwt::{Rules, Verifier};
use doorward::policy::Policy;
use doorward_axum::{Authenticated, GuardLayer, KeyFetcher, PeerAddress};
use http::{Request, StatusCode};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tower::ServiceExt as _;

const AUDIENCE: &str = "https://mcp.example/mcp";

/// What the issuer says to a GET of its key set.
#[derive(Clone, Copy)]
enum Mood {
    Good,
    Slow(Duration),
    Never,
    Redirect,
    Endless,
    Broken,
}

struct Issuer {
    url: String,
    mood: Mutex<Mood>,
    gets: AtomicU32,
    keys: Mutex<String>,
}

impl Issuer {
    async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = Arc::new(Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            mood: Mutex::new(Mood::Good),
            gets: AtomicU32::new(0),
            keys: Mutex::new(set(&[1])),
        });
        let metadata = |State(issuer): State<Arc<Self>>| async move {
            format!(r#"{{"issuer":"{0}","jwks_uri":"{0}/jwks"}}"#, issuer.url)
        };
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/jwks", get(|State(issuer): State<Arc<Self>>| async move { issuer.keys().await }))
            .route("/moved", get(|State(issuer): State<Arc<Self>>| async move { issuer.set() }))
            .with_state(Arc::clone(&issuer));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        issuer
    }

    fn set(&self) -> String {
        self.keys.lock().unwrap().clone()
    }

    async fn keys(&self) -> Response {
        self.gets.fetch_add(1, SeqCst);
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Good => self.set().into_response(),
            Mood::Slow(time) => {
                tokio::time::sleep(time).await;
                self.set().into_response()
            }
            Mood::Never => std::future::pending().await,
            Mood::Redirect => (StatusCode::FOUND, [("location", "/moved")]).into_response(),
            Mood::Endless => {
                let chunk = axum::body::Bytes::from(vec![b' '; 64 * 1024]);
                Body::from_stream(futures_util::stream::repeat_with(move || {
                    Ok::<_, std::io::Error>(chunk.clone())
                }))
                .into_response()
            }
            Mood::Broken => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }

    fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// A guarded app that trusts this issuer.
    fn app(&self, adjust: impl FnOnce(Jwks) -> Jwks) -> (Router, GuardLayer, Arc<Gate>) {
        let jwks = adjust(Jwks::of_issuer(&self.url).unwrap());
        let verifier = Verifier::fetching(jwks, Rules::new().audience(AUDIENCE)).unwrap();
        let builder = Gate::builder().verifier(verifier).policy(Policy::allow_all()).slots(4096, 4096);
        let gate = Arc::new(builder.build_random().unwrap());
        let fetcher = KeyFetcher::adjusted(reqwest::ClientBuilder::no_proxy).unwrap();
        let layer = GuardLayer::new(Arc::clone(&gate)).with_fetcher(fetcher);
        let handler = |Authenticated(caller): Authenticated| async move { caller.id().to_owned() };
        (Router::new().route("/mcp", get(handler)).layer(layer.clone()), layer, gate)
    }

    fn token(&self, key: u8) -> String {
        let header = format!(r#"{{"alg":"EdDSA","kid":"k{key}"}}"#);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let claims =
            format!(r#"{{"iss":"{}","aud":"{AUDIENCE}","sub":"anna","exp":{}}}"#, self.url, now + 600);
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(pair(key).sign(signed.as_bytes()).as_ref()))
    }
}

fn pair(key: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[key; 32]).unwrap()
}

fn set(keys: &[u8]) -> String {
    let jwk = |key: &u8| {
        let x = URL_SAFE_NO_PAD.encode(pair(*key).public_key().as_ref());
        format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"k{key}","x":"{x}"}}"#)
    };
    format!(r#"{{"keys":[{}]}}"#, keys.iter().map(jwk).collect::<Vec<_>>().join(","))
}

/// The status of a GET with that token, from one of many addresses.
async fn status(app: &Router, token: &str, address: u16) -> StatusCode {
    let [high, low] = address.to_be_bytes();
    let mut request = Request::builder()
        .uri("/mcp")
        .header("host", "127.0.0.1:3000")
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    request.extensions_mut().insert(PeerAddress(IpAddr::V4(Ipv4Addr::new(127, 1, high, low))));
    app.clone().oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn a_hundred_first_callers_cost_one_fetch() {
    let issuer = Issuer::start().await;
    issuer.be(Mood::Slow(Duration::from_millis(200)));
    let (app, ..) = issuer.app(|jwks| jwks);
    let token = issuer.token(1);
    let calls = (0..100).map(|address| status(&app, &token, address));
    assert_eq!(futures_util::future::join_all(calls).await, [StatusCode::OK; 100]);
    assert_eq!(issuer.gets.load(SeqCst), 1);
}

#[tokio::test]
async fn a_thousand_unknown_kids_cost_one_fetch_a_cool_down() {
    let issuer = Issuer::start().await;
    let (app, layer, _) = issuer.app(|jwks| jwks.cooldown(Duration::from_secs(1)));
    layer.fetch_keys().await;
    assert_eq!(issuer.gets.load(SeqCst), 1);
    let unknown = issuer.token(2);
    let began = tokio::time::Instant::now();
    while began.elapsed() < Duration::from_millis(2500) {
        let calls = (0..100).map(|address| status(&app, &unknown, address));
        for status in futures_util::future::join_all(calls).await {
            assert!(matches!(status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS), "{status}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let gets = issuer.gets.load(SeqCst);
    assert!((2..=4).contains(&gets), "{gets} in 2.5 s with a cool-down of 1 s");
    assert_eq!(status(&app, &issuer.token(1), 999).await, StatusCode::OK, "a known key all the while");
}

#[tokio::test]
async fn a_rotated_key_is_found_by_whoever_needs_it_first() {
    let issuer = Issuer::start().await;
    let (app, layer, _) = issuer.app(|jwks| jwks.cooldown(Duration::from_secs(1)));
    layer.fetch_keys().await;
    assert_eq!(status(&app, &issuer.token(1), 1).await, StatusCode::OK);
    *issuer.keys.lock().unwrap() = set(&[2]);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(status(&app, &issuer.token(2), 1).await, StatusCode::OK);
    assert_eq!(status(&app, &issuer.token(1), 1).await, StatusCode::UNAUTHORIZED, "withdrawn, cached or not");
}

#[tokio::test]
async fn an_outage_leaves_the_last_set_in_use() {
    let issuer = Issuer::start().await;
    let adjust = |jwks: Jwks| jwks.cooldown(Duration::from_secs(1)).fresh_for(Duration::from_millis(500));
    let (app, layer, gate) = issuer.app(adjust);
    layer.fetch_keys().await;
    issuer.be(Mood::Broken);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    // Not fresh any more: refreshed in the background, without success and without anybody waiting.
    assert_eq!(status(&app, &issuer.token(1), 1).await, StatusCode::OK);
    let error = || gate.key_sets().next().unwrap().standing(doorward::Now::system()).last_error;
    for _ in 0..100 {
        if error().is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(error().map(|error| error.code()), Some("jwks_status"));
    assert_eq!(status(&app, &issuer.token(1), 1).await, StatusCode::OK);
}

#[tokio::test]
async fn what_can_not_be_fetched_is_503_and_bounded() {
    for mood in [Mood::Never, Mood::Redirect, Mood::Endless, Mood::Broken] {
        let issuer = Issuer::start().await;
        issuer.be(mood);
        let (app, ..) = issuer.app(|jwks| jwks.timeout(Duration::from_millis(500)));
        let began = tokio::time::Instant::now();
        assert_eq!(status(&app, &issuer.token(1), 1).await, StatusCode::SERVICE_UNAVAILABLE);
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        // Cooling down: at once.
        assert_eq!(status(&app, &issuer.token(1), 1).await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(issuer.gets.load(SeqCst), 1);
    }
}

#[tokio::test]
async fn a_caller_who_hangs_up_takes_nobodys_keys_along() {
    let issuer = Issuer::start().await;
    issuer.be(Mood::Slow(Duration::from_millis(300)));
    let (app, ..) = issuer.app(|jwks| jwks);
    let token = issuer.token(1);
    let first = tokio::time::timeout(Duration::from_millis(100), status(&app, &token, 1)).await;
    assert!(first.is_err(), "it was still waiting");
    assert_eq!(status(&app, &token, 2).await, StatusCode::OK);
    assert_eq!(issuer.gets.load(SeqCst), 1);
}

#[tokio::test]
async fn two_layers_of_one_gate_share_a_fetch() {
    let issuer = Issuer::start().await;
    issuer.be(Mood::Slow(Duration::from_millis(300)));
    let (first, _, gate) = issuer.app(|jwks| jwks);
    // The second has a fetcher of its own, which hears nothing of the first's fetches.
    let fetcher = KeyFetcher::adjusted(reqwest::ClientBuilder::no_proxy).unwrap();
    let layer = GuardLayer::new(gate).with_fetcher(fetcher);
    let second = Router::new().route("/mcp", get(|| async {})).layer(layer.clone());
    let token = issuer.token(1);
    let all = async {
        // In this order: the first request has the fetch.
        tokio::join!(status(&first, &token, 1), status(&second, &token, 2), layer.fetch_keys())
    };
    let done = tokio::time::timeout(Duration::from_secs(3), all).await.expect("nobody waits in vain");
    assert_eq!((done.0, done.1), (StatusCode::OK, StatusCode::OK));
    assert_eq!(issuer.gets.load(SeqCst), 1);
}

#[tokio::test]
async fn nobody_listening_is_503() {
    let issuer = Issuer {
        url: "http://127.0.0.1:9".into(),
        mood: Mutex::new(Mood::Good),
        gets: AtomicU32::new(0),
        keys: Mutex::default(),
    };
    let (app, layer, _) = issuer.app(|jwks| jwks);
    layer.fetch_keys().await;
    assert_eq!(status(&app, &issuer.token(1), 1).await, StatusCode::SERVICE_UNAVAILABLE);
}

#[test]
fn the_systems_certificates_make_a_fetcher() {
    // Where there are none at all it says so, and how to get some.
    if let Err(error) = KeyFetcher::new() {
        assert!(error.to_string().contains("ca-certificates"), "{error}");
    }
}
