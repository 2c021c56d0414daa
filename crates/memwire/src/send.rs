//! `memwire send`: video into a link, from a file, a pipe, or made up.

mod outlet;
mod session;
mod summary;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use crate::cli::Common;
use crate::exit::misuse;
use crate::link_args::{LinkArgs, seconds};
use crate::report::Talk;
use crate::source::{self, Source, TestPicture};
use crate::stop::Stop;
use crate::video_args::VideoArgs;
use outlet::Outlet;
use session::{Rules, Session};

/// What to send, and how.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SendArgs {
    #[command(flatten)]
    link: LinkArgs,
    /// Video to send, Y4M or raw; - is standard input
    #[arg(value_name = "INPUT", conflicts_with = "pattern")]
    input: Option<PathBuf>,
    /// Send a moving test picture, which a receiver can verify
    #[arg(long)]
    pattern: bool,
    #[command(flatten)]
    video: VideoArgs,
    /// End after N frames
    #[arg(long, value_name = "N")]
    frames: Option<u64>,
    /// Begin again at the end of the file
    #[arg(long = "loop")]
    looped: bool,
    /// Send as fast as the receiver takes it, instead of at the video's rate
    #[arg(long)]
    unpaced: bool,
    /// Fail when no receiver has been there for so long [default: wait for ever]
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    timeout: Option<Duration>,
}

const EXAMPLES: &str = "\
Examples:
  memwire send cam.sock clip.y4m
  memwire send cam.sock clip.yuv --video 1920x1080@60 --format v210 --loop
  memwire send cam.sock --pattern --video 2160p60
  ffmpeg -i clip.mp4 -f yuv4mpegpipe - | memwire send cam.sock -

The sender listens unless told --role client. It waits for its receiver, also for the next one when
one goes away: then it carries on with the next frame, and tells at the end what nobody took.";

/// Sends until the input, or the patience of the user, is at its end.
pub(crate) fn run(args: &SendArgs, common: &Common) -> anyhow::Result<()> {
    let stop = Stop::on_signals().context("cannot watch for signals")?;
    let mut source = open_source(args, &stop)?;
    let mut talk = Talk::new(common, false);
    let outlet = Outlet::open(&args.link, source.about().frame_bytes)?;
    talk.start_progress(total(args, &*source));
    let rules = Rules {
        frames: args.frames,
        looped: args.looped,
        paced: !args.unpaced,
        timeout: args.timeout,
    };
    let mut session = Session::new(outlet, &mut *source, rules, &stop, &talk);
    let done = session.run();
    let summary = session.summary();
    if done.is_ok() || summary.has_begun() {
        talk.finish(&summary)?;
    }
    done
}

fn open_source(args: &SendArgs, stop: &Stop) -> anyhow::Result<Box<dyn Source>> {
    let path = match &args.input {
        Some(path) => path,
        None if args.pattern => return Ok(Box::new(TestPicture::new(args.video.or_default()?)?)),
        None => {
            return Err(misuse(
                "name an INPUT, or - for standard input, or send a --pattern",
            ));
        }
    };
    if args.looped && path == Path::new("-") {
        return Err(misuse(
            "--loop needs a file: standard input cannot begin again",
        ));
    }
    let source = source::open(path, &args.video, &mut || Ok(stop.check()?))?;
    if args.looped && !source.about().rewinds {
        return Err(misuse(format!(
            "--loop needs a file: {} cannot begin again",
            source.about().name
        )));
    }
    Ok(source)
}

/// How many frames there will be, if that can be known.
fn total(args: &SendArgs, source: &dyn Source) -> Option<u64> {
    match (args.frames, source.about().frames) {
        (frames, _) if args.looped => frames,
        (Some(most), Some(have)) => Some(most.min(have)),
        (one, other) => one.or(other),
    }
}
