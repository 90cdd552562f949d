use super::*;
use crate::policy::Held;
use std::string::ToString as _;

const WHOLE: &str = r#"
    [roles.admin]
    tools = ["*"]
    resources = ["*"]
    prompts = ["*"]
    methods = ["*"]
    [roles.user]
    tools = ["whoami"]
    [everybody]
    methods = ["tools/list"]
    [scopes."files:read"]
    tools = ["read_*"]
    resources = ["docs://open/*"]
    [scopes."files:write"]
    tools = ["write_*", "delete_*"]
    implies = ["files:read"]
    [scopes.all]
    implies = ["files:write", "files:delete"]
    [[require]]
    tools = ["delete_*"]
    any_of = { scopes = ["files:delete"], roles = ["admin"] }
    [[require]]
    tools = ["delete_everything"]
    prompts = ["last_words"]
    all_of = { roles = ["admin"] }
"#;

#[test]
fn every_section_is_read() {
    let policy = Config::from_toml(WHOLE).unwrap().policy.unwrap();
    let role = |role, kind, name| policy.is_allowed(&Held::of_roles(&[role]), kind, name);
    let scope = |scope, kind, name| policy.is_allowed(&Held::of_scopes(&[scope]), kind, name);
    assert!(role("admin", Kind::Tool, "delete_everything") && role("admin", Kind::Method, "x/y"));
    assert!(role("user", Kind::Tool, "whoami") && role("user", Kind::Method, "prompts/list"));
    assert!(!role("user", Kind::Tool, "read_x") && !role("user", Kind::Prompt, "last_words"));
    assert!(role("nobody", Kind::Method, "tools/list") && !role("nobody", Kind::Method, "prompts/list"));
    assert!(scope("files:read", Kind::Tool, "read_x") && scope("all", Kind::Resource, "docs://open/x"));
    assert!(scope("files:write", Kind::Tool, "read_x") && !scope("files:write", Kind::Tool, "delete_x"));
    assert!(scope("all", Kind::Tool, "delete_x") && !scope("all", Kind::Tool, "delete_everything"));

    let default = Config::from_toml(
        "[policy]\ndefault = \"allow\"\n[[require]]\ntools = [\"x\"]\nall_of.scopes = [\"s\"]",
    );
    let policy = default.unwrap().policy.unwrap();
    assert!(policy.is_allowed(&Held::of_roles(&[""]), Kind::Tool, "y"));
    assert!(!policy.is_allowed(&Held::of_roles(&[""]), Kind::Tool, "x"));
    assert!(policy.is_allowed(&Held::of_scopes(&["s"]), Kind::Tool, "x"));
    assert!(Config::from_toml("port = 1").unwrap().policy.is_none());
}

#[test]
fn each_mistake_is_one_sentence_with_its_place() {
    let cases = [
        ("[roles.a]\ntool = [\"x\"]", "roles", "[roles.a] is not right: unknown field `tool`"),
        ("[roles.a]\ntools = \"x\"", "roles", "[roles.a] is not right: invalid type"),
        ("[roles.a]\ntools = [\"x\", 1]", "roles", "[roles.a] is not right"),
        ("[roles.a]\nimplies = []", "roles", "[roles.a] implies something, which only scopes can"),
        ("[everybody]\nimplies = []", "everybody", "[everybody] implies something"),
        ("[roles]\na = 1", "roles", "[roles.a] is not right"),
        ("roles = 1", "roles", "roles is not right"),
        (
            "[roles.a]\ntools = [\"x\", \"\"]",
            "roles",
            "[roles.a] has among its tools an item 2 that is empty",
        ),
        ("[roles.a]\nprompts = [\"a*b\"]", "roles", "[roles.a] has among its prompts an item 1 that has a *"),
        (
            "[roles.a]\nmethods = [\"tools/call\"]",
            "roles",
            "[roles.a] has among its methods an item 1 that has no",
        ),
        ("[scopes.\"a b\"]\ntools = [\"x\"]", "scopes", "[scopes.a b] is not right: a scope must be"),
        ("[scopes.\"a\\\"\\n\"]\ntools = [\"x\"]", "scopes", "[scopes.a\\\"\\n] is not right"),
        ("[scopes.offline_access]", "scopes", "[scopes.offline_access] is not right: offline_access asks"),
        ("[scopes.a]\nimplies = [\"b\"]", "scopes", "[scopes.a] implies b, which reaches nothing"),
        ("[scopes.a]\nimplies = [\"b c\"]", "scopes", "[scopes.a] is not right"),
        ("[[require]]\ntools = [\"x\"]", "require", "[[require]] number 1 says nothing that is needed"),
        ("[[require]]\nany_of.roles = [\"x\"]", "require", "[[require]] number 1 stands on nothing"),
        ("[[require]]\ntools = [\"x\"]\nany_of = {}", "require", "number 1 is not right: a requirement must"),
        (
            "[[require]]\ntools = [\"x\"]\nany_of.role = [\"x\"]",
            "require",
            "number 1 is not right: unknown field",
        ),
        (
            "[[require]]\nmethods = [\"tools/*\"]\nany_of.roles = [\"x\"]",
            "require",
            "number 1 is not right: calls of",
        ),
        (
            "[[require]]\ntools = [\"x\"]\nall_of.roles = [\"x\"]\n[[require]]\ntools = [\"*x\"]\nall_of.roles = [\"x\"]",
            "require",
            "[[require]] number 2 has among its tools an item 1",
        ),
        ("[require]\ntools = []", "require", "require is not right"),
        ("[policy]\ndefault = \"maybe\"", "policy", "[policy] is not right: unknown variant"),
        ("[policy]\ndefualt = \"deny\"", "policy", "[policy] is not right: unknown field"),
        ("[policy]", "policy", "[policy] denies by default, and nothing is granted"),
        ("[policy]\ndefault = \"allow\"\n[roles.a]\ntools = []", "roles", "[roles.a] has no effect"),
        ("[policy]\ndefault = \"allow\"\n[scopes.a]\ntools = [\"x\"]", "scopes", "[scopes.a] has no effect"),
        ("api_keys = [\"k\"]\n[roles.admin]\ntools = [\"x\"]", "API_KEYS", "API_KEYS have the role user"),
        ("admin_api_keys = [\"k\"]\n[roles.user]\ntools = [\"x\"]", "ADMIN_API_KEYS", "have the role admin"),
        ("[policies]", "", "policies, which is no setting"),
    ];
    for (text, setting, part) in cases {
        let error = Config::from_toml(text).map(|_| ()).unwrap_err();
        assert_eq!(error.setting().unwrap_or_default(), setting, "{text}: {error}");
        assert!(error.to_string().contains(part), "{text}: {error}");
        assert!(!error.to_string().ends_with('.') && !error.to_string().contains('\n'), "{error}");
    }
    let known = "api_keys = [\"k\"]\n[everybody]\ntools = [\"x\"]";
    assert!(Config::from_toml(known).is_ok(), "everybody may something, so the role needs no grant");
}

#[test]
fn variables_win_over_the_file() {
    let text = "port = 1\nrate_limit_max = 7\napi_keys = [\"a\"]\n[roles.user]\ntools = [\"x\"]";
    let config =
        Config::from_toml_and_vars(text, [("PORT", "2"), ("API_KEYS", "b,c"), ("PATH", "/")]).unwrap();
    assert_eq!((config.port, config.principal_quota.limit(), config.api_keys.len()), (2, 7, 2));
    assert!(config.policy.is_some());
    assert!(Config::from_toml_and_vars(text, [("PORT", "x")]).is_err());
    assert!(Config::from_toml_and_vars("prot = 1", [("PORT", "1")]).is_err());
}

#[test]
fn the_file_s_policy_comes_before_the_hosts() {
    let allowed = |text: &str| {
        let gate =
            Config::from_toml(text).unwrap().gate(Policy::allow_all()).unwrap().build_random().unwrap();
        gate.policy().is_allowed(&Held::of_roles(&["user"]), Kind::Tool, "x")
    };
    assert!(allowed("api_keys = [\"k\"]"));
    assert!(!allowed("api_keys = [\"k\"]\n[roles.user]\ntools = [\"y\"]"));
}
