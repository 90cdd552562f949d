//! The published MCP conformance tool against the real server, with the credential that the tool can't send added by a proxy on
//! loopback (`tests/clients/typescript/conformance.mjs`).
//!
//! Here are the scenarios that ask for nothing of the server's own; those that call the tool's test tools, read its resources
//! and get its prompts are in `adapter-axum/tests/conformance`, against a server that has them.

use doorward_tests::USER_KEY;
use doorward_tests::fixtures::protected;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const SCENARIOS: [&str; 4] = ["server-initialize", "ping", "tools-list", "dns-rebinding-protection"];

fn run(url: &str, key: &str) -> Value {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/clients/typescript"));
    let installed = folder.join("node_modules/@modelcontextprotocol/conformance");
    assert!(installed.exists(), "the conformance tool is not installed: run make deps");
    let run = Command::new("node")
        .arg(folder.join("conformance.mjs"))
        .args(["--url", url])
        .args(SCENARIOS.iter().flat_map(|scenario| ["--scenario", scenario]))
        .env("DOORWARD_TEST_HEADER", format!("x-api-key: {key}"))
        .output()
        .expect("node is there");
    assert_eq!(run.status.code(), Some(0), "{run:?}");
    serde_json::from_slice(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"))
}

#[test]
fn the_server_passes_what_asks_for_no_tools_of_the_conformance_tools_own() {
    let server = protected().start();
    server.secret(USER_KEY);
    let passed: serde_json::Map<_, _> =
        SCENARIOS.iter().map(|name| ((*name).to_owned(), json!([]))).collect();
    assert_eq!(run(&server.url(), USER_KEY), Value::Object(passed));
}

#[test]
fn with_another_credential_none_passes() {
    let server = protected().start();
    let found = run(&server.url(), "another-key");
    for scenario in SCENARIOS {
        assert!(found[scenario].as_array().is_some_and(|failed| !failed.is_empty()), "{scenario}: {found}");
    }
}
