//! Why a policy cannot be as it was said.

use crate::oauth::{is_scope, may_be_asked_for};
use core::fmt;

/// What is wrong with a part of a [`Policy`](super::Policy).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyError {
    /// A scope's name is no scope token (RFC 6749 §3.3): visible ASCII without quote and backslash; or it is
    /// over 128 bytes.
    ScopeName,
    /// `offline_access` asks for a refresh token and is no permission.
    OfflineAccess,
    /// A requirement that names neither a scope nor a role.
    RequirementEmpty,
    /// A requirement's pattern has a `*` that is not at its end, so it would restrict nothing.
    Pattern,
    /// A requirement on a method whose calls are decided by the tool, resource or prompt they name.
    MethodNames,
}

impl PolicyError {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ScopeName => "scope_name_invalid",
            Self::OfflineAccess => "scope_offline_access",
            Self::RequirementEmpty => "requirement_empty",
            Self::Pattern => "requirement_pattern_invalid",
            Self::MethodNames => "requirement_method_invalid",
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ScopeName => "a scope must be 1 to 128 bytes of visible ascii without quotes and backslashes",
            Self::OfflineAccess => "offline_access asks for a refresh token and is no permission",
            Self::RequirementEmpty => "a requirement must name a scope or a role",
            Self::Pattern => "a * in a requirement's pattern must be its last character",
            Self::MethodNames => {
                "calls of that method are decided by what they name: require it of the tool, resource or prompt"
            }
        })
    }
}

impl core::error::Error for PolicyError {}

/// The longest name of a scope, in bytes: those of 64 members fit into a header.
const LONGEST_SCOPE: usize = 128;

/// Whether it is a scope token (RFC 6749 §3.3), so that it can stand in a header as it is.
pub(super) fn check_scope(name: &str) -> Result<(), PolicyError> {
    if !may_be_asked_for(name) {
        return Err(PolicyError::OfflineAccess);
    }
    if is_scope(name) && name.len() <= LONGEST_SCOPE { Ok(()) } else { Err(PolicyError::ScopeName) }
}
