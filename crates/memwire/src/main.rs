//! The `memwire` command: moves video and packets through shared memory, and shows that it works.

mod cli;
mod demo;
mod eth;
mod exit;
mod input;
mod latency;
mod link_args;
mod output;
mod pace;
mod recv;
mod report;
mod send;
mod source;
mod stop;
mod tally;
mod tap;
mod video_args;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use rustix::process::{Signal, set_parent_process_death_signal};
use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let code = match Cli::try_parse() {
        Ok(cli) => exit::finish(run(cli)),
        Err(error) => exit::usage(&error),
    };
    ExitCode::from(code)
}

fn run(cli: Cli) -> anyhow::Result<()> {
    log();
    if cli.common.tied {
        set_parent_process_death_signal(Some(Signal::TERM))
            .context("cannot follow the parent process")?;
    }
    memif::sigbus::contain().context("cannot guard against peers that truncate shared memory")?;
    match cli.command {
        Command::Send(args) => send::run(&args, &cli.common),
        Command::Recv(args) => recv::run(&args, &cli.common),
        Command::Eth { command } => eth::run(&command, &cli.common),
        Command::Tap(args) => tap::run(&args, &cli.common),
        Command::Demo(args) => demo::run(&args, &cli.common),
    }
}

/// Logs what MEMWIRE_LOG asks for to standard error; nothing by default.
fn log() {
    let filter = EnvFilter::try_from_env("MEMWIRE_LOG").unwrap_or_else(|_| EnvFilter::new("off"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
