//! The `memwire` command: moves video and packets through shared memory, and shows that it works.
#![allow(dead_code, reason = "the commands that use these pieces come next")]

mod cli;
mod exit;
mod input;
mod latency;
mod link_args;
mod output;
mod pace;
mod recv;
mod report;
mod source;
mod stop;
mod tally;
mod video_args;

use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::EnvFilter;

use crate::cli::Cli;

fn main() -> ExitCode {
    let code = match Cli::try_parse() {
        Ok(cli) => exit::finish(run(&cli)),
        Err(error) => exit::usage(&error),
    };
    ExitCode::from(code)
}

fn run(_: &Cli) -> anyhow::Result<()> {
    log();
    Ok(())
}

/// Logs what MEMWIRE_LOG asks for to standard error; nothing by default.
fn log() {
    let filter = EnvFilter::try_from_env("MEMWIRE_LOG").unwrap_or_else(|_| EnvFilter::new("off"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
