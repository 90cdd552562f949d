//! The methods by name, and what each is decided by.

use crate::json::JsonStr;
use core::fmt;

/// What kind of thing a method names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// A tool, by its name.
    Tool,
    /// A resource, by its URI.
    Resource,
    /// A prompt, by its name.
    Prompt,
    /// Nothing but the method itself, such as `tools/list`.
    Method,
}

impl Kind {
    /// `tool`, `resource`, `prompt` or `method`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Resource => "resource",
            Self::Prompt => "prompt",
            Self::Method => "method",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a method carries the name it is decided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// `params.name`
    Name(Kind),
    /// `params.uri`
    Uri,
    /// `params.ref`: a prompt's name or a resource's URI.
    Reference,
    /// `params.taskId` is what `Mcp-Name` repeats; the method alone decides.
    Task,
    /// `params.notifications` may hold the URIs of several resources, beside what the method itself tells.
    Resources,
    /// Nowhere: the method alone.
    Nothing,
}

/// The methods that name a resource by its URI, extensions included.
const BY_URI: [&str; 5] = [
    "resources/read",
    "resources/subscribe",
    "resources/unsubscribe",
    "resources/directory/read",
    "skills/get",
];

pub(super) fn names(method: JsonStr<'_>) -> Names {
    let is = |name: &str| method == *name;
    if is("tools/call") {
        Names::Name(Kind::Tool)
    } else if is("prompts/get") {
        Names::Name(Kind::Prompt)
    } else if BY_URI.into_iter().any(is) {
        Names::Uri
    } else if is("completion/complete") {
        Names::Reference
    } else if ["tasks/get", "tasks/result", "tasks/update", "tasks/cancel"].into_iter().any(is) {
        Names::Task
    } else if is("subscriptions/listen") {
        Names::Resources
    } else {
        Names::Nothing
    }
}

/// The methods whose calls are decided by what they name, and not by the method.
pub(crate) fn decided_by_name() -> impl Iterator<Item = &'static str> {
    ["tools/call", "prompts/get", "completion/complete"].into_iter().chain(BY_URI)
}

/// Whether any authenticated principal may use the method, whatever its roles: `initialize`, `ping`,
/// `server/discover` and every notification.
#[must_use]
pub fn is_always_allowed(method: &str) -> bool {
    matches!(method, "initialize" | "ping" | "server/discover") || method.starts_with("notifications/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_that_name_something_are_decided_by_it() {
        let decided = |method| !matches!(names(JsonStr::plain(method)), Names::Task | Names::Nothing);
        assert!(decided_by_name().all(decided));
        assert!(!["tasks/get", "tools/list", "ping"].into_iter().any(decided));
    }
}
