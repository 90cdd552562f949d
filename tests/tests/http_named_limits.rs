//! Named limits of a server started by `--config`, by raw HTTP: per tool, per role, per address, for all, and what a refusal
//! gives back.

use doorward_tests::denial::check_rate;
use doorward_tests::fixtures::token;
use doorward_tests::http::{Answer, Request};
use doorward_tests::{ADMIN_KEY, OWN_KEY, SECRET, Server, Setup, USER_KEY, mcp};
use serde_json::json;

/// A server by a TOML file with these tables, whose buckets don't fill while a test runs.
fn server(settings: &str, limits: &str) -> Server {
    let toml = format!(
        "port = 0\napi_keys = [\"{USER_KEY}\", \"{OWN_KEY}\"]\nadmin_api_keys = [\"{ADMIN_KEY}\"]\njwt_secret = \"{SECRET}\"\n\
         jwt_issuer = \"https://issuer.example\"\njwt_audience = \"https://mcp.example/mcp\"\n\
         rate_limit_window_ms = 3600000\n{settings}\n{limits}"
    );
    setup().file("doorward.toml", &toml).args(&["--config", "doorward.toml"]).start()
}

fn setup() -> Setup {
    Setup::bare().var("LOG_FORMAT", "json")
}

fn whoami(key: &str) -> Request {
    Request::post(mcp::whoami()).key(key)
}

fn mint(key: &str) -> Request {
    Request::post(mcp::call("generate-token", json!({"userId": "anna"}))).key(key)
}

/// The bucket an answer tells of: `"name"`, what is left there, and whether it refuses.
fn told(answer: &Answer) -> (String, u64, bool) {
    let (policy, _) =
        answer.header("ratelimit-policy").and_then(|line| line.split_once(';')).expect("a policy");
    assert!([200, 429].contains(&answer.status), "{answer:?}");
    (policy.into(), answer.number("x-ratelimit-remaining"), answer.status == 429)
}

fn left(name: &str, units: u64) -> (String, u64, bool) {
    (format!("\"{name}\""), units, false)
}

fn refused(name: &str, units: u64) -> (String, u64, bool) {
    (format!("\"{name}\""), units, true)
}

#[test]
fn a_tool_s_limit_is_the_tool_s_and_its_refusals_are_given_back() {
    let server = server(
        "rate_limit_max = 10",
        "[[limit]]\nname = \"minting\"\nmax = 2\nwindow = \"1h\"\ntools = [\"generate-*\"]",
    );
    for units in [1, 0] {
        let answer = server.send(&mint(ADMIN_KEY));
        assert_eq!(told(&answer), left("minting", units));
        check_rate(&answer, "minting", 2, 3600);
    }
    for _ in 0..5 {
        let answer = server.send(&mint(ADMIN_KEY));
        assert_eq!(told(&answer), refused("minting", 0));
        check_rate(&answer, "minting", 2, 3600);
        assert!((1700..=1800).contains(&answer.number("retry-after")), "{answer:?}");
        assert_eq!(
            answer.text(),
            r#"{"error":"rate_limited","error_description":"Too many requests: wait as long as Retry-After says."}"#
        );
    }
    let logged = server.logged("limit_exceeded");
    assert_eq!((&logged["detail"], &logged["status"]), (&json!("minting"), &json!(429)));
    // Five refusals later, two calls of ten were spent and this is the third.
    assert_eq!(told(&server.send(&whoami(ADMIN_KEY))), left("principal", 7));
    assert_eq!(told(&server.send(&whoami(USER_KEY))), left("principal", 9));
    // As many refusals again, and then some: they are no longer free.
    for _ in 0..7 {
        assert_eq!(told(&server.send(&mint(ADMIN_KEY))), refused("minting", 0));
    }
    assert_eq!(told(&server.send(&whoami(ADMIN_KEY))), left("principal", 4));
}

#[test]
fn a_role_s_limit_is_for_whoever_has_it() {
    let server = server("", "[[limit]]\nname = \"users\"\nmax = 3\nwindow = \"1h\"\nroles = [\"user\"]");
    let anna = Request::post(mcp::whoami()).bearer(&token("anna").sign());
    for units in [2, 1, 0] {
        assert_eq!(told(&server.send(&anna)), left("users", units));
    }
    assert_eq!(told(&server.send(&anna)), refused("users", 0));
    assert_eq!(told(&server.send(&whoami(USER_KEY))), left("users", 2));
    assert_eq!(told(&server.send(&whoami(ADMIN_KEY))), left("principal", 99));
}

#[test]
fn layers_are_spent_from_in_order_and_the_last_is_for_all() {
    let server = server(
        "trusted_proxies = [\"127.0.0.1\"]",
        "[[limit]]\nname = \"each tool\"\nmax = 4\nwindow = \"1h\"\nper = \"principal-tool\"\n\
         [[limit]]\nname = \"network\"\nmax = 5\nwindow = \"1h\"\nper = \"address\"\n\
         [[limit]]\nname = \"all\"\nmax = 8\nwindow = \"1h\"\nper = \"everybody\"",
    );
    let from = |address: &str, request: Request| server.send(&request.header("x-forwarded-for", address));
    let (home, office) = ("198.51.100.1", "198.51.100.2");
    assert_eq!(told(&from(home, whoami(ADMIN_KEY))), left("each tool", 3));
    assert_eq!(told(&from(home, Request::post(mcp::list()).key(ADMIN_KEY))), left("each tool", 3));
    assert_eq!(told(&from(home, whoami(ADMIN_KEY))), left("each tool", 2));
    assert_eq!(told(&from(home, whoami(USER_KEY))), left("network", 1));
    assert_eq!(told(&from(home, whoami(USER_KEY))), left("network", 0));
    // The network refuses, before all are asked; whoever comes from elsewhere goes on.
    for _ in 0..20 {
        assert_eq!(told(&from(home, whoami(OWN_KEY))), refused("network", 0));
    }
    assert_eq!(told(&from(office, whoami(ADMIN_KEY))), left("each tool", 1));
    assert_eq!(told(&from(office, whoami(OWN_KEY))), left("all", 1));
    assert_eq!(told(&from(office, whoami(OWN_KEY))), left("all", 0));
    // Refused by the last of them: nothing is left of it in those before.
    for _ in 0..20 {
        assert_eq!(told(&from(office, whoami(ADMIN_KEY))), refused("all", 0));
    }
    let four = format!("[{}]", [mcp::whoami(), mcp::whoami(), mcp::whoami(), mcp::whoami()].join(","));
    let never = from(office, Request::post(four).key(ADMIN_KEY));
    assert_eq!(told(&never), refused("each tool", 1));
    assert_eq!(server.logged("each tool")["code"], "limit_exceeded");
}

#[test]
fn a_mistake_in_a_table_ends_the_server_with_one_sentence() {
    let ended = |limits: &str| {
        let toml = format!("port = 0\napi_keys = [\"{USER_KEY}\"]\n{limits}");
        let ended = setup().file("doorward.toml", &toml).args(&["--config", "doorward.toml"]).run();
        assert!(!ended.status.success() && ended.stdout.is_empty(), "{ended:?}");
        assert_eq!(ended.stderr.trim_end().lines().count(), 1, "{ended:?}");
        ended.stderr
    };
    let one = "[[limit]]\nname = \"a\"\nmax = 1\nwindow = \"1m\"\n";
    let cases = [
        (format!("{one}tool = [\"x\"]"), "[[limit]] 1 (\"a\") is not right: unknown field `tool`"),
        (format!("{one}{one}"), "[[limit]] 2 (\"a\") is not right: the name is taken"),
        (
            format!("{one}roles = [\"usr\"]"),
            "[[limit]] 1 (\"a\") is for role \"usr\", which is not configured",
        ),
        (one.replace("1m", "soon"), "[[limit]] 1 (\"a\") has a wrong window: it must be a span of time"),
    ];
    for (limits, expected) in cases {
        let found = ended(&limits);
        assert!(
            found.starts_with("doorward: doorward.toml: ") || found.starts_with("doorward: [[limit]]"),
            "{found}"
        );
        assert!(found.contains(expected), "{expected}: {found}");
    }
}
