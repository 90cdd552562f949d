//! `doorward`: a protected MCP server by one command.

mod app;
mod cli;
mod ephemeral;
mod logs;
mod mcp;
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
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("doorward: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Configuration first and whole: nothing is bound or printed before it is known to be good.
fn run(options: &cli::Options) -> Result<(), Box<dyn std::error::Error>> {
    let mut config = settings::read(options)?;
    logs::start(options.log_format, &options.log_filter)?;
    let shown = ephemeral::complete(&mut config)?;
    let app = app::App::new(&config)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(serve::serve(app, &config, shown))
}
