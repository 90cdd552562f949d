//! `doorward check-config`: everything the server does before it listens, and nothing after.
//!
//! It shows what there is, and no value that could be a secret: names, counts and addresses.

use crate::app::{self, App};
use crate::{cli, ephemeral, settings};
use doorward::config::Config;
use serde_json::json;
use std::io::Write as _;
use std::process::ExitCode;

type Error = Box<dyn std::error::Error>;

/// A part of the server that could be made, and what there is to say of it.
struct Part(&'static str, String);

/// Checks, and says what was found. What is wrong is an error, and with `--json` on stdout as well.
pub(crate) fn run(options: &cli::Options, json: bool) -> Result<ExitCode, Error> {
    match check(options) {
        Ok((parts, warnings)) => {
            print(&parts, &warnings, json)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            if json {
                writeln!(std::io::stdout(), "{}", json!({ "ok": false, "error": error.to_string() }))?;
            }
            Err(error)
        }
    }
}

fn check(options: &cli::Options) -> Result<(Vec<Part>, Vec<String>), Error> {
    let (mut config, mut warnings) = settings::read(options)?;
    let mut parts = vec![Part("settings", sources(options))];
    let made = ephemeral::complete(&mut config)?.is_some();
    let app = App::new(&config)?;
    let in_file = app.keys.as_ref().map_or(0, |keys| keys.keys());
    warnings.extend(app::unknown_roles(&config, &app.gate)?);

    parts.push(Part(
        "credentials",
        if made { "none, so some are made for each run".to_owned() } else { credentials(&config, in_file) },
    ));
    parts.push(Part("policy", policy(&config)));
    let quota =
        |quota: doorward::rate::Quota| format!("{} in {} s", quota.limit(), quota.period().as_secs_f64());
    parts.push(Part(
        "limits",
        format!(
            "{} for a principal, {} failures for an address",
            quota(config.principal_quota),
            quota(config.address_quota)
        ),
    ));
    if !config.limits.is_empty() {
        parts.push(Part("named limits", config.limits.len().to_string()));
    }
    if config.redis.is_some() {
        parts.push(Part("redis", "set, and not asked".to_owned()));
    }
    parts.push(Part("server", format!("{} port {}, not bound", config.host, config.port)));
    Ok((parts, warnings))
}

fn sources(options: &cli::Options) -> String {
    let toml = options.config.as_ref().map(|path| path.display().to_string());
    let vars = match (&options.env_file, &toml) {
        (Some(path), _) => Some(path.display().to_string()),
        (None, None) => Some(".env, if there is one".to_owned()),
        (None, Some(_)) => None,
    };
    let files = toml.into_iter().chain(vars).chain(["the environment".to_owned()]);
    files.collect::<Vec<_>>().join(", ")
}

fn credentials(config: &Config, all_keys: usize) -> String {
    let (users, admins) = (config.api_keys.len(), config.admin_api_keys.len());
    let mut told = Vec::new();
    for (count, what) in [(users, "API_KEYS"), (admins, "ADMIN_API_KEYS")] {
        if count > 0 {
            told.push(format!("{count} of {what}"));
        }
    }
    if let Some(path) = &config.key_settings.file {
        told.push(format!("{} in {}", all_keys - users - admins, path.display()));
    }
    if let Some(jwt) = &config.jwt {
        let kinds = [(jwt.secret.is_some(), "JWT_SECRET"), (jwt.public_key.is_some(), "JWT_PUBLIC_KEY")];
        told.extend(kinds.iter().filter(|(set, _)| *set).map(|(_, name)| (*name).to_owned()));
        told.extend(jwt.oauth.iter().map(|oauth| format!("issuer {:?}", oauth.issuer)));
    }
    told.join(", ")
}

fn policy(config: &Config) -> String {
    match &config.policy {
        Some(policy) => format!("{} roles, {} scopes", policy.roles().count(), policy.scopes().count()),
        None => "built in: admins may do everything, users what is not for admins".to_owned(),
    }
}

fn print(parts: &[Part], warnings: &[String], json: bool) -> Result<(), Error> {
    let mut out = std::io::stdout();
    if json {
        let parts: Vec<_> = parts
            .iter()
            .map(|Part(part, about)| json!({ "part": part, "ok": true, "about": about }))
            .collect();
        writeln!(out, "{}", json!({ "ok": true, "parts": parts, "warnings": warnings }))?;
        return Ok(());
    }
    for Part(part, about) in parts {
        writeln!(out, "{part:<13} ok   {about}")?;
    }
    for warning in warnings {
        eprintln!("doorward: warning: {warning}");
    }
    Ok(())
}
