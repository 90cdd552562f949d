//! The shared vectors of how issuers' claims are read: `tests/vectors/claims.json`, told of in `claims.py` beside it.
#![cfg(all(feature = "std", feature = "asymmetric"))]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::Now;
use doorward::gate::{Body, Gate, Step};
use doorward::jwt::{Algorithm, Rules, Verifier};
use doorward::keys::{Key, KeySet};
use doorward::oauth::{ClaimMapping, ClaimPath, Preset};
use doorward::policy::Policy;
use serde::Deserialize;
use std::collections::HashSet;

const SECRET: &[u8] = b"the secret of the vectors of claims, known to all";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    now: f64,
    resource: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    issuer: String,
    preset: Option<Product>,
    #[serde(default)]
    mapping: Mapping,
    audience: Option<Vec<String>>,
    audience_claim: Option<String>,
    #[serde(default)]
    allow_missing_audience: bool,
    payload: String,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Product {
    Auth0 { roles_claim: Option<String> },
    Entra { application: String },
    Keycloak { client: Option<String> },
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mapping {
    scopes: Option<Vec<Vec<String>>>,
    roles: Option<Vec<Vec<String>>>,
    client: Option<Vec<String>>,
    only_scopes: Option<Vec<String>>,
    only_roles: Option<Vec<String>>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Expect {
    Good { id: String, scopes: Vec<String>, roles: Vec<String> },
    Refused { code: String },
}

impl Product {
    fn preset(&self) -> Preset {
        match self {
            Self::Auth0 { roles_claim } => Preset::Auth0 { roles_claim: roles_claim.clone() },
            Self::Entra { application } => Preset::Entra { application: application.clone() },
            Self::Keycloak { client } => Preset::Keycloak { client: client.clone() },
        }
    }
}

impl Mapping {
    fn over(&self, mut mapping: ClaimMapping) -> ClaimMapping {
        let paths = |paths: &[Vec<String>]| -> Vec<ClaimPath> {
            paths.iter().map(|path| ClaimPath::nested(path.clone())).collect()
        };
        if let Some(scopes) = &self.scopes {
            mapping = mapping.scopes_in(paths(scopes));
        }
        if let Some(roles) = &self.roles {
            mapping = mapping.roles_in(paths(roles));
        }
        if let Some(client) = &self.client {
            mapping = mapping.client_in(ClaimPath::nested(client.clone()));
        }
        if let Some(only) = &self.only_scopes {
            mapping = mapping.only_scopes(only.clone());
        }
        if let Some(only) = &self.only_roles {
            mapping = mapping.only_roles(only.clone());
        }
        mapping
    }
}

/// Signed by ring and not by doorward, which might not want to.
fn signed(payload: &str) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let text = format!("{}.{}", encode(br#"{"alg":"HS256","typ":"JWT"}"#), encode(payload.as_bytes()));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET);
    let tag = ring::hmac::sign(&key, text.as_bytes());
    format!("{text}.{}", encode(tag.as_ref()))
}

fn gate(vector: &Vector, resource: &str) -> Gate {
    let preset = vector.preset.as_ref().map(Product::preset);
    let of_preset = preset.as_ref().map(Preset::audiences).filter(|audiences| !audiences.is_empty());
    let audience = vector.audience.clone().or(of_preset).unwrap_or_else(|| vec![resource.into()]);
    let mut rules = Rules::new().issuer(vector.issuer.clone());
    rules = if vector.allow_missing_audience {
        rules.audience_or_none(audience)
    } else {
        rules.audience(audience)
    };
    if let Some(claim) = &vector.audience_claim {
        rules = rules.audience_claim(claim.clone());
    }
    let mapping = preset.as_ref().map_or_else(ClaimMapping::new, Preset::mapping);
    let keys = KeySet::from(Key::hmac(Algorithm::HS256, SECRET).unwrap());
    let verifier = Verifier::new(keys, rules).unwrap().with_mapping(vector.mapping.over(mapping));
    Gate::builder().verifier(verifier).policy(Policy::allow_all()).slots(64, 64).build_random().unwrap()
}

fn decide(gate: &Gate, token: &str, now: Now) -> Expect {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("host", &b"localhost"[..]),
        ("content-type", b"application/json"),
        ("authorization", bearer.as_bytes()),
    ];
    let head = gate.head("POST", Some([127, 0, 0, 1].into()), headers);
    let step = match gate.begin(&head, now) {
        Step::NeedBody(need) => {
            gate.body(need, Body::Read(br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#), now)
        }
        step => step,
    };
    match step {
        Step::Admitted(admitted) => Expect::Good {
            id: admitted.principal.id().to_owned(),
            scopes: admitted.principal.scopes().map(Into::into).collect(),
            roles: admitted.principal.roles().map(Into::into).collect(),
        },
        Step::Denied(denial) => Expect::Refused { code: denial.code.as_str().to_owned() },
        other => panic!("no decision: {other:?}"),
    }
}

#[test]
fn every_vector_holds() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/claims.json");
    let text = std::fs::read_to_string(path).expect("the vectors are in the repository");
    let file: File = serde_json::from_str(&text).expect("the vectors have the format this test knows");
    assert_eq!(file.format, 1);
    assert!(file.vectors.len() >= 90, "only {} vectors", file.vectors.len());
    let names: HashSet<&str> = file.vectors.iter().map(|vector| vector.name.as_str()).collect();
    assert_eq!(names.len(), file.vectors.len(), "a name is used twice");
    let mut failures = Vec::new();
    for vector in &file.vectors {
        let gate = gate(vector, &file.resource);
        let token = signed(&vector.payload);
        // Twice: as a fresh token, and as one of the cache.
        for _ in 0..2 {
            let found = decide(&gate, &token, Now::new(file.now, 0));
            if found != vector.expect {
                failures.push(format!("{}: expected {:?}, found {found:?}", vector.name, vector.expect));
            }
        }
    }
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}
