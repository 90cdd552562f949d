//! The shared vectors of fetched key sets (`tests/vectors/jwks.json`): stories on a clock.
#![cfg(all(feature = "std", feature = "asymmetric"))]

mod common;

use common::{all_different, read};
use doorward::Now;
use doorward::jwks::{Fetch, Fetched, Jwks, Reply};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    vectors: Vec<Story>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    name: String,
    class: String,
    url: Option<String>,
    issuer: Option<String>,
    /// Seconds.
    cooldown: Option<u64>,
    fresh: Option<u64>,
    stale: Option<u64>,
    config_error: Option<String>,
    steps: Vec<At>,
}

#[derive(Deserialize)]
struct At {
    at: f64,
    #[serde(flatten)]
    step: Step,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Step {
    Fetch { fetch: Option<String> },
    Refresh { refresh: Option<String> },
    Waits { waits: bool },
    Standing { standing: Standing },
    Next { reply: Replied, next: String },
    Loaded { reply: Replied, loaded: usize, left_out: Vec<(usize, String)>, changed: bool },
    Failed { reply: Replied, failed: String },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Standing {
    keys: usize,
    age: Option<f64>,
    usable: bool,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Replied {
    Answer { status: u16, body: Text },
    Kind(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Whole(String),
    Made { repeat: (String, String, usize, String) },
}

impl Text {
    fn text(&self) -> String {
        match self {
            Self::Whole(text) => text.clone(),
            Self::Made { repeat: (prefix, unit, count, suffix) } => {
                [prefix, &*unit.repeat(*count), suffix].concat()
            }
        }
    }
}

impl Replied {
    /// What came of a reply: `None` for a host that said nothing more.
    fn to(&self, fetch: Fetch, now: Now) -> Option<Fetched> {
        match self {
            Self::Answer { status, body } => {
                let body = body.text();
                Some(fetch.replied(Reply::Answer { status: *status, body: body.as_bytes() }, now))
            }
            Self::Kind(kind) if kind == "too_large" => Some(fetch.replied(Reply::TooLarge, now)),
            Self::Kind(kind) if kind == "unreachable" => Some(fetch.replied(Reply::Unreachable, now)),
            Self::Kind(kind) if kind == "forgotten" => {
                drop(fetch);
                None
            }
            Self::Kind(other) => panic!("no kind of reply {other}"),
        }
    }
}

fn tell(story: &Story) {
    let name = &story.name;
    let jwks = match (&story.url, &story.issuer) {
        (Some(url), None) => Jwks::at(url),
        (None, Some(issuer)) => Jwks::of_issuer(issuer),
        _ => panic!("{name}: an address or an issuer"),
    };
    let mut jwks = match (jwks, &story.config_error) {
        (Ok(jwks), None) => jwks,
        (Err(error), Some(expected)) => return assert_eq!(error.code(), expected, "{name}"),
        (Ok(_), Some(expected)) => panic!("{name}: taken, and not {expected}"),
        (Err(error), None) => panic!("{name}: {error}"),
    };
    assert!(!story.steps.is_empty(), "{name}: nothing happens");
    let seconds = |seconds: u64| Duration::from_secs(seconds);
    if let Some(time) = story.cooldown {
        jwks = jwks.cooldown(seconds(time));
    }
    if let Some(time) = story.fresh {
        jwks = jwks.fresh_for(seconds(time));
    }
    if let Some(time) = story.stale {
        jwks = jwks.stale_for(seconds(time));
    }
    let jwks = Arc::new(jwks);
    let mut under_way: Vec<Fetch> = Vec::new();
    for (number, At { at, step }) in story.steps.iter().enumerate() {
        let here = format!("{name}, step {number}");
        let now = Now::new(0.0, (at * 1e6).round() as u64);
        let mut began = |fetch: Option<Fetch>, expected: &Option<String>| {
            assert_eq!(fetch.as_ref().map(Fetch::url), expected.as_deref(), "{here}");
            under_way.extend(fetch);
        };
        match step {
            Step::Fetch { fetch } => began(jwks.fetch(now), fetch),
            Step::Refresh { refresh } => began(jwks.refresh(now), refresh),
            Step::Waits { waits } => assert_eq!(jwks.is_fetching(now), *waits, "{here}"),
            Step::Standing { standing } => {
                let found = jwks.standing(now);
                let found = Standing {
                    keys: found.keys,
                    age: found.age.map(|age| age.as_secs_f64()),
                    usable: found.usable,
                    error: found.last_error.map(|error| error.code().to_owned()),
                };
                assert_eq!(found, *standing, "{here}");
            }
            Step::Next { reply, next } => {
                let fetch = under_way.pop().expect("a GET under way");
                let Some(Fetched::Next(fetch)) = reply.to(fetch, now) else { panic!("{here}: no next GET") };
                assert_eq!(fetch.url(), next, "{here}");
                under_way.push(fetch);
            }
            Step::Loaded { reply, loaded, left_out, changed } => {
                let fetch = under_way.pop().expect("a GET under way");
                let Some(Fetched::Loaded(found)) = reply.to(fetch, now) else { panic!("{here}: not loaded") };
                let codes: Vec<_> =
                    found.left_out.iter().map(|(place, error)| (*place, error.code().to_owned())).collect();
                assert_eq!((found.keys, &codes, found.changed), (*loaded, left_out, *changed), "{here}");
            }
            Step::Failed { reply, failed } => {
                let fetch = under_way.pop().expect("a GET under way");
                match reply.to(fetch, now) {
                    Some(Fetched::Failed(error)) => assert_eq!(error.code(), failed, "{here}"),
                    Some(other) => panic!("{here}: {other:?}, and not {failed}"),
                    None => {
                        let error = jwks.standing(now).last_error.map(|error| error.code());
                        assert_eq!(error, Some(failed.as_str()), "{here}");
                    }
                }
            }
        }
    }
}

#[test]
fn every_story_goes_as_it_is_told() {
    let file: File = serde_json::from_str(&read("jwks.json")).expect("jwks.json is of the known format");
    assert_eq!(file.format, 1);
    all_different(file.vectors.iter().map(|story| story.name.as_str()));
    assert!(file.vectors.len() >= 100, "{}", file.vectors.len());
    for story in &file.vectors {
        assert_eq!(story.class, "JWKS");
        tell(story);
    }
}
