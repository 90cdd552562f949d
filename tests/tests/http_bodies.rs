//! What a body may be and ask for, by raw HTTP.

use doorward_tests::fixtures::{protected, token};
use doorward_tests::http::Request;
use doorward_tests::{ADMIN_KEY, Denied, USER_KEY, mcp};
use serde_json::json;
use std::time::Duration;

/// JSON-RPC's error where headers and body disagree (2026-07-28), for a request of id 1.
const MISMATCH: &str = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32020,"message":"MCP-Protocol-Version, Mcp-Method or Mcp-Name is missing or disagrees with the body."}}"#;

fn user(body: impl Into<Vec<u8>>) -> Request {
    Request::post(body).key(USER_KEY)
}

fn forbidden_call() -> String {
    mcp::call("generate-token", json!({"userId": "mallory", "role": "admin"}))
}

#[test]
fn a_forbidden_tool_stays_forbidden_however_it_is_asked_for() {
    let server = protected().start();
    let call = forbidden_call();
    let (ping, whoami) = (r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#, mcp::whoami());
    let forbidden = [
        call.clone(),
        call.replace("generate-token", "generate\\u002dtoken"),
        call.replace("\"name\"", "\"n\\u0061me\""),
        call.replace("tools/call", "tools\\/call"),
        format!(" \r\n\t{call} \n"),
        format!("[{call}]"),
        format!("[{ping},{whoami},{call}]"),
        format!("[{call},{whoami}]"),
        mcp::call("no-such-tool", json!({})),
        mcp::call("Whoami", json!({})),
        mcp::call("whoami ", json!({})),
        mcp::call("", json!({})),
        mcp::call("*", json!({})),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/delete"}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"Tools/Call","params":{"name":"generate-token"}}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///etc/passwd"}}"#
            .to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"whoami"}}"#.to_owned(),
        r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"generate-token"}}"#.to_owned(),
    ];
    for (body, left) in forbidden.iter().zip((0..100).rev()) {
        // A refusal by policy costs 1, were it of a whole batch.
        Denied::FORBIDDEN.remaining(left).check(&server.send(&user(body.as_str())));
    }
    for request in [
        Request::post(call.as_str()).bearer(&token("anna").sign()),
        Request::post(call.as_str()).bearer(&token("anna").claim("role", "superadmin").sign()),
        Request::post(call.as_str()).bearer(&token("anna").claim("role", "Admin").sign()),
        Request::post(call.as_str()).bearer(&token("anna").without("role").sign()),
        Request::post(mcp::whoami()).bearer(&token("anna").without("role").sign()),
    ] {
        Denied::FORBIDDEN.check(&server.send(&request));
    }
    let log = server.logged("policy_forbidden");
    assert_eq!((&log["principal"], &log["kind"]), (&json!("\"key:api-key-1\""), &json!("tool")), "{log}");
    assert_eq!(log["name"], "\"generate-token\"");
    // The same call, by who may.
    let minted = mcp::result(&server.send(&Request::post(call).key(ADMIN_KEY)));
    server.secret(minted["token"].as_str().expect("a token"));
}

#[test]
fn what_two_parsers_could_read_in_two_ways_is_read_by_none() {
    let server = protected().start();
    let twice = [
        // Behind a duplicate, or a name that a case-folding parser takes for the known one.
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","name":"generate-token"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","n\u0061me":"generate-token"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","Name":"generate-token"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"generate-token"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","METHOD":"tools/call","params":{"name":"generate-token"}}"#,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"whoami\"},\"param\u{17f}\":{\"name\":\"generate-token\"}}",
        r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["whoami"]}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["generate-token"]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#,
        r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"}{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping""#,
        "\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
        "method=ping",
        "null",
        "{}",
        "",
    ];
    for (body, left) in twice.into_iter().zip((0..100).rev()) {
        Denied::BAD_BODY.remaining(left).check(&server.send(&user(body)));
    }
    Denied::BAD_BODY
        .check(&server.send(&user(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pi\xff\"}".to_vec())));
    let deep = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"x\":{}}}", "[".repeat(100_000));
    Denied::BAD_BODY.check(&server.send(&user(deep)));
    assert_eq!(server.logged("body_unreadable")["principal"], "\"key:api-key-1\"");
}

#[test]
fn batches_end_with_the_first_revision() {
    let server = protected().start();
    let batch = format!("[{}]", mcp::whoami());
    for version in ["2025-06-18", "2025-11-25", "2026-07-28", "2099-01-01", "garbage", ""] {
        let answer = server.send(&user(batch.as_str()).header("mcp-protocol-version", version));
        Denied::BAD_BODY.check(&answer);
    }
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    for bad in [
        "[]".to_owned(),
        format!("[{}]", vec![ping; 65].join(",")),
        format!("[{ping},[{ping}]]"),
        "[1]".into(),
    ] {
        Denied::BAD_BODY.check(&server.send(&user(bad)));
    }
    Denied::BAD_BODY.remaining(100 - 11).check(&server.send(&user("[]")));
    assert_eq!(server.logged("batch_invalid")["status"], 400);
    // Said twice, the revision is unknown.
    let twice = user(mcp::whoami()).header("mcp-protocol-version", "2025-03-26");
    let twice = twice.header("mcp-protocol-version", "2025-06-18");
    assert_eq!(server.send(&twice).status, 400);
}

#[test]
fn headers_that_disagree_with_the_body_refuse_it() {
    let server = protected().start();
    let call = |name: &str| user(mcp::call(name, json!({}))).header("mcp-protocol-version", "2026-07-28");
    let mismatches = [
        call("whoami").header("mcp-method", "tools/list"),
        call("whoami").header("mcp-method", "TOOLS/CALL"),
        call("whoami").header("mcp-method", "tools/call").header("mcp-name", "generate-token"),
        call("generate-token").header("mcp-method", "tools/call").header("mcp-name", "whoami"),
        call("whoami").header("mcp-name", "=?base64?Z2VuZXJhdGUtdG9rZW4=?="),
        call("whoami").header("mcp-name", "=?base64?!!!?="),
        user(mcp::list()).header("mcp-name", "whoami"),
    ];
    for request in mismatches {
        Denied::BAD_BODY.body(MISMATCH).check(&server.send(&request));
    }
    let log = server.logged("header_mismatch");
    assert_eq!(log["status"], 400, "{log}");
    // With any id that can be one, and null for a notification.
    for (id, told) in [("\"a\\\"b\"", "\"a\\\"b\""), ("-7", "-7"), ("null", "null")] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
        let answer = server.send(&user(body).header("mcp-method", "tools/list"));
        let text = answer.text();
        assert!(
            text.starts_with(&format!(r#"{{"jsonrpc":"2.0","id":{told},"error":{{"code":-32020,"#)),
            "{text}"
        );
    }
    let agreeing = [
        call("whoami").header("mcp-method", "tools/call").header("mcp-name", "whoami"),
        call("whoami").header("mcp-method", "tools/call").header("mcp-name", "=?base64?d2hvYW1p?="),
    ];
    for (request, admitted) in agreeing.into_iter().zip(1..) {
        // The server behind may want more of that revision than the gate does; the gate has let it pass.
        assert_ne!(server.send(&request).text(), MISMATCH);
        server.logged_times("\"code\":\"admitted\"", admitted);
    }
    // Headers admit nothing by themselves.
    let lying = user(forbidden_call()).header("mcp-method", "tools/call");
    Denied::FORBIDDEN.check(&server.send(&lying));
    // Said twice, they agree with nothing.
    let twice = call("whoami").header("mcp-name", "whoami").header("mcp-name", "whoami");
    assert_eq!(server.send(&twice).status, 400);
}

#[test]
fn long_bodies_are_not_read() {
    let server = protected().var("BODY_LIMIT", "2kb").start();
    let padded = |length: usize| {
        let call = mcp::whoami();
        format!("{}{call}", " ".repeat(length - call.len()))
    };
    assert_eq!(server.send(&user(padded(2048))).status, 200);
    assert_eq!(server.send(&user(padded(2048)).chunked()).status, 200);
    Denied::TOO_LARGE.remaining(97).check(&server.send(&user(padded(2049))));
    Denied::TOO_LARGE.remaining(96).check(&server.send(&user(padded(2049)).chunked()));
    Denied::TOO_LARGE.check(&server.send(&user(padded(20_000)).chunked()));
    // By its head alone: not one byte of these ten gigabytes is sent.
    let mut connection = server.connect();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nhost: localhost\r\nx-api-key: {USER_KEY}\r\ncontent-type: application/json\r\ncontent-length: 10737418240\r\n\r\n"
    );
    connection.write(head.as_bytes()).expect("a head can be sent");
    Denied::TOO_LARGE.check(&connection.read(false).expect("an answer"));
    assert_eq!(server.logged("body_too_large")["status"], 413);
    // Who is nobody learns nothing of the limit.
    Denied::UNAUTHORIZED.check(&server.send(&Request::post(padded(3000))));
}

#[test]
fn only_plain_json_is_read() {
    let server = protected().start();
    let with = |value: &str| user(mcp::whoami()).without("content-type").header("content-type", value);
    for good in [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;x=\"a;b\"",
    ] {
        assert_eq!(server.send(&with(good)).status, 200, "{good}");
    }
    for bad in [
        "text/plain",
        "text/plain; application/json",
        "application/json-rpc",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "json",
        "",
        "application/json, text/plain",
    ] {
        Denied::BAD_BODY.check(&server.send(&with(bad)));
    }
    Denied::BAD_BODY.check(&server.send(&user(mcp::whoami()).without("content-type")));
    Denied::BAD_BODY
        .check(&server.send(&with("application/json").header("content-type", "application/json")));
    for encoding in ["gzip", "br", "deflate", "identity, gzip", "zstd", ""] {
        let answer = server.send(&user(mcp::whoami()).header("content-encoding", encoding));
        Denied::BAD_BODY.check(&answer);
    }
    assert_eq!(server.send(&user(mcp::whoami()).header("content-encoding", "Identity")).status, 200);
    assert_eq!(server.logged("body_media_type")["status"], 400);
    // Other methods with a body are held to the same, and reach nothing.
    for method in ["PUT", "PATCH", "QUERY", "TRACE"] {
        let request = Request::new(method, "/mcp").key(USER_KEY).body(mcp::whoami());
        Denied::BAD_BODY.check(&server.send(&request));
        Denied::UNAUTHORIZED.check(&server.send(&Request::new(method, "/mcp")));
    }
}

#[test]
fn a_body_that_stops_is_given_up() {
    let server = protected().start();
    let mut connection = server.connect();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nhost: localhost\r\nx-api-key: {USER_KEY}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
    );
    let began = std::time::Instant::now();
    connection.write(head.as_bytes()).expect("a head can be sent");
    Denied::BAD_BODY.check(&connection.read(false).expect("an answer"));
    let waited = began.elapsed();
    assert!((Duration::from_secs(9)..Duration::from_secs(20)).contains(&waited), "{waited:?}");
}

#[test]
fn smuggled_lengths_are_refused() {
    let server = protected().start();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nhost: localhost\r\nx-api-key: {USER_KEY}\r\ncontent-type: application/json\r\n"
    );
    for lengths in
        ["content-length: 5\r\ncontent-length: 6\r\n", "content-length: -1\r\n", "content-length: 1 2\r\n"]
    {
        let answer = server.raw(format!("{head}{lengths}\r\n{{}}").as_bytes());
        assert_eq!(answer.status, 400, "{lengths:?}: {answer:?}");
    }
    let answer = server.raw(format!("{head}transfer-encoding: gzip\r\n\r\n{{}}").as_bytes());
    assert_eq!(answer.status, 400, "{answer:?}");
    // A space before the colon, a folded line, a NUL: none of them is read as if it were not there.
    for line in ["x-api-key : x", "a: b\r\n c", "a: \0"] {
        let answer =
            server.raw(format!("GET /health HTTP/1.1\r\nhost: localhost\r\n{line}\r\n\r\n").as_bytes());
        assert_eq!(answer.status, 400, "{line:?}");
    }
}

#[test]
fn a_connection_is_kept_or_said_to_be_closed() {
    let server = protected().start();
    // Refused by the head: the body is on its way, and a client that reused the connection would lose its next request.
    for request in [Request::post(mcp::whoami()), Request::post(mcp::whoami()).chunked()] {
        let mut connection = server.connect();
        let answer = connection.send(&request).expect("an answer");
        Denied::UNAUTHORIZED.check(&answer);
        assert_eq!(answer.header("connection"), Some("close"), "{answer:?}");
        assert!(connection.is_closed());
    }
    // Refused without a body, or with one that was read: the connection goes on.
    let mut connection = server.connect();
    let kept = [
        (Request::get("/mcp"), Denied::UNAUTHORIZED),
        (user(forbidden_call()), Denied::FORBIDDEN),
        (user("{"), Denied::BAD_BODY),
        (user("{").chunked(), Denied::BAD_BODY),
    ];
    for (request, denied) in kept {
        let answer = connection.send(&request).expect("an answer");
        denied.check(&answer);
        assert_eq!(answer.header("connection"), None, "{answer:?}");
    }
    assert_eq!(connection.send(&user(mcp::whoami())).expect("an answer").status, 200);
}
