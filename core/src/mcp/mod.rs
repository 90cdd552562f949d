//! What an MCP message asks for: its method, and the tool, resource or prompt it names.
//!
//! Only what the gate decides by is read, and it is read so that no server behind the gate can read it otherwise:
//! a known member given twice, or in a spelling that a case-folding parser would take for it, refuses the message
//! (CVE-2026-27896). Protocol revisions 2025-03-26 to 2026-07-28.

mod headers;
mod message;
mod method;

pub use method::{Kind, is_always_allowed};

pub(crate) use headers::{ProtocolVersion, Said};
pub(crate) use message::{BodyError, Message, looks_like_one, read_body};
pub(crate) use method::decided_by_name;
