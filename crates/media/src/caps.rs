//! The text that describes a stream: what the frames are, and how to write them to a file.
//!
//! One line, a kind and then `key=value` words; a second line carries what belongs to one frame:
//!
//! ```text
//! video/raw format=v210 width=1920 height=1080 fps=60/1
//! audio/raw format=pcm24 channels=2 rate=48k ptime=1ms
//! ancillary format=closed-caption fps=60/1
//! video/y4m YUV4MPEG2 W1280 H720 F60:1 C420jpeg
//! FRAME Ipp
//! ```
//!
//! A Y4M stream's lines are carried verbatim. Unknown keys are passed over, so that newer senders
//! can say more to newer receivers; a key that is given twice is an error.

mod fields;

use std::fmt;
use std::str::FromStr;

use crate::error::{Dimension, FormatError, excerpt};
use crate::{AudioFormat, Rational, VideoFormat, Y4m};
use fields::Fields;

const VIDEO: &str = "video/raw";
const Y4M: &str = "video/y4m";
const AUDIO: &str = "audio/raw";
const ANCILLARY: &str = "ancillary";

/// What the frames of a stream are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Caps {
    /// Uncompressed pictures.
    Video(VideoFormat),
    /// Uncompressed pictures out of a Y4M file.
    Y4m(Y4m),
    /// Packets of uncompressed sound.
    Audio(AudioFormat),
    /// Data that accompanies a picture.
    Ancillary(Ancillary),
}

/// Data that accompanies each picture of a video stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ancillary {
    /// What the data is.
    pub format: AncillaryFormat,
    /// Frames per second of the video.
    pub fps: Rational,
}

/// What ancillary data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AncillaryFormat {
    /// Subtitles.
    ClosedCaption,
}

/// A text that does not describe a stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CapsError {
    /// The first word is not a kind of stream.
    #[error("unknown kind of stream {given:?}: one of {VIDEO}, {Y4M}, {AUDIO}, {ANCILLARY}")]
    Kind {
        /// The first word.
        given: String,
    },
    /// A word behind the kind is not of the form `key=value`.
    #[error("{given:?} in a stream description is not key=value")]
    Word {
        /// The word.
        given: String,
    },
    /// A key that the kind needs is missing.
    #[error("the stream description has no {key}=")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// A key is given twice.
    #[error("the stream description has {key}= twice")]
    Twice {
        /// The key.
        key: &'static str,
    },
    /// The value of a key is not a number, or not a name that is known.
    #[error("{given:?} is not a {key} that a stream can have")]
    Value {
        /// The key.
        key: &'static str,
        /// Its value.
        given: String,
    },
    /// The value of a key is not acceptable, or the Y4M lines are not.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// There is a second line behind a kind that has none.
    #[error("the stream description goes on behind its first line, which only {Y4M} may")]
    SecondLine,
}

impl Caps {
    /// The exact size of one frame in bytes.
    ///
    /// `None` for data whose frames have no fixed size.
    ///
    /// # Errors
    /// When the description contradicts itself, such as an odd width in 4:2:2.
    pub fn frame_bytes(&self) -> Result<Option<u64>, FormatError> {
        match self {
            Self::Video(format) => format.frame_bytes().map(Some),
            Self::Y4m(lines) => lines.stream()?.frame_bytes().map(Some),
            Self::Audio(format) => format.packet_bytes().map(Some),
            Self::Ancillary(_) => Ok(None),
        }
    }
}

impl fmt::Display for Caps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Video(VideoFormat {
                width,
                height,
                fps,
                pixel,
            }) => {
                write!(
                    f,
                    "{VIDEO} format={pixel} width={width} height={height} fps={}",
                    Ratio(*fps)
                )
            }
            Self::Y4m(lines) => {
                write!(f, "{Y4M} {}", lines.header())?;
                lines
                    .frame_parameters()
                    .map_or(Ok(()), |line| write!(f, "\n{line}"))
            }
            Self::Audio(AudioFormat {
                sample,
                channels,
                rate,
                ptime,
            }) => {
                write!(
                    f,
                    "{AUDIO} format={sample} channels={channels} rate={rate} ptime={ptime}"
                )
            }
            Self::Ancillary(Ancillary { format, fps }) => {
                write!(f, "{ANCILLARY} format={format} fps={}", Ratio(*fps))
            }
        }
    }
}

impl FromStr for Caps {
    type Err = CapsError;

    fn from_str(text: &str) -> Result<Self, CapsError> {
        let (line, second) = text
            .split_once('\n')
            .map_or((text, None), |(a, b)| (a, Some(b)));
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        if kind == Y4M {
            return y4m(rest, second).map(Self::Y4m);
        }
        if second.is_some() {
            return Err(CapsError::SecondLine);
        }
        match kind {
            VIDEO => Ok(Self::Video(video(&Fields::read(rest)?)?)),
            AUDIO => Ok(Self::Audio(audio(&Fields::read(rest)?)?)),
            ANCILLARY => Ok(Self::Ancillary(ancillary(&Fields::read(rest)?)?)),
            _ => Err(CapsError::Kind {
                given: excerpt(kind),
            }),
        }
    }
}

impl fmt::Display for AncillaryFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClosedCaption => f.pad("closed-caption"),
        }
    }
}

/// A fraction with its denominator, also when that is 1.
struct Ratio(Rational);

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0.numerator(), self.0.denominator())
    }
}

fn video(fields: &Fields<'_>) -> Result<VideoFormat, CapsError> {
    Ok(VideoFormat {
        pixel: fields.value("format")?.parse()?,
        width: fields.dimension("width", Dimension::Width)?,
        height: fields.dimension("height", Dimension::Height)?,
        fps: fields.value("fps")?.parse()?,
    })
}

fn audio(fields: &Fields<'_>) -> Result<AudioFormat, CapsError> {
    Ok(AudioFormat {
        sample: fields.value("format")?.parse()?,
        channels: fields.number("channels")?,
        rate: fields.value("rate")?.parse()?,
        ptime: fields.value("ptime")?.parse()?,
    })
}

fn ancillary(fields: &Fields<'_>) -> Result<Ancillary, CapsError> {
    let format = match fields.value("format")? {
        "closed-caption" => AncillaryFormat::ClosedCaption,
        given => {
            return Err(CapsError::Value {
                key: "format",
                given: excerpt(given),
            });
        }
    };
    Ok(Ancillary {
        format,
        fps: fields.value("fps")?.parse()?,
    })
}

fn y4m(header: &str, frame: Option<&str>) -> Result<Y4m, CapsError> {
    let lines = Y4m::new(header)?;
    Ok(match frame {
        Some(frame) => lines.with_frame_line(frame)?,
        None => lines,
    })
}

#[cfg(test)]
mod tests;
