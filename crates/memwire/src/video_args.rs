//! `--video` and `--format`: what raw bytes mean, and what a test picture looks like.

use clap::Args;
use media::{PixelFormat, Rational, VideoFormat};

/// Picture heights that may be named alone, each with its width.
const NAMED: [(&str, u32, u32); 5] = [
    ("480", 640, 480),
    ("720", 1280, 720),
    ("1080", 1920, 1080),
    ("2160", 3840, 2160),
    ("4320", 7680, 4320),
];
/// What a test picture is when nothing is said about it.
const DEFAULT: &str = "1920x1080@60 yuv422p10le";

/// The video format, as far as the command line gives it.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct VideoArgs {
    /// Picture size and frames per second: 1920x1080@60, 1280x720@30000/1001, 1080p59.94
    #[arg(long, value_name = "WxH@FPS", value_parser = raster, help_heading = "Video")]
    pub(crate) video: Option<VideoFormat>,
    /// Pixel format, by its FFmpeg name: yuv422p10le, v210, nv12, rgb8 … (a wrong one lists them all)
    #[arg(long, value_name = "PIXELS", help_heading = "Video")]
    pub(crate) format: Option<PixelFormat>,
}

impl VideoArgs {
    /// The format of bytes that do not tell it themselves; both options are needed then.
    pub(crate) fn raw(&self) -> Option<VideoFormat> {
        Some(self.video?.with_pixel(self.format?))
    }

    /// The format to make up a picture in.
    pub(crate) fn or_default(&self) -> Result<VideoFormat, media::FormatError> {
        let video = self.video.map_or_else(|| DEFAULT.parse(), Ok)?;
        Ok(self.format.map_or(video, |pixel| video.with_pixel(pixel)))
    }

    /// Whether either option was given.
    pub(crate) fn is_given(&self) -> bool {
        self.video.is_some() || self.format.is_some()
    }
}

fn raster(text: &str) -> Result<VideoFormat, media::FormatError> {
    match named(text) {
        Some(video) => video,
        None => text.parse(),
    }
}

/// `1080p60` and the like.
fn named(text: &str) -> Option<Result<VideoFormat, media::FormatError>> {
    let (lines, rate) = text.split_once('p')?;
    let (_, width, height) = *NAMED.iter().find(|(name, ..)| *name == lines)?;
    let fps: Result<Rational, _> = rate.parse();
    Some(fps.map(|fps| VideoFormat {
        width,
        height,
        fps,
        pixel: PixelFormat::default(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_may_be_named_alone() {
        assert_eq!(raster("1080p60"), "1920x1080@60".parse());
        assert_eq!(raster("2160p59.94"), "3840x2160@60000/1001".parse());
        assert_eq!(raster("1280x720@25"), "1280x720@25".parse());
        assert!(raster("1080p").is_err());
        assert!(raster("999p60").is_err());
    }

    #[test]
    fn raw_bytes_need_both_options_and_a_picture_none() {
        let mut args = VideoArgs {
            video: raster("720p50").ok(),
            format: None,
        };
        assert_eq!(args.raw(), None);
        args.format = Some(PixelFormat::V210);
        assert_eq!(args.raw(), "1280x720@50 v210".parse().ok());
        assert_eq!(VideoArgs::default().or_default(), DEFAULT.parse());
    }
}
