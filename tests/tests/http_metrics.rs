//! Counters of the server: on a listener of their own, on loopback, and off unless asked for.

use doorward_tests::fixtures::{ADMIN_KEY, USER_KEY, protected};
use doorward_tests::http::{Connection, Request};
use doorward_tests::mcp;
use serde_json::{Value, json};
use std::net::SocketAddr;

#[test]
fn counters_are_served_apart_and_hold_no_secret() {
    let server = protected().var("METRICS_ADDR", "127.0.0.1:0").start();
    let said: Value = server.logged("counters are served");
    let address: SocketAddr = said["address"].as_str().expect("an address").parse().expect("an address");
    assert!(address.ip().is_loopback() && address != server.address);
    for _ in 0..2 {
        assert_eq!(server.send(&Request::post(mcp::whoami()).key(USER_KEY)).status, 200);
    }
    assert_eq!(server.send(&Request::post(mcp::call("x", json!({}))).key(USER_KEY)).status, 403);
    assert_eq!(server.send(&Request::post(mcp::whoami()).key("nobody-knows-this-key")).status, 401);
    let ask = |request: &Request| {
        let mut connection = Connection::open(address).expect("counters are served");
        connection.send(request).expect("an answer")
    };
    let text = ask(&Request::get("/metrics")).text();
    for line in [
        r#"doorward_decisions_total{decision="admitted",code="admitted",auth="api_key",kind="tool"} 2"#,
        r#"doorward_decisions_total{decision="denied",code="policy_forbidden",auth="api_key",kind="tool"} 1"#,
        r#"doorward_decisions_total{decision="denied",code="api_key_unknown",auth="none",kind="none"} 1"#,
        "doorward_streams_open 0",
    ] {
        assert!(text.lines().any(|one| one == line), "{line} is not in {text}");
    }
    for secret in [USER_KEY, ADMIN_KEY, "nobody-knows-this-key", "key:api-key-1", "whoami"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    // Neither does the one serve what the other does.
    assert_eq!(server.send(&Request::get("/metrics")).status, 404);
    assert_eq!(ask(&Request::post(mcp::whoami()).key(USER_KEY)).status, 404);
    let rebound = Request::get("/metrics").without("host").header("host", "evil.example");
    assert_eq!(ask(&rebound).status, 403);
}

#[test]
fn counters_are_off_by_default() {
    let server = protected().start();
    assert_eq!(server.send(&Request::post(mcp::whoami()).key(USER_KEY)).status, 200);
    assert_eq!(server.send(&Request::get("/metrics")).status, 404);
    server.signal("TERM");
    assert!(!server.wait().stderr.contains("counters are served"));
}
