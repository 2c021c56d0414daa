//! How received frames are written: as bare bytes, or as Y4M.

use std::path::Path;

use anyhow::bail;
use clap::ValueEnum;
use media::{Caps, PixelFormat, VideoFormat, Y4m};

use crate::exit::misuse;

/// What the command line may ask for: the bare bytes, or Y4M.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum FormArg {
    Raw,
    Y4m,
}

/// What the command line asks for; an output named `.y4m` asks for Y4M. None means: as it was sent.
pub(crate) fn asked(form: Option<FormArg>, output: &Path) -> Option<FormArg> {
    let named_y4m = output
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("y4m"));
    form.or(named_y4m.then_some(FormArg::Y4m))
}

/// The form of one stream, settled by its first frame.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Form {
    /// What the stream was at its first frame.
    begun: Option<Caps>,
    /// The header, when the stream is written as Y4M.
    header: Option<Y4m>,
}

impl Form {
    /// Settles the form of a stream that is described by `caps`.
    pub(crate) fn settle(asked: Option<FormArg>, caps: Option<&Caps>) -> anyhow::Result<Form> {
        let header = match (asked, caps) {
            (Some(FormArg::Raw), _) => None,
            (_, Some(Caps::Y4m(lines))) => Some(Y4m::new(lines.header())?),
            (None, _) => None,
            (Some(FormArg::Y4m), Some(Caps::Video(format))) => Some(describing(*format)?),
            (Some(FormArg::Y4m), Some(_)) => {
                return Err(misuse("only video can be written as Y4M: use --as raw"));
            }
            (Some(FormArg::Y4m), None) => {
                return Err(misuse(
                    "the sender does not say what its frames are: give --video and --format, or use --as raw",
                ));
            }
        };
        Ok(Form {
            begun: caps.map(still),
            header,
        })
    }

    /// What goes before the first frame.
    pub(crate) fn prologue(&self) -> Option<String> {
        self.header
            .as_ref()
            .map(|lines| format!("{}\n", lines.header()))
    }

    /// What goes before a frame that is described by `caps`; a stream that has changed is an error.
    pub(crate) fn before(&self, caps: Option<&Caps>) -> anyhow::Result<Option<String>> {
        let now = caps.map(still);
        if self.begun != now {
            let [begun, now] = [&self.begun, &now].map(name);
            bail!("the stream was {begun} and is now {now}: one output cannot hold both");
        }
        Ok(self.header.as_ref().map(|_| match caps {
            Some(Caps::Y4m(lines)) => format!("{}\n", lines.frame_line()),
            _ => "FRAME\n".into(),
        }))
    }
}

/// The Y4M header for video that came without one.
fn describing(format: VideoFormat) -> anyhow::Result<Y4m> {
    let VideoFormat {
        width,
        height,
        fps,
        pixel,
    } = format;
    let Some(colour) = colour(pixel) else {
        return Err(misuse(format!(
            "{pixel} has no name in Y4M: name the output otherwise, or use --as raw"
        )));
    };
    let rate = format!("F{}:{}", fps.numerator(), fps.denominator());
    Ok(Y4m::new(&format!(
        "YUV4MPEG2 W{width} H{height} {rate} Ip A1:1 C{colour}"
    ))?)
}

/// The name of the pixel format in a Y4M header.
fn colour(pixel: PixelFormat) -> Option<&'static str> {
    use PixelFormat as P;
    Some(match pixel {
        P::Yuv420p => "420jpeg",
        P::Yuv420p10le => "420p10",
        P::Yuv420p12le => "420p12",
        P::Yuv411p => "411",
        P::Yuv422p => "422",
        P::Yuv422p10le => "422p10",
        P::Yuv422p12le => "422p12",
        P::Yuv444p => "444",
        P::Yuv444p10le => "444p10",
        P::Yuv444p12le => "444p12",
        P::Yuva444p => "444alpha",
        P::Gray => "mono",
        P::Gray10le => "mono10",
        P::Gray12le => "mono12",
        P::Gray16le => "mono16",
        _ => return None,
    })
}

/// The description without what belongs to a single frame.
fn still(caps: &Caps) -> Caps {
    match caps {
        Caps::Y4m(lines) => Y4m::new(lines.header()).map_or_else(|_| caps.clone(), Caps::Y4m),
        other => other.clone(),
    }
}

fn name(caps: &Option<Caps>) -> String {
    caps.as_ref()
        .map_or_else(|| "of no known format".into(), |caps| format!("\"{caps}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn video(text: &str) -> Caps {
        Caps::Video(text.parse().unwrap())
    }

    fn y4m(header: &str) -> Caps {
        Caps::Y4m(Y4m::new(header).unwrap())
    }

    #[test]
    fn an_output_named_y4m_asks_for_it_and_the_option_overrides() {
        assert_eq!(asked(None, Path::new("a.y4m")), Some(FormArg::Y4m));
        assert_eq!(asked(None, Path::new("-")), None);
        assert_eq!(
            asked(Some(FormArg::Raw), Path::new("a.Y4M")),
            Some(FormArg::Raw)
        );
    }

    #[test]
    fn a_stream_is_written_as_it_was_sent() {
        let raw = Form::settle(None, Some(&video("4x2@25 v210"))).unwrap();
        assert_eq!(
            (
                raw.prologue(),
                raw.before(Some(&video("4x2@25 v210"))).unwrap()
            ),
            (None, None)
        );
        let header = "YUV4MPEG2 W4 H2 Xyz";
        let form = Form::settle(None, Some(&y4m(header))).unwrap();
        assert_eq!(form.prologue(), Some(format!("{header}\n")));
        let lines = Y4m::new(header)
            .and_then(|lines| lines.with_frame_line("FRAME It"))
            .unwrap();
        assert_eq!(
            form.before(Some(&Caps::Y4m(lines))).unwrap(),
            Some("FRAME It\n".into())
        );
    }

    #[test]
    fn raw_video_becomes_y4m_where_that_has_a_name_for_it() {
        let caps = video("1920x1080@59.94 yuv422p10le");
        let form = Form::settle(Some(FormArg::Y4m), Some(&caps)).unwrap();
        let header = "YUV4MPEG2 W1920 H1080 F60000:1001 Ip A1:1 C422p10\n";
        assert_eq!(form.prologue().as_deref(), Some(header));
        assert_eq!(
            form.before(Some(&caps)).unwrap().as_deref(),
            Some("FRAME\n")
        );
        let v210 = Form::settle(Some(FormArg::Y4m), Some(&video("4x2@25 v210"))).unwrap_err();
        assert!(v210.to_string().contains("v210 has no name in Y4M"));
    }

    #[test]
    fn every_colour_we_write_is_read_back_as_the_same_pixels() {
        for pixel in PixelFormat::ALL {
            let format = "16x16@25".parse::<VideoFormat>().unwrap().with_pixel(pixel);
            if let Ok(lines) = describing(format) {
                assert_eq!(lines.stream().unwrap().pixel, pixel);
            }
        }
    }

    #[test]
    fn a_stream_that_changes_is_an_error_that_names_both() {
        let form = Form::settle(None, Some(&video("4x2@25 v210"))).unwrap();
        let error = form
            .before(Some(&video("8x2@25 v210")))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("width=4") && error.contains("width=8"),
            "{error}"
        );
        assert!(form.before(None).is_err());
        let form = Form::settle(None, Some(&y4m("YUV4MPEG2 W4 H2"))).unwrap();
        assert!(form.before(Some(&y4m("YUV4MPEG2 W8 H2"))).is_err());
    }

    #[test]
    fn a_sender_that_says_nothing_is_written_raw() {
        let form = Form::settle(None, None).unwrap();
        assert_eq!((form.prologue(), form.before(None).unwrap()), (None, None));
        let error = Form::settle(Some(FormArg::Y4m), None)
            .unwrap_err()
            .to_string();
        assert!(error.contains("--video"), "{error}");
    }
}
