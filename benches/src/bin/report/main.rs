//! Writes `target/bench/report.jsonl`: first the machine, then a row a figure; and the same as a table on stderr.
//!
//! Ours and the peer's run by turns (ours, theirs, ours, theirs …) in batches of equal length, so that a slow
//! moment of a shared machine falls on both. What is not done: pinning cores, setting frequencies, discarding
//! outliers. Medians do the last as well as can be.

mod allocations;
mod machine;
mod measure;
mod overhead;
mod redis;
mod sharing;

use doorward_benches::cases::{self, api_keys, gate, jwt, rate};
use doorward_benches::{Budget, Case, Run};
use lexopt::{Arg, ValueExt as _};
use measure::{Effort, Figure};
use serde_json::{Map, Value, json};
use std::fs::{self, File};
use std::io::{IsTerminal as _, Write as _, stderr};
use std::path::PathBuf;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

const HELP: &str = "\
usage: report [--quick] [--only PREFIX]... [--out FILE]
  --quick         the same rows in under three minutes
  --only PREFIX   the rows whose id begins so; may be given again
  --out FILE      instead of bench/report.jsonl in the target folder";

type Failure = Box<dyn std::error::Error>;

struct Options {
    quick: bool,
    only: Vec<String>,
    out: Option<PathBuf>,
}

fn main() -> Result<(), Failure> {
    let options = options()?;
    let effort = if options.quick { Effort::QUICK } else { Effort::FULL };
    let machine = machine::Machine::read()?;
    let out = options.out.clone().unwrap_or_else(|| machine.target.join("bench/report.jsonl"));
    if let Some(folder) = out.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::create(&out)?;
    let mut first = machine.row();
    first["quick"] = options.quick.into();
    writeln!(file, "{first}")?;

    let start = Instant::now();
    eprintln!("{:<28}{:>10}  {:<32}{:>10}{:>8}{:>8}", "id", "ns", "vs", "ns", "ratio", "spread");
    for case in cases::all().iter().filter(|case| options.wants(&case.id)) {
        let row = time_row(case, &effort);
        print(&row);
        writeln!(file, "{}", Value::Object(row))?;
    }
    for (id, row) in counts() {
        if options.wants(id) {
            let row = row();
            print(&row);
            writeln!(file, "{}", Value::Object(row))?;
        }
    }
    for (id, row) in sharing::rows() {
        if options.wants(&id) {
            let row = row(&id);
            print(&row);
            writeln!(file, "{}", Value::Object(row))?;
        }
    }
    for row in overhead::rows(|id| options.wants(id), options.quick)? {
        print(&row);
        writeln!(file, "{}", Value::Object(row))?;
    }
    for row in redis::rows(|id| options.wants(id), options.quick)? {
        print(&row);
        writeln!(file, "{}", Value::Object(row))?;
    }
    eprintln!("{} in {} s", out.display(), start.elapsed().as_secs());
    Ok(())
}

impl Options {
    fn wants(&self, id: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|prefix| id.starts_with(prefix))
    }
}

fn options() -> Result<Options, Failure> {
    let mut options = Options { quick: false, only: Vec::new(), out: None };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("quick") => options.quick = true,
            Arg::Long("only") => options.only.push(arguments.value()?.string()?),
            Arg::Long("out") => options.out = Some(arguments.value()?.into()),
            other => return Err(format!("{}\n{HELP}", other.unexpected()).into()),
        }
    }
    Ok(options)
}

fn time_row(case: &Case, effort: &Effort) -> Map<String, Value> {
    if stderr().is_terminal() {
        eprint!("{} …\r", case.id);
    }
    let Figure { ours, theirs, batches } = effort.measure(case);
    let mut row = Map::new();
    row.insert("id".into(), case.id.as_str().into());
    row.insert("ns".into(), rounded(ours.median));
    if let Some(library) = case.by {
        row.insert("by".into(), library.into());
    }
    let ratio = theirs.map(|theirs| ours.median / theirs.median);
    if let (Some(vs), Some(theirs), Some(ratio)) = (case.vs, theirs, ratio) {
        row.insert("vs".into(), vs.into());
        row.insert("vs_ns".into(), rounded(theirs.median));
        row.insert("ratio".into(), rounded(ratio));
        row.insert("vs_spread".into(), rounded(theirs.spread));
    }
    row.insert("n".into(), batches.into());
    row.insert("spread".into(), rounded(ours.spread));
    row.insert("clock".into(), case.clock.name().into());
    match case.budget {
        Some(Budget::Nanos(most)) => {
            row.insert("budget".into(), json!({ "ns": most }));
            row.insert("met".into(), (ours.median <= most).into());
        }
        Some(Budget::Ratio(most)) => {
            row.insert("budget".into(), json!({ "ratio": most }));
            row.insert("met".into(), ratio.is_some_and(|ratio| ratio <= most).into());
        }
        None => {}
    }
    row
}

type Count = (&'static str, fn() -> Map<String, Value>);

/// The rows that are not times.
fn counts() -> [Count; 6] {
    [
        ("jwt/hs256/fresh/allocations", || {
            allocations_row("jwt/hs256/fresh/allocations", jwt::hs256_fresh())
        }),
        ("jwt/rs256/fresh/allocations", || {
            let mut row = allocations_row("jwt/rs256/fresh/allocations", jwt::rs256_fresh());
            row.insert("vs".into(), "ring rsa verify".into());
            row.insert("vs_value".into(), rounded(allocations(jwt::bare_rsa())));
            row
        }),
        ("gate/warm/allocations", || allocations_row("gate/warm/allocations", gate::warm())),
        ("rate/bytes-per-key", bytes_row),
        ("api_key/build/1000000", build_row),
        ("api_key/bytes-per-key", key_bytes_row),
    ]
}

fn allocations_row(id: &str, run: Run) -> Map<String, Value> {
    value_row(id, allocations(run), "allocations")
}

/// Allocations an operation.
fn allocations(mut run: Run) -> f64 {
    const TIMES: u64 = 1000;
    run(TIMES);
    let (counted, _) = allocations::count(|| run(TIMES));
    counted.allocations as f64 / TIMES as f64
}

/// What the tables hold on to, for as many live keys as fit the advice of two slots a key.
fn bytes_row() -> Map<String, Value> {
    const KEYS: usize = 1_000_000;
    let (ours, kept) = allocations::count(|| rate::resident(KEYS));
    let (theirs, _also_kept) = allocations::count(|| rate::resident_governor(KEYS));
    let per_key = |bytes: i64| bytes as f64 / KEYS as f64;
    let mut row = value_row("rate/bytes-per-key", per_key(ours.bytes), "bytes");
    row.insert("vs".into(), "governor 0.10, u64 keys".into());
    row.insert("vs_value".into(), rounded(per_key(theirs.bytes)));
    row.insert("ratio".into(), rounded(ours.bytes as f64 / theirs.bytes as f64));
    row.insert("keys".into(), KEYS.into());
    row.insert("evictions_with_debt".into(), kept.evictions_with_debt.into());
    row.insert("budget".into(), json!({ "value": 20.0 }));
    row.insert("met".into(), (per_key(ours.bytes) <= 20.0).into());
    row
}

/// How long it takes to make a set of a million keys whose digests are in memory, in milliseconds: medians, by turns.
fn build_row() -> Map<String, Value> {
    const KEYS: usize = 1_000_000;
    const TURNS: usize = 3;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        ours.push(api_keys::build(KEYS).took.as_secs_f64() * 1e3);
        theirs.push(api_keys::build_map(KEYS).took.as_secs_f64() * 1e3);
    }
    let median = |mut times: Vec<f64>| {
        times.sort_unstable_by(f64::total_cmp);
        times[TURNS / 2]
    };
    let (ours, theirs) = (median(ours), median(theirs));
    let mut row = value_row("api_key/build/1000000", ours, "ms");
    row.insert("vs".into(), "std HashMap, the same digests and entries".into());
    row.insert("vs_value".into(), rounded(theirs));
    row.insert("ratio".into(), rounded(ours / theirs));
    row.insert("n".into(), TURNS.into());
    row
}

/// What a set of a million keys holds on to, a key: digests, places and entries.
fn key_bytes_row() -> Map<String, Value> {
    const KEYS: usize = 1_000_000;
    let (ours, _kept) = allocations::count(|| api_keys::build(KEYS));
    let (theirs, _also_kept) = allocations::count(|| api_keys::build_map(KEYS));
    let per_key = |bytes: i64| bytes as f64 / KEYS as f64;
    let mut row = value_row("api_key/bytes-per-key", per_key(ours.bytes), "bytes");
    row.insert("vs".into(), "std HashMap, the same digests and entries".into());
    row.insert("vs_value".into(), rounded(per_key(theirs.bytes)));
    row.insert("ratio".into(), rounded(ours.bytes as f64 / theirs.bytes as f64));
    row.insert("keys".into(), KEYS.into());
    row
}

fn value_row(id: &str, value: f64, unit: &str) -> Map<String, Value> {
    let mut row = Map::new();
    row.insert("id".into(), id.into());
    row.insert("value".into(), rounded(value));
    row.insert("unit".into(), unit.into());
    row
}

/// Four significant figures: more would be noise.
fn rounded(number: f64) -> Value {
    if number == 0.0 || !number.is_finite() {
        return number.into();
    }
    let scale = 10_f64.powi(3 - number.abs().log10().floor() as i32);
    ((number * scale).round() / scale).into()
}

fn print(row: &Map<String, Value>) {
    let number = |name| row.get(name).and_then(Value::as_f64);
    let cell = |name, digits| number(name).map_or(String::new(), |number| format!("{number:.digits$}"));
    let text = |name| row.get(name).and_then(Value::as_str).unwrap_or_default();
    let is_time = row.contains_key("ns");
    let (ours, theirs) = if is_time { ("ns", "vs_ns") } else { ("value", "vs_value") };
    let verdict = match row.get("met").and_then(Value::as_bool) {
        Some(true) => "  met",
        Some(false) => "  NOT MET",
        None => "",
    };
    eprintln!(
        "{:<28}{:>10}  {:<32}{:>10}{:>8}{:>8}  {}{verdict}",
        text("id"),
        cell(ours, 1),
        text("vs"),
        cell(theirs, 1),
        cell("ratio", 2),
        cell("spread", 2),
        text("unit"),
    );
}
