//! Text to keys. The reader is the one tokens are read with: names are checked for duplicates at every level.

use super::{KeyFile, KeyFileError, KeyFileProblem as Problem, KeyRecord, MAX_FILE, MAX_LINE, Stored};
use crate::api_keys::base62::is_base62;
use crate::api_keys::format::{ID_LEN, is_word};
use crate::api_keys::{ApiKey, KeyDigest};
use crate::json::{Depth, JsonError, JsonStr, Value, array_items, object_members};
use crate::rate::Quota;
use alloc::string::String;
use alloc::vec::Vec;
use std::time::UNIX_EPOCH;

/// A key and what may be in it, and room to say of what is deeper which member it is.
const DEPTH: Depth = Depth { left: 8, members: Some(64) };

impl From<JsonError> for Problem {
    fn from(_: JsonError) -> Self {
        Self::NotJson
    }
}

pub(super) fn file(text: &[u8]) -> Result<KeyFile, KeyFileError> {
    if text.len() > MAX_FILE {
        return Err(KeyFileError::new(Problem::TooLarge));
    }
    if text.trim_ascii().is_empty() {
        return Err(KeyFileError::new(Problem::Empty));
    }
    let Some(whole) = text.strip_suffix(b"\n") else {
        let line = text.split(|byte| *byte == b'\n').count();
        return Err(KeyFileError::at(line, Problem::Unfinished));
    };
    let mut lines = whole.split(|byte| *byte == b'\n').zip(1..).map(|(bytes, number)| {
        let at = move |problem| KeyFileError::at(number, problem);
        let bytes = if bytes.len() > MAX_LINE { Err(at(Problem::LineTooLong)) } else { Ok(bytes) };
        (bytes.and_then(|bytes| core::str::from_utf8(bytes).map_err(|_| at(Problem::NotJson))), number)
    });
    let (first, _) = lines.next().unwrap_or((Ok(""), 1));
    let header = header(first?).map_err(|problem| KeyFileError::at(1, problem))?;
    let records: Result<Vec<_>, _> = lines
        .map(|(line, number)| record(line?).map_err(|problem| KeyFileError::at(number, problem)))
        .collect();
    let file = KeyFile { mark: header.mark, records: records? };
    if header.count.is_some_and(|count| count != file.records.len()) {
        return Err(KeyFileError::at(1, Problem::CountWrong));
    }
    file.check()?;
    Ok(file)
}

#[derive(Default)]
struct Header {
    version: Option<u32>,
    mark: Option<[u8; 8]>,
    count: Option<usize>,
}

fn header(text: &str) -> Result<Header, Problem> {
    let mut header = Header::default();
    let wrong = Problem::HeaderInvalid;
    let read = object_members(text, DEPTH, |_, name, value| -> Result<(), Problem> {
        match &*name.to_cow() {
            "doorward_keys" => header.version = Some(whole(value).ok_or(wrong)?),
            "pepper" => header.mark = Some(mark(value).ok_or(wrong)?),
            "count" => header.count = Some(whole(value).ok_or(wrong)?),
            _ => return Err(wrong),
        }
        Ok(())
    });
    // What a file of another kind begins with is no header, be it JSON or not.
    read.map_err(|_| wrong)?;
    match header.version {
        Some(1) => Ok(header),
        Some(_) => Err(Problem::VersionUnknown),
        None => Err(wrong),
    }
}

fn record(text: &str) -> Result<KeyRecord, Problem> {
    let (mut id, mut stored, mut public, mut created) = (None, None, None, None);
    let mut entry = ApiKey::new(String::new());
    object_members(text, DEPTH, |_, name, value| -> Result<(), Problem> {
        let mut take = |name, change: &mut dyn FnMut(&mut ApiKey) -> Option<()>| {
            change(&mut entry).ok_or(Problem::MemberInvalid(name))
        };
        match &*name.to_cow() {
            "id" => id = Some(string(value).ok_or(Problem::MemberInvalid("id"))?),
            "digest" => stored = Some(digest(value).ok_or(Problem::MemberInvalid("digest"))?),
            "public" => public = Some(public_part(value).ok_or(Problem::MemberInvalid("public"))?),
            "created" => created = Some(time(value).ok_or(Problem::MemberInvalid("created"))?),
            "name" => take("name", &mut |entry| set(entry, string(value)?, ApiKey::named))?,
            "roles" => take("roles", &mut |entry| each(entry, words(value)?, ApiKey::role))?,
            "scopes" => take("scopes", &mut |entry| each(entry, words(value)?, ApiKey::scope))?,
            "quota" => take("quota", &mut |entry| set(entry, quota(value)?, ApiKey::quota))?,
            "not_before" => take("not_before", &mut |entry| set(entry, time(value)?, ApiKey::not_before))?,
            "expires" => take("expires", &mut |entry| set(entry, time(value)?, ApiKey::expires))?,
            "disabled" => take("disabled", &mut |entry| set(entry, truth(value)?, ApiKey::disabled))?,
            "metadata" => take("metadata", &mut |entry| {
                each(entry, pairs(value)?, |entry, (name, value)| entry.meta(name, value))
            })?,
            _ => return Err(Problem::MemberUnknown),
        }
        Ok(())
    })?;
    let stored = stored.ok_or(Problem::MemberMissing("digest"))?;
    let entry = entry.with_id(id.ok_or(Problem::MemberMissing("id"))?);
    Ok(KeyRecord { entry, stored, public, created })
}

/// Changes an entry in its place by one of its own by-value methods.
fn set<T>(entry: &mut ApiKey, value: T, change: impl FnOnce(ApiKey, T) -> ApiKey) -> Option<()> {
    let taken = core::mem::replace(entry, ApiKey::new(String::new()));
    *entry = change(taken, value);
    Some(())
}

fn each<T>(entry: &mut ApiKey, values: Vec<T>, change: impl Fn(ApiKey, T) -> ApiKey) -> Option<()> {
    values.into_iter().try_for_each(|value| set(entry, value, &change))
}

fn string(value: Value<'_>) -> Option<String> {
    value.as_str().map(|text| text.to_cow().into_owned())
}

fn plain(value: Value<'_>) -> Option<&str> {
    value.as_str().as_ref().and_then(JsonStr::as_plain)
}

fn whole<T: core::str::FromStr>(value: Value<'_>) -> Option<T> {
    if let Value::Number(number) = value { number.as_text().parse().ok() } else { None }
}

const fn truth(value: Value<'_>) -> Option<bool> {
    if let Value::Bool(truth) = value { Some(truth) } else { None }
}

fn mark(value: Value<'_>) -> Option<[u8; 8]> {
    let text = plain(value).filter(|text| text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u64::from_str_radix(text, 16).ok().map(u64::to_be_bytes)
}

fn digest(value: Value<'_>) -> Option<Stored> {
    let (kind, hex) = plain(value)?.split_once(':')?;
    let digest = KeyDigest::from_hex(hex).ok()?;
    match kind {
        "sha256" => Some(Stored::Plain(digest)),
        "hmac-sha256" => Some(Stored::Peppered(digest)),
        _ => None,
    }
}

/// `dw_live_Zy9Xw8Vu7Ts6`: a whole key here would be a secret in the file.
fn public_part(value: Value<'_>) -> Option<String> {
    let text = plain(value)?;
    let (words, id) = text.rsplit_once('_')?;
    let (prefix, env) = words.split_once('_')?;
    let good = is_word(prefix.as_bytes()) && is_word(env.as_bytes());
    (good && id.len() == ID_LEN && is_base62(id.as_bytes())).then(|| text.into())
}

fn time(value: Value<'_>) -> Option<f64> {
    let time = humantime::parse_rfc3339(plain(value)?).ok()?;
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs_f64())
}

fn words(value: Value<'_>) -> Option<Vec<String>> {
    let Value::Array(text) = value else { return None };
    let mut words = Some(Vec::new());
    array_items(text, |item| {
        let word = string(item).filter(|word| !word.is_empty());
        words = words.take().zip(word).map(|(mut words, word)| {
            words.push(word);
            words
        });
    });
    words
}

fn pairs(value: Value<'_>) -> Option<Vec<(String, String)>> {
    let Value::Object(text) = value else { return None };
    let mut pairs = Vec::new();
    object_members(text, DEPTH, |_, name, value| -> Result<(), Problem> {
        pairs.push((name.to_cow().into_owned(), string(value).ok_or(Problem::NotJson)?));
        Ok(())
    })
    .ok()?;
    Some(pairs)
}

fn quota(value: Value<'_>) -> Option<Quota> {
    let Value::Object(text) = value else { return None };
    let (mut max, mut window) = (None, None);
    object_members(text, DEPTH, |_, name, value| -> Result<(), Problem> {
        match &*name.to_cow() {
            "max" => max = whole::<u32>(value),
            "window" => window = plain(value).and_then(|text| humantime::parse_duration(text).ok()),
            _ => return Err(Problem::NotJson),
        }
        Ok(())
    })
    .ok()?;
    Quota::per(max?, window?).ok()
}
