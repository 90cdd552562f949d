//! The settings of API keys, and the set they make.

use super::source::Source;
use super::{ADMIN, Config, ConfigError, Secret, USER, not_right, without};
use crate::api_keys::file::KeyFile;
use crate::api_keys::{ApiKey, ApiKeyError, ApiKeys, ApiKeysBuilder, KeyFormat, Pepper};
use crate::rate::{Limiter, QuotaError};
use std::format;
use std::path::PathBuf;
use std::time::Duration;

/// Shortest key in `API_KEYS` that is no key of doorward's own, where strangers can reach the server: in bytes.
const SHORTEST: usize = 16;

/// What a host needs to read and write a file of keys, other settings aside.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KeySettings {
    /// `API_KEYS_FILE`: where the file is.
    pub file: Option<PathBuf>,
    /// `API_KEYS_MAX_STALE`: how long the last good set is used while the file can't be read; for ever without.
    pub max_stale: Option<Duration>,
    /// `API_KEY_PREFIX`: the format of doorward's own keys.
    pub format: KeyFormat,
    /// `API_KEY_PEPPER`: the secret that stored digests depend on.
    pub pepper: Option<Pepper>,
}

impl KeySettings {
    /// Reads these settings from variables and no others: for commands that serve nothing.
    ///
    /// # Errors
    /// As [`Config::from_vars`].
    ///
    /// ```
    /// use doorward::config::KeySettings;
    /// let settings = KeySettings::from_vars([("API_KEYS_FILE", "keys.jsonl"), ("HOST", "wherever")])?;
    /// assert_eq!(settings.format.prefix(), "dw");
    /// # Ok::<(), doorward::config::ConfigError>(())
    /// ```
    pub fn from_vars<N: AsRef<str>, V: AsRef<str>>(
        vars: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, ConfigError> {
        Self::read(&Source::from_vars(vars)?)
    }

    /// Reads these settings from TOML, where others may stand too.
    ///
    /// # Errors
    /// As [`Config::from_toml`].
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Self::read(&Source::from_toml(text)?)
    }

    /// Reads these settings from TOML and from variables, which win.
    ///
    /// # Errors
    /// As [`Config::from_toml_and_vars`].
    pub fn from_toml_and_vars<N: AsRef<str>, V: AsRef<str>>(
        text: &str,
        vars: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, ConfigError> {
        Self::read(&Source::layered(text, vars)?)
    }

    pub(super) fn read(source: &Source) -> Result<Self, ConfigError> {
        let pepper = |secret: &Secret| Pepper::new(secret.expose().as_bytes());
        let settings = Self {
            file: source.text("API_KEYS_FILE")?.map(PathBuf::from),
            max_stale: source.parse("API_KEYS_MAX_STALE", super::parse_duration)?,
            format: source.parse("API_KEY_PREFIX", KeyFormat::new)?.unwrap_or_default(),
            pepper: source
                .secret("API_KEY_PEPPER")?
                .as_ref()
                .map(pepper)
                .transpose()
                .map_err(|error| ConfigError::of("API_KEY_PEPPER", not_right(&error)))?,
        };
        if settings.max_stale.is_some() && settings.file.is_none() {
            return Err(without("API_KEYS_MAX_STALE", "API_KEYS_FILE"));
        }
        Ok(settings)
    }

    fn builder(&self) -> ApiKeysBuilder {
        let builder = ApiKeys::builder().format(self.format.clone());
        match &self.pepper {
            Some(pepper) => builder.pepper(pepper.clone()),
            None => builder,
        }
    }
}

impl Config {
    /// The keys of `API_KEYS` and `ADMIN_API_KEYS` as a set; nothing when there are none.
    ///
    /// # Errors
    /// A key that can't be one, or is there twice.
    pub fn keys(&self) -> Result<Option<ApiKeys>, ConfigError> {
        if self.listed_keys() == 0 {
            return Ok(None);
        }
        let builder = self.list_keys(self.key_settings.builder())?;
        builder.build_random().map(Some).map_err(|error| ConfigError::of("API_KEYS", not_right(&error)))
    }

    /// The same keys and those of a file.
    ///
    /// # Errors
    /// As [`keys`](Self::keys); and a file that needs another pepper, or has a key or an id of the lists.
    pub fn keys_with(&self, file: &KeyFile) -> Result<ApiKeys, ConfigError> {
        let builder = self.list_keys(self.key_settings.builder())?;
        self.check_quotas(file)?;
        let builder =
            builder.add_file(file).map_err(|error| ConfigError::of("API_KEYS_FILE", not_right(&error)))?;
        builder.build_random().map_err(|error| {
            let line = |at: usize| (at + 2).saturating_sub(self.listed_keys());
            let why = match error {
                // Within the lists and within the file, that was looked for before.
                ApiKeyError::Duplicate { at, .. } => {
                    format!("line {} is a key of API_KEYS or ADMIN_API_KEYS too", line(at))
                }
                ApiKeyError::IdDuplicate { at, .. } => {
                    format!("line {} has the id of a key of API_KEYS or ADMIN_API_KEYS", line(at))
                }
                other => format!("{other}"),
            };
            ConfigError::of("API_KEYS_FILE", format!("is not right: {why}"))
        })
    }

    /// Whether keys' own quotas can be counted beside that of all principals.
    fn check_quotas(&self, file: &KeyFile) -> Result<(), ConfigError> {
        let wrong = |error: QuotaError| ConfigError::of("RATE_LIMIT_MAX", not_right(&error));
        let limiter = Limiter::new(1, self.principal_quota, [0; 4]).map_err(wrong)?;
        let quotas = file
            .records()
            .iter()
            .zip(2..)
            .filter_map(|(record, line)| Some((record.entry().own_quota()?, line)));
        for (quota, line) in quotas {
            limiter.prepare(quota).map_err(|error| {
                ConfigError::of(
                    "API_KEYS_FILE",
                    format!("is not right: line {line} has a quota that can't be kept: {error}"),
                )
            })?;
        }
        Ok(())
    }

    fn listed_keys(&self) -> usize {
        self.api_keys.len() + self.admin_api_keys.len()
    }

    fn list_keys(&self, mut builder: ApiKeysBuilder) -> Result<ApiKeysBuilder, ConfigError> {
        let format = &self.key_settings.format;
        let groups = [
            ("API_KEYS", "api-key", USER, &self.api_keys),
            ("ADMIN_API_KEYS", "admin-key", ADMIN, &self.admin_api_keys),
        ];
        for (setting, kind, role, keys) in groups {
            for (key, position) in keys.iter().zip(1..) {
                // A key of our own names itself; any other is known by its place in the list.
                let id = match format.parse(key.expose()) {
                    Some(parsed) => parsed.id.into(),
                    None => format!("{kind}-{position}"),
                };
                // Built once by itself, so that the message names the list and the place in it.
                let alone = ApiKeys::builder().format(format.clone());
                alone
                    .add(key.expose(), ApiKey::new(id.clone()))
                    .build([0; 32])
                    .map_err(|error| ConfigError::of(setting, format!("item {position} {}", why(&error))))?;
                builder = builder.add(key.expose(), ApiKey::new(id).role(role));
            }
        }
        Ok(builder)
    }

    /// A key that a stranger guesses in an afternoon is none.
    pub(super) fn check_lengths(&self) -> Result<(), ConfigError> {
        if self.host.is_loopback() {
            return Ok(());
        }
        for (setting, keys) in [("API_KEYS", &self.api_keys), ("ADMIN_API_KEYS", &self.admin_api_keys)] {
            if let Some(short) = keys.iter().position(|key| key.expose().len() < SHORTEST) {
                let message = format!(
                    "item {} has under {SHORTEST} bytes, and HOST is not loopback: make one with openssl rand -hex 32",
                    short + 1
                );
                return Err(ConfigError::of(setting, message));
            }
        }
        Ok(())
    }
}

/// What is wrong with one key of a list. The set's own messages count from 0 and know no lists.
const fn why(error: &ApiKeyError) -> &'static str {
    match error {
        ApiKeyError::TooLong { .. } => "is longer than a key in a request may be, which is 512 bytes",
        ApiKeyError::NotVisibleAscii { .. } => "has a space or a character outside visible ASCII",
        ApiKeyError::Damaged { .. } => {
            "begins like a key of doorward's own, but its layout or checksum is wrong: copy it again"
        }
        _ => "can't be an API key",
    }
}
