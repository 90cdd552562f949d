//! Issuers' keys while clients are at work: rotation, withdrawal, outages.

use super::scopes::{STEPS, mint};
use super::{Protected, call_lines, connected, with_each};
use doorward_tests::authorization_server::What;
use doorward_tests::{AuthorizationServer, OauthClient, Request, Sdk, mcp};
use serde_json::json;
use std::thread;
use std::time::{Duration, Instant};

/// How long after a fetch of keys the next one may begin, and a little more.
const COOLDOWN: Duration = Duration::from_millis(30_500);

fn sleep_until(then: Instant) {
    thread::sleep(then.saturating_duration_since(Instant::now()));
}

fn whoami(token: &str) -> Request {
    Request::post(mcp::whoami()).bearer(token)
}

/// Side by side, for each waits until keys may be fetched again.
#[test]
fn keys_change_while_clients_are_at_work() {
    thread::scope(|scope| {
        for scenario in
            [rotation_in_mid_flight, withdrawal_in_mid_flight, clients_keep_their_tokens_through_503]
        {
            scope.spawn(scenario);
        }
    });
}

/// The issuer signs by a new key from one token to the next, and nobody at a client notices.
fn rotation_in_mid_flight() {
    let issuer = AuthorizationServer::start();
    let protected = Protected::by(&issuer);
    let cooled_down = Instant::now() + COOLDOWN;
    // 1.x of TypeScript steps up only without them: see `scopes`.
    issuer.adjust(|settings| settings.refreshes = false);
    let mut clients = connected(&Sdk::EACH, &protected.url());
    issuer.rotate();
    for client in &mut clients {
        let outcome = client.whoami();
        assert_eq!(
            call_lines(&outcome),
            ["server tools/call 200"],
            "{:?}: the old key is good still",
            client.sdk
        );
        outcome.ok();
    }
    assert_eq!(issuer.count(What::Keys), 1, "nobody needs the new one yet");
    sleep_until(cooled_down);
    thread::scope(|scope| {
        for client in &mut clients {
            // Its next token is of the new key.
            scope.spawn(|| {
                let outcome = mint(client);
                assert_eq!(call_lines(&outcome), STEPS, "{:?}", client.sdk);
                outcome.ok();
                client.whoami().ok();
            });
        }
    });
    assert_eq!(issuer.count(What::Keys), 2, "one fetch for all of them");
}

/// Tokens of keys that nobody knows cost the issuer nothing: one fetch a cool-down.
#[test]
fn unknown_keys_are_not_fetched_at_once() {
    let issuer = AuthorizationServer::start();
    let protected = Protected::by(&issuer);
    for _ in 0..5 {
        issuer.rotate();
        let answer = protected.server().send(&whoami(&issuer.token(&protected.url(), "mcp:read")));
        assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_token")), "{answer:?}");
    }
    let _ = protected.server().logged("key_not_found");
    assert_eq!(issuer.count(What::Keys), 1);
}

/// A key is withdrawn: what it signed is refused, though it has not ended, and clients recover by themselves.
fn withdrawal_in_mid_flight() {
    let issuer = AuthorizationServer::start();
    let protected = Protected::by(&issuer);
    let cooled_down = Instant::now() + COOLDOWN;
    let mut clients = connected(&Sdk::EACH, &protected.url());
    let url = protected.url();
    let old = issuer.token(&url, "mcp:read");
    issuer.rotate();
    issuer.withdraw_old_keys();
    assert_eq!(protected.server().send(&whoami(&old)).status, 200, "the server has not heard of it");
    sleep_until(cooled_down);
    let new = issuer.token(&url, "mcp:read");
    assert_eq!(protected.server().send(&whoami(&new)).status, 200, "it hears by the new one");
    assert_eq!(protected.server().send(&whoami(&old)).status, 401, "remembered or not");
    for client in &mut clients {
        let outcome = client.whoami();
        // The Python SDK refreshes only what ended by its own clock; what is refused before that, it authorizes anew.
        let steps: &[&str] = if matches!(client.sdk, Sdk::Python(_)) {
            &[
                "server GET /.well-known/oauth-protected-resource/mcp 200",
                "issuer GET /.well-known/oauth-authorization-server 200",
                "issuer GET /authorize 302",
                "issuer POST /token 200",
            ]
        } else {
            &["issuer POST /token 200"]
        };
        let expected = [&["server tools/call 401"], steps, &["server tools/call 200"]].concat();
        assert_eq!(call_lines(&outcome), expected, "{:?}", client.sdk);
        outcome.ok();
    }
    assert_eq!(issuer.count(What::Keys), 2);
    assert_eq!((issuer.count(What::Exchange), issuer.count(What::Refresh)), (4, 2));
}

#[test]
fn an_issuer_that_is_down_stops_nobody_who_is_in() {
    let issuer = AuthorizationServer::start();
    let protected = Protected::by(&issuer);
    let mut clients = connected(&Sdk::EACH, &protected.url());
    let not_seen = issuer.token(&protected.url(), "mcp:read");
    issuer.go_down();
    for client in &mut clients {
        let outcome = client.whoami();
        assert_eq!(call_lines(&outcome), ["server tools/call 200"], "{:?}", client.sdk);
        outcome.ok();
        // Everything from the beginning, with the token it has.
        client.connect().ok();
        client.list().ok();
    }
    let answer = protected.server().send(&whoami(&not_seen));
    assert_eq!(answer.status, 200, "the keys are good, whatever the token: {answer:?}");
    with_each(&Sdk::EACH, |sdk| {
        let mut newcomer = OauthClient::start(sdk, &protected.url());
        let outcome = newcomer.connect();
        // There is nowhere to get a token, which is not for the server to hide.
        let lines = outcome.lines();
        let first = if sdk.is_modern() { "server/discover" } else { "initialize" };
        assert_eq!(lines[0], format!("server {first} 401"), "{sdk:?}");
        assert!(
            lines.iter().any(|line| line.starts_with("issuer GET") && line.ends_with(" 0")),
            "{sdk:?}: {lines:?}"
        );
        assert!(!outcome.error().is_empty() && newcomer.held_scope().is_none(), "{sdk:?}: {outcome:?}");
    });
    issuer.come_up();
    for sdk in Sdk::EACH {
        let mut newcomer = OauthClient::start(sdk, &protected.url());
        newcomer.connect().ok();
        newcomer.whoami().ok();
    }
}

/// A server that begins while its issuer is down can tell good tokens from bad ones by nothing: 503, and clients keep
/// what they have.
fn clients_keep_their_tokens_through_503() {
    let issuer = AuthorizationServer::start();
    let mut protected = Protected::by(&issuer);
    let mut clients = connected(&Sdk::EACH, &protected.url());
    issuer.go_down();
    protected.restart();
    let _ = protected.server().logged("no key set fetched");
    let cooled_down = Instant::now() + COOLDOWN;
    for client in &mut clients {
        let outcome = client.whoami();
        assert_eq!(call_lines(&outcome), ["server tools/call 503"], "{:?}", client.sdk);
        assert!(outcome.challenges().is_empty(), "{:?}: nothing to authorize anew for", client.sdk);
        assert!(!outcome.error().is_empty());
        assert_eq!(client.held_scope().as_deref(), Some("mcp:read"), "{:?}", client.sdk);
    }
    issuer.come_up();
    sleep_until(cooled_down);
    for client in &mut clients {
        let outcome = client.whoami();
        assert_eq!(call_lines(&outcome), ["server tools/call 200"], "{:?}: the very token", client.sdk);
        outcome.ok();
    }
    assert_eq!((issuer.count(What::Exchange), issuer.count(What::Refresh)), (3, 0));
}
