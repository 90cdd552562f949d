//! A server that runs: what it prints, what it logs, and how it ends.

use doorward_tests::fixtures::{protected, token, unix};
use doorward_tests::http::Request;
use doorward_tests::{ADMIN_KEY, OWN_KEY, Server, Setup, USER_KEY, mcp};
use serde_json::{Value, json};
use std::process::Command;
use std::time::{Duration, Instant};

/// Runs a command as it was printed.
fn paste(command: &str) -> Value {
    let run = Command::new("sh").arg("-c").arg(command).output().expect("sh is there");
    assert!(run.status.success(), "{command}: {run:?}");
    serde_json::from_slice(&run.stdout).unwrap_or_else(|error| panic!("{error}: {command}: {run:?}"))
}

#[test]
fn with_nothing_configured_it_prints_what_can_be_pasted() {
    let server = Setup::new().start();
    let printed = server.printed("To keep credentials between runs");
    let key = |kind: &str| {
        let line = printed.lines().find_map(|line| line.trim().strip_prefix(kind));
        line.unwrap_or_else(|| panic!("no {kind} in {printed}")).trim()
    };
    let (admin, user) = (key("admin key"), key("user key"));
    assert!(admin.starts_with("dw_local_") && user.starts_with("dw_local_") && admin != user);
    server.secret(admin);
    server.secret(user);
    let commands: Vec<&str> = printed.split("\n\n").filter(|text| text.starts_with("  curl")).collect();
    let [whoami, generate] = commands[..] else { panic!("two commands in {printed}") };
    let who = &paste(whoami)["result"]["structuredContent"];
    assert_eq!((&who["method"], &who["roles"]), (&json!("api_key"), &json!(["admin"])));
    let minted = &paste(generate)["result"]["structuredContent"];
    let token = minted["token"].as_str().unwrap_or_else(|| panic!("no token in {minted}"));
    let who = mcp::result(&server.send(&Request::post(mcp::whoami()).bearer(token)));
    assert_eq!((&who["subject"], &who["roles"]), (&json!("anna"), &json!(["user"])));

    let block = printed.split("\n\n").find(|text| text.starts_with("  {")).expect("a block of JSON");
    let client: Value = serde_json::from_str(block).unwrap_or_else(|error| panic!("{error}: {block}"));
    let entry = &client["mcpServers"]["doorward"];
    assert_eq!((&entry["type"], &entry["url"]), (&json!("http"), &json!(server.url())));
    let headers = entry["headers"].as_object().expect("headers");
    let request = headers.iter().fold(Request::post(mcp::whoami()), |request, (name, value)| {
        request.header(name, value.as_str().expect("a text"))
    });
    assert_eq!(mcp::result(&server.send(&request))["roles"], json!(["user"]));

    // They are made anew each time.
    let other = Setup::new().start().printed("To keep credentials between runs");
    assert!(!other.contains(admin) && !other.contains(user));
}

#[test]
fn with_credentials_it_prints_nothing() {
    for setup in [Setup::new().var("API_KEYS", USER_KEY), protected()] {
        let server = setup.start();
        assert_eq!(server.send(&Request::post(mcp::whoami()).key(USER_KEY)).status, 200);
        server.signal("TERM");
        assert_eq!(server.wait().stdout, "");
    }
}

/// One request of every kind, good and bad.
fn exercise(server: &Server) {
    let generate = mcp::call("generate-token", json!({"userId": "anna"}));
    let minted = mcp::result(&server.send(&Request::post(generate.as_str()).key(ADMIN_KEY)));
    let minted = minted["token"].as_str().expect("a token").to_owned();
    let requests = [
        Request::post(mcp::whoami()).key(USER_KEY),
        Request::post(mcp::whoami()).key(OWN_KEY),
        Request::post(mcp::whoami()).bearer(USER_KEY),
        Request::post(mcp::whoami()).bearer(OWN_KEY),
        Request::post(mcp::whoami()).bearer(&minted),
        Request::post(mcp::whoami()).bearer(&minted),
        Request::post(mcp::list()).bearer(&token("ben").sign()),
        Request::post(mcp::whoami()),
        Request::post(mcp::whoami()).key("wrong-key-wrong-key"),
        Request::post(mcp::whoami()).key(&OWN_KEY.replace("dw_live", "dw_test")),
        Request::post(mcp::whoami()).bearer(&token("ben").claim("exp", unix() - 9).sign()),
        Request::post(mcp::whoami()).bearer(&token("ben").sign_then_claim("sub", "root")),
        Request::post(mcp::whoami()).bearer("not.a.token-not-a-token"),
        Request::post(mcp::whoami()).key(USER_KEY).bearer(&minted),
        Request::post(mcp::whoami()).header("authorization", "Basic dXNlcjpwYXNzd29yZA=="),
        Request::post(mcp::whoami()).header("authorization", format!("Bearer {minted},x")),
        Request::post(generate).key(USER_KEY),
        Request::post("{").key(USER_KEY),
        Request::post(mcp::whoami()).key(USER_KEY).header("mcp-method", "tools/list"),
        Request::post(mcp::whoami()).key(USER_KEY).header("origin", "https://evil.example"),
        Request::post(mcp::whoami()).key(USER_KEY).header("x-forwarded-for", "203.0.113.1"),
        Request::get("/mcp").key(USER_KEY),
        Request::get("/health").key(USER_KEY),
        Request::get("/nowhere").bearer(&minted),
        Request::new("OPTIONS", "/mcp")
            .header("origin", "https://app.example")
            .header("access-control-request-method", "POST"),
    ];
    for request in &requests {
        let answer = server.send(request);
        assert!(answer.status < 500, "{request:?}: {answer:?}");
    }
    // And through the client's own handshake.
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}});
    assert_eq!(server.send(&Request::post(hello.to_string()).bearer(&minted)).status, 200);
}

#[test]
fn every_decision_is_logged_with_its_code_and_principal() {
    let server = protected().var("CORS_ORIGINS", "https://app.example").start();
    exercise(&server);
    server.signal("TERM");
    let log = server.wait().stderr;
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let (mut admitted, mut denied) = (0, 0);
    for line in &lines {
        let text = |name: &str| line[name].as_str().unwrap_or_else(|| panic!("no {name} in {line}"));
        assert!(text("timestamp").ends_with('Z') && !text("level").is_empty(), "{line}");
        match text("message") {
            "admitted" => {
                admitted += 1;
                assert_eq!((text("code"), text("level"), text("address")), ("admitted", "INFO", "127.0.0.1"));
                assert!(["api_key", "jwt"].contains(&text("auth")) && line["micros"].is_u64(), "{line}");
                let principal = text("principal");
                assert!(
                    principal.starts_with("\"key:") || principal.starts_with("\"jwt:https://issuer.example:")
                );
            }
            "denied" => {
                denied += 1;
                let (code, status) = (text("code"), line["status"].as_u64().expect("a status"));
                assert_eq!((text("level"), text("address")), ("WARN", "127.0.0.1"));
                let known = ["policy_forbidden", "body_unreadable", "header_mismatch"].contains(&code);
                assert_eq!(line["principal"] == json!("\"key:api-key-1\""), known, "{line}");
                assert!((400..500).contains(&status) && code != "admitted", "{line}");
            }
            _ => {}
        }
    }
    // Each request to /mcp but the preflight, once.
    assert_eq!((admitted, denied), (11, 13), "{log}");
    assert!(!lines.iter().any(|line| line["level"] == "ERROR"), "{log}");
}

#[test]
fn no_credential_is_logged_however_much_is() {
    for format in ["json", "text"] {
        let server = protected().var("CORS_ORIGINS", "https://app.example").var("LOG", "trace");
        let server = server.var("LOG_FORMAT", format).start();
        exercise(&server);
        // Looked for when it ends.
        server.signal("TERM");
        let log = server.wait().stderr;
        assert!(log.contains("TRACE") || log.contains("DEBUG"), "{log}");
    }
}

#[test]
fn what_a_caller_writes_stays_on_its_line() {
    let server = protected().var("LOG_FORMAT", "text").start();
    let forged = "x\u{1b}[31m\r\n2026-01-01T00:00:00Z  INFO doorward: admitted code=\"admitted\" \u{202e}";
    let answer = server.send(&Request::post(mcp::call(forged, json!({}))).key(USER_KEY));
    assert_eq!(answer.status, 403);
    let long = server.send(&Request::post(mcp::call(&"y".repeat(100_000), json!({}))).key(USER_KEY));
    assert_eq!(long.status, 403);
    let subject = token("anna\n\u{1b}[2Jroot").sign();
    assert_eq!(server.send(&Request::post(mcp::whoami()).bearer(&subject)).status, 200);
    server.signal("TERM");
    let log = server.wait().stderr;
    let lines =
        log.lines().filter(|line| line.contains("policy_forbidden") || line.contains("code=\"admitted\""));
    assert_eq!(lines.count(), 3, "{log}");
    assert!(!log.contains('\u{1b}') && !log.contains('\r') && !log.contains('\u{202e}'), "{log:?}");
    assert!(log.lines().all(|line| line.len() < 600), "{log}");
}

#[test]
fn signals_end_it_when_requests_under_way_are_finished() {
    for signal in ["INT", "TERM"] {
        let server = protected().start();
        let body = mcp::whoami();
        let head = format!(
            "POST /mcp HTTP/1.1\r\nhost: localhost\r\nx-api-key: {USER_KEY}\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut busy = server.connect();
        busy.write(head.as_bytes()).expect("a head can be sent");
        busy.read_continue().expect("it waits for the body");
        // One that has been answered and is kept, and one that never said anything.
        let (mut idle, mut silent) = (server.connect(), server.connect());
        assert_eq!(idle.send(&Request::get("/health")).expect("an answer").status, 200);

        let began = Instant::now();
        server.signal(signal);
        let _ = server.logged("stopping");
        assert!(idle.is_closed(), "an idle connection is closed");
        busy.write(body.as_bytes()).expect("the rest can be sent");
        let answer = busy.read(false).expect("it is finished first");
        assert_eq!(mcp::result(&answer)["id"], "key:api-key-1");
        let _ = silent.is_closed();
        let ended = server.wait();
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        assert!(ended.stderr.contains("\"stopped\"") && !ended.stderr.contains("cut off"), "{ended:?}");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}
