//! The shared vectors of rate buckets: `tests/vectors/rates.json`, written by `rates.py` beside it.
//!
//! `quotas` are limiters made, or refused by a `code`; `own` is a quota of a key's own, in that limiter. Windows are in seconds.
//!
//! A story is a limiter of one set of slots, so that no seed matters, and `steps` on its clock. A step does a `check` or a `peek`
//! of a key, `at` so many microseconds, of a `cost`, by a `quota` of its `own` or the limiter's, and expects `allowed`, `limit`,
//! `remaining`, `reset` and `retry` in microseconds (null: never), or the `code` of the quota's refusal; or it does a `give_back`
//! of what the check of that number, counted from 0, took; or the `reset` of a key; or looks at `stats`.
#![cfg(feature = "alloc")]

mod common;

use common::{all_different, read};
use doorward::Now;
use doorward::rate::{Decision, Limiter, Quota, QuotaError, Receipt};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    quotas: Vec<Configured>,
    stories: Vec<Story>,
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
struct Configured {
    name: String,
    quota: QuotaText,
    own: Option<QuotaText>,
    expect: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    name: String,
    class: String,
    quota: QuotaText,
    #[serde(default)]
    own: BTreeMap<String, QuotaText>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, untagged)]
enum Step {
    Check { check: String, at: u64, cost: u32, quota: Option<String>, expect: Value },
    Peek { peek: String, at: u64, cost: u32, quota: Option<String>, expect: Value },
    GiveBack { give_back: usize, expect: bool },
    Reset { reset: String, expect: bool },
    Stats { stats: Value },
}

impl QuotaText {
    fn quota(&self) -> Result<Quota, QuotaError> {
        let window = Duration::try_from_secs_f64(self.window).expect("a window");
        let mut quota = Quota::per(self.max, window)?;
        if let Some(burst) = self.burst {
            quota = quota.burst(burst)?;
        }
        Ok(if self.strict { quota.strict() } else { quota })
    }

    fn limiter(&self) -> Result<Limiter, QuotaError> {
        Limiter::new(1, self.quota()?, [0x0123_4567, 0x89ab_cdef, 0x1357_9bdf, 0x0246_8ace])
    }
}

fn load() -> File {
    let file: File = serde_json::from_str(&read("rates.json")).expect("the format this test knows");
    assert_eq!(file.format, 1);
    file
}

fn code(error: QuotaError) -> Value {
    json!({ "code": error.code() })
}

#[test]
fn every_quota_is_made_or_refused() {
    let file = load();
    assert!(file.quotas.len() >= 100, "only {} quotas", file.quotas.len());
    all_different(file.quotas.iter().map(|vector| vector.name.as_str()));
    let mut failures = Vec::new();
    for Configured { name, quota, own, expect } in &file.quotas {
        let made = quota.limiter().and_then(|limiter| {
            let own = own.as_ref().map(QuotaText::quota).transpose()?;
            let prepared = own.map(|own| limiter.prepare(&own)).transpose()?;
            let told = *prepared.as_ref().unwrap_or_else(|| limiter.base()).quota();
            let said = own_or(quota, own.as_ref());
            assert_eq!((told.limit(), told.is_strict()), (said.0, said.1), "{name}");
            Ok(json!({ "capacity": told.capacity() }))
        });
        let found = made.unwrap_or_else(code);
        if found != *expect {
            failures.push(format!("{name}: {found}, expected {expect}"));
        }
    }
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

fn own_or(base: &QuotaText, own: Option<&Quota>) -> (u32, bool) {
    own.map_or((base.max, base.strict), |own| (own.limit(), own.is_strict()))
}

fn told(decision: &Decision) -> Value {
    let retry = Some(decision.retry_after_micros).filter(|micros| *micros != Decision::NEVER);
    assert_eq!(decision.can_retry(), !decision.allowed && retry.is_some());
    json!({
        "allowed": decision.allowed,
        "limit": decision.limit,
        "remaining": decision.remaining,
        "reset": decision.reset_after_micros,
        "retry": retry,
    })
}

/// What the first step to go wrong says, and what it was.
fn run(story: &Story) -> Result<(), String> {
    let limiter = story.quota.limiter().map_err(|error| error.to_string())?;
    let mut receipts: Vec<Option<Receipt>> = Vec::new();
    let prepare = |own: &Option<String>| match own {
        None => Ok(*limiter.base()),
        Some(own) => limiter.prepare(&story.own[own].quota().expect("a quota of its own")),
    };
    for (number, step) in story.steps.iter().enumerate() {
        let (found, expect) = match step {
            Step::Check { check: key, at, cost, quota, expect } => {
                let decided = prepare(quota)
                    .map(|quota| limiter.check(key.as_bytes(), &quota, *cost, Now::new(0.0, *at)));
                let found = decided.as_ref().map_or_else(|error| code(*error), told);
                if let Ok(decision) = decided {
                    receipts.push(decision.receipt);
                }
                (found, expect.clone())
            }
            Step::Peek { peek: key, at, cost, quota, expect } => {
                let decided = prepare(quota)
                    .map(|quota| limiter.peek(key.as_bytes(), &quota, *cost, Now::new(0.0, *at)));
                (decided.as_ref().map_or_else(|error| code(*error), told), expect.clone())
            }
            Step::GiveBack { give_back, expect } => {
                let given = receipts[*give_back].take().is_some_and(|receipt| limiter.give_back(receipt));
                (given.into(), (*expect).into())
            }
            Step::Reset { reset, expect } => (limiter.reset(reset.as_bytes()).into(), (*expect).into()),
            Step::Stats { stats } => {
                let found = limiter.stats();
                let found = json!({
                    "evictions_with_debt": found.evictions_with_debt,
                    "busy_denials": found.busy_denials,
                    "sweeps": found.sweeps,
                    "slots": found.slots,
                });
                (found, stats.clone())
            }
        };
        if found != expect {
            return Err(format!("step {number}: {found}, expected {expect}"));
        }
    }
    Ok(())
}

#[test]
fn every_story_holds() {
    let file = load();
    assert!(file.stories.len() >= 120, "only {} stories", file.stories.len());
    all_different(file.stories.iter().map(|story| story.name.as_str()));
    let failures: Vec<String> = file
        .stories
        .iter()
        .filter_map(|story| Some(format!("[{}] {}: {}", story.class, story.name, run(story).err()?)))
        .collect();
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}
