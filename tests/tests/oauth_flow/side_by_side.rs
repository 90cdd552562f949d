//! API keys, tokens of our own and those of two issuers, at one server: each comes in by itself, is somebody of their own,
//! and spends from a bucket of their own.

use super::{Protected, connected, with_each};
use doorward_tests::authorization_server::What;
use doorward_tests::fixtures::{ADMIN_KEY, ISSUER, USER_KEY, unix};
use doorward_tests::{Answer, AuthorizationServer, OauthClient, Request, Sdk, Token, mcp};
use serde_json::json;

/// Keys as they are without OAuth.
const ROLES: &str = r#"
[roles.user]
tools = ["whoami"]

[roles.admin]
tools = ["*"]
"#;

fn settings() -> String {
    format!("api_keys = [\"{USER_KEY}\"]\nadmin_api_keys = [\"{ADMIN_KEY}\"]\n")
}

fn own_token(role: &str) -> String {
    Token::new(json!({ "iss": ISSUER, "sub": "anna", "role": role, "exp": unix() + 600 })).sign()
}

fn call(protected: &Protected, with: impl FnOnce(Request) -> Request) -> Answer {
    protected.server().send(&with(Request::post(mcp::whoami())))
}

#[test]
fn everybody_has_an_id_and_a_bucket_of_their_own() {
    let (a, b) = (AuthorizationServer::start(), AuthorizationServer::start());
    let few = "rate_limit_max = 2\nrate_limit_window_ms = 3600000\n";
    let protected = Protected::with(&[&a, &b], &(settings() + few), ROLES);
    let url = protected.url();
    let credentials = [
        (a.token(&url, "mcp:read"), format!("jwt:{}:anna", a.issuer())),
        (b.token(&url, "mcp:read"), format!("jwt:{}:anna", b.issuer())),
        (own_token("user"), format!("jwt:{ISSUER}:anna")),
        (USER_KEY.to_owned(), "key:api-key-1".to_owned()),
        (ADMIN_KEY.to_owned(), "key:admin-key-1".to_owned()),
    ];
    for left in [1, 0] {
        for (credential, id) in &credentials {
            let answer = call(&protected, |request| request.bearer(credential));
            assert_eq!(answer.number("x-ratelimit-remaining"), left, "{id}: {answer:?}");
            assert_eq!(&mcp::result(&answer)["id"], id);
        }
    }
    for (credential, id) in &credentials {
        let answer = call(&protected, |request| request.bearer(credential));
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (429, &json!("rate_limited")),
            "{id}: {answer:?}"
        );
    }
    let document = protected.server().send(&Request::get("/.well-known/oauth-protected-resource/mcp")).json();
    assert_eq!(
        document["authorization_servers"],
        json!([a.issuer(), b.issuer()]),
        "our own tokens are of none"
    );
}

#[test]
fn one_credential_a_request_and_no_second_chance() {
    let issuer = AuthorizationServer::start();
    let protected = Protected::with(&[&issuer], &settings(), ROLES);
    let token = issuer.token(&protected.url(), "mcp:read");
    let both = call(&protected, |request| request.bearer(&token).key(USER_KEY));
    assert_eq!((both.status, &both.json()["error"]), (400, &json!("invalid_request")), "{both:?}");
    let challenge = format!("Bearer error=\"invalid_token\", {}", protected.challenge());
    for refused in [
        call(&protected, |request| request.key("no-key-of-anybody-here")),
        call(&protected, |request| request.bearer(&issuer.token("https://other.example/mcp", "mcp:read"))),
        // The issuer's name under our own secret.
        call(&protected, |request| {
            request.bearer(
                &Token::new(json!({ "iss": issuer.issuer(), "sub": "anna", "exp": unix() + 600 })).sign(),
            )
        }),
    ] {
        assert_eq!(
            (refused.status, refused.header("www-authenticate")),
            (401, Some(challenge.as_str())),
            "{refused:?}"
        );
    }
    // What each may do is its own: roles by keys and by our tokens, scopes by the issuer's.
    let mint = |credential: &str| {
        let body = mcp::call("generate-token", json!({ "userId": "ben" }));
        let answer = protected.server().send(&Request::post(body).bearer(credential));
        (answer.status, answer.header("www-authenticate").map(str::to_owned))
    };
    assert_eq!((mint(ADMIN_KEY).0, mint(&own_token("admin")).0), (200, 200));
    assert_eq!(mint(&issuer.token(&protected.url(), "mcp:admin")).0, 200);
    for less in [USER_KEY.to_owned(), own_token("user"), token] {
        let (status, challenge) = mint(&less);
        assert_eq!(status, 403);
        // What a scope would help is told to everybody alike.
        assert!(challenge.is_some_and(|text| text.contains("scope=\"mcp:admin\"")));
    }
}

/// A client that could do OAuth, and has a key: it never comes to it. Beside it, others do.
#[test]
fn a_client_with_a_key_is_not_sent_to_the_issuer() {
    let issuer = AuthorizationServer::start();
    let protected = Protected::with(&[&issuer], &settings(), ROLES);
    with_each(&Sdk::EACH, |sdk| {
        protected.server().secret(USER_KEY);
        let mut client = OauthClient::with_header(sdk, &protected.url(), &format!("x-api-key: {USER_KEY}"));
        let outcome = client.connect();
        assert!(
            outcome.challenges().is_empty() && outcome.lines().iter().all(|line| line.starts_with("server "))
        );
        outcome.ok();
        let who = client.whoami().ok();
        assert_eq!((&who["id"], &who["method"]), (&json!("key:api-key-1"), &json!("api_key")), "{sdk:?}");
        assert_eq!(client.held_scope(), None, "{sdk:?}");
    });
    assert_eq!((issuer.count(What::Register), issuer.count(What::Exchange)), (0, 0));
    for mut client in connected(&Sdk::EACH, &protected.url()) {
        assert_eq!(client.whoami().ok()["method"], "jwt", "{:?}", client.sdk);
    }
}
