//! What is wrong with a configuration, in one sentence.

use std::borrow::Cow;
use std::fmt;

/// Why a configuration is refused: the setting, what is wrong with it, and how to mend it. Never a secret's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    setting: Option<&'static str>,
    message: Cow<'static, str>,
    /// Whether the message is a whole sentence, which says where it is.
    whole: bool,
}

impl ConfigError {
    pub(super) fn of(setting: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { setting: Some(setting), message: message.into(), whole: false }
    }

    /// What is wrong with a section of a TOML file; the message says where in it.
    pub(super) fn at(section: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { setting: Some(section), message: message.into(), whole: true }
    }

    pub(super) fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self { setting: None, message: message.into(), whole: true }
    }

    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "config_invalid"
    }

    /// The name of the setting at fault, or of the section of a TOML file, where it is one.
    #[must_use]
    pub const fn setting(&self) -> Option<&'static str> {
        self.setting
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.setting {
            Some(setting) if !self.whole => write!(f, "{setting} {}", self.message),
            _ => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for ConfigError {}
