//! Host, Origin and CORS, and what is open to all, by raw HTTP.

use doorward_tests::denial::{RATE, check_rate};
use doorward_tests::fixtures::{protected, token};
use doorward_tests::http::{Answer, Request};
use doorward_tests::{Denied, USER_KEY, mcp};
use serde_json::json;

const APP: &str = "https://app.example";

fn whoami() -> Request {
    Request::post(mcp::whoami()).key(USER_KEY)
}

fn cors(answer: &Answer) -> Vec<&str> {
    answer.names().into_iter().filter(|name| name.starts_with("access-control-")).collect()
}

/// The words of a header that is a list, in lower case and sorted.
fn words(answer: &Answer, name: &str) -> Vec<String> {
    let value = answer.header(name).unwrap_or_else(|| panic!("no {name} in {answer:?}"));
    let mut words: Vec<String> = value.split(',').map(|word| word.trim().to_lowercase()).collect();
    words.sort();
    words
}

fn varies_by_origin(answer: &Answer) -> bool {
    let values = answer.headers.iter().filter(|(name, _)| name == "vary").map(|(_, value)| value);
    values.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case("origin"))
}

/// What every answer to a page of a listed origin carries, a preflight's aside.
fn check_readable(answer: &Answer) {
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP), "{answer:?}");
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"), "{answer:?}");
    let exposed = words(answer, "access-control-expose-headers");
    for name in RATE.iter().chain(&["www-authenticate", "mcp-session-id", "retry-after"]) {
        assert!(exposed.iter().any(|one| one == name), "{name} in {exposed:?}");
    }
    assert_eq!(cors(answer).len(), 3, "{answer:?}");
    assert!(varies_by_origin(answer), "{answer:?}");
}

#[test]
fn other_origins_are_refused_and_get_no_cors_headers() {
    let server = protected().var("CORS_ORIGINS", "https://app.example, https://admin.example:8443").start();
    let refused = [
        "https://evil.example",
        "https://app.example.evil.example",
        "https://evil-app.example",
        "http://app.example",
        "https://app.example:8443",
        "https://app.example/",
        "https://app.example,https://evil.example",
        "null",
        "",
        "file://",
        "https://127.0.0.1.evil.example",
        "chrome-extension://abcdefgh",
    ];
    for origin in refused {
        let answer = server.send(&whoami().header("origin", origin));
        Denied::ORIGIN.remaining(30).check(&answer);
        assert_eq!(cors(&answer), [""; 0], "{origin}");
        assert!(varies_by_origin(&answer), "{origin}");
    }
    Denied::ORIGIN.check(&server.send(&whoami().header("origin", APP).header("origin", APP)));
    Denied::ORIGIN
        .check(&server.send(&whoami().header("origin", APP).header("origin", "https://evil.example")));
    assert_eq!(server.logged("origin_not_allowed")["status"], 403);
    // Its preflight is no preflight: it is refused as any request, and told nothing.
    let preflight = Request::new("OPTIONS", "/mcp")
        .header("origin", "https://evil.example")
        .header("access-control-request-method", "POST");
    let answer = server.send(&preflight);
    Denied::ORIGIN.check(&answer);
    assert_eq!(cors(&answer), [""; 0]);
    // Who is no page says no origin; a page on this machine may call a server on this machine, without CORS.
    for request in [whoami(), whoami().header("origin", "http://localhost:5173")] {
        let answer = server.send(&request);
        assert_eq!((answer.status, cors(&answer)), (200, vec![]));
        assert!(varies_by_origin(&answer));
    }
}

#[test]
fn without_listed_origins_there_is_no_cors() {
    let server = protected().start();
    Denied::ORIGIN.check(&server.send(&whoami().header("origin", APP)));
    let preflight =
        Request::new("OPTIONS", "/mcp").header("origin", APP).header("access-control-request-method", "POST");
    Denied::ORIGIN.check(&server.send(&preflight));
    assert_eq!(cors(&server.send(&whoami())), [""; 0]);
}

#[test]
fn listed_origins_can_call_and_read() {
    let server = protected().var("CORS_ORIGINS", APP).start();
    let preflight = Request::new("OPTIONS", "/mcp")
        .header("origin", APP)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type,x-api-key,mcp-protocol-version");
    let answer = server.send(&preflight);
    assert_eq!((answer.status, answer.body.len()), (200, 0), "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert!(varies_by_origin(&answer));
    for method in ["get", "post", "delete"] {
        assert!(words(&answer, "access-control-allow-methods").contains(&method.to_owned()));
    }
    let sent = words(&answer, "access-control-allow-headers");
    let needed =
        ["authorization", "content-type", "accept", "x-api-key", "mcp-protocol-version", "mcp-session-id"];
    for name in needed.iter().chain(&["mcp-method", "mcp-name", "last-event-id"]) {
        assert!(sent.iter().any(|one| one == name), "{name} in {sent:?}");
    }
    assert!(!sent.contains(&"*".to_owned()), "with credentials a star stands for itself");

    // Twenty of them need no credential and spend nothing.
    for _ in 0..20 {
        assert_eq!(server.send(&preflight).status, 200);
    }
    // Whatever the answer is, the page can read it.
    let cases = [
        (Request::post(mcp::whoami()), Denied::UNAUTHORIZED.remaining(29)),
        (Request::post(mcp::whoami()).key("wrong-key-wrong-key"), Denied::INVALID_TOKEN.remaining(28)),
        (Request::post(mcp::call("generate-token", json!({"userId": "x"}))).key(USER_KEY), Denied::FORBIDDEN),
        (Request::post("[]").key(USER_KEY), Denied::BAD_BODY),
    ];
    for (request, denied) in cases {
        let answer = server.send(&request.header("origin", APP));
        denied.check(&answer);
        check_readable(&answer);
    }
    let answer = server.send(&whoami().header("origin", APP));
    assert_eq!(mcp::result(&answer)["id"], "key:api-key-1");
    check_readable(&answer);
    check_readable(&server.send(&Request::get("/health").header("origin", APP)));
    // Being listed is no credential, and case and default port are no difference.
    for spelled in ["HTTPS://APP.example", "https://app.example:443"] {
        let answer = server.send(&whoami().header("origin", spelled));
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some(spelled)));
    }
}

#[test]
fn other_hosts_are_refused() {
    let server = protected().start();
    let port = server.address.port();
    let refused = [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        "127.0.0.1.nip.io".to_owned(),
        "localhost.evil.example".to_owned(),
        "localhost.".to_owned(),
        "0.0.0.0".to_owned(),
        "192.168.0.1".to_owned(),
        "127.0.0.1, evil.example".to_owned(),
        "me@127.0.0.1".to_owned(),
        String::new(),
    ];
    for host in &refused {
        let answer = server.send(&whoami().header("host", host));
        Denied::ORIGIN.remaining(30).check(&answer);
    }
    assert_eq!(server.logged("host_not_allowed")["status"], 403);
    for host in ["localhost", "LOCALHOST:1", "127.0.0.1", "127.8.8.8:80", "[::1]:3000"] {
        assert_eq!(server.send(&whoami().header("host", host)).status, 200, "{host}");
    }
    let twice = format!(
        "POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: evil.example\r\nx-api-key: {USER_KEY}\r\ncontent-length: 0\r\n\r\n"
    );
    Denied::ORIGIN.check(&server.raw(twice.as_bytes()));
    let none = format!("POST /mcp HTTP/1.1\r\nx-api-key: {USER_KEY}\r\ncontent-length: 0\r\n\r\n");
    Denied::ORIGIN.check(&server.raw(none.as_bytes()));
}

#[test]
fn a_public_url_names_the_host_and_the_origin() {
    let server = protected()
        .var("HOST", "0.0.0.0")
        .var("PUBLIC_URL", "https://mcp.example/mcp")
        .var("ALLOWED_HOSTS", "internal.example:8080");
    let server = server.start();
    let local = format!("127.0.0.1:{}", server.address.port());
    let address = local.parse().expect("an address");
    let send = |request: &Request| {
        let mut connection = doorward_tests::Connection::open(address).expect("it listens");
        connection.send(request).expect("an answer")
    };
    for host in ["mcp.example", "MCP.example:443", "internal.example:8080"] {
        let answer = send(&whoami().header("host", host));
        assert_eq!(answer.status, 200, "{host}: {answer:?}");
    }
    let own = whoami().header("host", "mcp.example").header("origin", "https://mcp.example");
    assert_eq!(send(&own).status, 200);
    for host in ["127.0.0.1", "localhost", "internal.example", "internal.example:8081", "www.mcp.example"] {
        Denied::ORIGIN.check(&send(&whoami().header("host", host)));
    }
    let page = whoami().header("host", "mcp.example").header("origin", "http://localhost:5173");
    Denied::ORIGIN.check(&send(&page));
    assert_eq!(server.logged("plain HTTP")["level"], "WARN");
}

#[test]
fn health_is_open_and_the_rest_is_not_there() {
    let server = protected().start();
    let answer = server.send(&Request::get("/health"));
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"status":"ok"}"#));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.number("x-ratelimit-remaining"), 30);
    check_rate(&answer, "address", 30, 3600);
    // It tells of the failures of the one who asks, and is none itself.
    Denied::UNAUTHORIZED.check(&server.send(&Request::post(mcp::whoami())));
    for _ in 0..40 {
        assert_eq!(server.send(&Request::get("/health")).number("x-ratelimit-remaining"), 29);
    }
    let missing = [
        "/",
        "/mcp/",
        "/mcp/message",
        "/sse",
        "/messages",
        "/Health",
        "//mcp",
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/metrics",
        "/.env",
    ];
    for path in missing {
        for request in [Request::get(path), Request::get(path).key(USER_KEY), Request::new("POST", path)] {
            let answer = server.send(&request);
            // A real 404: `{}` would break clients that look for metadata.
            assert_eq!((answer.status, answer.body.len()), (404, 0), "{path}: {answer:?}");
            check_rate(&answer, "address", 30, 3600);
        }
    }
    assert_eq!(server.send(&Request::new("POST", "/health")).status, 405);
    let head = server.send(&Request::new("HEAD", "/health"));
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[test]
fn streams_are_not_offered() {
    let server = protected().start();
    for method in ["GET", "DELETE"] {
        let request = Request::new(method, "/mcp").header("accept", "text/event-stream");
        Denied::UNAUTHORIZED.check(&server.send(&request));
        for credential in [request.clone().key(USER_KEY), request.clone().bearer(&token("anna").sign())] {
            let answer = server.send(&credential);
            assert_eq!(answer.status, 405, "{answer:?}");
            assert!(answer.header("allow").is_some_and(|methods| methods.contains("POST")), "{answer:?}");
            check_rate(&answer, "principal", 100, 3600);
        }
    }
}
