//! The command line: what can be asked for, and how it is explained.

use clap::{Args, Parser, Subcommand};

use crate::agent::{AgentArgs, CaptureArgs, FdbCommand, ShowArgs};
use crate::demo::DemoArgs;
use crate::demo::tenant::TenantArgs;
use crate::eth;
use crate::recv::RecvArgs;
use crate::send::SendArgs;
use crate::tap::TapArgs;

/// The shared-memory wire between processes on one Linux node
#[derive(Debug, Parser)]
#[command(name = "memwire", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
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
    /// End when the parent process ends
    #[arg(long, global = true, hide = true)]
    pub(crate) tied: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Send video: a file, standard input, or a moving test picture
    Send(SendArgs),
    /// Receive video into a file or standard output, or verify a test picture
    Recv(RecvArgs),
    /// Generate, count, answer or print packets, beside any memif peer
    Eth {
        #[command(subcommand)]
        command: eth::Command,
    },
    /// Serve tenants: Ethernet frames between programs, switched
    Agent(AgentArgs),
    /// Show what a running agent has: ports, addresses, services, drops, clients
    Show(ShowArgs),
    /// Work on the addresses that a running agent has learned
    Fdb {
        #[command(subcommand)]
        command: FdbCommand,
    },
    /// Copy what goes through a running agent to a pcapng file, until Ctrl-C
    Capture(CaptureArgs),
    /// Make a network interface of this host a tenant of an agent
    Tap(TapArgs),
    /// Show that it works: processes share 1080p60 video and Ethernet frames, and every frame is verified
    Demo(DemoArgs),
    #[command(hide = true)]
    DemoTenant(TenantArgs),
}

const EXAMPLES: &str = "\
Examples:
  memwire demo                                   see it work
  memwire send cam.sock clip.y4m                 in one terminal
  memwire recv cam.sock copy.y4m                 in another; either may start first
  ffmpeg -i clip.mp4 -f yuv4mpegpipe - | memwire send cam.sock -
  memwire recv cam.sock - | ffplay -
  memwire agent                                  serve programs that use descsock

Exit status: 0 done (also when stopped by Ctrl-C), 1 failed, 2 misused.
MEMWIRE_LOG=debug shows what goes on below, on stderr (also warn, info, trace, memif=debug);
the agent says what info would show without it.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
