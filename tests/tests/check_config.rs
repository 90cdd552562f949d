//! `doorward check-config`, and a server whose policy comes from a TOML file.

use doorward_tests::fixtures::{ADMIN_KEY, SECRET, USER_KEY, protected, token};
use doorward_tests::http::Request;
use doorward_tests::{Ended, Setup, mcp};
use serde_json::{Value, json};

const POLICY: &str = r#"
[roles.user]
tools = ["whoami"]
[roles.admin]
tools = ["whoami"]
[scopes."tokens:mint"]
tools = ["generate-token"]
[scopes.all]
implies = ["tokens:mint"]
[[require]]
tools = ["generate-token"]
any_of = { scopes = ["mfa"], roles = ["owner"] }
"#;

fn with_policy(policy: &str) -> Setup {
    protected().file("doorward.toml", policy).args(&["--config", "doorward.toml"])
}

fn check(setup: &Setup, args: &[&str]) -> Ended {
    let ended = setup.clone().args(&[&["check-config"], args].concat()).run();
    for secret in [USER_KEY, ADMIN_KEY, SECRET] {
        assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "{ended:?}");
    }
    ended
}

/// The parts that are well, by name.
fn parts(setup: &Setup) -> Vec<(String, String)> {
    let ended = check(setup, &[]);
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    let line = |line: &str| {
        let (part, about) = line.split_once(" ok ").unwrap_or_else(|| panic!("{line}"));
        (part.trim().to_owned(), about.trim().to_owned())
    };
    ended.stdout.lines().map(line).collect()
}

#[test]
fn what_is_well_is_told_a_line_a_part() {
    let found = parts(&with_policy(POLICY));
    let names: Vec<&str> = found.iter().map(|(part, _)| part.as_str()).collect();
    assert_eq!(names, ["settings", "credentials", "policy", "limits", "server"], "{found:?}");
    let about = |part: &str| found.iter().find(|(one, _)| one == part).map(|(_, about)| about.as_str());
    assert_eq!(about("settings"), Some("doorward.toml, the environment"));
    assert_eq!(about("credentials"), Some("2 of API_KEYS, 1 of ADMIN_API_KEYS, JWT_SECRET"));
    assert_eq!(about("policy"), Some("2 roles, 3 scopes"));
    assert_eq!(about("server"), Some("127.0.0.1 port 0, not bound"));

    let bare = parts(&Setup::bare());
    assert!(bare.contains(&("credentials".into(), "none, so some are made for each run".into())), "{bare:?}");
    let redis = parts(&protected().var("REDIS_URL", "redis://:hunter2@127.0.0.1:1"));
    assert!(redis.contains(&("redis".into(), "set, and not asked".into())), "{redis:?}");

    // It may run beside the server.
    let server = protected().start();
    assert_eq!(
        check(&protected().var("PORT", server.address.port().to_string()), &[]).status.code(),
        Some(0)
    );
}

#[test]
fn the_same_in_json() {
    let ended = check(&with_policy(POLICY), &["--json"]);
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    let found: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&found["ok"], &found["warnings"]), (&json!(true), &json!([])));
    assert_eq!(found["parts"][2], json!({ "part": "policy", "ok": true, "about": "2 roles, 3 scopes" }));

    let ended = check(&protected().var("RATE_LIMIT_MAX", "0"), &["--json"]);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let found: Value = serde_json::from_str(&ended.stdout).unwrap();
    let sentence = ended.stderr.trim_end().strip_prefix("doorward: ").unwrap();
    assert_eq!(found, json!({ "ok": false, "error": sentence }));
}

#[test]
fn what_would_stop_the_server_stops_the_check() {
    let cases = [
        (with_policy("prot = 1"), "doorward.toml: the configuration has prot"),
        (with_policy("[policy]"), "doorward.toml: [policy] denies by default"),
        (with_policy("[roles.user]\ntools = [\"x\"]"), "ADMIN_API_KEYS have the role admin"),
        (with_policy(POLICY).var("PORT", "http"), "PORT is not right"),
        (protected().var("API_KEYS_FILE", "missing.jsonl"), "API_KEYS_FILE missing.jsonl: it cannot be read"),
        (protected().file("k", "{}").var("API_KEYS_FILE", "k"), "API_KEYS_FILE k: "),
        (protected().var("REDIS_URL", "http://127.0.0.1"), "REDIS_URL"),
    ];
    for (setup, saying) in cases {
        let ended = check(&setup, &[]);
        assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
        let sentence = ended.stderr.strip_suffix('\n').unwrap();
        assert!(sentence.starts_with("doorward: ") && !sentence.contains('\n'), "{ended:?}");
        assert!(sentence.contains(saying), "{saying}: {ended:?}");
    }
}

#[test]
fn what_looks_like_a_mistake_is_a_warning() {
    let ended = check(&protected().file("vars", "JWT_SECERT=x\n").args(&["--env-file", "vars"]), &[]);
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(ended.stderr.starts_with("doorward: warning: JWT_SECERT is no setting"), "{ended:?}");

    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys.jsonl");
    let mut command = doorward_tests::process::doorward();
    command.args(["keys", "new", "--role", "user", "--role", "usre", "--file"]).arg(&keys);
    assert!(command.output().unwrap().status.success());
    let setup = protected().var("API_KEYS_FILE", &keys);
    let ended = check(&setup, &[]);
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(ended.stderr.contains("has keys of roles by which nothing is reached: \"usre\"\n"), "{ended:?}");
    assert!(ended.stdout.contains("1 in "), "{ended:?}");
    let server = setup.start();
    assert_eq!(server.logged("role_unknown")["level"], "WARN");
}

#[test]
fn the_file_s_policy_is_the_server_s() {
    let server = with_policy(POLICY).start();
    let mint = || mcp::call("generate-token", json!({ "userId": "ben" }));
    let with = |scope: &str, role: &str| {
        let token = token("anna").claim("scope", scope).claim("role", role).sign();
        server.send(&Request::post(mint()).bearer(&token))
    };
    let challenge = "Bearer error=\"insufficient_scope\", scope=\"mfa tokens:mint\"";
    for scope in ["", "other", "tokens:mint", "all", "mfa"] {
        let answer = with(scope, "user");
        assert_eq!(
            (answer.status, answer.header("www-authenticate")),
            (403, Some(challenge)),
            "{scope}: {answer:?}"
        );
        assert_eq!(answer.json()["error"], "insufficient_scope");
    }
    for scope in ["mfa tokens:mint", "mfa all"] {
        assert_eq!(mcp::result(&with(scope, "user"))["userId"], "ben", "{scope}");
    }
    let owner = with("", "owner");
    assert_eq!(
        owner.header("www-authenticate"),
        Some("Bearer error=\"insufficient_scope\", scope=\"tokens:mint\"")
    );
    let other = server.send(&Request::post(mcp::call("delete", json!({}))).key(USER_KEY));
    assert_eq!((other.status, other.header("www-authenticate")), (403, None), "{other:?}");
    assert_eq!(other.json()["error"], "forbidden");
    let line = server.logged("scope_insufficient");
    assert_eq!(line["detail"], "nothing held reaches this tool: scope tokens:mint would");

    let listed = |scope: &str| {
        let token = token("anna").claim("scope", scope).sign();
        let answer = server.send(&Request::post(mcp::list()).bearer(&token));
        assert_eq!(answer.json()["result"]["cacheScope"], "private", "{answer:?}");
        mcp::tools(&answer)
    };
    assert_eq!(listed("mfa"), ["whoami"]);
    assert_eq!(listed("mfa all"), ["generate-token", "whoami"]);
    assert_eq!(listed("all"), ["whoami"], "what a requirement forbids is not shown");
}
