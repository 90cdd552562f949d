//! The shared vectors of API keys: `tests/vectors/api_keys.json`, written by `api_keys.py` beside it.
//!
//! A set is made of `keys`, or of a `file`'s text (JSON Lines); then of `count` more that are `numbered` from 0, their ids and
//! keys being a text and the number. `prefix`, `pepper` and `max_presented` are told where they are not the defaults; `size` is
//! how many keys there are. A text is as it stands, in `hex`, or made by repetition: of `[prefix, unit, count, suffix]`.
//!
//! `finds` present a key to a set at `now`, and expect a `code`, or the key's `id`, whether it is `strong`, and what else is
//! told. `refused` are sets that can't be: a `code`, and the position `at` which the key is or the `line` of the file.
//! `mints` make a key, of a `length`, that `starts` so.
#![cfg(feature = "key-file")]

mod common;

use common::{all_different, hex, read};
use doorward::Now;
use doorward::api_keys::file::{KeyFile, KeyFileError};
use doorward::api_keys::{ApiKey, ApiKeyError, ApiKeys, KeyDigest, KeyFormat, Pepper};
use doorward::gate::Principal;
use doorward::rate::Quota;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    sets: BTreeMap<String, Set>,
    finds: Vec<Find>,
    refused: Vec<Refused>,
    mints: Vec<Mint>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    #[serde(default)]
    keys: Vec<Entry>,
    numbered: Option<Numbered>,
    file: Option<Text>,
    prefix: Option<String>,
    pepper: Option<String>,
    max_presented: Option<usize>,
    size: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    key: Option<Text>,
    digest: Option<String>,
    name: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    scopes: Vec<String>,
    quota: Option<QuotaText>,
    not_before: Option<f64>,
    expires: Option<f64>,
    #[serde(default)]
    disabled: bool,
    strong: Option<bool>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuotaText {
    max: u32,
    window: f64,
    burst: Option<u32>,
    #[serde(default)]
    strict: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Numbered {
    count: usize,
    id: String,
    key: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Plain(String),
    Made(Made),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
enum Made {
    Repeat(String, String, usize, String),
    Hex(String),
}

impl Text {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Plain(text) => text.clone().into_bytes(),
            Self::Made(Made::Hex(digits)) => hex(digits),
            Self::Made(Made::Repeat(prefix, unit, count, suffix)) => {
                [prefix.as_bytes(), unit.repeat(*count).as_bytes(), suffix.as_bytes()].concat()
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Find {
    name: String,
    class: String,
    set: String,
    presented: Text,
    now: f64,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Expect {
    Refused(Code),
    Found(serde_json::Map<String, serde_json::Value>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    code: String,
    at: Option<usize>,
    line: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    name: String,
    class: String,
    set: Set,
    expect: Code,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mint {
    name: String,
    env: String,
    prefix: String,
    expect: Minted,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, untagged)]
enum Minted {
    Refused { code: String },
    Made { starts: String, length: usize },
}

/// Code and message.
type Problem = (&'static str, String);

fn problem(error: ApiKeyError) -> Problem {
    (error.code(), error.to_string())
}

fn file_problem(error: KeyFileError) -> Problem {
    (error.code(), error.to_string())
}

fn load() -> File {
    let file: File = serde_json::from_str(&read("api_keys.json")).expect("the format this test knows");
    assert_eq!(file.format, 1);
    file
}

fn quota(text: &QuotaText) -> Quota {
    let window = Duration::try_from_secs_f64(text.window).expect("a window");
    let mut quota = Quota::per(text.max, window).expect("a quota of the vectors is good");
    if let Some(burst) = text.burst {
        quota = quota.burst(burst).expect("a quota of the vectors is good");
    }
    if text.strict { quota.strict() } else { quota }
}

fn entry(said: &Entry) -> ApiKey {
    let mut entry = ApiKey::new(&said.id).disabled(said.disabled).strong(said.strong.unwrap_or_default());
    entry = said.roles.iter().fold(entry, ApiKey::role);
    entry = said.scopes.iter().fold(entry, ApiKey::scope);
    entry = said.metadata.iter().fold(entry, |entry, (name, value)| entry.meta(name, value));
    if let Some(name) = &said.name {
        entry = entry.named(name);
    }
    if let Some(text) = &said.quota {
        entry = entry.quota(quota(text));
    }
    if let Some(unix) = said.not_before {
        entry = entry.not_before(unix);
    }
    if let Some(unix) = said.expires {
        entry = entry.expires(unix);
    }
    entry
}

fn set(said: &Set) -> Result<ApiKeys, Problem> {
    let format = KeyFormat::new(said.prefix.as_deref().unwrap_or("dw")).map_err(problem)?;
    let mut builder = ApiKeys::builder().format(format);
    if let Some(pepper) = &said.pepper {
        builder = builder.pepper(Pepper::new(pepper.as_bytes()).map_err(problem)?);
    }
    if let Some(bytes) = said.max_presented {
        builder = builder.max_presented(bytes);
    }
    if let Some(text) = &said.file {
        assert!(said.keys.is_empty() && said.numbered.is_none() && said.max_presented.is_none());
        let file = KeyFile::parse(&text.bytes()).map_err(file_problem)?;
        builder = builder.add_file(&file).map_err(file_problem)?;
    }
    for one in &said.keys {
        builder = match (&one.key, &one.digest) {
            (Some(key), None) => builder.add(key.bytes(), entry(one)),
            (None, Some(digest)) => {
                builder.add_digest(KeyDigest::from_hex(digest).map_err(problem)?, entry(one))
            }
            _ => panic!("{} must have a key or a digest", one.id),
        };
    }
    for (number, numbered) in
        said.numbered.iter().flat_map(|some| (0..some.count).zip(std::iter::repeat(some)))
    {
        let entry = ApiKey::new(format!("{}{number}", numbered.id));
        builder = builder.add(format!("{}{number}", numbered.key), entry);
    }
    builder.build([0x5a; 32]).map_err(problem)
}

/// All that is told of an entry, by the names of the vectors.
fn told(entry: &ApiKey) -> serde_json::Value {
    let principal = Principal::of_entry(entry);
    assert!(principal.roles().eq(entry.roles()) && principal.scopes().eq(entry.scopes()));
    serde_json::json!({
        "id": entry.id(),
        "name": entry.name(),
        "principal": principal.id(),
        "roles": entry.roles(),
        "scopes": entry.scopes(),
        "not_before": entry.valid_from(),
        "expires": entry.valid_until(),
        "strong": entry.is_strong(),
        "metadata": entry.metadata(),
        "quota": entry.own_quota().map(|quota| serde_json::json!({
            "max": quota.limit(),
            "window": quota.period().as_secs_f64(),
            "capacity": quota.capacity(),
            "strict": quota.is_strict(),
        })),
    })
}

/// Numbers by their value, whether they have a point or not.
fn same(one: &serde_json::Value, other: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Number, Object};
    match (one, other) {
        (Number(one), Number(other)) => one.as_f64() == other.as_f64(),
        (Array(one), Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same(a, b))
        }
        (Object(one), Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, a)| other.get(name).is_some_and(|b| same(a, b)))
        }
        (one, other) => one == other,
    }
}

#[test]
fn every_presented_key_gets_its_answer() {
    let file = load();
    assert!(file.finds.len() >= 350, "only {} vectors", file.finds.len());
    all_different(file.finds.iter().map(|vector| vector.name.as_str()));
    let sets: BTreeMap<&str, ApiKeys> = file
        .sets
        .iter()
        .map(|(name, said)| {
            let keys = set(said).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert_eq!(Some(keys.len()), said.size, "{name}");
            assert!(
                said.keys
                    .iter()
                    .map(|one| one.id.as_str())
                    .eq(keys.iter().map(ApiKey::id).take(said.keys.len()))
            );
            (name.as_str(), keys)
        })
        .collect();
    let mut failures = Vec::new();
    for vector in &file.finds {
        let (keys, presented) = (&sets[vector.set.as_str()], vector.presented.bytes());
        let found = keys.find(&presented, Now::new(vector.now, 0));
        let good = match (&found, &vector.expect) {
            (Err(refusal), Expect::Refused(Code { code, at: None, line: None })) => refusal.code() == code,
            (Ok(entry), Expect::Found(expected)) => {
                let told = told(entry);
                assert!(expected.contains_key("id") && expected.contains_key("strong"), "{}", vector.name);
                expected.iter().all(|(name, value)| {
                    same(told.get(name).unwrap_or_else(|| panic!("nothing is told of {name}")), value)
                })
            }
            _ => false,
        };
        if !good {
            failures.push(format!("[{}] {}: {found:?}", vector.class, vector.name));
        }
    }
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_set_that_can_not_be_is_refused() {
    let file = load();
    assert!(file.refused.len() >= 200, "only {} vectors", file.refused.len());
    all_different(file.refused.iter().map(|vector| vector.name.as_str()));
    let mut failures = Vec::new();
    for vector in &file.refused {
        let found = set(&vector.set).map(|keys| keys.len());
        let Code { code, at, line } = &vector.expect;
        let good = found.as_ref().err().is_some_and(|(found, message)| {
            let quoted = vector.set.keys.iter().filter_map(|one| one.key.as_ref()).map(Text::bytes);
            let quotes = quoted
                .filter(|key| key.len() >= 8)
                .any(|key| message.contains(&*String::from_utf8_lossy(&key)));
            found == code
                && !quotes
                && at.is_none_or(|at| format!("{message} ").contains(&format!(" at position {at} ")))
                && line.is_none_or(|line| message.starts_with(&format!("line {line} ")))
        });
        if !good {
            failures.push(format!("[{}] {}: {found:?}", vector.class, vector.name));
        }
    }
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_minted_key_is_of_the_form() {
    let file = load();
    assert!(file.mints.len() >= 15);
    for Mint { name, env, prefix, expect } in &file.mints {
        let minted = KeyFormat::new(prefix).and_then(|format| format.mint_random(env));
        match (minted, expect) {
            (Err(error), Minted::Refused { code }) => assert_eq!(error.code(), code, "{name}"),
            (Ok(key), Minted::Made { starts, length }) => {
                assert!(key.expose().starts_with(starts) && key.expose().len() == *length, "{name}");
                let format = KeyFormat::new(prefix).unwrap();
                let keys = ApiKeys::builder().format(format).add(key.expose(), ApiKey::new("new"));
                let keys = keys.build([1; 32]).unwrap();
                assert!(keys.find(key.expose().as_bytes(), Now::new(0.0, 0)).unwrap().is_strong(), "{name}");
                assert_eq!(key.digest(), KeyDigest::of(key.expose().as_bytes()));
            }
            (minted, _) => panic!("{name}: {minted:?}"),
        }
    }
}
