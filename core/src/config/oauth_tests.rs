use super::*;
use crate::gate::{Body, Step};
use crate::oauth::Resource;
use std::string::ToString as _;

const PUBLIC: &str = "public_url = \"https://mcp.example/mcp\"\n";

fn toml(text: &str) -> Result<Config, ConfigError> {
    Config::from_toml(text)
}

fn resource(config: &Config) -> Resource {
    config.resource().unwrap().unwrap()
}

#[test]
fn each_mistake_in_a_table_is_told() {
    let issuer = "[[issuer]]\nurl = \"https://a.example\"\n";
    let asked =
        "introspection_client_secret = \"s3cret-of-ours\"\n[introspection]\nurl = \"https://a.example/i\"\n";
    let cases: &[(&str, &str, &str)] = &[
        ("[oauth]\nscopes = [\"a\"]", "oauth", "without OAUTH_ISSUER"),
        ("[[issuer]]\nissuer = \"x\"", "issuer", "unknown field"),
        ("[[issuer]]\npreset = \"auth0\"", "issuer", "missing field `url`"),
        ("[issuer]\nurl = \"https://a.example\"", "issuer", "is not right"),
        ("[[issuer]]\nurl = \"http://a.example\"", "issuer", "1 is not right: the issuer must be https"),
        ("[[issuer]]\nurl = \"https://a.example?x\"", "issuer", "query"),
        (&[issuer, "preset = \"okta\""].concat(), "issuer", "unknown variant"),
        (&[issuer, "preset = \"entra\""].concat(), "issuer", "needs application"),
        (&[issuer, "client = \"x\""].concat(), "issuer", "only for preset = \"keycloak\""),
        (
            &[issuer, "preset = \"auth0\"\napplication = \"x\""].concat(),
            "issuer",
            "only for preset = \"entra\"",
        ),
        (&[issuer, "audience = []"].concat(), "issuer", "audience is empty"),
        (&[issuer, "audience = \"\""].concat(), "issuer", "audience is empty"),
        (&[issuer, "clock_tolerance = 301"].concat(), "issuer", "0 to 300"),
        (&[issuer, "clock_tolerance = -1.0"].concat(), "issuer", "0 to 300"),
        (&[issuer, "roles_claim = 7"].concat(), "issuer", "is not right"),
        (
            &[issuer, "jwks_url = \"http://a.example/jwks\""].concat(),
            "issuer",
            "the address of its keys must be https",
        ),
        (&[issuer, issuer].concat(), "issuer", "two verifiers are for the same issuer"),
        (
            &["oauth_issuer = \"https://a.example\"\n", issuer].concat(),
            "issuer",
            "two verifiers are for the same issuer",
        ),
        (&["[oauth]\nscopes = [\"a b\"]\n", issuer].concat(), "oauth", "scope 1 must be printable"),
        (&["[oauth]\nscopes = [\"a\\\"\"]\n", issuer].concat(), "oauth", "scope 1 must be printable"),
        (&["[oauth]\ndefault_scopes = [\"a\", \"\\r\\nx\"]\n", issuer].concat(), "oauth", "scope 2 must be"),
        (&["[oauth]\nname = \"\"\n", issuer].concat(), "oauth", "name must be"),
        (
            "[introspection]\nurl = \"https://a.example/i\"\nissuer = \"x\"",
            "INTROSPECTION_CLIENT_SECRET",
            "is not set",
        ),
        (
            "introspection_client_secret = \"s3cret-of-ours\"",
            "INTROSPECTION_CLIENT_SECRET",
            "without [introspection]",
        ),
        (asked, "introspection", "missing field `issuer`"),
        (&[asked, "issuer = \"\""].concat(), "introspection", "issuer is empty"),
        (&[asked, "issuer = \"x\"\nclient_secret = \"y\""].concat(), "introspection", "unknown field"),
        ("[anonymous]", "anonymous", "allows nothing"),
        ("[anonymous]\nmethods = [\"ping\"]\nwindow = \"soon\"", "anonymous", "span of time"),
        ("[anonymous]\nmethods = [\"ping\"]\nmax = 0", "anonymous", "is not right"),
        ("[anonymous]\nmethods = \"ping\"", "anonymous", "is not right"),
        ("[oauths]", "", "which is no setting"),
    ];
    for (text, setting, message) in cases {
        let error = toml(text).expect_err(text);
        assert_eq!(error.setting().unwrap_or_default(), *setting, "{text}: {error}");
        assert!(error.to_string().contains(message), "{text}: {error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}

#[test]
fn a_resource_needs_a_public_url_but_on_loopback() {
    let issuer = "oauth_issuer = \"https://a.example\"\n";
    let elsewhere = "host = \"0.0.0.0\"\nallowed_hosts = [\"mcp.example\"]\n";
    let table = "[[issuer]]\nurl = \"https://a.example\"";
    for text in [[elsewhere, issuer].concat(), [elsewhere, table].concat()] {
        let error = toml(&text).unwrap_err();
        assert_eq!(error.setting(), Some("PUBLIC_URL"), "{error}");
        assert!(error.to_string().contains("an issuer is"), "{error}");
        assert!(toml(&[PUBLIC, &text].concat()).is_ok());
    }
    let mut local = toml(issuer).unwrap();
    assert_eq!(resource(&local).uri(), "http://127.0.0.1:3000/mcp");
    local.port = 4711;
    assert_eq!(resource(&local).uri(), "http://127.0.0.1:4711/mcp");
    assert_eq!(
        resource(&toml(&["host = \"::1\"\n", issuer].concat()).unwrap()).uri(),
        "http://[::1]:3000/mcp"
    );
    assert_eq!(resource(&toml(&[PUBLIC, issuer].concat()).unwrap()).uri(), "https://mcp.example/mcp");
    assert!(toml("api_keys = [\"a-key-nobody-guesses\"]").unwrap().resource().unwrap().is_none());
}

#[test]
fn the_metadata_names_every_issuer_that_clients_can_be_sent_to() {
    let config = toml(
        "oauth_issuer = \"accounts\"\njwks_url = \"https://keys.example/jwks\"\n\
         public_url = \"https://mcp.example/mcp\"\nintrospection_client_secret = \"s3cret\"\n\
         [oauth]\nscopes = [\"mcp:read\", \"offline_access\", \"mcp:write\"]\ndefault_scopes = [\"mcp:read\"]\n\
         name = \"Tools\"\n\
         [[issuer]]\nurl = \"https://b.example/\"\n[[issuer]]\nurl = \"https://c.example/realms/x\"\n\
         [introspection]\nurl = \"https://d.example/introspect\"\nissuer = \"https://d.example\"\n",
    )
    .unwrap();
    assert_eq!(
        resource(&config).metadata(),
        "{\"resource\":\"https://mcp.example/mcp\",\"authorization_servers\":[\"https://b.example/\",\
         \"https://c.example/realms/x\",\"https://d.example\"],\"scopes_supported\":[\"mcp:read\",\"mcp:write\"],\
         \"bearer_methods_supported\":[\"header\"],\"resource_name\":\"Tools\"}"
    );
    assert!(resource(&config).challenge_scopes().eq(["mcp:read"]));
    assert_eq!(config.verifiers().unwrap().len(), 3);
    assert!(!std::format!("{config:?}").contains("s3cret"));
    // Nobody can be sent anywhere: challenges are plain.
    let nowhere = "oauth_issuer = \"accounts\"\njwks_url = \"https://keys.example/jwks\"\n";
    assert_eq!(toml(nowhere).unwrap().resource(), Ok(None));
}

#[test]
fn anybody_may_what_the_table_says() {
    let config = toml(
        "api_keys = [\"a-key-nobody-guesses\"]\n[anonymous]\nmethods = [\"ping\"]\ntools = [\"search\"]\nmax = 2\nwindow = \"1h\"",
    )
    .unwrap();
    let gate = config.gate(Policy::allow_all()).unwrap().build_random().unwrap();
    let now = crate::Now::new(0.0, 0);
    let ask = |method: &str| {
        let headers = [("host", &b"localhost"[..]), ("content-type", b"application/json")];
        let head = gate.head("POST", Some([127, 0, 0, 1].into()), headers);
        let body = std::format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{method}\"}}");
        match gate.begin(&head, now) {
            Step::NeedBody(need) => gate.body(need, Body::Read(body.as_bytes()), now),
            step => step,
        }
    };
    let Step::Admitted(admitted) = ask("ping") else { panic!("allowed") };
    assert_eq!((admitted.principal.id(), admitted.rate.limit), ("anon:127.0.0.1", 2));
    let Step::Denied(denial) = ask("initialize") else { panic!("not named") };
    assert_eq!((denial.status, denial.code.as_str()), (401, "credential_missing"));
    let Step::Denied(denial) = ask("ping") else { panic!("twice an hour") };
    assert_eq!((denial.status, denial.code.as_str()), (429, "principal_rate_limited"));
}
