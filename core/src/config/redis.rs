//! The settings of the limit that several processes share.

use super::source::Source;
use super::{ConfigError, Secret, not_right, without};
use crate::rate::Quota;
use crate::rate::shared::{Fallback, Settings, SharedError, SharedLimiter};
use std::path::PathBuf;
use std::string::String;

/// A limit of principals that several processes share.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RedisConfig {
    /// `REDIS_URL`: where the server is. A password may be in it.
    pub url: Secret,
    /// `REDIS_CA`: a PEM file of the certificate authorities that may have signed the server's certificate, in place of
    /// the system's.
    pub ca: Option<PathBuf>,
    /// `REDIS_PREFIX`: what keys begin with.
    pub prefix: String,
    /// `REDIS_FALLBACK` and `REDIS_INSTANCES`: what holds while the server can't be asked.
    pub fallback: Fallback,
    /// `REDIS_LEASE`: how many units a process takes at once.
    pub lease: u32,
}

impl RedisConfig {
    pub(super) fn read(source: &Source, quota: Quota) -> Result<Option<Self>, ConfigError> {
        let Some(url) = source.parse("REDIS_URL", parse_url)? else {
            let names = ["REDIS_CA", "REDIS_PREFIX", "REDIS_FALLBACK", "REDIS_INSTANCES", "REDIS_LEASE"];
            return match names.into_iter().find(|name| source.has(name)) {
                Some(name) => Err(without(name, "REDIS_URL")),
                None => Ok(None),
            };
        };
        let ca = source.text("REDIS_CA")?.map(PathBuf::from);
        if ca.is_some() && !TLS.iter().any(|scheme| url.expose().starts_with(scheme)) {
            return Err(without("REDIS_CA", "rediss:// in REDIS_URL"));
        }
        let instances = source.number("REDIS_INSTANCES")?;
        let local = Fallback::LocalAtLimitOver(instances.unwrap_or(1));
        let fallback = source.parse("REDIS_FALLBACK", |text| match text {
            "local" => Ok(local),
            "deny" => Ok(Fallback::Deny),
            "allow" => Ok(Fallback::Allow),
            _ => Err("it must be local, deny or allow"),
        })?;
        let fallback = fallback.unwrap_or(local);
        if instances.is_some() && fallback != local {
            return Err(without("REDIS_INSTANCES", "REDIS_FALLBACK=local"));
        }
        let redis = Self {
            url,
            ca,
            prefix: source.text("REDIS_PREFIX")?.unwrap_or("doorward").into(),
            fallback,
            lease: source.number("REDIS_LEASE")?.unwrap_or(1),
        };
        // Whether it can be kept is known when it is made: a table of one set does.
        SharedLimiter::new(quota, redis.settings().slots(1).remembered(0), [0; 4]).map_err(|error| {
            let name = match error {
                SharedError::Prefix => "REDIS_PREFIX",
                SharedError::Processes => "REDIS_INSTANCES",
                _ => "RATE_LIMIT_MAX",
            };
            ConfigError::of(name, not_right(&error))
        })?;
        if !(1..=quota.capacity()).contains(&redis.lease) {
            return Err(ConfigError::of("REDIS_LEASE", "must be between 1 and RATE_LIMIT_MAX"));
        }
        Ok(Some(redis))
    }

    pub(super) fn settings(&self) -> Settings {
        Settings::new("principal").prefix(self.prefix.clone()).fallback(self.fallback).lease(self.lease)
    }
}

/// Addresses by TLS.
const TLS: [&str; 2] = ["rediss://", "valkeys://"];

/// The rest of an address is its client's to check.
fn parse_url(text: &str) -> Result<Secret, &'static str> {
    let schemes = ["redis://", "valkey://", "unix:///"].into_iter().chain(TLS);
    let known = schemes.into_iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme));
    if known {
        return Ok(Secret::new(text));
    }
    Err("it must be an address such as redis://user:password@host:6379/0, or rediss:// for TLS")
}
