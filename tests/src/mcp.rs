//! JSON-RPC bodies, and what tools answer.

use crate::http::Answer;
use serde_json::{Value, json};

/// A `tools/call`.
#[must_use]
pub fn call(tool: &str, arguments: Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
        .to_string()
}

/// A `tools/call` of `whoami`.
#[must_use]
pub fn whoami() -> String {
    call("whoami", json!({}))
}

/// A `tools/list`.
#[must_use]
pub fn list() -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string()
}

/// What a tool answered, in its structured form.
///
/// # Panics
/// It did not.
#[must_use]
pub fn result(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"), "{answer:?}");
    let body = answer.json();
    assert_eq!((&body["jsonrpc"], &body["id"]), (&json!("2.0"), &json!(1)), "{answer:?}");
    let result = &body["result"];
    assert!(result.is_object() && result["isError"] != json!(true), "{answer:?}");
    result["structuredContent"].clone()
}

/// Why a tool refused its arguments: the JSON-RPC error's code and message.
///
/// # Panics
/// It did not.
#[must_use]
pub fn error(answer: &Answer) -> (i64, String) {
    assert_eq!(answer.status, 200, "{answer:?}");
    let error = &answer.json()["error"];
    let message = error["message"].as_str().unwrap_or_else(|| panic!("no error in {answer:?}"));
    (error["code"].as_i64().expect("a code is a number"), message.to_owned())
}

/// The names of the tools listed, in order.
///
/// # Panics
/// There is no list.
#[must_use]
pub fn tools(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    let tools = body["result"]["tools"].as_array().unwrap_or_else(|| panic!("no tools in {answer:?}"));
    let mut names: Vec<String> =
        tools.iter().map(|tool| tool["name"].as_str().expect("a name is a string").to_owned()).collect();
    names.sort();
    names
}
