//! Keys to text: what the reader reads as the same keys.

use super::{KeyFile, KeyFileError, KeyFileProblem as Problem, KeyRecord, MAX_FILE, MAX_LINE, Stored};
use crate::rate::Quota;
use alloc::string::String;
use core::fmt::Write as _;
use core::time::Duration;
use std::time::UNIX_EPOCH;

/// The end of the year 9999, in seconds since the epoch: the last moment RFC 3339 can write.
const LAST: f64 = 253_402_300_800.0;

pub(super) fn file(file: &KeyFile) -> Result<String, KeyFileError> {
    let mut text = String::from("{\"doorward_keys\":1");
    if let Some(mark) = file.mark {
        let _ = write!(text, ",\"pepper\":\"{:016x}\"", u64::from_be_bytes(mark));
    }
    let _ = writeln!(text, ",\"count\":{}}}", file.records.len());
    for (record, at) in file.records.iter().zip(0..) {
        let start = text.len();
        line(&mut text, record).map_err(|problem| KeyFileError::of_key(at, problem))?;
        if text.len() - start > MAX_LINE {
            return Err(KeyFileError::of_key(at, Problem::LineTooLong));
        }
        text.push('\n');
    }
    if text.len() > MAX_FILE {
        return Err(KeyFileError::new(Problem::TooLarge));
    }
    Ok(text)
}

fn line(text: &mut String, record: &KeyRecord) -> Result<(), Problem> {
    let entry = &record.entry;
    text.push_str("{\"id\":");
    string(text, entry.id());
    if entry.name() != entry.id() {
        text.push_str(",\"name\":");
        string(text, entry.name());
    }
    let kind = if let Stored::Plain(_) = record.stored { "sha256" } else { "hmac-sha256" };
    let _ = write!(text, ",\"digest\":\"{kind}:{}\"", record.stored.digest().to_hex());
    if let Some(public) = &record.public {
        text.push_str(",\"public\":");
        string(text, public);
    }
    for (name, words) in [("roles", entry.roles()), ("scopes", entry.scopes())] {
        if !words.is_empty() {
            let _ = write!(text, ",\"{name}\":[");
            list(text, words, |text, word| string(text, word));
            text.push(']');
        }
    }
    if let Some(quota) = entry.own_quota() {
        // What the file has no words for, as a burst of its own, is not left out in silence.
        if Quota::per(quota.limit(), quota.period()) != Ok(*quota) {
            return Err(Problem::MemberInvalid("quota"));
        }
        let window = humantime::format_duration(quota.period());
        let _ = write!(text, ",\"quota\":{{\"max\":{},\"window\":\"{window}\"}}", quota.limit());
    }
    let times =
        [("not_before", entry.valid_from()), ("expires", entry.valid_until()), ("created", record.created)];
    for (name, time) in times {
        if let Some(time) = time {
            if !(0.0..LAST).contains(&time) {
                return Err(Problem::MemberInvalid(name));
            }
            let time = humantime::format_rfc3339(UNIX_EPOCH + Duration::from_secs_f64(time));
            let _ = write!(text, ",\"{name}\":\"{time}\"");
        }
    }
    if entry.is_disabled() {
        text.push_str(",\"disabled\":true");
    }
    if !entry.metadata().is_empty() {
        text.push_str(",\"metadata\":{");
        list(text, entry.metadata(), |text, (name, value)| {
            string(text, name);
            text.push(':');
            string(text, value);
        });
        text.push('}');
    }
    text.push('}');
    Ok(())
}

fn list<T>(text: &mut String, items: impl IntoIterator<Item = T>, mut print: impl FnMut(&mut String, T)) {
    for (item, index) in items.into_iter().zip(0_usize..) {
        if index > 0 {
            text.push(',');
        }
        print(text, item);
    }
}

/// RFC 8259 §7, and control characters beyond ASCII too: a terminal that shows the file obeys none of it.
fn string(text: &mut String, value: &str) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            _ if character.is_control() => {
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            _ => text.push(character),
        }
    }
    text.push('"');
}
