//! A video stream's size, rate and pixels.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::{Dimension, FormatError};
use crate::pixel::MAX_DIMENSION;
use crate::{PixelFormat, Rational};

/// What one frame of a video stream is, and how often there is one.
///
/// Parses `1920x1080@60`, `1280x720@59.94`, `1920x1080@60000/1001` and, with the pixel format
/// behind a blank, `1920x1080@60 v210`. Without one it is [`PixelFormat::default`]; see
/// [`VideoFormat::with_pixel`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VideoFormat {
    /// Pixels in a row.
    pub width: u32,
    /// Rows in a picture.
    pub height: u32,
    /// Frames per second.
    pub fps: Rational,
    /// The layout of the pixels.
    pub pixel: PixelFormat,
}

impl VideoFormat {
    /// The same picture size and rate with other pixels.
    #[must_use]
    pub fn with_pixel(self, pixel: PixelFormat) -> Self {
        Self { pixel, ..self }
    }

    /// The exact size of one frame in bytes.
    ///
    /// # Errors
    /// As [`PixelFormat::frame_bytes`].
    pub fn frame_bytes(&self) -> Result<u64, FormatError> {
        self.pixel.frame_bytes(self.width, self.height)
    }

    /// The time from the first frame (0) to the `n`th, exact to the nanosecond for every `n`.
    pub fn frame_interval(&self, n: u64) -> Duration {
        self.fps.time_of(n)
    }
}

impl fmt::Display for VideoFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            width,
            height,
            fps,
            pixel,
        } = self;
        write!(f, "{width}x{height}@{fps} {pixel}")
    }
}

impl FromStr for VideoFormat {
    type Err = FormatError;

    fn from_str(given: &str) -> Result<Self, FormatError> {
        let mut words = given.split_ascii_whitespace();
        let (Some(raster), pixel, None) = (words.next(), words.next(), words.next()) else {
            return Err(syntax(given));
        };
        let (size, fps) = raster.split_once('@').ok_or_else(|| syntax(given))?;
        let (width, height) = size.split_once(['x', 'X']).ok_or_else(|| syntax(given))?;
        Ok(Self {
            width: dimension(Dimension::Width, width).ok_or_else(|| syntax(given))??,
            height: dimension(Dimension::Height, height).ok_or_else(|| syntax(given))??,
            fps: fps.parse()?,
            pixel: pixel.map(str::parse).transpose()?.unwrap_or_default(),
        })
    }
}

fn syntax(given: &str) -> FormatError {
    FormatError::VideoSyntax {
        given: given.into(),
    }
}

/// A dimension within the limits; `None` when the text is no number at all.
pub(crate) fn dimension(which: Dimension, text: &str) -> Option<Result<u32, FormatError>> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = text.parse().unwrap_or(u64::MAX);
    let limited = match u32::try_from(value) {
        Ok(value @ 1..=MAX_DIMENSION) => Ok(value),
        _ => Err(FormatError::Dimension {
            dimension: which,
            value,
        }),
    };
    plain.then_some(limited)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn video(text: &str) -> VideoFormat {
        text.parse().unwrap()
    }

    #[test]
    fn size_and_rate_are_enough() {
        let format = video("1920x1080@60");
        assert_eq!((format.width, format.height), (1920, 1080));
        assert_eq!(format.pixel, PixelFormat::Yuv422p10le);
        assert_eq!(format.frame_bytes(), Ok(8_294_400));
    }

    #[test]
    fn decimal_and_fractional_rates_are_the_same_stream() {
        assert_eq!(video("1280x720@59.94"), video("1280x720@60000/1001"));
        assert_eq!(video("1280x720@23.976").fps.to_string(), "24000/1001");
    }

    #[test]
    fn the_pixel_format_may_follow() {
        let format = video("1920x1080@60 V210");
        assert_eq!(format.to_string(), "1920x1080@60 v210");
        assert_eq!(
            format.with_pixel(PixelFormat::Nv12).frame_bytes(),
            Ok(3_110_400)
        );
    }

    #[test]
    fn frame_times_do_not_drift() {
        let format = video("1920x1080@59.94");
        assert_eq!(format.frame_interval(0), Duration::ZERO);
        assert_eq!(format.frame_interval(60_000), Duration::from_secs(1001));
    }

    #[test]
    fn what_is_no_video_format_is_refused_with_an_example() {
        for text in [
            "",
            "1920",
            "1920x1080",
            "x@60",
            "1920*1080@60",
            "-1x2@3",
            "1x1@1 gray x",
        ] {
            let error = text.parse::<VideoFormat>().unwrap_err().to_string();
            assert!(
                error.contains("such as 1920x1080@60") || error.contains("example 1920x1080@60"),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn each_part_is_refused_for_its_own_reason() {
        let error = |text: &str| text.parse::<VideoFormat>().unwrap_err().to_string();
        assert_eq!(
            error("0x1080@60"),
            "width 0 is out of range: give 1 to 65535"
        );
        assert!(error("16x99999999999@60").starts_with("height 99999999999 is out of range"));
        assert!(error("16x16@0").starts_with("frame rate \"0\" is not usable"));
        assert!(error("16x16@60 foo").starts_with("unknown pixel format \"foo\""));
    }

    proptest! {
        #[test]
        fn a_printed_format_reads_back(
            width in 1..=MAX_DIMENSION, height in 1..=MAX_DIMENSION,
            fps in (1_u32.., 1_u32..), pixel in proptest::sample::select(&PixelFormat::ALL[..]),
        ) {
            let fps = Rational::new(fps.0, fps.1).unwrap();
            let format = VideoFormat { width, height, fps, pixel };
            prop_assert_eq!(format.to_string().parse(), Ok(format));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "[0-9x@./ a-z]*|.*") {
            let _ = text.parse::<VideoFormat>();
        }
    }
}
