//! What is set up once, on its way in: names of algorithms, lists, spans of time.

use crate::boundary::Octets;
use crate::errors::{Result, config, no_text};
use doorward::jwt::Algorithm;
use std::time::Duration;

/// The text of an argument.
pub(crate) fn text(octets: &Octets) -> Result<&str> {
    octets.text().ok_or_else(no_text)
}

/// The text of an argument, owned.
pub(crate) fn string(octets: &Octets) -> Result<String> {
    text(octets).map(str::to_owned)
}

/// The texts of several.
pub(crate) fn strings(octets: &[Octets]) -> Result<Vec<String>> {
    octets.iter().map(string).collect()
}

/// An algorithm by its name (RFC 7518 §3.1).
pub(crate) fn algorithm(name: &Octets) -> Result<Algorithm> {
    let found = name.text().and_then(Algorithm::from_name);
    found.ok_or_else(|| {
        let known = Algorithm::ALL.map(Algorithm::name).join(", ");
        config("algorithm_unknown", format!("an algorithm must be one of {known}"))
    })
}

/// Algorithms by their names.
pub(crate) fn algorithms(names: &[Octets]) -> Result<Vec<Algorithm>> {
    names.iter().map(algorithm).collect()
}

/// A span in seconds, by the name of its option: finite and not below zero.
pub(crate) fn span(seconds: f64, name: &str) -> Result<Duration> {
    if !seconds.is_finite() || seconds < 0.0 {
        let message = format!("{name} must be a finite number of seconds, 0 or more");
        return Err(config("argument_invalid", message));
    }
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| config("argument_invalid", format!("{name} is too long")))
}
