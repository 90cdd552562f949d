//! The protocol's own headers: the revision spoken, and the method and name said ahead of the body (2026-07-28).
//!
//! A header may refuse and never admits: what is executed is the body. Revision 2026-07-28 (Streamable HTTP, Server
//! Validation) wants `MCP-Protocol-Version` and `Mcp-Method` on every request, and `Mcp-Name` where `tools/call`,
//! `resources/read` or `prompts/get` names something; in any revision, those that are there must say what the body says.
//!
//! Not checked: whether the server behind speaks the revision, and whether the body's `_meta` has what that revision
//! wants of it. It must answer both itself (400, -32022 and -32602).

use super::Message;
use alloc::boxed::Box;
use base64_simd::STANDARD;

/// The first revision without sessions, and with headers that must be there.
const STATELESS: &[u8] = b"2026-07-28";
/// The longest revision that is compared, in bytes: they are dates.
const LONGEST: usize = 15;

/// What a revision means for the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Revision {
    /// None was said, or 2025-03-26: the one with batches.
    Batches,
    /// Any other.
    Sessions,
    /// 2026-07-28, or a later date.
    Stateless,
}

/// The revision a request says it speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProtocolVersion {
    revision: Revision,
    /// As it was said; of no length where it was not, or was longer than this.
    text: [u8; LONGEST],
    length: u8,
}

impl ProtocolVersion {
    /// By the header's value; without one, 2025-03-26 is to be assumed (2025-06-18, Transports).
    pub(crate) fn of(header: Option<&[u8]>) -> Self {
        let revision = match header {
            None | Some(b"2025-03-26") => Revision::Batches,
            Some(text) if is_date(text) && text >= STATELESS => Revision::Stateless,
            Some(_) => Revision::Sessions,
        };
        let (mut text, mut length) = ([0; LONGEST], 0);
        if let Some(said) = header
            && let Some(place) = text.get_mut(..said.len())
        {
            place.copy_from_slice(said);
            length = u8::try_from(said.len()).unwrap_or_default();
        }
        Self { revision, text, length }
    }

    pub(crate) fn has_batches(self) -> bool {
        self.revision == Revision::Batches
    }

    /// Whether a session may be named; where there are none, the header that names one is to be ignored.
    pub(crate) fn has_sessions(self) -> bool {
        self.revision != Revision::Stateless
    }

    fn is(&self, text: crate::json::JsonStr<'_>) -> bool {
        self.length > 0 && self.text.get(..usize::from(self.length)).is_some_and(|said| is(said, text))
    }
}

fn is_date(text: &[u8]) -> bool {
    text.len() == 10
        && text.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// What the headers say of the body.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) version: ProtocolVersion,
    pub(crate) method: Option<Box<[u8]>>,
    pub(crate) name: Option<Box<[u8]>>,
}

impl Said {
    /// Whether they say what the message says, and are there where they must be. A name may be written `=?base64?…?=`.
    pub(crate) fn agrees(&self, message: &Message<'_>) -> bool {
        let (method, name) = (self.method.as_deref(), self.name.as_deref());
        let Message::Call { id, method: said, header: named, version, .. } = message else {
            return method.is_none() && name.is_none();
        };
        // A body that says its revision may be served by that alone, so it is checked first, and its header must be there.
        if version.is_some_and(|version| !self.version.is(version)) {
            return false;
        }
        // What notifications carry is not defined; `initialize` belongs to the revisions before.
        let required = !self.version.has_sessions() && id.is_some() && *said != *"initialize";
        let method_agrees = match method {
            None => !required,
            Some(header) => is(header, *said),
        };
        let name_agrees = match (name, named) {
            (None, _) => !required || !NAMED.iter().any(|one| *said == **one),
            // A method that names nothing has no name to disagree with, but a header that names something does.
            (Some(_), None) => false,
            (Some(header), Some(named)) => match encoded(header) {
                None => is(header, *named),
                // Not into a buffer of ours: that panics where the header is longer than it.
                Some(encoded) => STANDARD.decode_to_vec(encoded).is_ok_and(|decoded| is(&decoded, *named)),
            },
        };
        method_agrees && name_agrees
    }
}

/// The methods that `Mcp-Name` must be there for.
const NAMED: [&str; 3] = ["tools/call", "resources/read", "prompts/get"];

fn encoded(header: &[u8]) -> Option<&[u8]> {
    header.strip_prefix(b"=?base64?")?.strip_suffix(b"?=")
}

fn is(header: &[u8], text: crate::json::JsonStr<'_>) -> bool {
    core::str::from_utf8(header).is_ok_and(|header| text == *header)
}

#[cfg(test)]
mod tests {
    use super::{ProtocolVersion, Said};
    use crate::mcp::read_body;
    use std::boxed::Box;
    use std::format;
    use std::string::String;

    fn with(body: &str, method: Option<&str>, name: Option<&str>) -> bool {
        in_revision(None, body, method, name)
    }

    fn in_revision(version: Option<&str>, body: &str, method: Option<&str>, name: Option<&str>) -> bool {
        let own = |text: Option<&str>| text.map(|text| Box::from(text.as_bytes()));
        let version = ProtocolVersion::of(version.map(str::as_bytes));
        let said = Said { version, method: own(method), name: own(name) };
        let mut all = true;
        let count = read_body(body.as_bytes(), true, |message| {
            all &= said.agrees(&message);
        });
        assert_eq!(count, Ok(1), "{body}");
        all
    }

    fn tool(name: &str) -> String {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{name}"}}}}"#)
    }

    #[test]
    fn a_name_in_base64_may_be_of_any_length() {
        for length in [1, 1024, 1025, 4096, 100_000] {
            let name = "x".repeat(length);
            let header = |text: &[u8]| format!("=?base64?{}?=", base64_simd::STANDARD.encode_to_string(text));
            assert!(with(&tool(&name), None, Some(&header(name.as_bytes()))), "{length}");
            assert!(!with(&tool(&name), None, Some(&header(&[b'y'; 5000]))), "{length}");
        }
        for bad in ["=?base64??=", "=?base64?eA?=", "=?base64?eA==", "=?BASE64?eA==?=", "=?base64?/w==?="] {
            assert!(!with(&tool("x"), None, Some(bad)), "{bad}");
        }
    }

    #[test]
    fn each_method_has_its_own_name_to_repeat() {
        let call = |method: &str, params: &str| {
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
        };
        let cases = [
            ("tools/call", r#"{"name":"x"}"#, Some("x")),
            ("resources/subscribe", r#"{"uri":"x"}"#, Some("x")),
            ("tasks/get", r#"{"taskId":"x"}"#, Some("x")),
            ("tasks/cancel", r#"{"taskId":"\u0078"}"#, Some("x")),
            ("tools/list", r#"{"name":"x","taskId":"x"}"#, None),
        ];
        for (method, params, name) in cases {
            let body = call(method, params);
            assert!(with(&body, Some(method), None), "{body}");
            assert_eq!(with(&body, Some(method), Some("x")), name.is_some(), "{body}");
            assert!(!with(&body, Some(method), Some("y")), "{body}");
            assert!(!with(&body, Some("ping"), name), "{body}");
        }
    }
    #[test]
    fn what_must_be_there_depends_on_the_revision() {
        let [call, list] = [tool("x"), String::from(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)];
        for (version, required) in [
            (None, false),
            (Some("2025-03-26"), false),
            (Some("2025-06-18"), false),
            (Some("2025-11-25"), false),
            (Some("2026-07-27"), false),
            (Some("2026-07-28"), true),
            (Some("2026-10-01"), true),
            (Some("tomorrow-x"), false),
            (Some("2026-07-280"), false),
            (Some(""), false),
        ] {
            let agrees = |body: &str, method, name| in_revision(version, body, method, name);
            assert!(agrees(&call, Some("tools/call"), Some("x")) && agrees(&list, Some("tools/list"), None));
            assert_eq!(agrees(&call, None, None), !required, "{version:?}");
            assert_eq!(agrees(&call, None, Some("x")), !required, "{version:?}");
            assert_eq!(agrees(&call, Some("tools/call"), None), !required, "{version:?}");
            assert_eq!(agrees(&list, None, None), !required, "{version:?}");
            for lenient in [
                r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#,
                r#"{"jsonrpc":"2.0","id":1,"method":"initialize"}"#,
                r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            ] {
                assert!(agrees(lenient, None, None), "{version:?} {lenient}");
            }
        }
        assert!(ProtocolVersion::of(Some(b"2025-11-25")).has_sessions());
        assert!(!ProtocolVersion::of(Some(b"2026-07-28")).has_sessions());
    }

    #[test]
    fn a_body_that_says_its_revision_must_say_the_headers() {
        let body = |meta: &str| {
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{"_meta":{meta}}}}}"#)
        };
        let said = |version: &str| {
            body(&format!(r#"{{"a":{{}},"io.modelcontextprotocol/protocolVersion":"{version}"}}"#))
        };
        let long = "2".repeat(40);
        for (header, meta, agree) in [
            (Some("2026-07-28"), "2026-07-28", true),
            (Some("2026-07-28"), "2026-07-\\u0032\\u0038", true),
            (Some("2026-07-28"), "2025-11-25", false),
            (Some("2025-11-25"), "2026-07-28", false),
            (Some("2025-11-25"), "2025-11-25", true),
            (None, "2026-07-28", false),
            (None, "2025-03-26", false),
            (None, "", false),
            (Some(""), "", false),
            (Some(long.as_str()), long.as_str(), false),
        ] {
            assert_eq!(in_revision(header, &said(meta), None, None), agree, "{header:?} {meta}");
        }
        for meta in ["{}", "null", "[]", r#"{"progressToken":1}"#, r#"{"protocolVersion":"2025-11-25"}"#] {
            assert!(in_revision(Some("2026-07-28"), &body(meta), None, None), "{meta}");
        }
    }
}
