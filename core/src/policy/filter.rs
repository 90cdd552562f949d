//! Lists of tools, prompts, resources and templates, with only what their reader may reach.
//!
//! A list that is filtered differs by reader, so it may be kept by nobody but that reader (`cacheScope: private`, MCP
//! 2026-07-28). Filtering hides and does not protect: whatever is called is decided on when it is called.

use super::{Holder, Policy};
use crate::json::{Depth, JsonError, JsonStr, Reader, Value};
use crate::mcp::{Kind, looks_like_one};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The deepest a result may nest.
const MAX_DEPTH: usize = 128;
const CACHE_SCOPE: &str = "cacheScope";

/// A list that a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum List {
    /// `tools/list`: by `name`.
    Tools,
    /// `prompts/list`: by `name`.
    Prompts,
    /// `resources/list`: by `uri`.
    Resources,
    /// `resources/templates/list`: by `uriTemplate`.
    ResourceTemplates,
}

impl List {
    /// The list that a method gives; nothing for any other.
    #[must_use]
    pub fn of_method(method: &str) -> Option<Self> {
        Some(match method {
            "tools/list" => Self::Tools,
            "prompts/list" => Self::Prompts,
            "resources/list" => Self::Resources,
            "resources/templates/list" => Self::ResourceTemplates,
            _ => return None,
        })
    }

    /// The result's member that holds the items, and the item's that names it.
    const fn members(self) -> (&'static str, &'static str) {
        match self {
            Self::Tools => ("tools", "name"),
            Self::Prompts => ("prompts", "name"),
            Self::Resources => ("resources", "uri"),
            Self::ResourceTemplates => ("resourceTemplates", "uriTemplate"),
        }
    }
}

/// Why a list can't be filtered: it must not be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FilterError {
    /// The text is no such result, or one that two parsers may read differently.
    Unreadable,
}

impl FilterError {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "list_unreadable",
        }
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("the result is not such a list"),
        }
    }
}

impl core::error::Error for FilterError {}

impl From<JsonError> for FilterError {
    fn from(_: JsonError) -> Self {
        Self::Unreadable
    }
}

impl Policy {
    /// Whether an item of a list is shown to somebody: what they [may reach](Self::is_allowed), and every template by
    /// which they might reach something.
    ///
    /// A template (RFC 6570) is known by what stands before its first expression: it is shown where a grant begins so, or it
    /// begins as a grant does, unless a requirement that is not met stands on all that begins so.
    pub fn shows(&self, holder: &impl Holder, list: List, name: &str) -> bool {
        match list {
            List::Tools => self.is_allowed(holder, Kind::Tool, name),
            List::Prompts => self.is_allowed(holder, Kind::Prompt, name),
            List::Resources => self.is_allowed(holder, Kind::Resource, name),
            List::ResourceTemplates => match name.split_once('{') {
                None => self.is_allowed(holder, Kind::Resource, name),
                Some((start, _)) => {
                    self.grants(holder, |grants| grants.of(Kind::Resource).may_begin(start))
                        && self.rules.on_all_beginning(start).all(|rule| self.holds(rule, holder))
                }
            },
        }
    }

    /// Leaves in `items` those that [are shown](Self::shows). For a result of your own: say `cacheScope: private` with it.
    ///
    /// ```
    /// use doorward::policy::{Grants, Held, List, Policy};
    /// let policy = Policy::new().role("viewer", Grants::new().tools(["read_*"]));
    /// let mut tools = vec!["read_file", "write_file"];
    /// policy.filter(&Held::of_roles(&["viewer"]), List::Tools, &mut tools, |tool| tool);
    /// assert_eq!(tools, ["read_file"]);
    /// ```
    pub fn filter<T>(&self, holder: &impl Holder, list: List, items: &mut Vec<T>, name: impl Fn(&T) -> &str) {
        items.retain(|item| self.shows(holder, list, name(item)));
    }

    /// The text of a list's result (the `result` of the JSON-RPC answer) with those items left that [are
    /// shown](Self::shows), and `cacheScope: private`. The rest stays as it was, to the byte.
    ///
    /// # Errors
    /// The text is not JSON, holds no such list, an item without a name, or a member that decides twice or in two
    /// spellings: then it must not be passed on.
    ///
    /// ```
    /// use doorward::policy::{Grants, Held, List, Policy};
    /// let policy = Policy::new().role("viewer", Grants::new().tools(["read_*"]));
    /// let result = r#"{"tools":[{"name":"read_file"},{"name":"write_file"}],"nextCursor":"2"}"#;
    /// let shown = policy.filter_result(&Held::of_roles(&["viewer"]), List::Tools, result)?;
    /// assert_eq!(shown, r#"{"tools":[{"name":"read_file"}],"nextCursor":"2","cacheScope":"private"}"#);
    /// # Ok::<(), doorward::policy::FilterError>(())
    /// ```
    pub fn filter_result(
        &self,
        holder: &impl Holder,
        list: List,
        result: &str,
    ) -> Result<String, FilterError> {
        let (items, by) = list.members();
        let mut out = String::with_capacity(result.len() + 32);
        let mut found = false;
        members(result, &[items, CACHE_SCOPE], |name, value| {
            if name == *CACHE_SCOPE {
                return Ok(());
            }
            out.push_str(if out.is_empty() { "{\"" } else { ",\"" });
            out.push_str(name.as_written());
            out.push_str("\":");
            let Value::Array(text) = value else {
                push(&mut out, value);
                return if name == *items { Err(FilterError::Unreadable) } else { Ok(()) };
            };
            if name != *items {
                out.push_str(text);
                return Ok(());
            }
            found = true;
            out.push('[');
            let start = out.len();
            Reader::new(text).array(DEPTH, |item| {
                let Value::Object(item) = item.value() else { return Err(FilterError::Unreadable) };
                if self.shows(holder, list, &name_of(item, by)?) {
                    out.push_str(if out.len() == start { "" } else { "," });
                    out.push_str(item);
                }
                Ok(())
            })?;
            out.push(']');
            Ok(())
        })?;
        if !found {
            return Err(FilterError::Unreadable);
        }
        out.push_str(",\"cacheScope\":\"private\"}");
        Ok(out)
    }
}

const DEPTH: Depth = Depth { left: MAX_DEPTH, members: None };

/// The name an item goes by.
fn name_of<'a>(item: &'a str, by: &'static str) -> Result<Cow<'a, str>, FilterError> {
    let mut found = None;
    members(item, &[by], |name, value| {
        if name == *by {
            found = value.as_str();
        }
        Ok(())
    })?;
    found.map(|name| name.to_cow()).ok_or(FilterError::Unreadable)
}

/// The members of an object, each of the `known` at most once and in its own spelling alone.
fn members<'a>(
    text: &'a str,
    known: &[&str],
    mut each: impl FnMut(JsonStr<'a>, Value<'a>) -> Result<(), FilterError>,
) -> Result<(), FilterError> {
    let mut reader = Reader::new(text);
    let inside = DEPTH.deeper()?;
    let mut seen = 0_u32;
    let mut more = reader.opens()?;
    while more {
        let (name, _) = reader.member()?;
        let value = reader.raw(inside)?.value();
        match known.iter().position(|one| name == **one) {
            Some(at) if seen & 1 << at == 0 => seen |= 1 << at,
            Some(_) => return Err(FilterError::Unreadable),
            None if looks_like_one(name, known) => return Err(FilterError::Unreadable),
            None => {}
        }
        each(name, value)?;
        more = reader.goes_on()?;
    }
    Ok(reader.end()?)
}

/// A value as it was written.
fn push(out: &mut String, value: Value<'_>) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(number.as_text()),
        Value::String(text) => {
            out.push('"');
            out.push_str(text.as_written());
            out.push('"');
        }
        Value::Array(text) | Value::Object(text) => out.push_str(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Grants, Held, Requirement};
    use std::format;

    fn policy() -> Policy {
        Policy::new()
            .role("r", Grants::new().tools(["a", "b_*"]).prompts(["p"]).resources(["docs://open/*", "x://1"]))
            .role("all", Grants::all())
            .require(Kind::Resource, "docs://open/hidden/*", Requirement::any().roles(["all"]))
            .unwrap()
    }

    fn filtered(list: List, result: &str) -> Result<String, FilterError> {
        policy().filter_result(&Held::of_roles(&["r"]), list, result)
    }

    #[test]
    fn what_stays_stays_as_it_was() {
        let cases = [
            (List::Tools, r#"{"tools":[]}"#, r#"{"tools":[],"cacheScope":"private"}"#),
            (
                List::Tools,
                r#" { "x" : 1.50e0 , "tools" : [ {"name":"c"} , { "a" : "\u0041\/" , "name" : "\u0061" },{"name":"b_1","z":[{"name":"c"}]} ] , "cacheScope":"public" , "n":null,"t":true,"f":false,"s":"\"" } "#,
                r#"{"x":1.50e0,"tools":[{ "a" : "\u0041\/" , "name" : "\u0061" },{"name":"b_1","z":[{"name":"c"}]}],"n":null,"t":true,"f":false,"s":"\"","cacheScope":"private"}"#,
            ),
            (
                List::Tools,
                r#"{"tool\u0073":[{"name":"c"}],"prompts":[{"name":"c"}]}"#,
                r#"{"tool\u0073":[],"prompts":[{"name":"c"}],"cacheScope":"private"}"#,
            ),
            (
                List::Tools,
                r#"{"cacheScope":"public","tools":[{"name":"a"}]}"#,
                r#"{"tools":[{"name":"a"}],"cacheScope":"private"}"#,
            ),
            (
                List::Prompts,
                r#"{"prompts":[{"name":"p"},{"name":"a"}]}"#,
                r#"{"prompts":[{"name":"p"}],"cacheScope":"private"}"#,
            ),
            (
                List::Resources,
                r#"{"resources":[{"uri":"docs://open/1","name":"q"},{"uri":"docs://open/hidden/1"},{"uri":"y"}]}"#,
                r#"{"resources":[{"uri":"docs://open/1","name":"q"}],"cacheScope":"private"}"#,
            ),
            (
                List::ResourceTemplates,
                r#"{"resourceTemplates":[{"uriTemplate":"docs://{x}"},{"uriTemplate":"z://{x}"}]}"#,
                r#"{"resourceTemplates":[{"uriTemplate":"docs://{x}"}],"cacheScope":"private"}"#,
            ),
        ];
        for (list, before, after) in cases {
            assert_eq!(filtered(list, before).as_deref(), Ok(after), "{before}");
            let _: serde_json::Value = serde_json::from_str(after).unwrap();
        }
    }

    #[test]
    fn what_can_not_be_filtered_is_not_passed_on() {
        for bad in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"prompts":[]}"#,
            r#"{"tools":null}"#,
            r#"{"tools":{}}"#,
            r#"{"tools":[1]}"#,
            r#"{"tools":[null]}"#,
            r#"{"tools":[{}]}"#,
            r#"{"tools":[{"name":1}]}"#,
            r#"{"tools":[{"title":"a"}]}"#,
            r#"{"tools":[{"name":"a","name":"c"}]}"#,
            r#"{"tools":[{"name":"a","Name":"c"}]}"#,
            r#"{"tools":[{"name":"a","\u006eame":"c"}]}"#,
            r#"{"tools":[],"tools":[{"name":"c"}]}"#,
            r#"{"tools":[],"Tools":[{"name":"c"}]}"#,
            "{\"tools\":[],\"tool\u{17f}\":[{\"name\":\"c\"}]}",
            r#"{"tools":[],"cacheScope":"private","cachescope":"public"}"#,
            r#"{"tools":[]} x"#,
            r#"{"tools":[],}"#,
            r#"{"tools":[{"name":"a"}}"#,
            "\u{feff}{\"tools\":[]}",
        ] {
            assert_eq!(filtered(List::Tools, bad), Err(FilterError::Unreadable), "{bad}");
        }
        let deep = format!("{{\"tools\":[],\"x\":{}1{}}}", "[".repeat(200), "]".repeat(200));
        assert_eq!(filtered(List::Tools, &deep), Err(FilterError::Unreadable));
    }

    #[test]
    fn a_template_is_shown_where_it_may_lead_somewhere() {
        let policy = policy();
        let shown = |roles: &[&str], template| {
            policy.shows(&Held::of_roles(roles), List::ResourceTemplates, template)
        };
        for template in [
            "{+uri}",
            "docs://{a}/{b}",
            "docs://open/{a}",
            "docs://open/hid{a}",
            "x://{a}",
            "docs://open/x",
            "x://1",
        ] {
            assert!(shown(&["r"], template), "{template}");
        }
        for template in [
            "z://{a}",
            "docs://closed/{a}",
            "docs://open/../{a}",
            "docs://open/hidden/{a}",
            "docs://open/%68idden/{a}",
            "x://2{a}",
            "x://1{a}x",
            "docs://open",
        ] {
            assert_eq!(shown(&["r"], template), template == "x://1{a}x", "{template}");
        }
        assert!(shown(&["r", "all"], "docs://open/hidden/{a}"));
        assert!(!shown(&[], "{+uri}"));
    }

    #[test]
    fn lists_are_known_by_their_methods() {
        for (method, list) in [
            ("tools/list", Some(List::Tools)),
            ("prompts/list", Some(List::Prompts)),
            ("resources/list", Some(List::Resources)),
            ("resources/templates/list", Some(List::ResourceTemplates)),
            ("tasks/list", None),
        ] {
            assert_eq!(List::of_method(method), list);
        }
    }
}
