//! Which calls a limit concerns, by what they name.
//!
//! Patterns are those of policies' requirements, for a limit restricts as they do: whatever could be meant by a resource's
//! URI is covered too.

use super::layer::LayerError;
use crate::mcp::{Kind, decided_by_name};
use crate::policy::Restricted;
use alloc::vec::Vec;

/// Patterns of names, each of a kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    patterns: Vec<(Kind, Restricted)>,
    mistake: Option<LayerError>,
}

impl Names {
    pub(super) fn add<T: AsRef<str>>(&mut self, kind: Kind, patterns: impl IntoIterator<Item = T>) {
        for pattern in patterns {
            let pattern = pattern.as_ref();
            let covers = Restricted::new(kind, pattern);
            // `*` is said of those that name nothing, knowing that.
            let named = |method| pattern != "*" && covers.covers(kind, method);
            if pattern.strip_suffix('*').unwrap_or(pattern).contains('*') {
                self.mistake = Some(LayerError::Pattern);
            } else if kind == Kind::Method && decided_by_name().any(named) {
                self.mistake = Some(LayerError::MethodNames);
            }
            self.patterns.push((kind, covers));
        }
    }

    /// What is wrong with them.
    pub(super) const fn mistake(&self) -> Option<LayerError> {
        if self.patterns.is_empty() { Some(LayerError::NeverConcerned) } else { self.mistake }
    }

    pub(super) fn cover(&self, kind: Kind, name: &str) -> bool {
        self.patterns.iter().any(|(of, pattern)| *of == kind && pattern.covers(kind, name))
    }
}
