//! A real server as an OAuth resource: its metadata, its challenges, opaque tokens and callers without a credential.

use doorward_tests::fixtures::{AUDIENCE, protected};
use doorward_tests::{Answer, Request, Setup, USER_KEY, mcp};
use serde_json::json;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

const ISSUER: &str = "https://issuer.example";
const PATHS: [&str; 2] =
    ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"];

fn challenge(answer: &Answer) -> &str {
    answer.header("www-authenticate").unwrap_or_default()
}

#[test]
fn the_metadata_names_the_address_that_was_bound_on_loopback() {
    let server = protected().var("OAUTH_ISSUER", ISSUER).without("JWT_AUDIENCE").start();
    let resource = server.url();
    let base = resource.strip_suffix("/mcp").expect("the server's path");
    for path in PATHS {
        let answer = server.send(&Request::get(path).header("origin", "https://page.example"));
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let expected = json!({
            "resource": resource,
            "authorization_servers": [ISSUER],
            "bearer_methods_supported": ["header"],
        });
        assert_eq!(answer.json(), expected);
    }
    let metadata = format!("resource_metadata=\"{base}{}\"", PATHS[1]);
    assert_eq!(challenge(&server.send(&Request::post(mcp::whoami()))), format!("Bearer {metadata}"));
    let wrong = server.send(&Request::post(mcp::whoami()).bearer("a.b.c"));
    assert_eq!(
        (wrong.status, challenge(&wrong)),
        (401, &*format!("Bearer error=\"invalid_token\", {metadata}"))
    );
    let preflight = Request::new("OPTIONS", PATHS[1]).header("origin", "https://page.example");
    let preflight = preflight.header("access-control-request-method", "GET");
    let preflight = server.send(&preflight.header("access-control-request-headers", "mcp-protocol-version"));
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (204, Some("*")));
    for path in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"] {
        assert_eq!(server.send(&Request::get(path)).status, 404, "{path}");
    }
}

#[test]
fn keys_alone_have_no_metadata() {
    let server = protected().start();
    for path in PATHS {
        assert_eq!(server.send(&Request::get(path)).status, 404, "{path}");
    }
    assert_eq!(challenge(&server.send(&Request::post(mcp::whoami()))), "Bearer");
}

#[test]
fn an_issuer_needs_a_public_url_elsewhere() {
    let ended = protected()
        .var("OAUTH_ISSUER", ISSUER)
        .var("HOST", "0.0.0.0")
        .var("ALLOWED_HOSTS", "a.example")
        .run();
    assert!(!ended.status.success());
    assert!(ended.stderr.contains("PUBLIC_URL is not set, and an issuer is"), "{}", ended.stderr);
}

/// An introspection endpoint that knows one token; and what it was asked, head and body.
fn endpoint() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/introspect", listener.local_addr().expect("an address"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    // Ends with the test's process.
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(&stream);
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).is_err() || line.trim().is_empty() {
                    break;
                }
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a length");
                }
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            let body = String::from_utf8(body).expect("a form");
            let known = body.starts_with("token=an-opaque-token&");
            let answer =
                json!({ "active": known, "sub": "anna", "aud": AUDIENCE, "roles": ["user"] }).to_string();
            log.lock().unwrap().push(head + &body);
            let _ = write!(
                &stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
                answer.len()
            );
        }
    });
    (url, asked)
}

fn configured(url: &str) -> Setup {
    let text = format!(
        "port = 0\npublic_url = \"{AUDIENCE}\"\napi_keys = [\"{USER_KEY}\"]\n\
         introspection_client_secret = \"the server's own secret\"\n\
         [introspection]\nurl = \"{url}\"\nissuer = \"{ISSUER}\"\nclient_id = \"mcp\"\n\
         [oauth]\nscopes = [\"mcp:read\"]\nname = \"Tools\"\n\
         [anonymous]\nmethods = [\"initialize\", \"notifications/*\", \"tools/list\"]\ntools = [\"whoami\"]\n"
    );
    Setup::new().without("PORT").file("doorward.toml", &text).args(&["--config", "doorward.toml"])
}

#[test]
fn opaque_tokens_and_nobody_in_particular() {
    let (url, asked) = endpoint();
    let server = configured(&url).start();
    server.secret("an-opaque-token");
    server.secret("the server's own secret");
    let whoami = || Request::post(mcp::whoami());

    let anna = mcp::result(&server.send(&whoami().bearer("an-opaque-token")));
    assert_eq!((&anna["id"], &anna["method"]), (&json!(format!("opaque:{ISSUER}:anna")), &json!("opaque")));
    assert_eq!(mcp::result(&server.send(&whoami().bearer("an-opaque-token")))["id"], anna["id"]);
    let questions = asked.lock().unwrap().clone();
    assert_eq!(questions.len(), 1, "asked once: {questions:?}");
    assert!(questions[0].ends_with("token=an-opaque-token&token_type_hint=access_token"), "{questions:?}");
    let basic = "authorization: basic bwnwonrozstzzxj2zxilmjdzk293bitzzwnyzxq=";
    assert!(questions[0].to_ascii_lowercase().contains(basic), "{questions:?}");

    let refused = server.send(&whoami().bearer("another-token"));
    let metadata = "resource_metadata=\"https://mcp.example/.well-known/oauth-protected-resource/mcp\"";
    assert_eq!(
        (refused.status, challenge(&refused)),
        (401, &*format!("Bearer error=\"invalid_token\", scope=\"mcp:read\", {metadata}"))
    );

    let nobody = mcp::result(&server.send(&whoami()));
    assert_eq!((&nobody["id"], &nobody["method"]), (&json!("anon:127.0.0.1"), &json!("anonymous")));
    assert_eq!(mcp::tools(&server.send(&Request::post(mcp::list()))), ["whoami"]);
    let closed = server.send(&Request::post(mcp::call("generate-token", json!({ "userId": "x" }))));
    assert_eq!(
        (closed.status, challenge(&closed)),
        (401, &*format!("Bearer scope=\"mcp:read\", {metadata}"))
    );
    assert_eq!(server.send(&whoami().key(USER_KEY)).status, 200);
    assert_eq!(server.send(&whoami().key("a-key-of-nobody-at-all")).status, 401, "never taken for none");
    let document = server.send(&Request::get(PATHS[1])).json();
    assert_eq!(
        document,
        json!({
            "resource": AUDIENCE,
            "authorization_servers": [ISSUER],
            "scopes_supported": ["mcp:read"],
            "bearer_methods_supported": ["header"],
            "resource_name": "Tools",
        })
    );
}
