//! The server as MCP Inspector's command line meets it: what it prints, and how it ends.
//!
//! `@modelcontextprotocol/inspector-cli` is what `npx @modelcontextprotocol/inspector --cli` runs, without the web pages;
//! 1.0.3, which this runs, works on Node 20; 2.x needs 22.

use doorward_tests::fixtures::{protected, token};
use doorward_tests::{ADMIN_KEY, Server, USER_KEY};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

const METHODS: &str = "[roles.user]\ntools = [\"whoami\"]\n\n[everybody]\nmethods = [\"tools/list\"]\n\n";
const SCOPES: &str = "[scopes.\"tokens:mint\"]\ntools = [\"generate-token\"]\n";

/// Runs it with a header.
fn inspect(server: &Server, (name, value): (&str, &str), method: &[&str]) -> Output {
    server.secret(value);
    let package = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/clients/typescript/node_modules/@modelcontextprotocol/inspector-cli/build"
    );
    assert!(Path::new(package).exists(), "the Inspector is not installed: run make deps");
    Command::new("node")
        // It looks for its own package.json from where it is run.
        .current_dir(package)
        .args(["cli.js", "--cli", &server.url(), "--transport", "http", "--method"])
        .args(method)
        .args(["--header", &format!("{name}: {value}")])
        .output()
        .expect("node can be run")
}

/// What it printed, when it ended well.
fn answered(run: &Output) -> Value {
    assert_eq!(run.status.code(), Some(0), "{run:?}");
    serde_json::from_slice(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"))
}

/// It printed nothing, and ended with 1, these words and the body of the refusal.
fn check_refused(run: &Output, words: &str, error: &str) {
    let stderr = String::from_utf8_lossy(&run.stderr);
    assert_eq!((run.status.code(), run.stdout.len()), (Some(1), 0), "{run:?}");
    assert!(stderr.contains(words) && stderr.contains(&format!("{{\"error\":\"{error}\",")), "{stderr}");
}

const LIST: [&str; 1] = ["tools/list"];
const WHOAMI: [&str; 3] = ["tools/call", "--tool-name", "whoami"];
const MINT: [&str; 5] = ["tools/call", "--tool-name", "generate-token", "--tool-arg", "userId=ben"];
const NOT_CONNECTED: &str = "Failed to connect to MCP server";
const NOT_CALLED: &str = "Failed to call tool generate-token";

#[test]
fn a_good_credential_lists_and_calls() {
    let server = protected().start();
    let bearer = format!("Bearer {}", token("anna").sign());
    let cases = [
        (("x-api-key", USER_KEY), "key:api-key-1", json!(["whoami"])),
        (("x-api-key", ADMIN_KEY), "key:admin-key-1", json!(["generate-token", "whoami"])),
        (("authorization", &*bearer), "jwt:https://issuer.example:anna", json!(["whoami"])),
    ];
    for (credential, id, tools) in cases {
        let listed = answered(&inspect(&server, credential, &LIST));
        let mut names: Vec<_> =
            listed["tools"].as_array().into_iter().flatten().map(|tool| tool["name"].clone()).collect();
        names.sort_by_key(Value::to_string);
        assert_eq!(json!(names), tools);
        let called = answered(&inspect(&server, credential, &WHOAMI));
        assert_eq!(called["structuredContent"]["id"], id, "{called}");
    }
}

#[test]
fn a_bad_or_expired_one_does_not_connect() {
    let server = protected().start();
    let tampered = format!("Bearer {}", token("anna").sign_then_claim("role", "admin"));
    let expired = format!("Bearer {}", token("anna").claim("exp", 1_700_000_000).sign());
    let cases = [
        (("x-api-key", "wrong-key-wrong-key"), "invalid_token"),
        (("authorization", &*tampered), "invalid_token"),
        (("authorization", &*expired), "invalid_token"),
        (("x-other", "nothing"), "unauthorized"),
    ];
    for (credential, error) in cases {
        check_refused(&inspect(&server, credential, &WHOAMI), NOT_CONNECTED, error);
    }
    for code in ["api_key_unknown", "signature_invalid", "token_expired", "credential_missing"] {
        assert_eq!(server.logged(code)["status"], 401);
    }
}

#[test]
fn what_is_out_of_reach_is_not_called() {
    let server = protected()
        .file("doorward.toml", &[METHODS, SCOPES].concat())
        .args(&["--config", "doorward.toml"])
        .start();
    let bearer = |scope: &str| format!("Bearer {}", token("anna").claim("scope", scope).sign());
    let (bare, mint) = (bearer("other"), bearer("tokens:mint"));
    check_refused(&inspect(&server, ("authorization", &bare), &MINT), NOT_CALLED, "insufficient_scope");
    let minted = answered(&inspect(&server, ("authorization", &mint), &MINT));
    assert_eq!(minted["structuredContent"]["userId"], "ben", "{minted}");

    let server = protected().start();
    check_refused(&inspect(&server, ("x-api-key", USER_KEY), &MINT), NOT_CALLED, "forbidden");
}

#[test]
fn who_calls_too_often_is_told_so() {
    // It sends initialize, a notification, the GET for a stream and the call.
    let server = protected().var("RATE_LIMIT_MAX", "5").start();
    let key = ("x-api-key", USER_KEY);
    answered(&inspect(&server, key, &WHOAMI));
    let run = inspect(&server, key, &WHOAMI);
    check_refused(&run, "Failed to", "rate_limited");
    assert_eq!(server.logged("principal_rate_limited")["status"], 429);
    let run = inspect(&server, key, &WHOAMI);
    check_refused(&run, NOT_CONNECTED, "rate_limited");
}
