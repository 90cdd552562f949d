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
    let Message::Call { method: said, kind, name: named, .. } = message else {
        return method.is_none() && name.is_none();
    };
    let method_agrees = method.is_none_or(|header| is(header, *said));
    let name_agrees = match (name, kind) {
        (None, _) => true,
        // A method that names nothing has no name to disagree with, but a header that names something does.
        (Some(_), super::Kind::Method) => false,
        (Some(header), _) => match encoded(header) {
            None => is(header, *named),
            Some(encoded) => {
                let mut buffer = [0; 1024];
                let decoded = STANDARD.decode(encoded, base64_simd::Out::from_slice(&mut buffer));
                encoded.len() <= 1024 && decoded.is_ok_and(|decoded| is(decoded, *named))
            }
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
