//! The command line. Flags win over variables, variables over the files they are read from.

use clap::error::{ContextKind, ContextValue};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// A protected MCP server over streamable HTTP: API keys and JWTs, rate limits, CORS, roles.
///
/// Every setting is a variable, in the environment or in a file named .env in the working directory; or it stands, in
/// lower case, in the TOML file of --config. The environment wins over files. The commonest are flags too, and flags
/// win over all. Secrets are no flags: other users of the machine can read a command line. With no credentials
/// configured, the server makes some for this run and prints how to use them.
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
    /// Redis or Valkey by which several servers share their limits; with a password in it, only as REDIS_URL [REDIS_URL]
    #[arg(long, value_name = "URL")]
    pub(crate) redis: Option<String>,
    /// File with variables, in place of .env in the working directory; wins over --config
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) env_file: Option<PathBuf>,
    /// TOML file with settings and the policy, in place of .env; the environment wins over it
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// How log lines look
    #[arg(long, value_enum, default_value_t = LogFormat::Text, env = "LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
    /// What is logged, as tracing's filters have it
    #[arg(long, value_name = "FILTER", default_value = "info,rmcp=warn", env = "LOG")]
    pub(crate) log_filter: String,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What else there is to do than to serve.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make, list, disable, rotate and check the API keys of API_KEYS_FILE
    ///
    /// The file holds digests: a key is shown once, when it is made. A running server sees a change within two seconds.
    Keys(Box<KeysOptions>),
    /// Read the configuration as the server would, make everything but the connection, and say what there is
    ///
    /// Exit code 0 if the server would start; else 1, and one sentence on stderr.
    CheckConfig {
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}

/// Options of all that is done with keys.
#[derive(Args, Debug)]
pub(crate) struct KeysOptions {
    /// The file of keys [API_KEYS_FILE]
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) file: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: KeysCommand,
}

/// What is done with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key: it goes to stdout, once, and its digest into the file, which is made where there is none
    New(NewOptions),
    /// List the keys, without their digests
    List,
    /// Switch keys off
    Disable {
        /// A key's id, or the name of several
        #[arg(value_name = "ID")]
        which: String,
        /// Switch them on again
        #[arg(long)]
        undo: bool,
    },
    /// Make a key for the same caller, with the same rights, and let the old one end
    Rotate {
        /// A key's id, or its caller's name
        #[arg(value_name = "ID")]
        which: String,
        /// How long the old key stays valid beside the new one
        #[arg(long, value_name = "TIME", default_value = "7d")]
        overlap: String,
        /// How long the new key is valid; for ever without
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
    },
    /// Say whose the key on stdin is, and whether it is good: exit code 0 if it is
    Check,
}

/// A key to be made.
#[derive(Args, Debug)]
pub(crate) struct NewOptions {
    /// The caller's name, in place of the key's id
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// What stands behind the prefix: 1 to 16 of a-z and 0-9
    #[arg(long, default_value = "live")]
    pub(crate) env: String,
    /// A role; may be given several times
    #[arg(long, default_value = doorward::config::USER)]
    pub(crate) role: Vec<String>,
    /// A scope; may be given several times
    #[arg(long)]
    pub(crate) scope: Vec<String>,
    /// A quota of its own, as 100/1m
    #[arg(long, value_name = "MAX/TIME")]
    pub(crate) quota: Option<String>,
    /// How long from now until it is valid
    #[arg(long, value_name = "TIME")]
    pub(crate) starts_in: Option<String>,
    /// How long it is valid from now on, as 90d; for ever without
    #[arg(long, value_name = "TIME")]
    pub(crate) expires: Option<String>,
    /// Something to remember, as owner=anna; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) meta: Vec<String>,
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
    // A word that is neither a flag nor like a command may be a key, which was not to be here, and is not to be in a log.
    let given = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    };
    let harmless = |word: &str| word.len() <= 16 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    if [given(ContextKind::InvalidArg), given(ContextKind::InvalidSubcommand)]
        .into_iter()
        .flatten()
        .any(|word| !word.starts_with('-') && !word.starts_with('<') && !harmless(word))
    {
        return "unexpected argument, which is not repeated here: a key is read from stdin".to_owned();
    }
    let text = error.render().to_string();
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = paragraph.trim_start_matches("error: ").split_whitespace().collect();
    words.join(" ")
}
