//! What all four commands are told: which link, what its frames are, and when to stop.

use std::time::Duration;

use clap::Args;
use memif::Mode;

use super::stamp::Framing;
use crate::clock;
use crate::link_args::LinkArgs;
use crate::stop::{SLICE, Stop};

/// The smallest buffer that is worth a descriptor.
const SMALLEST_BUFFER: u32 = 64;

/// One end of a link that carries packets.
#[derive(Args, Clone, Debug)]
pub(crate) struct PortArgs {
    #[command(flatten)]
    pub(crate) link: LinkArgs,
    /// What the frames are: ethernet, ip or punt-inject; both sides name the same
    #[arg(long, value_name = "MODE", default_value_t, help_heading = "Link")]
    pub(crate) mode: Mode,
    /// Bytes in each buffer, a longer frame takes several [set by the client]
    #[arg(long, value_name = "BYTES", default_value_t = 2048, value_parser = buffer_size,
          help_heading = "Link")]
    pub(crate) buffer_size: u32,
    /// Stop after N frames
    #[arg(short, long, value_name = "N")]
    pub(crate) count: Option<u64>,
    /// Stop after this time, whatever happened
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) seconds: Option<Duration>,
}

impl PortArgs {
    /// What the frames of this link begin with.
    pub(crate) fn framing(&self) -> Framing {
        match self.mode {
            Mode::Ethernet => Framing::Ethernet,
            Mode::Ip => Framing::Ip,
            Mode::PuntInject => Framing::Opaque,
        }
    }
}

/// When a command is over: after its frames, after its time, or when it is asked to end.
#[derive(Clone, Debug)]
pub(crate) struct Until {
    stop: Stop,
    count: Option<u64>,
    deadline: Option<Duration>,
}

impl Until {
    /// The time counts from `now`.
    pub(crate) fn new(args: &PortArgs, stop: Stop, now: Duration) -> Until {
        Until {
            stop,
            count: args.count,
            deadline: args.seconds.map(|time| now.saturating_add(time)),
        }
    }

    /// Whether it is over at `now`, with so many frames done.
    pub(crate) fn over(&self, frames: u64, now: Duration) -> bool {
        self.left(frames) == 0
            || self.deadline.is_some_and(|deadline| now >= deadline)
            || self.stop.requested()
    }

    /// How many frames are still wanted.
    pub(crate) fn left(&self, frames: u64) -> u64 {
        self.count
            .map_or(u64::MAX, |count| count.saturating_sub(frames))
    }

    /// How long a wait may last before this needs another look.
    pub(crate) fn slice(&self) -> Duration {
        self.deadline.map_or(SLICE, |deadline| {
            deadline.saturating_sub(clock::monotonic()).min(SLICE)
        })
    }
}

fn buffer_size(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(bytes) if bytes >= SMALLEST_BUFFER => Ok(bytes),
        _ => Err(format!("a buffer has at least {SMALLEST_BUFFER} bytes")),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.parse().ok().filter(|seconds| *seconds > 0.0);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "give a time in seconds, above 0, such as 10 or 0.5".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: PortArgs,
    }

    const START: Duration = Duration::from_secs(1000);

    fn until(options: &[&str]) -> (Until, Stop) {
        let line = ["test", "some.sock"].iter().chain(options);
        let args = Line::try_parse_from(line).expect("valid").args;
        let stop = Stop::default();
        (Until::new(&args, stop.clone(), START), stop)
    }

    #[test]
    fn without_a_limit_only_a_request_ends_it() {
        let (until, stop) = until(&[]);
        assert!(!until.over(1 << 60, START * 1000));
        assert_eq!(until.left(7), u64::MAX);
        stop.request();
        assert!(until.over(0, START));
    }

    #[test]
    fn it_is_over_after_its_frames_or_its_time() {
        let (until, _) = until(&["--count", "10", "--seconds", "0.5"]);
        assert_eq!((until.left(7), until.left(10), until.left(11)), (3, 0, 0));
        assert!(!until.over(9, START));
        assert!(until.over(10, START));
        assert!(until.over(0, START + Duration::from_millis(500)));
    }

    #[test]
    fn times_and_sizes_that_make_no_sense_are_refused() {
        for text in ["0", "-1", "NaN", "inf", "1e300", "soon"] {
            assert!(seconds(text).is_err(), "{text}");
        }
        for text in ["0", "63", "-1", "big"] {
            assert!(buffer_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_mode_says_what_frames_begin_with() {
        for (mode, framing) in [
            ("ethernet", Framing::Ethernet),
            ("ip", Framing::Ip),
            ("punt-inject", Framing::Opaque),
        ] {
            let line = Line::try_parse_from(["test", "some.sock", "--mode", mode]).expect("valid");
            assert_eq!(line.args.framing(), framing);
        }
    }
}
