//! The published MCP conformance tool's server scenarios, against rmcp's stateful server behind the guard: sessions are bound, and a
//! loopback proxy adds the credential that the tool can't send.
//!
//! What can't pass is listed with its reason, and the list is checked both ways. It needs Node and `make deps`.

mod server;

use axum::Router;
use doorward::api_keys::{ApiKey, ApiKeys};
use doorward::gate::{Gate, SessionKey};
use doorward::policy::{Grants, Policy};
use doorward::rate::Quota;
use doorward_axum::GuardLayer;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::Value;
use server::Scenarios;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const KEY: &str = "the-key-of-the-conformance-tool";
/// Scenarios with checks that fail or warn, and why.
const FAILING: &[(&str, &[&str], &str)] = &[(
    "server-sse-polling",
    &["server-sse-disconnect-resume"],
    "a warning for want of the tool test_reconnection: with rmcp 3.9 no tool can close its own stream",
)];

/// Every tool, resource and prompt by name, and nothing else: the scenarios pass under a policy, not in spite of none.
fn policy() -> Policy {
    let user = Grants::new()
        .tools(["test_*", "json_schema_2020_12_tool"])
        .resources(["test://*"])
        .prompts(["test_*"]);
    Policy::new().role("user", user)
}

async fn serve() -> SocketAddr {
    let keys = ApiKeys::builder().add(KEY, ApiKey::new("tool").role("user")).build_random().unwrap();
    let gate = Gate::builder()
        .api_keys(keys)
        .policy(policy())
        .sessions(SessionKey::random().unwrap())
        .principal_quota(Quota::per(10_000, Duration::from_secs(60)).unwrap())
        .slots(64, 64);
    let gate = Arc::new(gate.build_random().unwrap());
    let service = StreamableHttpService::new(
        || Ok(Scenarios),
        Arc::new(LocalSessionManager::default()),
        // The gate's own checks of Host and Origin are what the scenario is to meet.
        StreamableHttpServerConfig::default().disable_allowed_hosts().disable_allowed_origins(),
    );
    let app = Router::new().route_service("/mcp", service).layer(GuardLayer::new(gate));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

/// Runs all scenarios: those by name, each with the checks that failed or warned.
async fn scenarios(address: SocketAddr, key: &str) -> BTreeMap<String, BTreeSet<String>> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/clients/typescript"));
    assert!(
        folder.join("node_modules/@modelcontextprotocol/conformance").exists(),
        "not installed: make deps"
    );
    let run = tokio::process::Command::new("node")
        .arg(folder.join("conformance.mjs"))
        .args(["--url", &format!("http://{address}/mcp")])
        .env("DOORWARD_TEST_HEADER", format!("x-api-key: {key}"))
        .kill_on_drop(true)
        .output();
    let run =
        tokio::time::timeout(Duration::from_secs(300), run).await.expect("in time").expect("node is there");
    assert!(run.status.success(), "{run:?}");
    let told: Value = serde_json::from_slice(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"));
    serde_json::from_value(told).expect("scenarios with their failures")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_scenarios_pass_behind_the_guard() {
    let found = scenarios(serve().await, KEY).await;
    assert!(found.len() >= 30, "only {} scenarios: {found:#?}", found.len());
    assert!(found.contains_key("dns-rebinding-protection"));
    let failed: BTreeMap<_, _> = found.into_iter().filter(|(_, failed)| !failed.is_empty()).collect();
    let expected: BTreeMap<_, _> = FAILING
        .iter()
        .map(|(scenario, checks, _)| {
            ((*scenario).to_owned(), checks.iter().map(|check| (*check).to_owned()).collect())
        })
        .collect();
    assert_eq!(failed, expected, "a scenario that fails, or passes, unexpectedly");
}

/// So that the test above could fail: with another credential, none passes.
#[tokio::test(flavor = "multi_thread")]
async fn no_scenario_passes_without_the_credential() {
    let found = scenarios(serve().await, "another-key").await;
    assert!(found.len() >= 30, "only {} scenarios: {found:#?}", found.len());
    let passed: Vec<_> = found.iter().filter(|(_, failed)| failed.is_empty()).map(|(name, _)| name).collect();
    assert!(passed.is_empty(), "{passed:?}");
}
