//! The protocol's own headers: the revision spoken, and the method and name said ahead of the body (2026-07-28).

use super::Message;
use base64_simd::STANDARD;

/// The revision a request says it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProtocolVersion {
    /// None was said, or 2025-03-26: the one revision with batches.
    V20250326,
    /// Any other.
    Other,
}

impl ProtocolVersion {
    /// By the header's value; without one, 2025-03-26 is to be assumed (2025-06-18, Transports).
    pub(crate) fn of(header: Option<&[u8]>) -> Self {
        match header {
            None | Some(b"2025-03-26") => Self::V20250326,
            Some(_) => Self::Other,
        }
    }

    pub(crate) const fn has_batches(self) -> bool {
        matches!(self, Self::V20250326)
    }
}

/// Whether `Mcp-Method` and `Mcp-Name`, where given, say what the message says. A name may be written
/// `=?base64?…?=`.
pub(crate) fn agrees(message: &Message<'_>, method: Option<&[u8]>, name: Option<&[u8]>) -> bool {
    let Message::Call { method: said, header: named, .. } = message else {
        return method.is_none() && name.is_none();
    };
    let method_agrees = method.is_none_or(|header| is(header, *said));
    let name_agrees = match (name, named) {
        (None, _) => true,
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

fn encoded(header: &[u8]) -> Option<&[u8]> {
    header.strip_prefix(b"=?base64?")?.strip_suffix(b"?=")
}

fn is(header: &[u8], text: crate::json::JsonStr<'_>) -> bool {
    core::str::from_utf8(header).is_ok_and(|header| text == *header)
}

#[cfg(test)]
mod tests {
    use super::agrees;
    use crate::mcp::read_body;
    use std::format;
    use std::string::String;

    fn with(body: &str, method: Option<&str>, name: Option<&str>) -> bool {
        let mut all = true;
        let count = read_body(body.as_bytes(), true, |message| {
            all &= agrees(&message, method.map(str::as_bytes), name.map(str::as_bytes));
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
}
