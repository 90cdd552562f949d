//! The named limits of a TOML file: `[[limit]]` tables, spent from in their order.
//!
//! ```toml
//! [[limit]]
//! name = "search"             # what answers and the log call it
//! max = 20                    # units every window, all of which may be spent at once
//! window = "1m"
//! per = "principal"           # or "principal-tool", "address", "everybody"
//! tools = ["search_*"]        # and resources, prompts, methods; every request where none is given
//! roles = ["trial"]           # every principal where it is not given
//! burst = 5                   # less at once, or more
//! strict = true               # no window over max, for half the steady rate
//! cost = 2                    # units a call
//! slots = 10000               # how many keys are counted at once
//! ```

use super::source::Source;
use super::{ConfigError, not_right, parse_duration};
use crate::policy::Policy;
use crate::rate::Quota;
use crate::rate::layers::{Layer, Layers, LayersError, Per};
use serde::Deserialize;
use std::format;
use std::string::String;
use std::vec::Vec;

pub(super) const SECTION: &str = "limit";
/// The most slots: about 150 MB.
const MOST_SLOTS: usize = 1 << 24;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    name: String,
    max: u32,
    window: String,
    burst: Option<u32>,
    #[serde(default)]
    strict: bool,
    per: Option<String>,
    roles: Option<Vec<String>>,
    tools: Option<Vec<String>>,
    resources: Option<Vec<String>>,
    prompts: Option<Vec<String>>,
    methods: Option<Vec<String>>,
    cost: Option<u32>,
    slots: Option<usize>,
}

/// The limits, in the order they are written; none where the file has none.
pub(super) fn read(source: &Source) -> Result<Vec<Layer>, ConfigError> {
    let tables = match source.section(SECTION)? {
        None => return Ok(Vec::new()),
        Some(toml::Value::Array(tables)) => tables,
        Some(_) => {
            return Err(ConfigError::at(SECTION, "limits are a list of tables: head each with [[limit]]"));
        }
    };
    let mut limits = Vec::with_capacity(tables.len());
    let mut names = Vec::with_capacity(tables.len());
    for (table, number) in tables.into_iter().zip(1..) {
        let name = table.get("name").and_then(toml::Value::as_str).map(String::from);
        let table: Table = table
            .try_into()
            .map_err(|error: toml::de::Error| wrong(number, name.as_deref(), not_right(&error.message())))?;
        limits.push(table.limit().map_err(|message| wrong(number, name.as_deref(), message))?);
        names.push(name);
    }
    // Whether they can be kept is known when they are made: tables of one set do.
    let smallest = limits.iter().cloned().map(|limit: Layer| limit.slots(1));
    Layers::new(smallest, [0; 4]).map_err(|LayersError { at, error }| {
        wrong(at + 1, names.get(at).and_then(Option::as_deref), not_right(&error))
    })?;
    Ok(limits)
}

/// Refuses a limit for a role that nobody can have by the policy, for it would never count.
pub(super) fn check_roles(limits: &[Layer], policy: &Policy) -> Result<(), ConfigError> {
    if !policy.has_roles() {
        return Ok(());
    }
    for (limit, number) in limits.iter().zip(1..) {
        if let Some(role) = limit.role_names().iter().find(|role| !policy.gives_role(role)) {
            let message =
                format!("is for role {role:?}, which is not configured: correct it, or configure that role");
            return Err(wrong(number, Some(limit.name()), message));
        }
    }
    Ok(())
}

/// What is wrong with one of them, by its place, counted from 1, and its name.
fn wrong(number: usize, name: Option<&str>, message: String) -> ConfigError {
    match name {
        Some(name) => ConfigError::at(SECTION, format!("[[limit]] {number} ({name:?}) {message}")),
        None => ConfigError::at(SECTION, format!("[[limit]] {number} {message}")),
    }
}

impl Table {
    fn limit(self) -> Result<Layer, String> {
        let window = parse_duration(&self.window).map_err(|error| format!("has a wrong window: {error}"))?;
        let per = match self.per.as_deref() {
            None => Per::Principal,
            Some(name) => Per::of_name(name)
                .ok_or("has a wrong per: it must be principal, principal-tool, address or everybody")?,
        };
        let quota = Quota::per(self.max, window).map_err(|error| not_right(&error))?;
        let quota = match self.burst {
            Some(burst) => quota.burst(burst).map_err(|error| not_right(&error))?,
            None => quota,
        };
        let mut limit = Layer::new(self.name, if self.strict { quota.strict() } else { quota }, per);
        limit = limit.cost(self.cost.unwrap_or(1));
        if let Some(slots) = self.slots {
            if per == Per::Everybody {
                return Err("has slots, but one bucket for everybody: remove slots".into());
            }
            if !(1..=MOST_SLOTS).contains(&slots) {
                return Err(format!("has wrong slots: there must be between 1 and {MOST_SLOTS}"));
            }
            limit = limit.slots(slots);
        }
        if let Some(roles) = self.roles {
            limit = limit.roles(roles);
        }
        if let Some(tools) = self.tools {
            limit = limit.tools(tools);
        }
        if let Some(resources) = self.resources {
            limit = limit.resources(resources);
        }
        if let Some(prompts) = self.prompts {
            limit = limit.prompts(prompts);
        }
        if let Some(methods) = self.methods {
            limit = limit.methods(methods);
        }
        Ok(limit)
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::policy::{Grants, Policy};
    use std::string::{String, ToString as _};
    use std::{assert_eq, format};

    const KEYS: &str = "api_keys = [\"a-key-nobody-guesses\"]\n";

    fn limits(tables: &str) -> Result<Config, String> {
        Config::from_toml(&format!("{KEYS}{tables}")).map_err(|error| {
            assert_eq!((error.setting(), error.code()), (Some("limit"), "config_invalid"), "{error}");
            error.to_string()
        })
    }

    /// One limit with these members besides those that it must have.
    fn limit(more: &str) -> Result<Config, String> {
        limits(&format!("[[limit]]\nname = \"l\"\nmax = 10\nwindow = \"1m\"\n{more}"))
    }

    #[test]
    fn every_member_means_what_it_says() {
        let config = limits(
            "[[limit]]\nname = \"a\"\nmax = 10\nwindow = \"90s\"\n\
             [[limit]]\nname = \"b\"\nmax = 100\nwindow = \"1h 30m\"\nburst = 8\nstrict = true\nper = \"principal-tool\"\n\
             roles = [\"user\"]\ntools = [\"x_*\"]\nresources = [\"docs://*\"]\nprompts = [\"p\"]\nmethods = [\"tools/list\"]\n\
             cost = 2\nslots = 1000\n",
        )
        .unwrap();
        let expected =
            "[\"a\" 10/90s burst 10 per principal cost 1, \"b\" 100/5400s burst 8 per principal-tool cost 2]";
        let shown = config.limits.iter().map(|limit| {
            let quota = limit.quota();
            format!(
                "{:?} {}/{}s burst {} per {} cost {}",
                limit.name(),
                quota.limit(),
                quota.period().as_secs(),
                quota.capacity(),
                limit.per().name(),
                limit.units()
            )
        });
        assert_eq!(format!("[{}]", shown.collect::<std::vec::Vec<_>>().join(", ")), expected);
        let gate = config.gate(Policy::new().role("user", Grants::all())).unwrap().build_random().unwrap();
        let slots = |at| gate.limits().unwrap().stats().nth(at).unwrap().1.slots;
        assert_eq!((slots(1), slots(0)), (1001, 131_075));
        for per in ["principal", "principal-tool", "address", "everybody"] {
            assert!(limit(&format!("per = \"{per}\"")).is_ok());
        }
        assert!(limits("").unwrap().limits.is_empty());
        assert!(limits("").unwrap().gate(Policy::new()).unwrap().build_random().unwrap().limits().is_none());
    }

    #[test]
    fn each_mistake_is_one_sentence_that_says_where() {
        let one = |more: &str| limit(more).map(|_| ()).unwrap_err();
        let cases = [
            (one("nope = 1"), "[[limit]] 1 (\"l\") is not right: unknown field `nope`"),
            (one("per = \"key\""), "[[limit]] 1 (\"l\") has a wrong per: it must be principal, "),
            (one("burst = 0"), "the burst of a quota must be at least 1"),
            (one("burst = -1"), "[[limit]] 1 (\"l\") is not right: invalid value"),
            (one("cost = 0"), "the cost of a call must be at least 1"),
            (one("cost = 11"), "raise the burst or lower the cost"),
            (one("roles = []"), "leave the list out for all"),
            (one("tools = []"), "leave the list out for all"),
            (one("tools = \"x\""), "[[limit]] 1 (\"l\") is not right: invalid type"),
            (one("tools = [\"a*b\"]"), "a * in a pattern must be its last character"),
            (one("methods = [\"tools/call\"]"), "limit the tools, resources or prompts"),
            (one("slots = 0"), "there must be between 1 and"),
            (one("slots = 99999999"), "there must be between 1 and"),
            (one("per = \"everybody\"\nslots = 10"), "remove slots"),
            (
                one("[[limit]]\nname = \"l\"\nmax = 1\nwindow = \"1m\""),
                "[[limit]] 2 (\"l\") is not right: the name is taken",
            ),
            (
                one("[[limit]]\nname = \"b\"\nmax = 1"),
                "[[limit]] 2 (\"b\") is not right: missing field `window`",
            ),
            (one("[[limit]]\nmax = 1"), "[[limit]] 2 is not right: missing field `name`"),
            (one("[[limit]]\nname = 7"), "[[limit]] 2 is not right: invalid type"),
        ];
        for (found, expected) in cases {
            assert!(found.contains(expected), "{expected}: {found}");
            assert!(!found.ends_with('.') && !found.contains('\n'), "{found}");
        }
        let whole = |name: &str, max: &str, window: &str| {
            limits(&format!("[[limit]]\nname = {name}\nmax = {max}\nwindow = {window}"))
                .map(|_| ())
                .unwrap_err()
        };
        let cases = [
            (whole("\"\"", "1", "\"1m\""), "1 to 64 printable"),
            (whole("\"a\\nb\"", "1", "\"1m\""), "[[limit]] 1 (\"a\\nb\")"),
            (whole("\"principal\"", "1", "\"1m\""), "every limit needs one of its own, and principal"),
            (whole("\"a\"", "0", "\"1m\""), "the amount of a quota must be at least 1"),
            (whole("\"a\"", "\"1\"", "\"1m\""), "invalid type"),
            (whole("\"a\"", "4294967296", "\"1m\""), "invalid value"),
            (whole("\"a\"", "4000000000", "\"1s\""), "1 %"),
            (whole("\"a\"", "1", "60"), "invalid type"),
            (whole("\"a\"", "1", "\"60\""), "has a wrong window: it must be a span of time such as"),
            (whole("\"a\"", "1", "\"0s\""), "between one second and"),
        ];
        for (found, expected) in cases {
            assert!(found.starts_with("[[limit]] 1 (") && found.contains(expected), "{expected}: {found}");
        }
        assert!(
            limits("[limit]\nname = \"a\"").map(|_| ()).unwrap_err().contains("head each with [[limit]]")
        );
        assert!(limits("limit = 3").map(|_| ()).unwrap_err().contains("head each with [[limit]]"));
        assert!(limits("limit = [3]").map(|_| ()).unwrap_err().starts_with("[[limit]] 1 is not right"));
    }

    #[test]
    fn a_limit_for_a_role_that_is_not_configured_is_a_mistake() {
        let config = limit("roles = [\"user\", \"usr\"]").unwrap();
        let error = config.gate(Policy::new().role("user", Grants::all())).map(|_| ()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "[[limit]] 1 (\"l\") is for role \"usr\", which is not configured: correct it, or configure that role"
        );
        let both = Policy::new().role("user", Grants::all()).role("usr", Grants::new());
        assert!(config.gate(both).is_ok());
        let file = |role: &str| limit(&format!("roles = [{role:?}]\n[roles.user]\ntools = [\"*\"]"));
        assert!(file("user").is_ok() && file("usr").unwrap_err().contains("role \"usr\""));
        // Where roles reach nothing that everybody does not, any may be there.
        assert!(config.gate(Policy::allow_all()).is_ok());
    }
}
