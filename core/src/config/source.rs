//! Settings as they were given, by name, whichever way they came.

use super::{ConfigError, SETTINGS, Secret, Setting};
use crate::rate::{Limiter, Quota};
use std::borrow::ToOwned as _;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::format;
use std::net::{IpAddr, Ipv4Addr};
use std::string::{String, ToString as _};
use std::time::Duration;
use std::vec::Vec;
use zeroize::Zeroizing;

/// A setting's value.
enum Given {
    One(Zeroizing<String>),
    Many(Vec<Zeroizing<String>>),
}

pub(super) struct Source {
    given: BTreeMap<&'static str, Given>,
    /// The tables of a TOML file, for what no single value can say: see [`Source::section`].
    sections: BTreeMap<&'static str, toml::Value>,
}

/// The names of those tables.
const SECTIONS: [&[&str]; 3] =
    [&super::policy::SECTIONS, &[super::limits::SECTION], &super::tables::SECTIONS];

fn known(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

impl Source {
    pub(super) fn from_vars<N: AsRef<str>, V: AsRef<str>>(
        vars: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, ConfigError> {
        let mut given = BTreeMap::new();
        for (name, value) in vars {
            let Some(setting) = known(name.as_ref()) else { continue };
            let value = value.as_ref();
            let value = if setting.list {
                Given::Many(value.split(',').map(|item| Zeroizing::new(item.trim().to_owned())).collect())
            } else {
                Given::One(Zeroizing::new(value.trim().to_owned()))
            };
            given.insert(setting.name, value);
        }
        Ok(Self { given, sections: BTreeMap::new() })
    }

    /// A TOML file's settings, and variables, which win.
    pub(super) fn layered<N: AsRef<str>, V: AsRef<str>>(
        text: &str,
        vars: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, ConfigError> {
        let mut source = Self::from_toml(text)?;
        source.given.extend(Self::from_vars(vars)?.given);
        Ok(source)
    }

    pub(super) fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            // The error's own text quotes the file, and the file holds secrets: only its place is told.
            let line =
                error.span().map_or(1, |span| text.get(..span.start).unwrap_or(text).lines().count().max(1));
            ConfigError::new(format!("the configuration is not TOML: there is a mistake in line {line}"))
        })?;
        let (mut given, mut sections) = (BTreeMap::new(), BTreeMap::new());
        for (name, value) in table {
            if let Some(section) = SECTIONS.into_iter().flatten().copied().find(|section| *section == name) {
                sections.insert(section, value);
                continue;
            }
            let Some(setting) =
                known(&name.to_ascii_uppercase()).filter(|_| name == name.to_ascii_lowercase())
            else {
                return Err(ConfigError::new(format!(
                    "the configuration has {}, which is no setting: see the README for their names",
                    name.escape_debug()
                )));
            };
            let value = match (value, setting.list) {
                (toml::Value::Array(items), true) => Given::Many(
                    items.into_iter().map(|item| scalar(setting, item)).collect::<Result<_, _>>()?,
                ),
                (toml::Value::Array(_), false) => {
                    return Err(ConfigError::of(setting.name, "is a list: give one value"));
                }
                (_, true) => return Err(ConfigError::of(setting.name, "must be an array of strings")),
                (value, false) => Given::One(scalar(setting, value)?),
            };
            given.insert(setting.name, value);
        }
        Ok(Self { given, sections })
    }

    /// A table, or an array of tables, of the TOML file, by its name in [`SECTIONS`], as a type that knows its members;
    /// nothing where the file has none. Not for secrets: what is wrong with a value is told with the value.
    pub(super) fn section<T: serde::de::DeserializeOwned>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.sections.get(name) else { return Ok(None) };
        let parsed = value.clone().try_into().map_err(|error: toml::de::Error| {
            ConfigError::of(name, format!("is not right: {}", error.message()))
        })?;
        Ok(Some(parsed))
    }

    pub(super) fn has_section(&self, name: &str) -> bool {
        self.sections.contains_key(name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// One text; set but empty is an error, not "nothing configured".
    pub(super) fn text(&self, name: &'static str) -> Result<Option<&str>, ConfigError> {
        match self.given.get(name) {
            None => Ok(None),
            Some(Given::One(text)) if text.is_empty() => {
                Err(ConfigError::of(name, "is set but empty: give it a value, or unset it"))
            }
            Some(Given::One(text)) => Ok(Some(text)),
            Some(Given::Many(_)) => Err(ConfigError::of(name, "is a list: give one value")),
        }
    }

    pub(super) fn parse<T, E: Display>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, ConfigError> {
        match self.given.get(name) {
            Some(Given::Many(_)) => {
                let joined = self.items(name)?.unwrap_or_default().join(",");
                parse(&joined)
                    .map(Some)
                    .map_err(|error| ConfigError::of(name, format!("is not right: {error}")))
            }
            _ => self
                .text(name)?
                .map(parse)
                .transpose()
                .map_err(|error| ConfigError::of(name, format!("is not right: {error}"))),
        }
    }

    /// The items of a list, none of them empty; nothing where the setting is not given.
    fn items(&self, name: &'static str) -> Result<Option<Vec<&str>>, ConfigError> {
        let Some(Given::Many(items)) = self.given.get(name) else { return Ok(None) };
        let items: Vec<&str> = items.iter().map(|item| item.trim()).collect();
        if items.iter().all(|item| item.is_empty()) {
            return Err(ConfigError::of(name, "is set but empty: give it a value, or unset it"));
        }
        match items.iter().position(|item| item.is_empty()) {
            Some(at) => {
                Err(ConfigError::of(name, format!("item {} is empty: remove the extra comma", at + 1)))
            }
            None => Ok(Some(items)),
        }
    }

    pub(super) fn list(&self, name: &'static str) -> Result<Option<Vec<String>>, ConfigError> {
        Ok(self.items(name)?.map(|items| items.into_iter().map(Into::into).collect()))
    }

    pub(super) fn parse_list<T, E: Display>(
        &self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, ConfigError> {
        let items = self.items(name)?.unwrap_or_default();
        let parsed = items.into_iter().zip(1..).map(|(item, position)| {
            parse(item)
                .map_err(|error| ConfigError::of(name, format!("item {position} is not right: {error}")))
        });
        parsed.collect()
    }

    /// A list of secrets, each there once.
    pub(super) fn secrets(&self, name: &'static str) -> Result<Vec<Secret>, ConfigError> {
        let secrets: Vec<Secret> =
            self.items(name)?.unwrap_or_default().into_iter().map(Secret::new).collect();
        for (position, secret) in secrets.iter().enumerate() {
            if let Some(first) = secrets.iter().take(position).position(|one| one == secret) {
                let message = format!("item {} repeats item {}: remove one of them", position + 1, first + 1);
                return Err(ConfigError::of(name, message));
            }
        }
        Ok(secrets)
    }

    pub(super) fn secret(&self, name: &'static str) -> Result<Option<Secret>, ConfigError> {
        Ok(self.text(name)?.map(Secret::new))
    }

    pub(super) fn number<T: std::str::FromStr>(&self, name: &'static str) -> Result<Option<T>, ConfigError> {
        self.parse(name, |text| text.parse().map_err(|_| "it must be a whole number in range"))
    }

    pub(super) fn host(&self, name: &'static str) -> Result<IpAddr, ConfigError> {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let parsed = self.parse(name, |text| match text {
            "localhost" => Ok(loopback),
            _ => text
                .trim_matches(['[', ']'])
                .parse()
                .map_err(|_| "it must be an IP address such as 127.0.0.1, 0.0.0.0 or ::1"),
        })?;
        Ok(parsed.unwrap_or(loopback))
    }

    pub(super) fn quota(
        &self,
        max: &'static str,
        window: &'static str,
        default: u32,
    ) -> Result<Quota, ConfigError> {
        let amount = self.number(max)?.unwrap_or(default);
        let milliseconds = self.number(window)?.unwrap_or(60_000);
        let at_fault = if milliseconds == 0 { window } else { max };
        // Whether a quota can be counted is known only when a limiter is made of it: one of a single set does.
        Quota::per(amount, Duration::from_millis(milliseconds))
            .and_then(|quota| Limiter::new(1, quota, [0; 4]).map(|_| quota))
            .map_err(|error| ConfigError::of(at_fault, format!("is not right: {error}")))
    }
}

/// A TOML value as the text a variable would have.
fn scalar(setting: &'static Setting, value: toml::Value) -> Result<Zeroizing<String>, ConfigError> {
    match value {
        toml::Value::String(text) => Ok(Zeroizing::new(text.trim().to_owned())),
        toml::Value::Integer(number) => Ok(Zeroizing::new(number.to_string())),
        toml::Value::Float(number) => Ok(Zeroizing::new(number.to_string())),
        _ => Err(ConfigError::of(setting.name, "must be a string or a number")),
    }
}
