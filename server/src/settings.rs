//! Where the settings come from: a TOML file, or the environment, a file of variables, and flags.

use crate::cli::Options;
use doorward::config::Config;
use std::collections::BTreeMap;
use std::path::Path;

type Error = Box<dyn std::error::Error>;

/// Reads and checks the configuration.
pub(crate) fn read(options: &Options) -> Result<Config, Error> {
    if let Some(path) = &options.config {
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        return Config::from_toml(&text).map_err(|error| format!("{}: {error}", path.display()).into());
    }
    let mut vars = file_vars(options.env_file.as_deref())?;
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
    let flags = [
        ("HOST", &options.host),
        ("PORT", &options.port),
        ("PUBLIC_URL", &options.public_url),
        ("CORS_ORIGINS", &options.cors_origins),
        ("TRUSTED_PROXIES", &options.trusted_proxies),
    ];
    for (name, value) in flags {
        if let Some(value) = value {
            vars.insert(name.to_owned(), value.clone());
        }
    }
    Ok(Config::from_vars(vars)?)
}

/// The variables of `.env`, if there is one, or of the named file, which must be there.
fn file_vars(named: Option<&Path>) -> Result<BTreeMap<String, String>, Error> {
    let path = named.unwrap_or(Path::new(".env"));
    let lines = match dotenvy::from_path_iter(path) {
        Ok(lines) => lines,
        Err(dotenvy::Error::Io(error)) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(BTreeMap::new());
        }
        Err(error) => return Err(unreadable(path, &error)),
    };
    // The parser's own message quotes the line, which may hold a secret: only its number is told.
    lines
        .zip(1..)
        .map(|(line, number)| {
            line.map_err(|error| match error {
                dotenvy::Error::Io(error) => unreadable(path, &error),
                _ => format!("{}: variable {number} is not written as NAME=value", path.display()).into(),
            })
        })
        .collect()
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> Error {
    format!("{} cannot be read: {error}", path.display()).into()
}
