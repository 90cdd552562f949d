//! Where the settings come from. What comes later wins: a TOML file or `.env`, the file of `--env-file`, the environment,
//! flags.

use crate::cli::Options;
use crate::names;
use doorward::config::{Config, ConfigError, KeySettings};
use std::collections::BTreeMap;
use std::path::Path;

type Error = Box<dyn std::error::Error>;

/// Reads and checks the configuration; and what in it looks like a mistake, to be told when there is a log.
pub(crate) fn read(options: &Options) -> Result<(Config, Vec<String>), Error> {
    let file = file_vars(options)?;
    let warnings = file.keys().filter_map(|name| names::warning(name)).collect();
    let vars = vars(file, options)?;
    let config = match &options.config {
        Some(path) => toml(path, &vars, |text| Config::from_toml_and_vars(text, &vars))?,
        None => Config::from_vars(&vars)?,
    };
    Ok((config, warnings))
}

/// The settings of API keys alone: what is wrong with others is of no matter to their commands.
pub(crate) fn for_keys(options: &Options) -> Result<KeySettings, Error> {
    let vars = vars(file_vars(options)?, options)?;
    match &options.config {
        Some(path) => toml(path, &vars, |text| KeySettings::from_toml_and_vars(text, &vars)),
        None => Ok(KeySettings::from_vars(&vars)?),
    }
}

/// Reads a TOML file and variables. What is wrong is told with the file's name, unless a variable is at fault.
fn toml<T>(
    path: &Path,
    vars: &BTreeMap<String, String>,
    read: impl FnOnce(&str) -> Result<T, ConfigError>,
) -> Result<T, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    read(&text).map_err(|error| match error.setting() {
        Some(setting) if vars.contains_key(setting) => error.into(),
        _ => format!("{}: {error}", path.display()).into(),
    })
}

/// The variables of a file, of the environment, which wins, and of flags, which win over both.
fn vars(mut vars: BTreeMap<String, String>, options: &Options) -> Result<BTreeMap<String, String>, Error> {
    // A variable that is no UTF-8 can be none of ours that is right; one of ours that is not is told of.
    for (name, value) in std::env::vars_os() {
        let Ok(name) = name.into_string() else { continue };
        match value.into_string() {
            Ok(value) => {
                vars.insert(name, value);
            }
            Err(_) if doorward::config::SETTINGS.iter().any(|setting| setting.name == name) => {
                return Err(format!("{name} is not UTF-8 text").into());
            }
            Err(_) => {}
        }
    }
    // What stands before an @ is a user's name and password.
    if options.redis.as_ref().is_some_and(|url| url.contains('@')) {
        return Err(
            "--redis holds a password, which others can read on the command line: set REDIS_URL".into()
        );
    }
    let flags = [
        ("HOST", &options.host),
        ("PORT", &options.port),
        ("PUBLIC_URL", &options.public_url),
        ("CORS_ORIGINS", &options.cors_origins),
        ("TRUSTED_PROXIES", &options.trusted_proxies),
        ("REDIS_URL", &options.redis),
    ];
    for (name, value) in flags {
        if let Some(value) = value {
            vars.insert(name.to_owned(), value.clone());
        }
    }
    Ok(vars)
}

/// The variables of `.env`, if there is one and no TOML file in its place, or of the named file, which must be there.
fn file_vars(options: &Options) -> Result<BTreeMap<String, String>, Error> {
    let named = options.env_file.as_deref();
    if named.is_none() && options.config.is_some() {
        return Ok(BTreeMap::new());
    }
    let path = named.unwrap_or(Path::new(".env"));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(BTreeMap::new());
        }
        Err(error) => return Err(unreadable(path, &error)),
    };
    if let Some(line) = substitution(&text) {
        let path = path.display();
        return Err(format!(
            "{path}: line {line} holds a $, which would stand for another variable: put the value in single quotes"
        )
        .into());
    }
    // The parser's own message quotes the line, which may hold a secret: only its number is told.
    dotenvy::from_read_iter(text.as_bytes())
        .zip(1..)
        .map(|(line, number)| {
            line.map_err(|_| {
                format!("{}: variable {number} is not written as NAME=value", path.display()).into()
            })
        })
        .collect()
}

/// The line, counted from 1, where a `$` is outside single quotes. The parser would put another variable's value in its
/// place, or nothing: a secret would become a shorter one without a word.
fn substitution(text: &str) -> Option<usize> {
    let substitutes = |line: &str| {
        let is_comment = line.trim_start().starts_with('#');
        !is_comment && line.split('\'').step_by(2).any(|unquoted| unquoted.contains('$'))
    };
    text.lines().position(substitutes).map(|line| line + 1)
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> Error {
    format!("{} cannot be read: {error}", path.display()).into()
}
