//! What keys that share a table's slots cost each other, in per cent of their checks. Counted, not timed.

use super::{rounded, value_row};
use doorward_benches::cases::sharing::{at_load, flood, million};
use serde_json::{Map, Value};

type Row = Box<dyn Fn(&str) -> Map<String, Value>>;

/// Ids, and what makes the rows.
pub(crate) fn rows() -> Vec<(String, Row)> {
    let loads = [0.25, 0.5, 0.75, 0.9, 1.0, 1.5].map(|load| {
        (format!("rate/false-denials/{load}"), Box::new(move |id: &str| load_row(id, load)) as Row)
    });
    let floods = [0.25, 0.5, 0.75, 1.0, 2.0, 8.0].map(|strength| {
        (format!("rate/flood/{strength}"), Box::new(move |id: &str| flood_row(id, strength)) as Row)
    });
    let million: Row = Box::new(million_row);
    loads.into_iter().chain(floods).chain([("rate/flood/million".to_owned(), million)]).collect()
}

/// Keys that ask as often as their quota allows; beside it, half as often.
fn load_row(id: &str, load: f64) -> Map<String, Value> {
    let (at_quota, at_half) = (at_load(load, 1.0), at_load(load, 0.5));
    let mut row = value_row(id, at_quota.percent(), "%");
    row.insert("at_half_the_quota".into(), rounded(at_half.percent()));
    row.insert("checks".into(), at_quota.checks.into());
    row
}

/// The flood's own keys; beside it, those in use, and newcomers after it.
fn flood_row(id: &str, strength: f64) -> Map<String, Value> {
    let flood = flood(strength);
    let mut row = value_row(id, flood.newcomers.percent(), "%");
    row.insert("regulars".into(), rounded(flood.regulars.percent()));
    row.insert("after".into(), rounded(flood.after.percent()));
    row.insert("checks".into(), flood.newcomers.checks.into());
    row
}

fn million_row(id: &str) -> Map<String, Value> {
    let (flood, left) = million();
    let mut row = value_row(id, flood.percent(), "%");
    row.insert("remaining_of_30".into(), left.into());
    row.insert("checks".into(), flood.checks.into());
    row
}
