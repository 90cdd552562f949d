//! The server as real MCP clients meet it: the official SDKs of TypeScript, Python and Rust, in every revision each
//! speaks.

use doorward_tests::fixtures::{protected, token};
use doorward_tests::{ADMIN_KEY, OWN_KEY, Server, USER_KEY};
use rmcp::model::{CallToolRequestParams, ProtocolVersion};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt as _};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A client, and the revision it is told to speak.
#[derive(Clone, Copy, Debug)]
enum Client {
    TypeScript { sdk: &'static str, protocol: &'static str },
    Python { protocol: &'static str },
    Rust { protocol: &'static str },
}

const TYPESCRIPT: [Client; 4] = [
    Client::TypeScript { sdk: "1", protocol: "legacy" },
    Client::TypeScript { sdk: "2", protocol: "auto" },
    Client::TypeScript { sdk: "2", protocol: "legacy" },
    Client::TypeScript { sdk: "2", protocol: "2026-07-28" },
];
const PYTHON: [Client; 3] = [
    Client::Python { protocol: "auto" },
    Client::Python { protocol: "legacy" },
    Client::Python { protocol: "2026-07-28" },
];
const RUST: [Client; 3] = [
    Client::Rust { protocol: "auto" },
    Client::Rust { protocol: "legacy" },
    Client::Rust { protocol: "2026-07-28" },
];

/// What a client is to send as its credential: a header's name and value.
type Credential = (&'static str, String);

impl Client {
    /// Connects, lists the tools, calls one. `{"ok":true,"tools":…,"result":…,"protocol":…}`, or
    /// `{"ok":false,"stage":…,"status":…,"error":…}`: see tests/clients/README.md.
    fn call(self, server: &Server, credential: &Credential, tool: &str, arguments: Value) -> Value {
        let (name, value) = credential;
        server.secret(value);
        let clients = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/clients"));
        let (mut command, protocol) = match self {
            Self::TypeScript { sdk, protocol } => {
                let folder = clients.join("typescript");
                installed(folder.join("node_modules"));
                let mut command = Command::new("node");
                command.arg(folder.join("client.mjs")).args(["--sdk", sdk]);
                (command, protocol)
            }
            Self::Python { protocol } => {
                let folder = clients.join("python");
                let mut command = Command::new(installed(folder.join(".venv/bin/python")));
                command.arg(folder.join("client.py"));
                (command, protocol)
            }
            Self::Rust { protocol } => return rust(server, protocol, credential, tool, arguments),
        };
        let run = command
            .args(["--url", &server.url(), "--protocol", protocol, "--call", tool])
            .args(["--args", &arguments.to_string()])
            .env("DOORWARD_TEST_HEADER", format!("{name}: {value}"))
            .output()
            .unwrap_or_else(|error| panic!("{self:?}: {error}"));
        assert_eq!(run.status.code(), Some(0), "{self:?}: {run:?}");
        serde_json::from_slice(&run.stdout).unwrap_or_else(|error| panic!("{self:?}: {error}: {run:?}"))
    }

    /// The revision that it must come to.
    fn revision(self) -> &'static str {
        match self {
            Self::TypeScript { protocol, .. } | Self::Python { protocol } | Self::Rust { protocol } => {
                if protocol == "legacy" {
                    "2025-11-25"
                } else {
                    "2026-07-28"
                }
            }
        }
    }
}

fn installed(path: PathBuf) -> PathBuf {
    assert!(path.exists(), "the MCP clients are not installed: run make deps");
    path
}

/// rmcp's own client, with the outcome told as the others tell it.
fn rust(server: &Server, protocol: &str, credential: &Credential, tool: &str, arguments: Value) -> Value {
    let mut config = StreamableHttpClientTransportConfig::with_uri(server.url());
    let (name, value) = credential;
    let header = (http::HeaderName::from_static(name), value.parse().expect("a header's value"));
    config.custom_headers = [header].into();
    let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
    let mode = match protocol {
        "legacy" => ClientLifecycleMode::Initialize,
        "auto" => ClientLifecycleMode::Auto {
            preferred_versions,
            legacy_version: Some(ProtocolVersion::V_2025_11_25),
        },
        _ => ClientLifecycleMode::Discover { preferred_versions },
    };
    let refused = |stage: &str, error: String| json!({"ok": false, "stage": stage, "error": error});
    let run = async {
        let transport = StreamableHttpClientTransport::from_config(config);
        let client = match ().serve_with_lifecycle(transport, mode).await {
            Ok(client) => client,
            Err(error) => return refused("connect", format!("{error:?}")),
        };
        let protocol = client.peer_info().map(|info| info.protocol_version.to_string());
        let tools = match client.list_all_tools().await {
            Ok(tools) => tools,
            Err(error) => return refused("list", format!("{error:?}")),
        };
        let mut names: Vec<String> = tools.into_iter().map(|tool| tool.name.into_owned()).collect();
        names.sort();
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        let params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let result = client.call_tool(params).await;
        let closed = client.cancel().await;
        match result {
            Ok(result) if closed.is_ok() => {
                json!({"ok": true, "tools": names, "result": result.structured_content, "protocol": protocol})
            }
            Ok(_) => refused("close", format!("{closed:?}")),
            Err(error) => refused("call", format!("{error:?}")),
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(run)
}

/// Each kind of credential: who it is, by what method, and what it may.
fn credentials() -> [(Credential, &'static str, &'static str, &'static str); 4] {
    [
        (("x-api-key", USER_KEY.into()), "key:api-key-1", "api_key", "user"),
        (("x-api-key", ADMIN_KEY.into()), "key:admin-key-1", "api_key", "admin"),
        (("authorization", format!("Bearer {OWN_KEY}")), "key:Zy9Xw8Vu7Ts6", "api_key", "user"),
        (
            ("authorization", format!("Bearer {}", token("anna").sign())),
            "jwt:https://issuer.example:anna",
            "jwt",
            "user",
        ),
    ]
}

fn check_identity(clients: &[Client]) {
    let server = protected().start();
    for client in clients {
        for (credential, id, method, role) in &credentials() {
            let outcome = client.call(&server, credential, "whoami", json!({}));
            let tools =
                if *role == "admin" { json!(["generate-token", "whoami"]) } else { json!(["whoami"]) };
            assert_eq!((&outcome["ok"], &outcome["tools"]), (&json!(true), &tools), "{client:?}: {outcome}");
            assert_eq!(outcome["protocol"], client.revision(), "{client:?}: {outcome}");
            let who = &outcome["result"];
            assert_eq!(
                (&who["id"], &who["method"], &who["roles"]),
                (&json!(id), &json!(method), &json!([role])),
                "{client:?}: {outcome}"
            );
        }
    }
}

fn check_minting(clients: &[Client]) {
    let server = protected().start();
    for client in clients {
        let arguments = json!({"userId": "ben", "expiresIn": "1h"});
        let admin = ("x-api-key", ADMIN_KEY.to_owned());
        let minted = client.call(&server, &admin, "generate-token", arguments.clone());
        let minted = minted["result"]["token"].as_str().unwrap_or_else(|| panic!("{client:?}: {minted}"));
        let ben = ("authorization", format!("Bearer {minted}"));
        let who = client.call(&server, &ben, "whoami", json!({}));
        assert_eq!(who["result"]["id"], "jwt:https://issuer.example:ben", "{client:?}: {who}");
        for user in [ben, ("x-api-key", USER_KEY.to_owned())] {
            let outcome = client.call(&server, &user, "generate-token", arguments.clone());
            check_refused(*client, &outcome, "call", 403);
        }
    }
}

fn check_strangers(clients: &[Client]) {
    let server = protected().start();
    for client in clients {
        let tampered = format!("Bearer {}", token("anna").sign_then_claim("role", "admin"));
        for bad in [("x-api-key", "wrong-key-wrong-key".to_owned()), ("authorization", tampered)] {
            let outcome = client.call(&server, &bad, "whoami", json!({}));
            check_refused(*client, &outcome, "connect", 401);
        }
    }
}

/// Refused there, by that status: not merely gone wrong.
fn check_refused(client: Client, outcome: &Value, stage: &str, status: u16) {
    assert_eq!((&outcome["ok"], &outcome["stage"]), (&json!(false), &json!(stage)), "{client:?}: {outcome}");
    match client {
        // rmcp tells the status only in its words.
        Client::Rust { .. } => {
            let error = outcome["error"].as_str().unwrap_or_default();
            let words = if status == 401 { "AuthRequired" } else { "403" };
            assert!(error.contains(words), "{client:?}: {outcome}");
        }
        _ => assert_eq!(outcome["status"], status, "{client:?}: {outcome}"),
    }
}

#[test]
fn typescript_clients_are_who_they_are() {
    check_identity(&TYPESCRIPT);
}

#[test]
fn typescript_clients_mint_and_are_refused() {
    check_minting(&TYPESCRIPT[..2]);
    check_strangers(&TYPESCRIPT[..2]);
}

#[test]
fn python_clients_are_who_they_are() {
    check_identity(&PYTHON);
}

#[test]
fn python_clients_mint_and_are_refused() {
    check_minting(&PYTHON[..1]);
    check_strangers(&PYTHON[..2]);
}

#[test]
fn rust_clients_are_who_they_are() {
    check_identity(&RUST);
}

#[test]
fn rust_clients_mint_and_are_refused() {
    check_minting(&RUST);
    check_strangers(&RUST);
}
