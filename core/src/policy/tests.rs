use super::*;
use std::format;

fn reads(patterns: [&str; 2]) -> Policy {
    Policy::new().role("r", Grants::new().resources(patterns))
}

#[test]
fn a_prefix_never_reaches_out_of_its_folder() {
    let policy = reads(["file:///a/*", "file:///b/../c"]);
    let allowed = |uri: &str| policy.is_allowed(&Held::of_roles(&["r"]), Kind::Resource, uri);
    assert!(allowed("file:///a/x"));
    for uri in
        ["file:///a/../x", "file:///a/%2e%2E/x", "file:///a/..%2Fx", "file:///a/%252e/x", "file:///a/\\x"]
    {
        assert!(!allowed(uri), "{uri}");
    }
    for gone in ["\t", "\n", "\r", "\0", "\u{7f}"] {
        assert!(!allowed(&format!("file:///a/.{gone}./x")), "URL parsers leave out {gone:?}");
    }
    assert!(allowed("file:///b/../c"), "what is named to the letter is meant");
    assert!(!allowed("file:///A/x"));
}

#[test]
fn kinds_do_not_mix() {
    let policy = Policy::new().role("r", Grants::new().tools(["x"]));
    let allowed = |kind, name| policy.is_allowed(&Held::of_roles(&["r"]), kind, name);
    assert!(allowed(Kind::Tool, "x") && allowed(Kind::Method, "tools/list"));
    assert!(!allowed(Kind::Prompt, "x") && !allowed(Kind::Method, "x") && !allowed(Kind::Tool, "ping"));
}

#[test]
fn everybody_may_begin_and_nobody_may_more_by_default() {
    let none = Held::<&str, &str>::new(&[], &[]);
    let policy = Policy::new();
    for method in ["initialize", "ping", "server/discover", "notifications/initialized"] {
        assert!(policy.is_allowed(&none, Kind::Method, method));
    }
    for method in ["tools/list", "initialize2", "notifications", "Ping"] {
        assert!(!policy.is_allowed(&none, Kind::Method, method), "{method}");
    }
    assert!(Policy::allow_all().is_allowed(&none, Kind::Tool, "anything"));
}

#[test]
fn what_would_do_nothing_or_break_a_header_is_no_policy() {
    let of = |scope: &str| Policy::new().scope(scope, Grants::all()).map(|_| ());
    for bad in ["", " ", "a b", "a\"b", "a\\b", "a\r\nb", "caf\u{e9}", "a\u{7f}"] {
        assert_eq!(of(bad), Err(PolicyError::ScopeName), "{bad:?}");
        assert!(Policy::new().implies("a", [bad]).is_err() && Policy::new().implies(bad, ["a"]).is_err());
        let needs = Requirement::any().scopes(["a", bad]);
        assert_eq!(Policy::new().require(Kind::Tool, "x", needs).map(|_| ()), Err(PolicyError::ScopeName));
    }
    for good in ["a", "files:read", "https://a.example/scope", "!#$%&'()*+,-./[]^_`{|}~"] {
        assert_eq!(of(good), Ok(()), "{good}");
    }
    assert_eq!(of("offline_access"), Err(PolicyError::OfflineAccess));

    let require = |kind, pattern: &str, needs| Policy::new().require(kind, pattern, needs).map(|_| ());
    let admin = || Requirement::any().roles(["admin"]);
    assert_eq!(require(Kind::Tool, "x", Requirement::any()), Err(PolicyError::RequirementEmpty));
    assert_eq!(require(Kind::Tool, "x", Requirement::all()), Err(PolicyError::RequirementEmpty));
    assert_eq!(require(Kind::Tool, "a*b", admin()), Err(PolicyError::Pattern));
    assert_eq!(require(Kind::Tool, "a**", admin()), Err(PolicyError::Pattern));
    for method in ["tools/call", "tools/*", "*", "resources/read", "completion/complete"] {
        assert_eq!(require(Kind::Method, method, admin()), Err(PolicyError::MethodNames), "{method}");
    }
    assert_eq!(require(Kind::Method, "tasks/*", admin()), Ok(()));
}

#[test]
fn implications_are_followed_to_their_end_and_circles_end() {
    let policy = Policy::new()
        .scope("read", Grants::new().tools(["read"]))
        .and_then(|policy| policy.implies("admin", ["write"]))
        .and_then(|policy| policy.implies("write", ["read"]))
        .and_then(|policy| policy.implies("read", ["read", "round"]))
        .and_then(|policy| policy.implies("round", ["write"]))
        .unwrap();
    for scope in ["admin", "write", "read", "round"] {
        assert!(policy.is_allowed(&Held::of_scopes(&[scope]), Kind::Tool, "read"), "{scope}");
    }
    assert!(!policy.is_allowed(&Held::of_roles(&["admin"]), Kind::Tool, "read"), "a scope is no role");
    assert!(policy.scopes().eq(["admin", "read", "round", "write"]));

    let needs = |scope: &str| Requirement::all().scopes([scope]);
    let policy = policy.require(Kind::Tool, "read", needs("admin")).unwrap();
    assert!(policy.is_allowed(&Held::of_scopes(&["admin"]), Kind::Tool, "read"));
    assert!(!policy.is_allowed(&Held::of_scopes(&["write"]), Kind::Tool, "read"), "not upwards");
}

#[test]
fn a_requirement_is_held_against_every_spelling_of_a_resource() {
    let policy = Policy::allow_all()
        .require(Kind::Resource, "file:///secret/*", Requirement::any().roles(["admin"]))
        .unwrap();
    let user = Held::of_roles(&["user"]);
    for uri in ["file:///secret/a", "FILE:///Secret/a", "file:///%73ecret/a", "file:///x/../secret/a"] {
        assert!(!policy.is_allowed(&user, Kind::Resource, uri), "{uri}");
        assert!(policy.is_allowed(&Held::of_roles(&["admin"]), Kind::Resource, uri), "{uri}");
    }
    assert!(policy.is_allowed(&user, Kind::Resource, "file:///open/a%20b"));
}

#[test]
fn the_challenge_asks_for_little_and_for_all_at_once() {
    let policy = Policy::new()
        .role("user", Grants::new().tools(["list"]))
        .scope("all", Grants::all())
        .and_then(|policy| policy.scope("files", Grants::new().tools(["read", "delete_*"])))
        .and_then(|policy| policy.scope("also", Grants::new().tools(["delete_*"])))
        .and_then(|policy| policy.scope("drafts", Grants::new().tools(["delete_draft_*"])))
        .and_then(|policy| {
            policy.require(Kind::Tool, "delete_*", Requirement::all().scopes(["delete", "mfa"]))
        })
        .and_then(|policy| policy.require(Kind::Tool, "list", Requirement::any().scopes(["z", "a"])))
        .and_then(|policy| policy.require(Kind::Tool, "read", Requirement::all().roles(["staff"])))
        .unwrap();
    let wanted = |roles: &[&str], scopes: &[&str], tool| {
        let refused = policy.decide(&Held::new(roles, scopes), Kind::Tool, tool).unwrap_err();
        refused.scopes().collect::<std::vec::Vec<_>>().join(" ")
    };
    assert_eq!(wanted(&[], &[], "write"), "all");
    assert_eq!(wanted(&[], &[], "delete_x"), "also delete mfa");
    assert_eq!(wanted(&[], &["mfa", "files"], "delete_x"), "also delete mfa", "the same whatever is held");
    assert_eq!(wanted(&[], &[], "delete_draft_1"), "delete drafts mfa");
    assert_eq!(wanted(&["user"], &[], "list"), "z");
    assert_eq!(wanted(&[], &[], "read"), "", "no scope stands in for a role");
    assert_eq!(wanted(&["staff"], &[], "read"), "files");
}

#[test]
fn explanations_tell_configured_names_and_nothing_else() {
    let many = (0..20).fold(Policy::new(), |policy, n| policy.role(format!("r{n:02}"), Grants::all()));
    let policy = many
        .scope("s", Grants::new().tools(["x"]))
        .and_then(|policy| policy.role("a\nb", Grants::new().tools(["y"])).scope("t", Grants::new()))
        .and_then(|policy| {
            policy.require(Kind::Tool, "z*", Requirement::all().scopes(["s"]).roles(["r00", "boss"]))
        })
        .unwrap();
    let why = |roles: &[&str], name: &str| {
        std::string::ToString::to_string(
            &policy.decide(&Held::of_roles(roles), Kind::Tool, name).unwrap_err(),
        )
    };
    assert_eq!(
        why(&[], "x"),
        "nothing held reaches this tool: scope s or role r00 or role r01 or role r02 or role r03 or role r04 or role r05 \
         or role r06 or 13 more would"
    );
    assert!(why(&[], "y").contains("role a\\nb or "), "{}", why(&[], "y"));
    assert_eq!(
        why(&["r00"], "zebra"),
        "a requirement on tool z* is not met: all of scope s, role r00, role boss must be held"
    );
    assert!(!why(&[], "swordfish").contains("swordfish"));
    let nobody = Policy::new().decide(&Held::of_roles(&["x"]), Kind::Prompt, "p").unwrap_err();
    assert_eq!(
        std::string::ToString::to_string(&nobody),
        "nothing held reaches this prompt: no role or scope does"
    );
    assert!(!nobody.is_for_scopes());
}
