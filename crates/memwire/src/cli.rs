//! The command line: what can be asked for, and how it is explained.

use clap::{Args, Parser};

/// The shared-memory wire between processes on one Linux node
#[derive(Debug, Parser)]
#[command(name = "memwire", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
}

/// What every command understands.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Common {
    /// End with one JSON object on one line, on stdout (on stderr when stdout carries the data)
    #[arg(long, global = true, help_heading = "Talk")]
    pub(crate) json: bool,
    /// Say nothing but errors
    #[arg(short, long, global = true, help_heading = "Talk")]
    pub(crate) quiet: bool,
}
