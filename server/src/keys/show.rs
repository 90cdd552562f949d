//! What commands say of keys: never a digest.

use doorward::Now;
use doorward::api_keys::file::{KeyFile, KeyRecord};
use doorward::api_keys::{ApiKey, NewKey};
use serde_json::{Value, json};
use std::time::{Duration, UNIX_EPOCH};
use zeroize::Zeroizing;

/// Whether the key may be used now, in seconds since the epoch.
pub(super) fn is_good(entry: &ApiKey, now: f64) -> bool {
    status(entry, now) == "good"
}

/// `good`, or the code of the refusal its owner would get.
fn status(entry: &ApiKey, now: f64) -> &'static str {
    entry.standing(Now::new(now, 0)).map_or_else(|refusal| refusal.code(), |()| "good")
}

fn time(seconds: f64) -> String {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs_f64(seconds)).to_string()
}

fn quota(entry: &ApiKey) -> Option<String> {
    let quota = entry.own_quota()?;
    Some(format!("{}/{}", quota.limit(), humantime::format_duration(quota.period())))
}

fn object(record: &KeyRecord, status: &str) -> Value {
    let entry = record.entry();
    json!({
        "id": entry.id(),
        "name": entry.name(),
        "public": record.public(),
        "status": status,
        "roles": entry.roles(),
        "scopes": entry.scopes(),
        "quota": quota(entry),
        "not_before": entry.valid_from().map(time),
        "expires": entry.valid_until().map(time),
        "created": record.created().map(time),
        "peppered": record.is_peppered(),
        "metadata": entry.metadata(),
    })
}

/// An object a line.
pub(super) fn json(file: &KeyFile, now: f64) -> String {
    let lines =
        file.records().iter().map(|record| format!("{}\n", object(record, status(record.entry(), now))));
    lines.collect()
}

/// Columns for people.
pub(super) fn table(file: &KeyFile, now: f64) -> String {
    let head = ["ID", "NAME", "STATUS", "ROLES", "CREATED", "EXPIRES"].map(str::to_owned);
    let rows = file.records().iter().map(|record| {
        let entry = record.entry();
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        [
            shown(entry.id()),
            shown(entry.name()),
            status(entry, now).trim_start_matches("api_key_").to_owned(),
            shown(&entry.roles().join(",")),
            or_dash(record.created().map(time)),
            or_dash(entry.valid_until().map(time)),
        ]
    });
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
            line.push_str(&format!("{cell:width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// What a file says may hold what a terminal obeys.
fn shown(text: &str) -> String {
    if text.chars().any(char::is_control) { text.escape_debug().to_string() } else { text.to_owned() }
}

/// A new key, for machines.
pub(super) fn minted(key: &NewKey) -> Zeroizing<String> {
    let id = key.public().rsplit('_').next().unwrap_or_default();
    // By hand, so that no copy of the key is left behind: its characters need no escaping.
    let (public, key) = (key.public(), key.expose());
    Zeroizing::new(format!("{{\"id\":\"{id}\",\"public\":\"{public}\",\"key\":\"{key}\"}}\n"))
}

/// What `check` found.
pub(super) fn checked(record: Option<&KeyRecord>, status: &str, json: bool) -> String {
    match record {
        _ if json => {
            let found = record.map_or_else(|| json!({ "status": status }), |record| object(record, status));
            format!("{found}\n")
        }
        Some(record) => {
            let entry = record.entry();
            let status = status.trim_start_matches("api_key_");
            format!("{}  {}  {status}\n", shown(entry.id()), shown(entry.name()))
        }
        None => format!("{}\n", status.trim_start_matches("api_key_")),
    }
}
