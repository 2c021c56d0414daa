//! The text lines of a Y4M (`YUV4MPEG2`) stream.
//!
//! A Y4M file is one header line, then for every frame a line that begins with `FRAME` and the
//! planes behind it. The lines are kept to the byte, so that a receiver writes the file that the
//! sender read. Tags as in mjpegtools' yuv4mpeg(5), colour spaces as FFmpeg extends them.

use crate::error::{Dimension, FormatError, excerpt};
use crate::video::dimension;
use crate::{PixelFormat, Rational};

const MAGIC: &str = "YUV4MPEG2";
const FRAME: &str = "FRAME";

/// The header line of a Y4M stream and the line in front of one of its frames.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Y4m {
    header: String,
    /// `None` is the plain line.
    frame: Option<String>,
}

/// What a Y4M header says about the frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Y4mStream {
    /// Pixels in a row.
    pub width: u32,
    /// Rows in a picture.
    pub height: u32,
    /// Frames per second, when the header knows.
    pub fps: Option<Rational>,
    /// The layout of the pixels.
    pub pixel: PixelFormat,
}

impl Y4m {
    /// A stream with this header line, given without its line feed.
    ///
    /// # Errors
    /// When the line does not begin with `YUV4MPEG2`, or is more than one line.
    pub fn new(header: &str) -> Result<Self, FormatError> {
        check(
            header,
            MAGIC,
            "does not begin with YUV4MPEG2: this is no Y4M stream",
        )?;
        Ok(Self {
            header: header.into(),
            frame: None,
        })
    }

    /// The same stream at a frame with this line in front, given without its line feed.
    ///
    /// # Errors
    /// When the line does not begin with `FRAME`, or is more than one line.
    pub fn with_frame_line(self, line: &str) -> Result<Self, FormatError> {
        check(
            line,
            FRAME,
            "does not begin with FRAME, as the line of a frame has to",
        )?;
        Ok(Self {
            frame: (line != FRAME).then(|| line.into()),
            ..self
        })
    }

    /// The header line, without its line feed.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// The line in front of this frame, without its line feed.
    pub fn frame_line(&self) -> &str {
        self.frame.as_deref().unwrap_or(FRAME)
    }

    /// The frame line, when it says more than `FRAME`.
    pub(crate) fn frame_parameters(&self) -> Option<&str> {
        self.frame.as_deref()
    }

    /// Reads size, rate and pixel format from the header.
    ///
    /// # Errors
    /// When width or height are missing or out of range, or the rate or colour space is unknown.
    pub fn stream(&self) -> Result<Y4mStream, FormatError> {
        let (mut width, mut height, mut fps, mut color) = (None, None, None, "420jpeg");
        for tag in self.header.split(' ').skip(1) {
            match tag.split_at_checked(1) {
                Some(("W", value)) => width = dimension(Dimension::Width, value).transpose()?,
                Some(("H", value)) => height = dimension(Dimension::Height, value).transpose()?,
                Some(("F", value)) => fps = rate(value)?,
                Some(("C", value)) => color = value,
                _ => {}
            }
        }
        Ok(Y4mStream {
            width: width.ok_or_else(|| self.fault("has no width: it needs a tag such as W1920"))?,
            height: height
                .ok_or_else(|| self.fault("has no height: it needs a tag such as H1080"))?,
            fps,
            pixel: pixel(color).ok_or_else(|| self.fault(COLORS))?,
        })
    }

    fn fault(&self, problem: &'static str) -> FormatError {
        fault(&self.header, problem)
    }
}

impl Y4mStream {
    /// The exact size of one frame in bytes, without its line. Odd dimensions are allowed: colour
    /// planes are rounded up.
    ///
    /// # Errors
    /// When a dimension is out of range.
    pub fn frame_bytes(&self) -> Result<u64, FormatError> {
        self.pixel.frame_bytes_rounded_up(self.width, self.height)
    }
}

const COLORS: &str = "has an unknown colour space: C420, C422, C444, C411, C444alpha and Cmono are \
     known, and all but C411 and C444alpha with 10 or 12 bits (C422p10), Cmono16 too";

/// The pixels of a colour space tag. The 8-bit 4:2:0 forms differ in where colour is sampled only.
fn pixel(color: &str) -> Option<PixelFormat> {
    Some(match color {
        "420" | "420jpeg" | "420paldv" | "420mpeg2" => PixelFormat::Yuv420p,
        "420p10" => PixelFormat::Yuv420p10le,
        "420p12" => PixelFormat::Yuv420p12le,
        "411" => PixelFormat::Yuv411p,
        "422" => PixelFormat::Yuv422p,
        "422p10" => PixelFormat::Yuv422p10le,
        "422p12" => PixelFormat::Yuv422p12le,
        "444" => PixelFormat::Yuv444p,
        "444p10" => PixelFormat::Yuv444p10le,
        "444p12" => PixelFormat::Yuv444p12le,
        "444alpha" => PixelFormat::Yuva444p,
        "mono" => PixelFormat::Gray,
        "mono10" => PixelFormat::Gray10le,
        "mono12" => PixelFormat::Gray12le,
        "mono16" => PixelFormat::Gray16le,
        _ => return None,
    })
}

/// `60:1`; `0:0` is "unknown".
fn rate(value: &str) -> Result<Option<Rational>, FormatError> {
    match value {
        "0:0" => Ok(None),
        value => value.replacen(':', "/", 1).parse().map(Some),
    }
}

/// One line, beginning with `word` as a whole word.
fn check(line: &str, word: &str, problem: &'static str) -> Result<(), FormatError> {
    let rest = line
        .strip_prefix(word)
        .ok_or_else(|| fault(line, problem))?;
    match rest.bytes().next() {
        _ if rest.contains('\n') => Err(fault(line, "is more than one line")),
        None | Some(b' ') => Ok(()),
        Some(_) => Err(fault(line, problem)),
    }
}

fn fault(line: &str, problem: &'static str) -> FormatError {
    FormatError::Y4mLine {
        line: excerpt(line),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(header: &str) -> Result<Y4mStream, FormatError> {
        Y4m::new(header).unwrap().stream()
    }

    #[test]
    fn the_header_tells_size_rate_and_pixels() {
        let stream =
            stream("YUV4MPEG2 W1280 H720 F60000:1001 Ip A1:1 C422p10 XYSCSS=422P10").unwrap();
        assert_eq!((stream.width, stream.height), (1280, 720));
        assert_eq!(stream.fps.unwrap().to_string(), "60000/1001");
        assert_eq!(stream.frame_bytes(), Ok(1280 * 720 * 4));
    }

    #[test]
    fn no_colour_space_means_4_2_0() {
        let stream = stream("YUV4MPEG2 W3 H3 F0:0").unwrap();
        assert_eq!((stream.pixel, stream.fps), (PixelFormat::Yuv420p, None));
        assert_eq!(stream.frame_bytes(), Ok(17));
    }

    #[test]
    fn incomplete_headers_say_what_they_lack() {
        let error = |header| stream(header).unwrap_err().to_string();
        assert!(error("YUV4MPEG2 H720").contains("has no width"));
        assert!(error("YUV4MPEG2 W1280").contains("has no height"));
        assert!(error("YUV4MPEG2 W1 H1 C9").contains("unknown colour space"));
        assert!(error("YUV4MPEG2 W0 H1").contains("width 0 is out of range"));
        assert!(error("YUV4MPEG2 W1 H1 F1:0").contains("frame rate"));
    }

    #[test]
    fn other_lines_are_no_header() {
        for line in ["", "YUV4MPEG", "YUV4MPEG21 W1", "RIFF", "YUV4MPEG2 W1\nH1"] {
            assert!(Y4m::new(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn lines_are_kept_to_the_byte() {
        let header = "YUV4MPEG2  W2 H2 \r";
        let y4m = Y4m::new(header).unwrap();
        assert_eq!((y4m.header(), y4m.frame_line()), (header, "FRAME"));
        let y4m = y4m.with_frame_line("FRAME Ipp ").unwrap();
        assert_eq!((y4m.header(), y4m.frame_line()), (header, "FRAME Ipp "));
    }

    #[test]
    fn a_frame_begins_with_its_word() {
        let y4m = Y4m::new("YUV4MPEG2 W2 H2").unwrap();
        assert!(y4m.clone().with_frame_line("FRAMES").is_err());
        assert!(y4m.clone().with_frame_line("FRAME\nI").is_err());
        assert_eq!(y4m.clone().with_frame_line("FRAME"), Ok(y4m));
    }
}
