//! How large a token may be before anybody looks at it.

/// The deepest nesting, whatever the configured bound.
const MAX_DEPTH: usize = 64;

/// Bounds on a token, in bytes where not said otherwise. What lies beyond is refused before work grows with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The whole token. 16 KiB by default.
    pub token: usize,
    /// The header segment, encoded. 4 KiB by default.
    pub header: usize,
    /// Members in any one object. 64 by default, which is also the most there is room for.
    pub members: usize,
    /// Levels of nesting, the outermost object being the first. 16 by default; more than 64 count as 64, since
    /// the reader takes a little of the stack for each.
    pub depth: usize,
    /// A `kid`, once unescaped. 256 by default.
    pub kid: usize,
}

impl Limits {
    /// The defaults.
    pub const DEFAULT: Self = Self { token: 16 * 1024, header: 4 * 1024, members: 64, depth: 16, kid: 256 };

    /// Each bound the wider of two.
    #[cfg(feature = "alloc")]
    pub(super) fn or_wider(self, other: Self) -> Self {
        Self {
            token: self.token.max(other.token),
            header: self.header.max(other.header),
            members: self.members.max(other.members),
            depth: self.depth.max(other.depth),
            kid: self.kid.max(other.kid),
        }
    }

    pub(crate) const fn json(&self) -> crate::json::Depth {
        let left = if self.depth > MAX_DEPTH { MAX_DEPTH } else { self.depth };
        crate::json::Depth { left, members: Some(self.members) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
