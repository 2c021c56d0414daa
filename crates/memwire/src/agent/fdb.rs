//! `memwire fdb`: what the agent has learned, to be forgotten.

use clap::{Args, Subcommand};
use dma_agent::control::{Ask, FlushWhat, Reply};
use serde::Serialize;

use super::ask::{At, unexpected};
use super::table::print;
use crate::cli::Common;

/// Work on the addresses that the agent has learned
#[derive(Subcommand, Clone, Debug)]
pub(crate) enum Command {
    /// Forget addresses: all, or those of a port, of a domain, or one
    Flush(FlushArgs),
}

#[derive(Args, Clone, Debug)]
pub(crate) struct FlushArgs {
    /// Only addresses behind this port; also as did:N
    #[arg(long, value_name = "NAME", group = "what")]
    port: Option<String>,
    /// Only addresses in this domain
    #[arg(long, value_name = "N", group = "what", value_parser = clap::value_parser!(u16).range(1..=4095))]
    nti: Option<u16>,
    /// Only this address, in all domains and VLANs
    #[arg(long, value_name = "MAC", group = "what")]
    mac: Option<String>,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, Serialize)]
struct Flushed {
    flushed: usize,
}

pub(crate) fn run(command: &Command, common: &Common) -> anyhow::Result<()> {
    let Command::Flush(args) = command;
    let what = match (&args.port, args.nti, &args.mac) {
        (Some(port), ..) => FlushWhat::Port(port.clone()),
        (None, Some(nti), _) => FlushWhat::Nti(nti),
        (None, None, Some(mac)) => FlushWhat::Mac(mac.clone()),
        (None, None, None) => FlushWhat::All,
    };
    let Reply::Flushed(flushed) = args.at.ask(Ask::Flush(what))? else {
        return Err(unexpected());
    };
    print(common, &Flushed { flushed }, |done| match done.flushed {
        1 => "1 address forgotten\n".to_owned(),
        count => format!("{count} addresses forgotten\n"),
    })
}
