//! The shared vectors for hosts, origins and the public URL: `tests/vectors/origin.json`.
//!
//! `origin` and `public_url` read a `text`; `host` and `request_origin` configure the rules and check the header's
//! `values`; `configuration` expects the rules to be refused. A verdict is `allowed` or the refusal's reason. Each
//! character of a value is one byte (ISO 8859-1), so that every header value can be written.

#![cfg(feature = "alloc")]

use doorward::origin::{HostRules, Origin, OriginError, PublicUrl, Refusal};
use serde::Deserialize;
use std::collections::HashSet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    vectors: Vec<Vector>,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Class {
    Origin,
    PublicUrl,
    Host,
    RequestOrigin,
    Configuration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    class: Class,
    text: Option<String>,
    bind: Option<String>,
    public_url: Option<String>,
    #[serde(default)]
    allowed_hosts: Vec<String>,
    #[serde(default)]
    allowed_origins: Vec<String>,
    values: Option<Vec<String>>,
    expect: Expect,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    canonical: Option<String>,
    origin: Option<String>,
    host: Option<String>,
    path: Option<String>,
    verdict: Option<String>,
    /// Whether the value is a listed origin; compared where a vector says so.
    listed: Option<bool>,
    error: Option<String>,
    position: Option<usize>,
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("a character is one byte")).collect()
}

fn rules(vector: &Vector) -> Result<HostRules, OriginError> {
    let bind = vector.bind.as_deref().expect("rules have a bind address");
    let public = vector.public_url.as_deref().map(PublicUrl::parse).transpose()?;
    let origins = vector.allowed_origins.iter().map(|text| Origin::parse(text)).collect::<Result<_, _>>()?;
    HostRules::new(bind.parse().expect("a bind address"), public, &vector.allowed_hosts, origins)
}

fn verdict(result: Result<(), Refusal>, code: &str) -> Option<String> {
    Some(match result {
        Ok(()) => "allowed".into(),
        Err(refusal) => {
            assert_eq!(refusal.code(), code);
            refusal.reason().into()
        }
    })
}

fn run(vector: &Vector) -> Result<Expect, OriginError> {
    let text = vector.text.as_deref().unwrap_or_default();
    let values: Vec<Vec<u8>> = vector.values.iter().flatten().map(|value| latin1(value)).collect();
    let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
    Ok(match vector.class {
        Class::Origin => Expect { canonical: Some(Origin::parse(text)?.to_string()), ..Expect::default() },
        Class::PublicUrl => {
            let url = PublicUrl::parse(text)?;
            Expect {
                canonical: Some(url.to_string()),
                origin: Some(url.origin().to_string()),
                host: Some(url.host().into()),
                path: Some(url.path().into()),
                ..Expect::default()
            }
        }
        Class::Host => Expect {
            verdict: verdict(rules(vector)?.check_host(&values), "host_not_allowed"),
            ..Expect::default()
        },
        Class::RequestOrigin => {
            let rules = rules(vector)?;
            let listed =
                vector.expect.listed.map(|_| values.iter().any(|value| rules.is_listed_origin(value)));
            Expect {
                verdict: verdict(rules.check_origin(&values), "origin_not_allowed"),
                listed,
                ..Expect::default()
            }
        }
        Class::Configuration => rules(vector).map(|_| Expect::default())?,
    })
}

fn refused(error: &OriginError) -> Expect {
    let position = match error {
        OriginError::AllowedHost { position, .. } => Some(*position),
        _ => None,
    };
    Expect { error: Some(error.code().into()), position, ..Expect::default() }
}

#[test]
fn every_vector_holds() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/origin.json");
    let text = std::fs::read_to_string(path).expect("the vectors are in the repository");
    let file: File = serde_json::from_str(&text).expect("the vectors have the format this test knows");
    assert_eq!(file.format, 1);
    assert!(file.vectors.len() >= 130, "only {} vectors", file.vectors.len());

    let names: HashSet<&str> = file.vectors.iter().map(|vector| vector.name.as_str()).collect();
    assert_eq!(names.len(), file.vectors.len(), "a name is used twice");

    let failures: Vec<String> = file
        .vectors
        .iter()
        .map(|vector| (vector, run(vector).unwrap_or_else(|error| refused(&error))))
        .filter(|(vector, found)| vector.expect != *found)
        .map(|(vector, found)| {
            format!("[{:?}] {}: expected {:?}, found {found:?}", vector.class, vector.name, vector.expect)
        })
        .collect();
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}
