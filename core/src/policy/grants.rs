//! What a role or a scope reaches.

use super::Patterns;
use crate::mcp::Kind;

/// The methods that are reached unless it is said otherwise: the lists, and the log level of one's own connection.
const DEFAULT_METHODS: [&str; 5] =
    ["tools/list", "resources/list", "resources/templates/list", "prompts/list", "logging/setLevel"];

/// What one role or scope may reach. Nothing but the lists to begin with.
///
/// ```
/// use doorward::policy::Grants;
/// let editor = Grants::new().tools(["read", "write", "draft_*"]).resources(["docs://*"]);
/// # let _ = editor;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grants {
    tools: Patterns,
    resources: Patterns,
    prompts: Patterns,
    methods: Patterns,
}

impl Default for Grants {
    fn default() -> Self {
        Self::new()
    }
}

impl Grants {
    /// No tool, resource or prompt; the lists and `logging/setLevel`.
    #[must_use]
    pub fn new() -> Self {
        Self { methods: Patterns::new(DEFAULT_METHODS), ..Self::nothing() }
    }

    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        let all = Patterns::new(["*"]);
        Self { tools: all.clone(), resources: all.clone(), prompts: all.clone(), methods: all }
    }

    pub(super) fn nothing() -> Self {
        let nothing = Patterns::default();
        Self {
            tools: nothing.clone(),
            resources: nothing.clone(),
            prompts: nothing.clone(),
            methods: nothing,
        }
    }

    /// The tools, by [pattern](Patterns).
    #[must_use]
    pub fn tools<T: AsRef<str>>(mut self, patterns: impl IntoIterator<Item = T>) -> Self {
        self.tools = Patterns::new(patterns);
        self
    }

    /// The resources by URI, by [pattern](Patterns). A prefix never reaches a URI with `..`, `%2e`, `%2f`, `%5c`,
    /// `%25`, a backslash or a control character in it.
    #[must_use]
    pub fn resources<T: AsRef<str>>(mut self, patterns: impl IntoIterator<Item = T>) -> Self {
        self.resources = Patterns::new(patterns);
        self
    }

    /// The prompts, by [pattern](Patterns).
    #[must_use]
    pub fn prompts<T: AsRef<str>>(mut self, patterns: impl IntoIterator<Item = T>) -> Self {
        self.prompts = Patterns::new(patterns);
        self
    }

    /// The methods that name no tool, resource or prompt, by [pattern](Patterns), in place of the default ones.
    #[must_use]
    pub fn methods<T: AsRef<str>>(mut self, patterns: impl IntoIterator<Item = T>) -> Self {
        self.methods = Patterns::new(patterns);
        self
    }

    pub(super) const fn of(&self, kind: Kind) -> &Patterns {
        match kind {
            Kind::Tool => &self.tools,
            Kind::Resource => &self.resources,
            Kind::Prompt => &self.prompts,
            Kind::Method => &self.methods,
        }
    }

    pub(crate) fn allow(&self, kind: Kind, name: &str) -> bool {
        self.of(kind).matches(kind, name)
    }
}
