//! `doorward`: a protected MCP server by one command.

mod app;
mod check;
mod cli;
mod connections;
mod ephemeral;
mod keys;
mod logs;
mod mcp;
mod names;
mod serve;
mod settings;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = match cli::Options::try_parse() {
        Ok(options) => options,
        Err(error) if !error.use_stderr() => error.exit(),
        Err(error) => {
            eprintln!("doorward: {}: see --help", cli::in_one_sentence(&error));
            return ExitCode::FAILURE;
        }
    };
    let done = match &options.command {
        Some(cli::Command::Keys(wanted)) => {
            settings::for_keys(&options).and_then(|settings| keys::run(wanted, &settings))
        }
        Some(cli::Command::CheckConfig { json }) => check::run(&options, *json),
        None => run(&options).map(|()| ExitCode::SUCCESS),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("doorward: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Configuration first and whole: nothing is bound or printed before it is known to be good. Then the port, for where the
/// operating system chooses one, it is part of what clients are told.
fn run(options: &cli::Options) -> Result<(), Box<dyn std::error::Error>> {
    let (mut config, warnings) = settings::read(options)?;
    logs::start(options.log_format, &options.log_filter)?;
    for warning in warnings {
        tracing::warn!(target: "doorward", code = "setting_unknown", "{warning}");
    }
    let shown = ephemeral::complete(&mut config)?;
    let listener = serve::bind(&mut config)?;
    let app = app::App::new(&config)?;
    if let Some(warning) = app::unknown_roles(&config, &app.gate)? {
        tracing::warn!(target: "doorward", code = "role_unknown", "{warning}");
    }
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(serve::serve(app, listener, &config, shown))
}
