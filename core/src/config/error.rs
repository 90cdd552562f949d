//! What is wrong with a configuration, in one sentence.

use std::borrow::Cow;
use std::fmt;

/// Why a configuration is refused: the setting, what is wrong with it, and how to mend it. Never a secret's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    setting: Option<&'static str>,
    message: Cow<'static, str>,
}

impl ConfigError {
    pub(super) fn of(setting: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { setting: Some(setting), message: message.into() }
    }

    pub(super) fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self { setting: None, message: message.into() }
    }

    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "config_invalid"
    }

    /// The name of the setting at fault, where it is one.
    #[must_use]
    pub const fn setting(&self) -> Option<&'static str> {
        self.setting
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.setting {
            Some(setting) => write!(f, "{setting} {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for ConfigError {}
