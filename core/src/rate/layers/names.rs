//! Which calls a limit concerns, by what they name.
//!
//! A pattern here restricts, where one of a policy grants. So doubt is settled the other way: a resource's URI that may lead
//! out of where it seems to lie is covered by every prefix.

use crate::mcp::Kind;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Patterns of names, each of a kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(Vec<(Kind, Pattern)>);

#[derive(Clone, Debug)]
enum Pattern {
    All,
    Prefix(Box<str>),
    Exact(Box<str>),
}

impl Names {
    pub(super) fn add<T: AsRef<str>>(&mut self, kind: Kind, patterns: impl IntoIterator<Item = T>) {
        self.0.extend(patterns.into_iter().map(|pattern| (kind, Pattern::new(pattern.as_ref()))));
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is a `*` that stands for itself.
    pub(super) fn has_inner_star(&self) -> bool {
        self.0.iter().any(|(_, pattern)| match pattern {
            Pattern::All => false,
            Pattern::Prefix(text) | Pattern::Exact(text) => text.contains('*'),
        })
    }

    pub(super) fn cover(&self, kind: Kind, name: &str) -> bool {
        self.0.iter().any(|(of, pattern)| *of == kind && pattern.covers(kind, name))
    }
}

impl Pattern {
    fn new(pattern: &str) -> Self {
        match pattern.strip_suffix('*') {
            Some("") => Self::All,
            Some(prefix) => Self::Prefix(prefix.into()),
            None => Self::Exact(pattern.into()),
        }
    }

    fn covers(&self, kind: Kind, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Prefix(prefix) => name.starts_with(&**prefix) || (kind == Kind::Resource && climbs(name)),
            Self::Exact(exact) => name == &**exact,
        }
    }
}

/// Whether a URI holds what could lead out of the folder it seems to be in.
fn climbs(uri: &str) -> bool {
    let lower = uri.to_ascii_lowercase();
    uri.bytes().any(|byte| byte.is_ascii_control())
        || ["..", "%2e", "%2f", "%5c", "%25", "\\"].iter().any(|part| lower.contains(part))
}
