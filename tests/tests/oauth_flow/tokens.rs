//! Tokens that end, and tokens that are another's.

use super::{Protected, call_lines, connected, with_each};
use doorward_tests::authorization_server::What;
use doorward_tests::{AuthorizationServer, OauthClient, Sdk};
use serde_json::json;
use std::thread;
use std::time::Duration;

/// The life of a token that ends while a client is at work: long enough to connect on a machine that is busy.
const SHORT: u64 = 12;

fn live_through_them() {
    thread::sleep(Duration::from_secs(SHORT) + Duration::from_millis(500));
}

#[test]
fn a_token_that_ended_is_refreshed() {
    let issuer = AuthorizationServer::start();
    let protected = Protected::by(&issuer);
    issuer.adjust(|settings| settings.lifetime = SHORT);
    let mut clients = connected(&Sdk::EACH, &protected.url());
    issuer.adjust(|settings| settings.lifetime = 600);
    live_through_them();
    for client in &mut clients {
        let outcome = client.whoami();
        let mut expected = vec!["issuer POST /token 200", "server tools/call 200"];
        // The Python SDK knows when its token ends, the others are told.
        if !matches!(client.sdk, Sdk::Python(_)) {
            expected.insert(0, "server tools/call 401");
            let challenge = format!("Bearer error=\"invalid_token\", {}", protected.challenge());
            assert_eq!(outcome.challenges(), [challenge], "{:?}", client.sdk);
        }
        assert_eq!(call_lines(&outcome), expected, "{:?}", client.sdk);
        let who = outcome.ok();
        assert_eq!(who["id"], json!(format!("jwt:{}:anna", issuer.issuer())), "the same principal");
        assert_eq!(client.held_scope().as_deref(), Some("mcp:read"));
    }
    assert_eq!((issuer.count(What::Exchange), issuer.count(What::Refresh)), (3, 3));
    let _ = protected.server().logged("token_expired");
}

/// Where the issuer has forgotten the refresh token too, consent is asked for again.
#[test]
fn a_user_who_logged_out_authorizes_anew() {
    let issuer = AuthorizationServer::start();
    let protected = Protected::by(&issuer);
    issuer.adjust(|settings| settings.lifetime = SHORT);
    let mut clients = connected(&Sdk::EACH, &protected.url());
    issuer.adjust(|settings| settings.lifetime = 600);
    issuer.forget_refresh_tokens();
    live_through_them();
    for client in &mut clients {
        let outcome = client.whoami();
        let lines = call_lines(&outcome);
        let order = [
            "issuer POST /token 400",
            "issuer GET /authorize 302",
            "issuer POST /token 200",
            "server tools/call 200",
        ];
        let places: Vec<_> = order.iter().map(|line| lines.iter().position(|one| one == line)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{:?}: {lines:?}", client.sdk);
        assert!(
            !lines.contains(&"issuer POST /register 201".to_owned()),
            "{:?}: it is known there",
            client.sdk
        );
        outcome.ok();
    }
    assert_eq!((issuer.count(What::Authorize), issuer.count(What::Refresh)), (6, 3));
}

/// An issuer that makes tokens for somebody else: good ones, but not for here (RFC 8707 §2.2).
#[test]
fn a_token_for_another_server_is_refused() {
    let issuer = AuthorizationServer::start();
    let protected = Protected::by(&issuer);
    issuer.adjust(|settings| settings.audience = Some("https://other.example/mcp".into()));
    with_each(&Sdk::ALL, |sdk| {
        let mut client = OauthClient::start(sdk, &protected.url());
        let outcome = client.connect();
        let challenges = outcome.challenges();
        assert!(challenges.len() >= 2, "{sdk:?}: {challenges:?}");
        assert_eq!(challenges[0], format!("Bearer {}", protected.challenge()), "{sdk:?}");
        for challenge in &challenges[1..] {
            assert_eq!(
                *challenge,
                format!("Bearer error=\"invalid_token\", {}", protected.challenge()),
                "{sdk:?}"
            );
        }
        // It gives up instead of asking for ever.
        let tokens = outcome.lines().iter().filter(|line| line.contains("/token")).count();
        assert!((1..=2).contains(&tokens) && !outcome.error().is_empty(), "{sdk:?}: {:?}", outcome.lines());
    });
    let _ = protected.server().logged("audience_mismatch");
    assert!(!protected.server().log().contains("\"admitted\""), "nobody came in");
    issuer.adjust(|settings| settings.audience = None);
    connected(&[Sdk::TypeScript1], &protected.url());
}
