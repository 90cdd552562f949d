//! A body through the gate: what is admitted, another JSON parser must read as something that is allowed.
#![no_main]

use doorward::Now;
use doorward::api_keys::{ApiKey, ApiKeys};
use doorward::gate::{Body, Gate, Step};
use doorward::policy::{Grants, Policy};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::sync::LazyLock;
use std::time::Duration;

static GATE: LazyLock<Gate> = LazyLock::new(|| {
    let keys = ApiKeys::builder().add("key", ApiKey::new("k").role("user")).build([1; 32]).unwrap();
    let grants = Grants::new().tools(["ok"]).prompts(["ok"]).resources(["file:///ok/*"]).methods(["tools/list"]);
    let plenty = doorward::rate::Quota::per(u32::MAX / 64, Duration::from_secs(60)).unwrap();
    Gate::builder()
        .api_keys(keys)
        .policy(Policy::new().role("user", grants))
        .principal_quota(plenty)
        .slots(7, 7)
        .build([[1; 4]; 4])
        .unwrap()
});

fuzz_target!(|body: &[u8]| {
    let headers = [("host", &b"localhost"[..]), ("x-api-key", b"key"), ("content-type", b"application/json")];
    let head = GATE.head("POST", Some([127, 0, 0, 1].into()), headers);
    // A refill is of no interest here: the clock runs ahead far enough for every request.
    let now = Now::new(1.7e9, 0);
    let Step::NeedBody(need) = GATE.begin(&head, now) else { panic!("the head is good") };
    if let Step::Admitted(_) = GATE.body(need, Body::Read(body), now) {
        match serde_json::from_slice(body).expect("what is admitted is JSON") {
            Value::Array(messages) => {
                assert!((1..=64).contains(&messages.len()));
                messages.iter().for_each(allowed);
            }
            message => allowed(&message),
        }
    }
});

/// Whether a message, as serde_json reads it, is one the policy allows.
fn allowed(message: &Value) {
    assert_eq!(message["jsonrpc"], "2.0");
    let Some(method) = message.get("method") else {
        assert!(message.get("result").is_some() || message.get("error").is_some());
        return;
    };
    let params = &message["params"];
    match method.as_str().expect("a method is a string") {
        "tools/call" | "prompts/get" => assert_eq!(params["name"], "ok"),
        "resources/read" | "resources/subscribe" | "resources/unsubscribe" => within(&params["uri"]),
        "completion/complete" => match params["ref"]["type"].as_str() {
            Some("ref/prompt") => assert_eq!(params["ref"]["name"], "ok"),
            Some("ref/resource") => within(&params["ref"]["uri"]),
            other => panic!("a reference of {other:?}"),
        },
        "initialize" | "ping" | "server/discover" | "tools/list" => {}
        other => assert!(other.starts_with("notifications/"), "{other}"),
    }
}

fn within(uri: &Value) {
    let uri = uri.as_str().expect("a URI is a string");
    assert!(uri.starts_with("file:///ok/") && !uri.contains(".."), "{uri}");
}
