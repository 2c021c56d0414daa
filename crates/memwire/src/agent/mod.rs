//! `memwire agent`: the DMA Agent as a daemon, and the commands that ask one that runs.

mod ask;
mod capture;
mod check;
mod fdb;
mod frames;
mod reload;
mod serve;
mod show;
mod table;
mod upgrade;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use memif::Address;

pub(crate) use capture::{CaptureArgs, run as capture};
pub(crate) use fdb::{Command as FdbCommand, run as fdb};
pub(crate) use show::{ShowArgs, run as show};

use crate::cli::Common;

/// Serve tenants: Ethernet frames between programs, switched
#[derive(Args, Clone, Debug)]
#[command(args_conflicts_with_subcommands = true, after_help = HELP)]
pub(crate) struct AgentArgs {
    /// What to serve, and whom (packaging/agent.toml explains each key); without it, programs of this user
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where programs come in, besides the doorbells of the configuration; may be given several times
    #[arg(long, value_name = "PATH", value_parser = address)]
    doorbell: Vec<Address>,
    /// Where `memwire show`, `fdb`, `capture`, `agent reload` and `agent upgrade` ask
    #[arg(long, value_name = "PATH", value_parser = address)]
    control: Option<Address>,
    /// Take the place of the agent that runs at the control socket, with its clients; it ends. Without one, start as usual
    #[arg(long)]
    take_over: bool,
    /// Say what is wrong with a configuration, and end
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "doorbell", "control", "take_over"])]
    check_config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Clone, Debug)]
enum Command {
    /// Have a running agent read its configuration again, without losing a client
    Reload(ask::At),
    /// Have a running agent start the program that is installed now, and hand its clients over to it
    Upgrade(ask::At),
}

const HELP: &str = "\
Without a configuration the doorbell is /run/dmaa_doorbell.sock for root, and
$XDG_RUNTIME_DIR/dmaa_doorbell.sock for others. SIGHUP reloads, SIGTERM and Ctrl-C end it.
It logs to stderr who comes, goes and is refused; MEMWIRE_LOG=warn makes that less.

Examples:
  memwire agent                                                 serve programs of this user
  memwire agent --doorbell /tmp/a.sock --doorbell /tmp/b.sock   at these places
  memwire agent --check-config /etc/memwire/agent.toml
  memwire agent --config /etc/memwire/agent.toml
  memwire agent reload                                          after that file was changed
  memwire agent upgrade                                         after another version was installed
  memwire agent --config FILE --take-over                       the same, started by hand";

impl AgentArgs {
    /// Whether this is the daemon itself, which logs unless told otherwise.
    pub(crate) fn is_daemon(&self) -> bool {
        self.command.is_none() && self.check_config.is_none()
    }
}

pub(crate) fn run(args: AgentArgs, common: &Common) -> anyhow::Result<()> {
    match (args.command, args.check_config) {
        (Some(Command::Reload(at)), _) => reload::run(&at, common),
        (Some(Command::Upgrade(at)), _) => upgrade::run(&at, common),
        (None, Some(file)) => check::run(&file, common),
        (None, None) => {
            let source = dma_agent::config::ConfigSource {
                file: args.config,
                doorbells: args.doorbell,
                control: args.control,
            };
            serve::run(source, args.take_over, common)
        }
    }
}

fn address(text: &str) -> Result<Address, memif::AddressError> {
    text.parse()
}
