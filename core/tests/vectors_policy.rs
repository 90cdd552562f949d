//! The shared vectors of policies: `tests/vectors/policy.json`, written by `policy.py` beside it.
//!
//! `policies` are written as in a TOML configuration, `default` being that of `[policy]`. A vector asks whether somebody of
//! these `roles` and `scopes` may reach `what`, of that `kind`; if not, `scopes` are those that are asked for, sorted, and
//! none where none would help. `lists` are results of a `method`, and what is `shown` of them: null where the result must
//! not be passed on.
#![cfg(feature = "config")]

use doorward::config::Config;
use doorward::mcp::Kind;
use doorward::policy::{Held, List, Policy};
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    policies: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
    vectors: Vec<Vector>,
    lists: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    policy: String,
    roles: Vec<String>,
    scopes: Vec<String>,
    kind: String,
    what: String,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    allowed: bool,
    #[serde(default)]
    scopes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    name: String,
    policy: String,
    roles: Vec<String>,
    scopes: Vec<String>,
    method: String,
    result: String,
    shown: Option<String>,
}

/// By way of TOML, so that what is tested is what is configured.
fn policy(sections: &BTreeMap<String, serde_json::Value>) -> Policy {
    if sections.is_empty() {
        return Policy::new();
    }
    let mut table = toml::Table::try_from(sections).expect("a policy is TOML");
    if let Some(default) = table.remove("default") {
        table.insert("policy".into(), toml::Table::from_iter([("default".to_owned(), default)]).into());
    }
    let config = Config::from_toml(&table.to_string()).expect("a vector's policy is configured well");
    config.policy.expect("it was configured")
}

fn load() -> (File, BTreeMap<String, Policy>) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/policy.json");
    let text = std::fs::read_to_string(path).expect("the vectors are in the repository");
    let file: File = serde_json::from_str(&text).expect("the vectors have the format this test knows");
    assert_eq!(file.format, 1);
    let policies = file.policies.iter().map(|(name, sections)| (name.clone(), policy(sections))).collect();
    (file, policies)
}

#[test]
fn every_decision_holds() {
    let (file, policies) = load();
    assert!(file.vectors.len() >= 150, "only {} vectors", file.vectors.len());
    let names: HashSet<&str> = file.vectors.iter().map(|vector| vector.name.as_str()).collect();
    assert_eq!(names.len(), file.vectors.len(), "a name is used twice");
    let mut failures = Vec::new();
    for vector in &file.vectors {
        let kinds = [Kind::Tool, Kind::Resource, Kind::Prompt, Kind::Method];
        let kind = kinds.into_iter().find(|kind| kind.name() == vector.kind).expect("a kind");
        let held = Held::new(&vector.roles, &vector.scopes);
        let decided = policies[&vector.policy].decide(&held, kind, &vector.what);
        let allowed = policies[&vector.policy].is_allowed(&held, kind, &vector.what);
        let asked: Vec<&str> = decided.as_ref().err().iter().flat_map(|refusal| refusal.scopes()).collect();
        if (allowed, decided.is_ok()) != (vector.expect.allowed, vector.expect.allowed)
            || asked != vector.expect.scopes
        {
            failures.push(format!("{}: allowed {allowed}, asked for {asked:?}", vector.name));
        }
    }
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_list_holds() {
    let (file, policies) = load();
    assert!(file.lists.len() >= 20, "only {} lists", file.lists.len());
    for listed in &file.lists {
        let held = Held::new(&listed.roles, &listed.scopes);
        let list = List::of_method(&listed.method).expect("a method that lists");
        let shown = policies[&listed.policy].filter_result(&held, list, &listed.result);
        assert_eq!(shown.ok(), listed.shown, "{}", listed.name);
    }
}
