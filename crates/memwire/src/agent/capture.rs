//! `memwire capture`: what goes through a running agent, as pcapng.

use std::io::{ErrorKind, Read};
use std::path::PathBuf;

use clap::Args;
use dma_agent::control::{Ask, Reply};
use serde::Serialize;

use super::ask::{At, told, unexpected};
use super::frames::Frames;
use crate::cli::Common;
use crate::output::Output;
use crate::report::{Summary, Talk, grouped};
use crate::stop::{SLICE, Stop};

/// Copy what goes through a running agent to a pcapng file, until Ctrl-C
#[derive(Args, Clone, Debug)]
#[command(after_help = HELP)]
pub(crate) struct CaptureArgs {
    /// Only what this port sends and receives; also as did:N
    #[arg(long, value_name = "NAME")]
    port: Option<String>,
    /// Where to: a file, or - for standard output
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    write: PathBuf,
    #[command(flatten)]
    at: At,
}

const HELP: &str = "\
Examples:
  memwire capture --write agent.pcapng
  memwire capture --port uplink | tshark -i -
  memwire capture | tcpdump -r -";

#[derive(Debug, Serialize)]
struct Captured {
    frames: u64,
    bytes: u64,
}

pub(crate) fn run(args: &CaptureArgs, common: &Common) -> anyhow::Result<()> {
    let stop = Stop::on_signals()?;
    let mut output = Output::open(&args.write)?;
    let talk = Talk::new(common, output.is_stdout());
    let mut control = args.at.connect()?;
    let port = args.port.clone();
    let Reply::Capture(_) = control.ask(Ask::Capture { port }).map_err(told)? else {
        return Err(unexpected());
    };
    let stream = control.into_stream(SLICE)?;
    let mut captured = Captured {
        frames: 0,
        bytes: 0,
    };
    let ended = copy(stream, &mut output, &stop, &mut captured);
    talk.finish(&captured)?;
    ended
}

/// Until Ctrl-C; the end of the agent is a failure.
fn copy(
    mut stream: impl Read,
    output: &mut Output,
    stop: &Stop,
    captured: &mut Captured,
) -> anyhow::Result<()> {
    let (mut buffer, mut frames) = (vec![0; 64 << 10], Frames::default());
    while !stop.requested() {
        let count = match stream.read(&mut buffer) {
            Ok(0) => anyhow::bail!("the agent has ended the capture"),
            Ok(count) => count,
            Err(error) if is_pause(error.kind()) => continue,
            Err(error) => anyhow::bail!("the agent cannot be heard any more: {error}"),
        };
        output.write(&buffer[..count])?;
        captured.bytes += count as u64;
        captured.frames = frames.count(&buffer[..count]);
    }
    Ok(())
}

fn is_pause(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

impl Summary for Captured {
    fn rows(&self) -> Vec<(&'static str, String)> {
        vec![
            ("frames", grouped(self.frames)),
            ("bytes written", grouped(self.bytes)),
        ]
    }
}
