//! Step-up: 403 `insufficient_scope`, and what clients do about it.

use super::{Protected, call_lines, connected, with_each};
use doorward_tests::authorization_server::What;
use doorward_tests::fixtures::unix;
use doorward_tests::oauth_client::Outcome;
use doorward_tests::{AuthorizationServer, OauthClient, Request, Sdk, mcp};
use serde_json::json;

/// All but 1.x of TypeScript.
const CURRENT: [Sdk; 4] = [Sdk::ALL[1], Sdk::ALL[2], Sdk::ALL[3], Sdk::ALL[4]];

pub(super) fn mint(client: &mut OauthClient) -> Outcome {
    client.call("generate-token", json!({ "userId": "ben" }))
}

/// What a client whose scopes don't suffice is told.
fn step_up(protected: &Protected) -> String {
    let rest = protected.challenge().replace("mcp:read", "mcp:admin");
    format!("Bearer error=\"insufficient_scope\", {rest}")
}

/// What that comes to.
pub(super) const STEPS: [&str; 4] =
    ["server tools/call 403", "issuer GET /authorize 302", "issuer POST /token 200", "server tools/call 200"];

#[test]
fn a_client_asks_for_what_it_lacks() {
    let issuer = AuthorizationServer::start();
    let protected = Protected::by(&issuer);
    with_each(&CURRENT, |sdk| {
        let [mut client] = connected(&[sdk], &protected.url()).try_into().ok().expect("one");
        assert_eq!(client.list().ok(), json!(["whoami"]), "{sdk:?}");
        let outcome = mint(&mut client);
        assert_eq!(call_lines(&outcome), STEPS, "{sdk:?}");
        assert_eq!(outcome.challenges(), [step_up(&protected)], "{sdk:?}");
        assert_eq!(outcome.ok()["userId"], "ben", "{sdk:?}");
        assert_eq!(
            client.held_scope().as_deref(),
            Some("mcp:read mcp:admin"),
            "{sdk:?}: what it had, and more"
        );
        assert_eq!(call_lines(&mint(&mut client)), ["server tools/call 200"], "{sdk:?}: once is enough");
        assert_eq!(client.whoami().ok()["scopes"], json!(["mcp:read", "mcp:admin"]), "{sdk:?}");
        assert_eq!(client.list().ok(), json!(["generate-token", "whoami"]), "{sdk:?}");
    });
    assert_eq!(issuer.count(What::Register), CURRENT.len(), "each is known from the first time");
    let _ = protected.server().logged("scope_insufficient");
}

/// 1.x of TypeScript asks for the challenge's scopes alone, not for those it has as well: with a scope that implies the
/// other, nothing is lost by that. And where it holds a refresh token, it refreshes instead of asking, which brings no
/// further scope (RFC 6749 §6), and gives up.
#[test]
fn typescript_1_asks_only_without_a_refresh_token() {
    let issuer = AuthorizationServer::start();
    let protected = Protected::by(&issuer);
    let [mut client] = connected(&[Sdk::TypeScript1], &protected.url()).try_into().ok().expect("one");
    let outcome = mint(&mut client);
    assert_eq!(
        call_lines(&outcome),
        ["server tools/call 403", "issuer POST /token 200", "server tools/call 403"]
    );
    assert_eq!(outcome.challenges(), [step_up(&protected), step_up(&protected)], "the same each time");
    assert!(outcome.error().contains("403 after trying upscoping"), "{outcome:?}");
    assert_eq!((issuer.count(What::Refresh), client.held_scope().as_deref()), (1, Some("mcp:read")));
    client.whoami().ok();

    issuer.adjust(|settings| settings.refreshes = false);
    let [mut client] = connected(&[Sdk::TypeScript1], &protected.url()).try_into().ok().expect("one");
    let outcome = mint(&mut client);
    assert_eq!(call_lines(&outcome), STEPS);
    outcome.ok();
    assert_eq!(client.held_scope().as_deref(), Some("mcp:admin"));
    assert_eq!(client.whoami().ok()["scopes"], json!(["mcp:admin"]), "which implies the other");
}

/// Whoever does not get consent is not admitted, and does not ask for ever. With 2.x of TypeScript, whose every redirect is
/// the application's to follow, so is the end: this one follows one.
#[test]
fn no_consent_no_call() {
    let issuer = AuthorizationServer::start();
    let protected = Protected::by(&issuer);
    issuer.adjust(|settings| {
        settings.consent = Some(vec!["mcp:read".into()]);
        settings.refreshes = false;
    });
    with_each(&Sdk::ALL, |sdk| {
        let [mut client] = connected(&[sdk], &protected.url()).try_into().ok().expect("one");
        let outcome = mint(&mut client);
        let mut steps = vec![STEPS[0], STEPS[1], STEPS[2], STEPS[0]];
        if matches!(sdk, Sdk::TypeScript2(_)) {
            steps.push(STEPS[1]);
        }
        assert_eq!(call_lines(&outcome), steps, "{sdk:?}: asked for once");
        assert!(!outcome.error().is_empty(), "{sdk:?}");
        client.whoami().ok();
    });
}

/// Expiry comes before scope: who is told to step up has a token that is good.
#[test]
fn an_expired_token_with_too_few_scopes_is_401() {
    let issuer = AuthorizationServer::start();
    let protected = Protected::by(&issuer);
    let claims = |exp: u64| json!({ "iss": issuer.issuer(), "aud": protected.url(), "sub": "anna", "scope": "mcp:read", "exp": exp });
    let call = mcp::call("generate-token", json!({ "userId": "ben" }));
    let send =
        |exp: u64| protected.server().send(&Request::post(call.clone()).bearer(&issuer.sign(&claims(exp))));
    let expired = send(unix() - 1);
    let challenge = format!("Bearer error=\"invalid_token\", {}", protected.challenge());
    assert_eq!((expired.status, expired.header("www-authenticate")), (401, Some(challenge.as_str())));
    let good = send(unix() + 600);
    assert_eq!((good.status, good.header("www-authenticate")), (403, Some(step_up(&protected).as_str())));
    assert_eq!(good.json()["error"], "insufficient_scope");
}
