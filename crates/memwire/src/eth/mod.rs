//! `memwire eth`: the network engineer's tools for any memif peer. They generate frames, count
//! them, send them back, and print them.
//!
//! Each command is one thread that serves all queues in turn. Frames are copied out of shared
//! memory before anything looks into them: the peer may rewrite its memory at any time.

mod account;
mod args;
mod batch;
mod capture;
mod describe;
mod drops;
mod dump;
mod echo;
mod generate;
mod generator;
mod help;
mod hex;
mod host;
mod layers;
mod mac;
mod meter;
mod mirror;
mod pace;
mod packet;
mod port;
mod show;
mod sink;
mod sizes;
mod stamp;
mod tally;
mod ticker;
mod watch;

#[cfg(test)]
mod tests;

use clap::Subcommand;

use crate::cli::Common;

/// Generate, count, answer or print packets
#[derive(Subcommand, Clone, Debug)]
pub(crate) enum Command {
    /// Send UDP frames at a rate or as fast as the peer takes them, and count what comes back
    #[command(after_help = help::GEN)]
    Gen(generate::GenArgs),
    /// Take every frame and count it; frames of `gen` also tell loss, order and delay
    #[command(after_help = help::SINK)]
    Sink(sink::SinkArgs),
    /// Send every frame back, or answer ARP and ping as one host
    #[command(after_help = help::ECHO)]
    Echo(echo::EchoArgs),
    /// Print one line per frame, or write a pcap file
    #[command(after_help = help::DUMP)]
    Dump(dump::DumpArgs),
}

/// Runs until there is enough, or Ctrl-C.
pub(crate) fn run(command: &Command, common: &Common) -> anyhow::Result<()> {
    match command {
        Command::Gen(args) => generate::run(args, common),
        Command::Sink(args) => sink::run(args, common),
        Command::Echo(args) => echo::run(args, common),
        Command::Dump(args) => dump::run(args, common),
    }
}
