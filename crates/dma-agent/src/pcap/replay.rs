//! A port whose frames come out of a file.

use std::fmt;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant};

use switch::{DropReason, Stamp};

use super::PcapError;
use super::source::Source as Recording;
use crate::device::{Delivered, Device, Gone, News, Sink, Source, forward_own};
use crate::{Frame, LARGEST_FRAME};

/// Frames taken in before others get their turn.
const BURST: usize = 64;

/// How fast a file is replayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// As it was recorded.
    #[default]
    Recorded,
    /// As fast as the agent can: those who cannot follow lose frames.
    Fast,
}

/// How a file is replayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayOptions {
    /// How fast.
    pub pace: Pace,
    /// Again and again.
    pub repeat: bool,
}

/// Sends the Ethernet frames of a pcap or pcapng file, as far as they were captured. At the end it falls silent. What is
/// sent to it is dropped.
#[derive(Debug)]
pub struct ReplayDevice {
    recording: Recording,
    options: ReplayOptions,
    frame: Vec<u8>,
    /// When the frame in `frame` was recorded, if one is there.
    recorded: Option<Duration>,
    /// When the first frame of this round was sent, and when it was recorded.
    origin: Option<(Instant, Duration)>,
    is_over: bool,
}

impl ReplayDevice {
    /// Opens a file.
    ///
    /// # Errors
    /// [`PcapError`]; what is broken further on in the file ends the replay there.
    pub fn open(path: &Path, options: ReplayOptions) -> Result<Self, PcapError> {
        Ok(Self {
            recording: Recording::open(path)?,
            options,
            frame: Vec::new(),
            recorded: None,
            origin: None,
            is_over: false,
        })
    }

    /// Has the next frame in `frame`, unless it is over.
    fn load(&mut self) -> Option<Duration> {
        if self.recorded.is_some() || self.is_over {
            return self.recorded;
        }
        match self.next() {
            Ok(next) => self.recorded = next,
            Err(error) => tracing::warn!(%error, "replay ends here"),
        }
        self.is_over = self.recorded.is_none();
        self.recorded
    }

    fn next(&mut self) -> Result<Option<Duration>, PcapError> {
        let next = self.recording.next(&mut self.frame)?;
        // Without an origin not one frame was found: there is nothing to repeat.
        if next.is_some() || !self.options.repeat || self.origin.is_none() {
            return Ok(next);
        }
        self.origin = None;
        self.recording.rewind()?;
        self.recording.next(&mut self.frame)
    }

    /// How long the loaded frame has to wait.
    fn wait(&mut self, recorded: Duration) -> Duration {
        let (begun, first) = *self.origin.get_or_insert((Instant::now(), recorded));
        match self.options.pace {
            Pace::Fast => Duration::ZERO,
            Pace::Recorded => recorded
                .saturating_sub(first)
                .saturating_sub(begun.elapsed()),
        }
    }
}

impl Device for ReplayDevice {
    fn kind(&self) -> &'static str {
        "replay"
    }

    fn watch(&self, _: &mut dyn FnMut(Source, BorrowedFd<'_>) -> io::Result<()>) -> io::Result<()> {
        Ok(())
    }

    fn notice(&mut self, _: News) {}

    fn receive(&mut self, sink: &mut dyn Sink) -> Result<bool, Gone> {
        for _ in 0..BURST {
            let Some(recorded) = self.load() else {
                return Ok(false);
            };
            if !self.wait(recorded).is_zero() {
                return Ok(false);
            }
            self.recorded = None;
            forward_own(&self.frame, sink);
        }
        Ok(true)
    }

    fn deliver(&mut self, _: &Frame<'_>, _: &Stamp) -> Delivered {
        Err(DropReason::DeviceRefused)
    }

    fn flush(&mut self) -> Result<(), Gone> {
        Ok(())
    }

    fn undelivered(&self) -> u64 {
        0
    }

    fn largest(&self) -> usize {
        LARGEST_FRAME
    }

    fn look_again(&mut self) -> Option<Duration> {
        let recorded = self.recorded?;
        Some(self.wait(recorded))
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Recorded => "recorded",
            Self::Fast => "fast",
        })
    }
}

impl FromStr for Pace {
    type Err = NotAPace;

    fn from_str(text: &str) -> Result<Self, NotAPace> {
        match text {
            "recorded" => Ok(Self::Recorded),
            "fast" => Ok(Self::Fast),
            _ => Err(NotAPace),
        }
    }
}

/// A text that is no [`Pace`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a pace is \"recorded\" or \"fast\"")]
pub struct NotAPace;
