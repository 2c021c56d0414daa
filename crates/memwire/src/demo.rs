//! `memwire demo`: two real processes of this program share video, two tenants exchange Ethernet frames through an
//! agent, and every frame is verified.

mod child;
mod ethernet;
mod scratch;
mod summary;
pub(crate) mod tenant;

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context as _, bail};
use clap::Args;

use crate::cli::Common;
use crate::report::Talk;
use crate::stop::Stop;
use child::{Child, Ending};
use ethernet::Exchange;
use scratch::Scratch;
use summary::{Demo, Video};

/// What the demo sends.
const VIDEO: &str = "1920x1080@60";
const FORMAT: &str = "yuv422p10le";
const FRAMES_PER_SECOND: u64 = 60;

const EXAMPLES: &str = "\
Examples:
  memwire demo                        five seconds of 1080p60 and Ethernet, and a small table
  memwire demo --seconds 60 --json    a minute, and one object

The processes meet on sockets in a temporary directory of their own, which is removed at the end.
Exits with 1 when a frame was lost or corrupt.";

/// How long the demo takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DemoArgs {
    /// How long to send
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
}

/// Runs all processes until the frames are through, and tells how it went.
pub(crate) fn run(args: &DemoArgs, common: &Common) -> anyhow::Result<()> {
    let stop = Stop::on_signals().context("cannot watch for signals")?;
    let scratch = Scratch::new()?;
    let frames = args.seconds * FRAMES_PER_SECOND;
    let exchange = Exchange::start(scratch.path(), args.seconds * ethernet::RATE)?;
    let Some(video) = share(&scratch.path().join("demo.sock"), frames, common, &stop)? else {
        return Ok(());
    };
    let Some(ethernet) = exchange.finish(&stop)? else {
        return Ok(());
    };
    drop(scratch);
    let demo = Demo { video, ethernet };
    Talk::new(common, false).result(&demo)?;
    demo.verdict()
}

/// None when it was stopped before the end.
fn share(
    socket: &Path,
    frames: u64,
    common: &Common,
    stop: &Stop,
) -> anyhow::Result<Option<Video>> {
    let mut receiver = Child::start("receiver", &receive(socket, frames, common.quiet))?;
    let mut sender = Child::start("sender", &send(socket, frames))?;
    let (sent, received) = match child::wait_for_both(&mut sender, &mut receiver, stop)? {
        Ending::Stopped => return Ok(None),
        Ending::Both(sent, received) => (sent, received),
    };
    match Video::new(&sent, &received, format!("{VIDEO} {FORMAT}")) {
        Some(video) => Ok(Some(video)),
        None => bail!("the receiver's summary is not what was expected: {received}"),
    }
}

fn send(socket: &Path, frames: u64) -> Vec<OsString> {
    let mut words = words(["send"]);
    words.push(socket.into());
    words.extend(self::words([
        "--pattern",
        "--video",
        VIDEO,
        "--format",
        FORMAT,
    ]));
    words.extend(self::words([
        "--frames",
        &frames.to_string(),
        "--json",
        "--quiet",
        "--tied",
    ]));
    words
}

fn receive(socket: &Path, frames: u64, quiet: bool) -> Vec<OsString> {
    let mut words = words(["recv"]);
    words.push(socket.into());
    words.extend(self::words([
        "--verify",
        "--frames",
        &frames.to_string(),
        "--json",
        "--tied",
    ]));
    words.extend(quiet.then(|| "--quiet".into()));
    words
}

fn words<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    words.map(OsString::from).into()
}
