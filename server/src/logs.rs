//! Structured logs on stderr.

use crate::cli::LogFormat;
use std::io::IsTerminal as _;
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// Starts logging.
pub(crate) fn start(format: LogFormat, filter: &str) -> Result<(), Box<dyn std::error::Error>> {
    let filter = EnvFilter::try_new(filter).map_err(|error| format!("--log-filter is not right: {error}"))?;
    // Below info, rmcp logs whole messages, and the answer of generate-token is a credential: whatever the filter
    // asks for, those are left out.
    let no_messages =
        filter_fn(|line| !line.target().starts_with("rmcp") || *line.level() <= LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(filter.and(no_messages))).init();
    Ok(())
}
