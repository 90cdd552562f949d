//! It says yes to what is right and no to the rest: else no client's success against it would mean anything.

use super::*;
use crate::http::{Answer, Connection, Request};
use crate::jwt::{claims, encode};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

const REDIRECT: &str = "http://127.0.0.1:1/callback";
const RESOURCE: &str = "http://127.0.0.1:2/mcp";
const VERIFIER: &str = "a verifier of at least forty-three characters, for PKCE";

impl AuthorizationServer {
    fn send(&self, request: &Request) -> Answer {
        Connection::open(self.address).and_then(|mut to| to.send(request)).expect("it answers")
    }

    fn register(&self, uri: &str) -> Answer {
        let body = json!({ "redirect_uris": [uri] }).to_string();
        self.send(&Request::new("POST", "/register").header("content-type", "application/json").body(body))
    }

    fn client(&self) -> String {
        let answer = self.register(REDIRECT);
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["client_id"].as_str().expect("an id").to_owned()
    }

    /// What the redirect says.
    fn authorize(&self, fields: &[(&str, &str)]) -> BTreeMap<String, String> {
        let answer = self.send(&Request::get(&format!("/authorize?{}", form(fields))));
        assert_eq!(answer.status, 302, "{answer:?}");
        let query =
            answer.header("location").and_then(|to| to.strip_prefix(REDIRECT)).expect("to the client");
        form_urlencoded::parse(&query.as_bytes()[1..]).into_owned().collect()
    }

    fn token_for(&self, fields: &[(&str, &str)]) -> Answer {
        let request = Request::new("POST", "/token").body(form(fields));
        self.send(&request.header("content-type", "application/x-www-form-urlencoded"))
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn challenge() -> String {
    encode(Sha256::digest(VERIFIER))
}

fn request<'a>(client: &'a str, challenge: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", REDIRECT),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
        ("state", "a state & more"),
        ("scope", "mcp:read mcp:admin"),
        ("resource", RESOURCE),
    ]
}

fn exchange<'a>(client: &'a str, code: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("code", code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", REDIRECT),
        ("resource", RESOURCE),
    ]
}

fn with<'a>(mut fields: Vec<(&'a str, &'a str)>, name: &str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    fields.iter_mut().find(|(one, _)| *one == name).expect("a field that is there").1 = value;
    fields
}

fn error(answer: &Answer) -> String {
    assert_eq!(answer.status, 400, "{answer:?}");
    answer.json()["error"].as_str().expect("a code").to_owned()
}

#[test]
fn a_client_gets_what_it_is_due_once() {
    let server = AuthorizationServer::start();
    let (client, challenge) = (server.client(), challenge());
    let back = server.authorize(&request(&client, &challenge));
    assert_eq!((&back["iss"], &back["state"]), (&server.issuer(), &"a state & more".to_owned()));
    let answer = server.token_for(&exchange(&client, &back["code"]));
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{answer:?}");
    let body = answer.json();
    assert_eq!((&body["scope"], &body["expires_in"]), (&json!("mcp:read mcp:admin"), &json!(600)));
    let token = claims(body["access_token"].as_str().expect("a token"));
    assert_eq!(
        (&token["iss"], &token["aud"], &token["sub"], &token["scope"]),
        (&json!(server.issuer()), &json!(RESOURCE), &json!("anna"), &json!("mcp:read mcp:admin"))
    );
    assert_eq!(error(&server.token_for(&exchange(&client, &back["code"]))), "invalid_grant", "used up");

    let refresh = body["refresh_token"].as_str().expect("a refresh token");
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", &client),
        ("refresh_token", refresh),
        ("resource", RESOURCE),
    ];
    assert_eq!(server.token_for(&fields).status, 200);
    assert_eq!(error(&server.token_for(&fields)), "invalid_grant", "used up");
    let what: Vec<(What, u16)> = server.asked().iter().map(|asked| (asked.what, asked.status)).collect();
    assert_eq!(
        what,
        [
            (What::Register, 201),
            (What::Authorize, 302),
            (What::Exchange, 200),
            (What::Exchange, 400),
            (What::Refresh, 200),
            (What::Refresh, 400),
        ]
    );
}

#[test]
fn nobody_gets_a_code_who_asks_in_the_wrong_way() {
    let server = AuthorizationServer::start();
    assert_eq!(error(&server.register("https://evil.example/")), "invalid_redirect_uri");
    let (client, challenge) = (server.client(), challenge());
    for (name, value) in [("client_id", "nobody"), ("redirect_uri", "http://127.0.0.1:9/other")] {
        let fields = with(request(&client, &challenge), name, value);
        let answer = server.send(&Request::get(&format!("/authorize?{}", form(&fields))));
        assert_eq!(error(&answer), "invalid_request", "{name}: not even a redirect");
    }
    for (name, value, code) in [
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("resource", "", "invalid_target"),
    ] {
        let back = server.authorize(&with(request(&client, &challenge), name, value));
        assert_eq!((back.get("error").map(String::as_str), back.get("code")), (Some(code), None), "{name}");
    }
}

#[test]
fn a_code_is_for_who_asked_for_it() {
    let server = AuthorizationServer::start();
    let (client, other, challenge) = (server.client(), server.client(), challenge());
    for (name, value, code) in [
        ("code_verifier", "another verifier of at least forty-three characters", "invalid_grant"),
        ("redirect_uri", "http://127.0.0.1:9/other", "invalid_grant"),
        ("client_id", &other, "invalid_grant"),
        ("client_id", "nobody", "invalid_client"),
        ("resource", "http://127.0.0.1:3/mcp", "invalid_target"),
        ("grant_type", "password", "unsupported_grant_type"),
    ] {
        let back = server.authorize(&request(&client, &challenge));
        let fields = with(exchange(&client, &back["code"]), name, value);
        assert_eq!(error(&server.token_for(&fields)), code, "{name}");
    }
}

#[test]
fn it_rotates_consents_in_part_and_can_be_down() {
    let server = AuthorizationServer::start();
    let kids = || {
        let set = server.send(&Request::get("/keys")).json();
        let keys = set["keys"].as_array().expect("keys").clone();
        keys.iter().map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(kids(), ["key-1"]);
    server.rotate();
    assert_eq!(kids(), ["key-1", "key-2"]);
    server.withdraw_old_keys();
    assert_eq!(kids(), ["key-2"]);

    server.adjust(|settings| settings.consent = Some(vec!["mcp:read".into()]));
    let (client, challenge) = (server.client(), challenge());
    let back = server.authorize(&request(&client, &challenge));
    let answer = server.token_for(&exchange(&client, &back["code"]));
    assert_eq!(answer.json()["scope"], "mcp:read");

    let mut open = Connection::open(server.address).expect("it is up");
    assert_eq!(open.send(&Request::get("/keys")).expect("it is up").status, 200);
    server.go_down();
    assert!(open.is_closed() && Connection::open(server.address).is_err());
    server.come_up();
    assert_eq!(kids(), ["key-2"], "it is as it was");
    assert_eq!(server.count(What::Keys), 5);
}
