//! The command line. Flags win over variables, variables over `.env`.

use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// A protected MCP server over streamable HTTP: API keys and JWTs, rate limits, CORS, roles.
///
/// Every setting is a variable, in the environment or in a file named .env in the working directory; the
/// environment wins. The commonest are flags too, and flags win over both. Secrets are no flags: other users of the
/// machine can read a command line. With no credentials configured, the server makes some for this run and prints
/// how to use them.
#[derive(Debug, Parser)]
#[command(name = "doorward", version, after_long_help = settings_help(), max_term_width = 110)]
pub(crate) struct Options {
    /// Address to bind to [HOST, default 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) host: Option<String>,
    /// Port to bind to, 0 for any free one [PORT, default 3000]
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<String>,
    /// Where clients reach the server [PUBLIC_URL]
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// Web origins whose pages may call it, separated by commas [CORS_ORIGINS]
    #[arg(long, value_name = "ORIGINS")]
    pub(crate) cors_origins: Option<String>,
    /// Proxies whose X-Forwarded-For is believed, addresses or CIDRs separated by commas [TRUSTED_PROXIES]
    #[arg(long, value_name = "CIDRS")]
    pub(crate) trusted_proxies: Option<String>,
    /// File with variables, in place of .env in the working directory
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
    /// TOML file with settings, in place of variables: neither .env nor the environment is then read
    #[arg(long, value_name = "FILE", conflicts_with_all = ["env_file", "host", "port", "public_url", "cors_origins", "trusted_proxies"])]
    pub(crate) config: Option<PathBuf>,
    /// How log lines look
    #[arg(long, value_enum, default_value_t = LogFormat::Text, env = "LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
    /// What is logged, as tracing's filters have it
    #[arg(long, value_name = "FILTER", default_value = "info,rmcp=warn", env = "LOG")]
    pub(crate) log_filter: String,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// For machines: a JSON object a line
    Json,
}

/// The settings, as a table.
fn settings_help() -> String {
    let mut text = String::from("Settings (variables; in TOML, the same names in lower case):\n");
    for setting in doorward::config::SETTINGS {
        text.push_str(&format!("\n  {}", setting.name));
        if !setting.default.is_empty() {
            text.push_str(&format!(" [default: {}]", setting.default));
        }
        if setting.list {
            text.push_str(" [list]");
        }
        text.push_str(&format!("\n      {}\n", setting.about));
    }
    text
}

/// A mistake on the command line as any other in the configuration is told: in one sentence. clap's first paragraph
/// is that, but for its line breaks.
pub(crate) fn in_one_sentence(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = paragraph.trim_start_matches("error: ").split_whitespace().collect();
    words.join(" ")
}
