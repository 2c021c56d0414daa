//! `memwire recv`: video out of a link into a file, a pipe, or nothing but a verdict.

mod form;
mod inlet;
mod session;
mod summary;
mod take;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use crate::cli::Common;
use crate::exit::misuse;
use crate::link_args::{LinkArgs, seconds};
use crate::output::Output;
use crate::report::Talk;
use crate::stop::Stop;
use crate::video_args::VideoArgs;
use form::FormArg;
use inlet::Inlet;
use session::{Rules, Session};
use take::{Plan, Taker};

/// What to receive, and what to do with it.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RecvArgs {
    #[command(flatten)]
    link: LinkArgs,
    /// File to write; - is standard output. A file that exists is overwritten
    #[arg(value_name = "OUTPUT")]
    output: Option<PathBuf>,
    /// Check that every frame is a whole test picture, as --pattern sends them
    #[arg(long)]
    verify: bool,
    /// How to write: as y4m, or raw [default: y4m if OUTPUT is named so, or else as it was sent]
    #[arg(long = "as", value_name = "FORM")]
    form: Option<FormArg>,
    #[command(flatten)]
    video: VideoArgs,
    /// End after N frames
    #[arg(long, value_name = "N")]
    frames: Option<u64>,
    /// Fail when no frame has come for so long [default: wait for ever]
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    timeout: Option<Duration>,
}

const EXAMPLES: &str = "\
Examples:
  memwire recv cam.sock clip.y4m
  memwire recv cam.sock - | ffplay -
  memwire recv cam.sock - --as y4m | ffplay -     also when the sender sends raw video
  memwire recv cam.sock --verify --json           whether test pictures arrive whole

The receiver connects unless told --role server. It waits for its sender, also for one that was
killed to come back, and ends when the sender ends; Ctrl-C ends it too, and both are a success.
A sender that is not ours does not say what it sends: give --video and --format then.";

/// Receives until the sender, or the patience of the user, is at its end.
pub(crate) fn run(args: &RecvArgs, common: &Common) -> anyhow::Result<()> {
    let stop = Stop::on_signals().context("cannot watch for signals")?;
    let plan = plan(args)?;
    let mut talk = Talk::new(common, plan.output.is_stdout());
    let inlet = Inlet::open(&args.link, plan.video)?;
    talk.start_progress(args.frames);
    let rules = Rules {
        frames: args.frames,
        timeout: args.timeout,
    };
    let mut session = Session::new(inlet, Taker::new(plan), rules, &stop, &talk);
    let done = session.run();
    let summary = session.summary();
    if done.is_ok() || summary.has_begun() {
        talk.finish(&summary)?;
    }
    done
}

fn plan(args: &RecvArgs) -> anyhow::Result<Plan> {
    let video = args.video.raw();
    if args.video.is_given() && video.is_none() {
        return Err(misuse(
            "a format is told by both --video and --format, or by neither",
        ));
    }
    if let Some(format) = video {
        format.frame_bytes().map_err(misuse)?;
    }
    let output = match &args.output {
        Some(path) => Output::open(path)?,
        None if args.verify => Output::nowhere(),
        None => {
            return Err(misuse(
                "name an OUTPUT, or - for standard output, or only --verify what comes",
            ));
        }
    };
    let form = args
        .output
        .as_deref()
        .map_or(args.form, |path| form::asked(args.form, path));
    Ok(Plan {
        output,
        form,
        video,
        verify: args.verify,
    })
}
