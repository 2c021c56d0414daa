//! Benchmarks of Memwire: two processes, each pinned to a core of its own, and beside every figure a baseline measured
//! in the same run.
//!
//! ```text
//! cargo run --release -p memwire-benches -- [round-trip|packets|frames|ethernet|all] [--runs 5] [--json]
//! ```
//!
//! A figure alone says little about a library and much about a machine. So each bench is a list of **subjects**, ours
//! and the baselines, measured in turn: one run of each, then the next run of each. What counts is the ratio of the
//! medians, beside the target set for it. No figure makes the program fail. A frame that is lost, out of order or not
//! what was sent does, at once.
//!
//! A subject is an [`exchange::Exchange`] between two processes: this one measures, and starts a second process of the
//! same program that keeps it company ([`peer`]). To add a subject: a variant of [`subject::Subject`], its two halves
//! in a module, and a line in [`plan`].

mod bridge;
mod cli;
mod cores;
mod ethernet;
mod eventfd;
mod exchange;
mod figures;
mod flag;
mod frames;
mod links;
mod memory;
mod oldest;
mod packets;
mod peer;
mod ping_pong;
mod plan;
mod report;
mod round_trip;
mod series;
mod stamp;
mod subject;
mod tenants;

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::plan::Group;

fn main() -> anyhow::Result<()> {
    let Cli { command, settings } = Cli::parse();
    let group = match command.unwrap_or(Command::All) {
        Command::RoundTrip => Some(Group::RoundTrip),
        Command::Packets => Some(Group::Packets),
        Command::Frames => Some(Group::Frames),
        Command::Ethernet => Some(Group::Ethernet),
        Command::All => None,
        Command::Accompany(peer) => return peer::accompany(&peer, &settings),
    };
    let cores = settings.cores.map_or_else(cores::Cores::choose, Ok)?;
    cores::pin(cores.here)?;
    let outcomes = series::run(plan::benches(group), &settings, cores)?;
    if settings.json {
        report::json(&outcomes, &settings, cores)
    } else {
        report::table(&outcomes, &settings, cores)
    }
}
