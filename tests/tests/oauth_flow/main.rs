//! OAuth as real clients meet it: the official SDKs of TypeScript and Python, our server, and an authorization server,
//! all on loopback.

mod keys;
mod scopes;
mod side_by_side;
mod tokens;

use doorward_tests::authorization_server::{Asked, What};
use doorward_tests::fixtures::{ISSUER, SECRET};
use doorward_tests::oauth_client::Outcome;
use doorward_tests::{AuthorizationServer, OauthClient, Port, Request, Sdk, Server, Setup};
use serde_json::json;
use std::fmt::Write as _;
use std::thread;

/// A server that trusts the issuers it was made with, at a port that is its own for as long as this is there.
struct Protected {
    setup: Setup,
    /// Always there, but while it is started again.
    server: Option<Server>,
    port: Port,
}

/// What scopes reach: one is told to who has none, the other is for more and holds the first.
const SCOPES: &str = r#"
[oauth]
scopes = ["mcp:read", "mcp:admin"]
default_scopes = ["mcp:read"]

[scopes."mcp:read"]
tools = ["whoami"]

[scopes."mcp:admin"]
tools = ["generate-token"]
implies = ["mcp:read"]
"#;

impl Protected {
    fn by(issuer: &AuthorizationServer) -> Self {
        Self::with(&[issuer], "", "")
    }

    /// With further settings, and further tables.
    fn with(issuers: &[&AuthorizationServer], settings: &str, tables: &str) -> Self {
        let port = Port::free();
        let address = port.address();
        let mut config = format!("port = {}\npublic_url = \"http://{address}/mcp\"\n", address.port());
        // What `generate-token` signs with: no client has it.
        writeln!(config, "jwt_secret = \"{SECRET}\"\njwt_issuer = \"{ISSUER}\"\n{settings}").expect("a text");
        for issuer in issuers {
            writeln!(config, "[[issuer]]\nurl = \"{}\"", issuer.issuer()).expect("a text");
        }
        let config = [&config, SCOPES, tables].concat();
        let setup = Setup::bare().var("LOG_FORMAT", "json").file("doorward.toml", &config);
        let setup = setup.args(&["--config", "doorward.toml"]);
        let server = setup.start();
        server.secret(SECRET);
        // Else the first tokens would wait for them, and counts would not be told apart.
        for issuer in issuers {
            let _ = server.logged(&format!("\"key set fetched\",\"url\":\"{}/keys\"", issuer.issuer()));
        }
        Self { setup, server: Some(server), port }
    }

    fn url(&self) -> String {
        format!("http://{}/mcp", self.port.address())
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("it runs")
    }

    /// Everything again, as after a crash.
    fn restart(&mut self) {
        drop(self.server.take());
        self.server = Some(self.setup.start());
    }

    /// The challenge that an answer of 401 carries, behind its `error`.
    fn challenge(&self) -> String {
        let metadata = format!("http://{}/.well-known/oauth-protected-resource/mcp", self.port.address());
        format!("scope=\"mcp:read\", resource_metadata=\"{metadata}\"")
    }
}

/// Does the same with every client, each beside the others.
fn with_each(sdks: &[Sdk], scenario: impl Fn(Sdk) + Sync) {
    thread::scope(|scope| {
        for sdk in sdks {
            let scenario = &scenario;
            scope.spawn(move || scenario(*sdk));
        }
    });
}

/// Each connected already, each in a process of its own.
fn connected(sdks: &[Sdk], url: &str) -> Vec<OauthClient> {
    let connect = |sdk: Sdk| {
        let mut client = OauthClient::start(sdk, url);
        client.connect().ok();
        client
    };
    thread::scope(|scope| {
        let threads: Vec<_> = sdks.iter().map(|sdk| scope.spawn(move || connect(*sdk))).collect();
        threads.into_iter().map(|thread| thread.join().expect("it connects")).collect()
    })
}

/// What went over the wire for a call of a tool. The Python SDK lists the tools behind it, for the tool's schema.
fn call_lines(outcome: &Outcome) -> Vec<String> {
    let lines = outcome.lines();
    lines.into_iter().filter(|line| line != "server tools/list 200").collect()
}

#[test]
fn from_nothing_to_a_call() {
    let issuer = AuthorizationServer::start();
    let protected = Protected::by(&issuer);
    with_each(&Sdk::ALL, |sdk| {
        let mut client = OauthClient::start(sdk, &protected.url());
        let connected = client.connect();
        let first = if sdk.is_modern() { "server/discover" } else { "initialize" };
        let expected = [
            format!("server {first} 401"),
            "server GET /.well-known/oauth-protected-resource/mcp 200".into(),
            "issuer GET /.well-known/oauth-authorization-server 200".into(),
            "issuer POST /register 201".into(),
            "issuer GET /authorize 302".into(),
            "issuer POST /token 200".into(),
            format!("server {first} 200"),
        ];
        assert_eq!(connected.lines(), expected, "{sdk:?}");
        assert_eq!(connected.challenges(), [format!("Bearer {}", protected.challenge())], "{sdk:?}");
        let revision = if sdk.is_modern() { "2026-07-28" } else { "2025-11-25" };
        assert_eq!(connected.ok(), revision, "{sdk:?}");

        assert_eq!(
            client.held_scope().as_deref(),
            Some("mcp:read"),
            "{sdk:?}: what the challenge said, no more"
        );
        let who = client.whoami().ok();
        assert_eq!(
            (&who["id"], &who["method"], &who["scopes"]),
            (&json!(format!("jwt:{}:anna", issuer.issuer())), &json!("jwt"), &json!(["mcp:read"])),
            "{sdk:?}"
        );
        assert_eq!(client.list().ok(), json!(["whoami"]), "{sdk:?}: what it may use");
    });
    let asked = issuer.asked();
    let of = |what: What| asked.iter().filter(|asked| asked.what == what).collect::<Vec<&Asked>>();
    for what in [What::Authorize, What::Exchange] {
        let found = of(what);
        assert_eq!(found.len(), Sdk::ALL.len(), "once each");
        assert!(found.iter().all(|asked| asked.resource.as_ref() == Some(&protected.url())), "{found:?}");
        assert!(found.iter().all(|asked| asked.scope.as_deref() == Some("mcp:read")), "{found:?}");
    }
    assert_eq!(
        (of(What::Refresh).len(), of(What::Keys).len()),
        (0, 1),
        "keys are fetched once, by the server"
    );
    // Looked for in the server's log when it ends.
    let issued = issuer.issued();
    assert_eq!(issued.len(), Sdk::ALL.len());
    issued.iter().for_each(|token| protected.server().secret(token));
    let log = protected.server().log();
    let denied = log.lines().filter(|line| line.contains("\"denied\""));
    let codes = denied.map(|line| line.contains("credential_missing")).collect::<Vec<_>>();
    assert_eq!(codes, [true; Sdk::ALL.len()], "one each, and nothing else was refused:\n{log}");
}

#[test]
fn what_clients_find_is_what_is_configured() {
    let issuer = AuthorizationServer::start();
    let protected = Protected::by(&issuer);
    for path in ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"] {
        // Whatever the request says of itself.
        let request = Request::get(path)
            .header("x-forwarded-host", "evil.example")
            .header("origin", "https://web.example");
        let answer = protected.server().send(&request);
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (200, Some("*")),
            "{answer:?}"
        );
        let document = answer.json();
        assert_eq!(
            (&document["resource"], &document["authorization_servers"]),
            (&json!(protected.url()), &json!([issuer.issuer()]))
        );
        assert_eq!(document["scopes_supported"], json!(["mcp:read", "mcp:admin"]));
        assert_eq!(document["bearer_methods_supported"], json!(["header"]));
    }
    for path in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"] {
        assert_eq!(
            protected.server().send(&Request::get(path)).status,
            404,
            "we are no authorization server"
        );
    }
}
