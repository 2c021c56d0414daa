//! The `memwire` command: moves video and packets through shared memory, and shows that it works.

mod agent;
mod cli;
mod clock;
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

use std::io::IsTerminal as _;
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
    log(default_level(&cli));
    if cli.common.tied {
        set_parent_process_death_signal(Some(Signal::TERM))
            .context("cannot follow the parent process")?;
    }
    memif::sigbus::contain().context("cannot guard against peers that truncate shared memory")?;
    match cli.command {
        Command::Send(args) => send::run(&args, &cli.common),
        Command::Recv(args) => recv::run(&args, &cli.common),
        Command::Eth { command } => eth::run(&command, &cli.common),
        Command::Agent(args) => agent::run(args, &cli.common),
        Command::Show(args) => agent::show(&args, &cli.common),
        Command::Fdb { command } => agent::fdb(&command, &cli.common),
        Command::Capture(args) => agent::capture(&args, &cli.common),
        Command::Tap(args) => tap::run(&args, &cli.common),
        Command::Demo(args) => demo::run(&args, &cli.common),
        Command::DemoTenant(args) => demo::tenant::run(&args, &cli.common),
    }
}

/// A daemon says what happens; other commands say nothing by default.
fn default_level(cli: &Cli) -> &'static str {
    match &cli.command {
        Command::Agent(args) if args.is_daemon() && cli.common.quiet => "error",
        Command::Agent(args) if args.is_daemon() => "info",
        _ => "off",
    }
}

/// Logs what MEMWIRE_LOG asks for to standard error.
fn log(default: &str) {
    let filter = EnvFilter::try_from_env("MEMWIRE_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}
