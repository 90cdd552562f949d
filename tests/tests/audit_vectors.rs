//! The shared vectors of audit events: `tests/vectors/audit.json`, written by `audit.py` beside it.
//!
//! `gates` and `policy` are as in `gate.json`, and so is a `request`, whose body is a text or nothing. Each is decided on by
//! a new gate; `line` is what its event must be as JSON, byte for byte, made at `now` after so many `micros`.

use doorward::Now;
use doorward::config::Config;
use doorward::gate::{Body, Step};
use doorward::policy::{Grants, Policy};
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    gates: BTreeMap<String, BTreeMap<String, String>>,
    policy: Roles,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Roles {
    roles: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    gate: String,
    now: Time,
    micros: u64,
    request: Request,
    line: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Time {
    unix: f64,
    mono: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    method: String,
    peer: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

impl Roles {
    fn policy(&self) -> Policy {
        self.roles.iter().fold(Policy::new(), |policy, (name, role)| {
            let of = |kind: &str| role.get(kind).cloned().unwrap_or_default();
            let grants = Grants::new().tools(of("tools")).resources(of("resources")).prompts(of("prompts"));
            let grants = match role.get("methods") {
                Some(methods) => grants.methods(methods),
                None => grants,
            };
            policy.role(name.as_str(), grants)
        })
    }
}

fn line(file: &File, vector: &Vector) -> String {
    let config = Config::from_vars(&file.gates[&vector.gate]).expect("a vector's gate is configured well");
    let builder = config.gate(file.policy.policy()).expect("a checked configuration makes a gate");
    let gate = builder.build([[1; 4], [2; 4], [3; 4], [4; 4]]).expect("a checked configuration makes a gate");
    let now = Now::new(vector.now.unix, vector.now.mono);
    let Request { method, peer, headers, body } = &vector.request;
    let peer = peer.as_ref().map(|peer| peer.parse().expect("a peer is an address"));
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let step = match gate.begin(&gate.head(method, peer, headers), now) {
        Step::NeedBody(need) => {
            gate.body(need, Body::Read(body.as_deref().unwrap_or_default().as_bytes()), now)
        }
        step => step,
    };
    match step {
        Step::Admitted(admitted) => admitted.audit(now, vector.micros).to_json(),
        Step::Denied(denial) => denial.audit(now, vector.micros).to_json(),
        other => panic!("no decision: {other:?}"),
    }
}

#[test]
fn every_event_is_the_line_it_must_be() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/audit.json");
    let text = std::fs::read_to_string(path).expect("the vectors are in the repository");
    let file: File = serde_json::from_str(&text).expect("the vectors have the format this test knows");
    assert_eq!(file.format, 1);
    let names: HashSet<&str> = file.vectors.iter().map(|vector| vector.name.as_str()).collect();
    assert_eq!(names.len(), file.vectors.len(), "a name is used twice");
    assert!(names.len() >= 20, "only {} vectors", names.len());
    for vector in &file.vectors {
        assert_eq!(line(&file, vector), vector.line, "{}", vector.name);
        assert!(!vector.line.contains(['\n', '\r', '\u{202e}', '\u{1b}']), "{}", vector.name);
    }
}
