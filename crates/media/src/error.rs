//! What can be wrong with a format somebody asked for.
//!
//! Every text carries the numbers and says what would be accepted, because most of these end up in
//! front of a person who typed a command line.

use std::fmt;

use crate::PixelFormat;
use crate::audio::{PacketTime, SampleRate};

/// A format that does not exist, or that does not fit what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// No pixel format has this name.
    #[error("unknown pixel format {given:?}: one of {}", PixelFormat::names())]
    UnknownPixelFormat {
        /// What was given.
        given: String,
    },
    /// No audio property has this name.
    #[error("unknown {what} {given:?}: one of {valid}")]
    UnknownAudio {
        /// Which property: sample format, sample rate, packet time.
        what: &'static str,
        /// What was given.
        given: String,
        /// Every name that is accepted.
        valid: String,
    },
    /// A picture dimension is zero or larger than any format can carry.
    #[error(
        "{dimension} {value} is out of range: give 1 to {}",
        crate::pixel::MAX_DIMENSION
    )]
    Dimension {
        /// Width or height.
        dimension: Dimension,
        /// What was given, in pixels.
        value: u64,
    },
    /// A picture dimension cuts a group of pixels that share colour samples.
    #[error("{dimension} {value} does not fit {format}: it must be {}", Multiple { value: *value, step: *step })]
    Subsampled {
        /// The format whose pixels share samples.
        format: PixelFormat,
        /// Width or height.
        dimension: Dimension,
        /// What was given, in pixels.
        value: u32,
        /// The dimension must be a multiple of this.
        step: u32,
    },
    /// The text is not a picture size and rate.
    #[error(
        "video format {given:?} is not WIDTHxHEIGHT@RATE with an optional pixel format behind it: \
         write for example 1920x1080@60, 1280x720@59.94 or \"1920x1080@60000/1001 v210\""
    )]
    VideoSyntax {
        /// What was given.
        given: String,
    },
    /// The text or number is not a frame rate.
    #[error(
        "frame rate {given:?} is not usable: give a positive number or fraction, such as 60, 59.94 or 60000/1001"
    )]
    FrameRate {
        /// What was given.
        given: String,
    },
    /// The text is not an audio format.
    #[error(
        "audio format {given:?} is not SAMPLES CHANNELSch RATE TIME: write for example \"pcm24 2ch 48k 1ms\""
    )]
    AudioSyntax {
        /// What was given.
        given: String,
    },
    /// This packet time does not exist at this sample rate.
    #[error("packet time {ptime} does not exist at {rate}: give one of {}", rate.packet_time_names())]
    PacketTime {
        /// The sample rate.
        rate: SampleRate,
        /// The packet time that it does not have.
        ptime: PacketTime,
    },
    /// An audio stream without channels.
    #[error("0 audio channels: give 1 to 65535")]
    NoChannels,
    /// A text line of a Y4M stream that cannot be used.
    #[error("the Y4M line {line:?} {problem}")]
    Y4mLine {
        /// The beginning of the line.
        line: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The test picture's header does not fit in a frame.
    #[error(
        "a frame of {bytes} bytes is too small for the test picture: it takes at least {least}"
    )]
    TooSmallForPattern {
        /// The size of the frame.
        bytes: u64,
        /// The smallest frame that can carry the test picture.
        least: usize,
    },
    /// A buffer that is not of the frame's size.
    #[error("a buffer of {have} bytes does not fit the frame: it has to be {need} bytes")]
    BufferSize {
        /// The size of the buffer.
        have: usize,
        /// The size of the frame.
        need: usize,
    },
    /// A frame that this machine cannot address.
    #[error("a frame of {bytes} bytes is more than this machine can address")]
    Unaddressable {
        /// The size of the frame.
        bytes: u64,
    },
}

/// A direction of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// Left to right.
    Width,
    /// Top to bottom.
    Height,
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Width => "width",
            Self::Height => "height",
        })
    }
}

/// "even, such as 1920 or 1922": the rule and the nearest values that keep it.
struct Multiple {
    value: u32,
    step: u32,
}

impl fmt::Display for Multiple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            2 => write!(f, "even, such as ")?,
            step => write!(f, "a multiple of {step}, such as ")?,
        }
        let below = self.value - self.value % self.step;
        let above = below + self.step;
        match (below, above) {
            (0, above) => write!(f, "{above}"),
            (below, above) if above > crate::pixel::MAX_DIMENSION => write!(f, "{below}"),
            (below, above) => write!(f, "{below} or {above}"),
        }
    }
}

/// The beginning of a text that may be long and not ours, for use in an error.
pub(crate) fn excerpt(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn odd(value: u32, step: u32) -> String {
        Multiple { value, step }.to_string()
    }

    #[test]
    fn the_neighbours_of_an_odd_dimension_are_offered() {
        assert_eq!(odd(1921, 2), "even, such as 1920 or 1922");
        assert_eq!(odd(1921, 4), "a multiple of 4, such as 1920 or 1924");
    }

    #[test]
    fn only_neighbours_inside_the_limits_are_offered() {
        assert_eq!(odd(1, 2), "even, such as 2");
        assert_eq!(odd(65535, 2), "even, such as 65534");
    }
}
