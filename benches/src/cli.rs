//! The command line.

use clap::{Args, Parser, Subcommand};

use crate::cores::Cores;
use crate::subject::Subject;

/// Measures Memwire between two processes, beside baselines.
#[derive(Debug, Parser)]
#[command(name = "memwire-benches", version)]
pub(crate) struct Cli {
    /// What to measure; everything unless said.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// How to measure.
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// What to measure.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Round trips of 64 bytes, polling and sleeping.
    RoundTrip,
    /// Packets per second, copied in and out.
    Packets,
    /// 1080p frames per second, written and read in full.
    Frames,
    /// Ethernet frames per second between two tenants of an agent, and over the Linux bridge.
    Ethernet,
    /// All of these.
    All,
    /// The second process of a run.
    #[command(hide = true)]
    Accompany(PeerArgs),
}

/// How to measure.
#[derive(Args, Clone, Debug)]
pub(crate) struct Settings {
    /// Runs of each subject; the median counts.
    #[arg(long, global = true, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) runs: u16,
    /// Print one JSON object instead of a table.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The cores of the two processes, as in 0,1; unless said, the first two that share no physical core.
    #[arg(long, global = true, value_name = "HERE,THERE")]
    pub(crate) cores: Option<Cores>,
    /// Measure only these subjects; may be repeated.
    #[arg(long, global = true, value_name = "SUBJECT")]
    pub(crate) only: Vec<Subject>,
    /// Per cent of the usual work in each run: less for a quick look, more for a quiet figure.
    #[arg(long, global = true, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(crate) percent: u64,
}

/// What the second process has to know.
#[derive(Args, Clone, Debug)]
pub(crate) struct PeerArgs {
    /// What is measured.
    pub(crate) subject: Subject,
    /// The abstract socket name of the run.
    pub(crate) socket: String,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_word_everything_is_measured_five_times() {
        let cli = Cli::parse_from(["memwire-benches"]);
        assert!(cli.command.is_none());
        assert_eq!((cli.settings.runs, cli.settings.percent), (5, 100));
    }

    #[test]
    fn settings_stand_before_or_behind_the_word() {
        for line in ["b --runs 7 packets", "b packets --runs 7"] {
            let cli = Cli::parse_from(line.split(' '));
            assert!(matches!(cli.command, Some(Command::Packets)), "{line}");
            assert_eq!(cli.settings.runs, 7, "{line}");
        }
    }
}
