//! The shared vectors for addresses: `tests/vectors/address.json`.
//!
//! A vector configures the rules (`trusted`, `header_name`, `ipv6_prefix`; each optional), then either expects an
//! `error` code, with the `position` of a bad item, or resolves `peer` and `lines`. Each character of a line is
//! one byte (ISO 8859-1), so that every header value can be written.

#![cfg(feature = "alloc")]

use doorward::address::{AddressError, AddressRules, TrustedProxies};
use serde::Deserialize;
use std::collections::HashSet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    class: String,
    trusted: Option<String>,
    header_name: Option<String>,
    ipv6_prefix: Option<u8>,
    peer: Option<String>,
    lines: Option<Vec<String>>,
    expect: Expect,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    address: Option<String>,
    ignored_forwarding: Option<bool>,
    error: Option<String>,
    position: Option<usize>,
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("a character is one byte")).collect()
}

fn rules(vector: &Vector) -> Result<AddressRules, AddressError> {
    let mut rules = AddressRules::new(TrustedProxies::parse(vector.trusted.as_deref().unwrap_or_default())?);
    if let Some(name) = &vector.header_name {
        rules = rules.with_header_name(name)?;
    }
    if let Some(bits) = vector.ipv6_prefix {
        rules = rules.with_ipv6_prefix(bits)?;
    }
    Ok(rules)
}

fn run(vector: &Vector) -> Expect {
    let rules = match rules(vector) {
        Ok(rules) => rules,
        Err(error) => {
            let position = match error {
                AddressError::TrustedProxy { position, .. } | AddressError::TrustsEveryone { position } => {
                    Some(position)
                }
                _ => None,
            };
            return Expect { error: Some(error.code().into()), position, ..Expect::default() };
        }
    };
    let Some(peer) = &vector.peer else { return Expect::default() };
    let lines: Vec<Vec<u8>> = vector.lines.iter().flatten().map(|line| latin1(line)).collect();
    let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
    let resolved = rules.resolve(peer.parse().expect("a peer is an address"), &lines);
    Expect {
        address: Some(resolved.address.to_string()),
        ignored_forwarding: Some(resolved.ignored_forwarding),
        ..Expect::default()
    }
}

#[test]
fn every_vector_holds() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/address.json");
    let text = std::fs::read_to_string(path).expect("the vectors are in the repository");
    let file: File = serde_json::from_str(&text).expect("the vectors have the format this test knows");
    assert_eq!(file.format, 1);
    assert!(file.vectors.len() >= 90, "only {} vectors", file.vectors.len());

    let names: HashSet<&str> = file.vectors.iter().map(|vector| vector.name.as_str()).collect();
    assert_eq!(names.len(), file.vectors.len(), "a name is used twice");

    let failures: Vec<String> = file
        .vectors
        .iter()
        .map(|vector| (vector, run(vector)))
        .filter(|(vector, found)| vector.expect != *found)
        .map(|(vector, found)| {
            format!("[{}] {}: expected {:?}, found {found:?}", vector.class, vector.name, vector.expect)
        })
        .collect();
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}
