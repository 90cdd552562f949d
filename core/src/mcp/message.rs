//! A POST's body: one JSON-RPC message, or a batch of them (revision 2025-03-26).

use super::Kind;
use super::method::{Names, names};
use crate::json::{Depth, JsonError, JsonStr, Raw, Reader, Value, array_items, pack_bytes};
use alloc::string::String;

/// The most members of a batch.
const MAX_BATCH: usize = 64;
/// The most resources of one `subscriptions/listen`.
const MAX_RESOURCES: usize = 1024;
/// The member of `_meta` that says the revision (2026-07-28), and the fewest bytes of an object that has it.
const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const SHORTEST_META: usize = VERSION.len() + r#"{"":0}"#.len();
/// The longest method name, as written.
const MAX_METHOD: usize = 256;
/// The deepest a body may nest, its outermost value being the first level.
const MAX_DEPTH: usize = 128;

/// Why a body is not one that can be decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// Not JSON in UTF-8, not a JSON-RPC 2.0 message, or one that two parsers may read differently.
    Unreadable,
    /// An empty batch, one of over 64 members, or a batch where the revision has none.
    Batch,
}

impl From<JsonError> for BodyError {
    fn from(_: JsonError) -> Self {
        Self::Unreadable
    }
}

/// What of one message is decided on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Message<'a> {
    /// A request or a notification: what it is decided by, and what `Mcp-Name` has to repeat.
    Call {
        id: Option<Value<'a>>,
        method: JsonStr<'a>,
        kind: Kind,
        name: JsonStr<'a>,
        header: Option<JsonStr<'a>>,
        /// The revision its `_meta` says it speaks.
        version: Option<JsonStr<'a>>,
        /// What else it names: the resources that `subscriptions/listen` is to tell of.
        resources: Resources<'a>,
    },
    /// A result or an error on its way back to the server.
    Reply,
}

/// The URIs that a message names beside what it is decided by: an array of strings as it was written, read once already.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Resources<'a>(Option<&'a str>);

impl<'a> Resources<'a> {
    pub(crate) fn each(self, mut uri: impl FnMut(JsonStr<'a>)) {
        let Some(text) = self.0 else { return };
        array_items(text, |item| {
            if let Value::String(text) = item {
                uri(text);
            }
        });
    }
}

impl Message<'_> {
    /// The request's id as JSON, for an answer that repeats it; empty where there is none or it is over 128 bytes.
    pub(crate) fn id_text(&self) -> String {
        let mut text = String::new();
        let Self::Call { id: Some(id), .. } = self else { return text };
        match id {
            Value::Number(number) if number.as_text().len() <= 128 => text.push_str(number.as_text()),
            Value::String(id) if id.written_len() <= 128 => {
                text.push('"');
                text.push_str(id.as_written());
                text.push('"');
            }
            _ => {}
        }
        text
    }
}

/// Reads a body, each message handed to `each` in order; gives the number of messages.
pub(crate) fn read_body<'a>(
    body: &'a [u8],
    batches: bool,
    mut each: impl FnMut(Message<'a>),
) -> Result<usize, BodyError> {
    let text = core::str::from_utf8(body).map_err(|_| BodyError::Unreadable)?;
    let mut reader = Reader::new(text);
    let depth = Depth { left: MAX_DEPTH, members: None };
    let mut count = 0;
    match reader.peek() {
        Some(b'{') => {
            let message;
            (message, reader) = read_message(reader, depth)?;
            each(message);
            count = 1;
        }
        Some(b'[') => {
            // Whether batches are spoken at all is said first, so that nobody need read 64 of them to know.
            if !batches {
                return Err(BodyError::Batch);
            }
            reader.take(b'[');
            if reader.take(b']') {
                return Err(BodyError::Batch);
            }
            loop {
                count += 1;
                if count > MAX_BATCH {
                    return Err(BodyError::Batch);
                }
                let message;
                (message, reader) = read_message(reader, depth.deeper()?)?;
                each(message);
                if !reader.take(b',') {
                    break;
                }
            }
            if !reader.take(b']') {
                return Err(BodyError::Unreadable);
            }
        }
        _ => return Err(BodyError::Unreadable),
    }
    reader.end()?;
    Ok(count)
}

/// A member that is looked for, and must be there at most once.
#[derive(Clone, Copy, Default)]
struct Member<'a>(Option<Raw<'a>>);

impl<'a> Member<'a> {
    fn set(&mut self, value: Raw<'a>) -> Result<(), BodyError> {
        if self.0.replace(value).is_some() { Err(BodyError::Unreadable) } else { Ok(()) }
    }

    fn string(self) -> Result<JsonStr<'a>, BodyError> {
        self.0.and_then(Raw::as_str).ok_or(BodyError::Unreadable)
    }
}

/// The members that are looked for, as packed words: up to seven bytes are their own word, so that one comparison tells.
const JSONRPC: u64 = pack_bytes(b"jsonrpc");
const ID: u64 = pack_bytes(b"id");
const METHOD: u64 = pack_bytes(b"method");
const PARAMS: u64 = pack_bytes(b"params");
const RESULT: u64 = pack_bytes(b"result");
const ERROR: u64 = pack_bytes(b"error");
const NAME: u64 = pack_bytes(b"name");
const URI: u64 = pack_bytes(b"uri");
const REF: u64 = pack_bytes(b"ref");
const TASK_ID: u64 = pack_bytes(b"taskId");
const META: u64 = pack_bytes(b"_meta");
const TYPE: u64 = pack_bytes(b"type");

/// Those of `params`.
const PARAMS_READ: [&str; 7] = ["name", "uri", "ref", "arguments", "taskId", "_meta", "notifications"];

/// Reads a message, and gives the place behind it.
fn read_message<'a>(mut reader: Reader<'a>, depth: Depth) -> Result<(Message<'a>, Reader<'a>), BodyError> {
    let [mut jsonrpc, mut method, mut id, mut reply] = [Member::default(); 4];
    let mut params = None;
    let inside = depth.deeper()?;
    let mut more = reader.opens()?;
    while more {
        let (name, packed) = reader.member()?;
        match packed {
            PARAMS => {
                if params.is_some() {
                    return Err(BodyError::Unreadable);
                }
                let read;
                (read, reader) = read_params(reader, inside)?;
                params = Some(read);
            }
            JSONRPC => jsonrpc.set(reader.raw(inside)?)?,
            METHOD => method.set(reader.raw(inside)?)?,
            ID => id.set(reader.raw(inside)?)?,
            // One of them, once.
            RESULT | ERROR => reply.set(reader.raw(inside)?)?,
            _ => {
                reader.raw(inside)?;
                if looks_like_one(name, &["jsonrpc", "id", "method", "params", "result", "error"]) {
                    return Err(BodyError::Unreadable);
                }
            }
        }
        more = reader.goes_on()?;
    }
    if jsonrpc.string()? != *"2.0" {
        return Err(BodyError::Unreadable);
    }
    let id = id.0.map(Raw::value);
    if let Some(Value::Array(_) | Value::Object(_) | Value::Bool(_)) = id {
        return Err(BodyError::Unreadable);
    }
    if method.0.is_none() {
        return if reply.0.is_some() { Ok((Message::Reply, reader)) } else { Err(BodyError::Unreadable) };
    }
    let method = method.string()?;
    if reply.0.is_some() || method.is_empty() || method.written_len() > MAX_METHOD {
        return Err(BodyError::Unreadable);
    }
    let params = params.unwrap_or_default();
    let (kind, name, header) = read_name(method, params)?;
    let version = read_version(params.meta)?;
    let resources = match names(method) {
        Names::Resources => read_resources(params.notifications)?,
        _ => Resources::default(),
    };
    Ok((Message::Call { id, method, kind, name, header, version, resources }, reader))
}

/// What of `params` may be decided by.
#[derive(Clone, Copy, Default)]
struct Params<'a> {
    name: Member<'a>,
    uri: Member<'a>,
    reference: Member<'a>,
    arguments: Member<'a>,
    task: Member<'a>,
    meta: Member<'a>,
    notifications: Member<'a>,
    /// They can't be decided on: they are neither an object nor an array, or hold a member twice or one that looks like
    /// another. Of no interest in a reply, which has no business with any.
    bad: bool,
}

/// Reads the value of `params` on the way, once: to find its end first and its members then, and to compare names one by
/// one, took the warm gate 11,400 instructions in place of 8,800.
fn read_params<'a>(mut reader: Reader<'a>, depth: Depth) -> Result<(Params<'a>, Reader<'a>), BodyError> {
    let mut params = Params::default();
    if reader.peek() != Some(b'{') {
        // By position (JSON-RPC 2.0 §4.2): no MCP method takes them so.
        params.bad = !matches!(reader.raw(depth)?.value(), Value::Array(_));
        return Ok((params, reader));
    }
    let inside = depth.deeper()?;
    let mut more = reader.opens()?;
    while more {
        let (name, packed) = reader.member()?;
        let value = reader.raw(inside)?;
        let member = match packed {
            NAME => Some(&mut params.name),
            URI => Some(&mut params.uri),
            REF => Some(&mut params.reference),
            TASK_ID => Some(&mut params.task),
            META => Some(&mut params.meta),
            // Longer than what is its own word, so by its letters.
            _ if name == *"arguments" => Some(&mut params.arguments),
            _ if name == *"notifications" => Some(&mut params.notifications),
            _ => None,
        };
        params.bad |= match member {
            Some(member) => member.set(value).is_err(),
            None => looks_like_one(name, &PARAMS_READ),
        };
        more = reader.goes_on()?;
    }
    Ok((params, reader))
}

/// A kind and name a call is decided by, and what `Mcp-Name` has to repeat.
type Named<'a> = (Kind, JsonStr<'a>, Option<JsonStr<'a>>);

fn read_name<'a>(method: JsonStr<'a>, params: Params<'a>) -> Result<Named<'a>, BodyError> {
    if params.bad {
        return Err(BodyError::Unreadable);
    }
    let (kind, name) = match names(method) {
        Names::Name(kind) => (kind, params.name.string()?),
        Names::Uri => (Kind::Resource, params.uri.string()?),
        Names::Reference => {
            let Some(Value::Object(text)) = params.reference.0.map(Raw::value) else {
                return Err(BodyError::Unreadable);
            };
            read_reference(text)?
        }
        Names::Task => return Ok((Kind::Method, method, params.task.string().ok())),
        Names::Nothing | Names::Resources => return Ok((Kind::Method, method, None)),
    };
    Ok((kind, name, Some(name)))
}

/// `completion/complete`'s `ref`: `{"type":"ref/prompt","name":…}` or `{"type":"ref/resource","uri":…}`. Its text was
/// read once already.
fn read_reference(text: &str) -> Result<(Kind, JsonStr<'_>), BodyError> {
    let [mut kind, mut name, mut uri] = [Member::default(); 3];
    let mut reader = Reader::new(text);
    let depth = Depth { left: MAX_DEPTH, members: None };
    let mut more = reader.opens()?;
    while more {
        let (member, packed) = reader.member()?;
        let value = reader.raw(depth)?;
        match packed {
            TYPE => kind.set(value)?,
            NAME => name.set(value)?,
            URI => uri.set(value)?,
            _ if looks_like_one(member, &["type", "name", "uri"]) => return Err(BodyError::Unreadable),
            _ => {}
        }
        more = reader.goes_on()?;
    }
    let kind = kind.string()?;
    if kind == *"ref/prompt" {
        Ok((Kind::Prompt, name.string()?))
    } else if kind == *"ref/resource" {
        Ok((Kind::Resource, uri.string()?))
    } else {
        Err(BodyError::Unreadable)
    }
}

/// The revision that `_meta` says; its text was read once already.
fn read_version(meta: Member<'_>) -> Result<Option<JsonStr<'_>>, BodyError> {
    let Some(Value::Object(text)) = meta.0.map(Raw::value) else { return Ok(None) };
    // Most hold a progress token and no more.
    if text.len() < SHORTEST_META {
        return Ok(None);
    }
    let mut version = Member::default();
    each_member(text, |name, value| {
        if name == *VERSION {
            version.set(value)
        } else if looks_like_one(name, &[VERSION]) {
            Err(BodyError::Unreadable)
        } else {
            Ok(())
        }
    })?;
    version.0.map(|_| version.string()).transpose()
}

/// The resources that `subscriptions/listen` names: `{"resourceSubscriptions":[…]}` (2026-07-28, Subscriptions).
fn read_resources(notifications: Member<'_>) -> Result<Resources<'_>, BodyError> {
    const MEMBER: &str = "resourceSubscriptions";
    let text = match notifications.0.map(Raw::value) {
        None => return Ok(Resources::default()),
        Some(Value::Object(text)) => text,
        Some(_) => return Err(BodyError::Unreadable),
    };
    let mut resources = Member::default();
    each_member(text, |name, value| {
        if name == *MEMBER {
            resources.set(value)
        } else if looks_like_one(name, &[MEMBER]) {
            Err(BodyError::Unreadable)
        } else {
            Ok(())
        }
    })?;
    let text = match resources.0.map(Raw::value) {
        None => return Ok(Resources::default()),
        Some(Value::Array(text)) => text,
        Some(_) => return Err(BodyError::Unreadable),
    };
    let (mut count, mut strings) = (0, true);
    array_items(text, |item| {
        count += 1;
        strings &= matches!(item, Value::String(_));
    });
    if strings && count <= MAX_RESOURCES { Ok(Resources(Some(text))) } else { Err(BodyError::Unreadable) }
}

/// The members of an object that was read once already.
fn each_member<'a>(
    text: &'a str,
    mut each: impl FnMut(JsonStr<'a>, Raw<'a>) -> Result<(), BodyError>,
) -> Result<(), BodyError> {
    let mut reader = Reader::new(text);
    let depth = Depth { left: MAX_DEPTH, members: None };
    let mut more = reader.opens()?;
    while more {
        let (name, _) = reader.member()?;
        each(name, reader.raw(depth)?)?;
        more = reader.goes_on()?;
    }
    Ok(())
}

/// Whether `name`, which is none of the known names, folds to one of them, as `Name` and `paramſ` do.
#[inline(never)]
pub(crate) fn looks_like_one(name: JsonStr<'_>, known: &[&str]) -> bool {
    match name.as_plain() {
        Some(plain) if plain.is_ascii() => known.iter().any(|one| plain.eq_ignore_ascii_case(one)),
        _ => known.iter().any(|one| name.chars().map(fold).eq(one.chars().map(fold))),
    }
}

/// Unicode's simple case folding (CaseFolding.txt, status C and S) as far as it leads to ASCII letters.
const fn fold(character: char) -> char {
    match character {
        '\u{17F}' => 's',
        '\u{212A}' => 'k',
        _ => character.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString as _;
    use std::vec::Vec;
    use std::{format, vec};

    fn read(body: &str) -> Result<Vec<(Kind, String)>, BodyError> {
        let mut found = vec![];
        read_body(body.as_bytes(), true, |message| {
            if let Message::Call { kind, name, .. } = message {
                found.push((kind, name.to_string()));
            }
        })?;
        Ok(found)
    }

    fn call(method: &str, params: &str) -> String {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
    }

    #[test]
    fn each_method_is_decided_by_what_it_names() {
        let cases = [
            ("tools/call", r#"{"name":"x"}"#, Kind::Tool, "x"),
            ("tools\\/call", r#"{"name":"\u0078"}"#, Kind::Tool, "x"),
            ("prompts/get", r#"{"name":"p","arguments":{"name":"q"}}"#, Kind::Prompt, "p"),
            ("resources/read", r#"{"uri":"file:///a"}"#, Kind::Resource, "file:///a"),
            ("resources/subscribe", r#"{"uri":"u"}"#, Kind::Resource, "u"),
            ("resources/directory/read", r#"{"uri":"u"}"#, Kind::Resource, "u"),
            ("skills/get", r#"{"uri":"u"}"#, Kind::Resource, "u"),
            ("tasks/get", r#"{"taskId":"t"}"#, Kind::Method, "tasks/get"),
            ("completion/complete", r#"{"ref":{"type":"ref/prompt","name":"p"}}"#, Kind::Prompt, "p"),
            ("completion/complete", r#"{"ref":{"type":"ref/resource","uri":"u"}}"#, Kind::Resource, "u"),
            ("tools/list", "{}", Kind::Method, "tools/list"),
            ("Tools/Call", r#"{"name":"x"}"#, Kind::Method, "Tools/Call"),
        ];
        for (method, params, kind, name) in cases {
            assert_eq!(read(&call(method, params)), Ok(vec![(kind, name.to_string())]), "{method} {params}");
        }
    }

    #[test]
    fn what_two_parsers_may_read_differently_is_refused() {
        let bad = [
            r#"{"jsonrpc":"2.0","method":"ping","method":"tools/call","params":{"name":"x"}}"#,
            r#"{"jsonrpc":"2.0","method":"ping","\u006dethod":"tools/call"}"#,
            r#"{"jsonrpc":"2.0","method":"ping","Method":"tools/call"}"#,
            r#"{"jsonrpc":"2.0","method":"ping","PARAMS":{}}"#,
            "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"param\u{17f}\":{}}",
            r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"a","name":"b"}}"#,
            r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"a","Name":"b"}}"#,
            r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"a","arguments":{},"Arguments":{}}}"#,
            r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":1}}"#,
            r#"{"jsonrpc":"2.0","method":"tools/call","params":{}}"#,
            r#"{"jsonrpc":"2.0","method":"tools/call","params":["x"]}"#,
            r#"{"jsonrpc":"2.0","method":"tools/call","params":"x"}"#,
            r#"{"jsonrpc":"2.0","method":"tools/call"}"#,
            r#"{"jsonrpc":"2.0","method":"resources/read","params":{"uri":["a"]}}"#,
            r#"{"jsonrpc":"2.0","method":"resources/directory/read","params":{}}"#,
            r#"{"jsonrpc":"2.0","method":"tasks/get","params":{"taskId":"a","taskid":"b"}}"#,
            r#"{"jsonrpc":"2.0","method":"ping","params":{"_meta":{},"_meta":{}}}"#,
            r#"{"jsonrpc":"2.0","method":"ping","params":{"_Meta":{}}}"#,
            r#"{"jsonrpc":"2.0","method":"ping","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":1}}}"#,
            r#"{"jsonrpc":"2.0","method":"ping","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"a","io.modelcontextprotocol/protocol\u0056ersion":"a"}}}"#,
            r#"{"jsonrpc":"2.0","method":"ping","params":{"_meta":{"io.ModelContextProtocol/protocolVersion":"2026-07-28"}}}"#,
            r#"{"jsonrpc":"2.0","method":"subscriptions/listen","params":{"notifications":[]}}"#,
            r#"{"jsonrpc":"2.0","method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":"a"}}}"#,
            r#"{"jsonrpc":"2.0","method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":["a",1]}}}"#,
            r#"{"jsonrpc":"2.0","method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":["a"],"resourceSubscriptions":[]}}}"#,
            r#"{"jsonrpc":"2.0","method":"subscriptions/listen","params":{"notifications":{"ResourceSubscriptions":["a"]}}}"#,
            r#"{"jsonrpc":"2.0","method":"subscriptions/listen","params":{"notifications":{},"Notifications":{}}}"#,
            r#"{"jsonrpc":"2.0","method":"completion/complete","params":{"ref":{"type":"x","name":"p"}}}"#,
            r#"{"jsonrpc":"2.0","method":["ping"]}"#,
            r#"{"jsonrpc":"2.0","method":""}"#,
            r#"{"jsonrpc":"2.0","method":"ping","result":{}}"#,
            r#"{"jsonrpc":"2.0","result":{},"error":{},"id":1}"#,
            r#"{"jsonrpc":"2.0","method":"ping","id":{}}"#,
            r#"{"jsonrpc":"1.0","method":"ping"}"#,
            r#"{"method":"ping"}"#,
            r#"{"jsonrpc":"2.0"}"#,
            r#"{"jsonrpc":"2.0","method":"ping"} x"#,
            "\u{feff}{\"jsonrpc\":\"2.0\",\"method\":\"ping\"}",
            "",
            "null",
            "[1]",
            r#"[{"jsonrpc":"2.0","method":"ping"}"#,
        ];
        for body in bad {
            assert_eq!(read(body), Err(BodyError::Unreadable), "{body}");
        }
        assert_eq!(read_body(b"{\"a\":\"\xff\"}", true, |_| {}), Err(BodyError::Unreadable));
        let deep = call("x", &format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200)));
        assert_eq!(read(&deep), Err(BodyError::Unreadable));
    }

    #[test]
    fn batches_are_bounded_and_every_member_is_seen() {
        let ping = r#"{"jsonrpc":"2.0","method":"ping","id":1}"#;
        let tool = call("tools/call", r#"{"name":"x"}"#);
        assert_eq!(read(&format!("[{ping},{tool}]")).map(|found| found.len()), Ok(2));
        assert_eq!(read("[]"), Err(BodyError::Batch));
        assert_eq!(read(&format!("[{}]", vec![ping; 64].join(","))).map(|found| found.len()), Ok(64));
        assert_eq!(read(&format!("[{}]", vec![ping; 65].join(","))), Err(BodyError::Batch));
        assert_eq!(read_body(format!("[{ping}]").as_bytes(), false, |_| {}), Err(BodyError::Batch));
    }

    #[test]
    fn a_subscription_names_its_resources() {
        let uris = |params: &str| {
            let mut found = vec![];
            let read = read_body(call("subscriptions/listen", params).as_bytes(), true, |message| {
                if let Message::Call { kind, name, resources, .. } = message {
                    assert_eq!((kind, name.to_string().as_str()), (Kind::Method, "subscriptions/listen"));
                    resources.each(|uri| found.push(uri.to_string()));
                }
            });
            read.map(|_| found)
        };
        let two = vec!["a".to_string(), "b".to_string()];
        assert_eq!(uris(r#"{"notifications":{"resourceSubscriptions":["a","\u0062"]}}"#), Ok(two));
        for none in [
            "{}",
            r#"{"notifications":{}}"#,
            r#"{"notifications":{"toolsListChanged":true}}"#,
            r#"{"notifications":{"resourceSubscriptions":[]}}"#,
        ] {
            assert_eq!(uris(none), Ok(vec![]), "{none}");
        }
        let many = |count| {
            format!(
                r#"{{"notifications":{{"resourceSubscriptions":[{}]}}}}"#,
                vec![r#""a""#; count].join(",")
            )
        };
        assert_eq!(uris(&many(1024)).map(|found| found.len()), Ok(1024));
        assert_eq!(uris(&many(1025)), Err(BodyError::Unreadable));
    }

    #[test]
    fn replies_name_nothing() {
        assert_eq!(read(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#), Ok(vec![]));
        assert_eq!(read(r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}"#), Ok(vec![]));
    }
}
