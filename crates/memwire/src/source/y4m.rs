//! A Y4M stream: a header line, and one line before each frame. Both are sent along as they are.

use anyhow::{Context as _, bail};
use media::{Caps, MAX_CAPS, Rational, Y4m};

use super::{About, Fill, Source, addressable};
use crate::exit::misuse;
use crate::input::{Idle, Input};

/// What every Y4M stream begins with.
pub(crate) const MAGIC: &[u8] = b"YUV4MPEG2";
/// The line before a frame that has nothing more to say, with its newline.
const PLAIN_LINE_BYTES: u64 = 6;
/// Both lines have to fit into the caps that travel with a frame.
const LINE_BYTES: usize = MAX_CAPS / 2 - 16;

/// An open Y4M stream.
#[derive(Debug)]
pub(crate) struct Y4mFile {
    input: Input,
    about: About,
    header: Y4m,
    caps: Caps,
    /// How many frames have been read.
    frame: u64,
}

impl Y4mFile {
    /// Reads the header.
    pub(crate) fn open(mut input: Input, idle: Idle) -> anyhow::Result<Y4mFile> {
        let line = input.line(LINE_BYTES, idle)?.unwrap_or_default();
        let bad = |problem: &dyn std::fmt::Display| misuse(format!("{}: {problem}", input.name()));
        let text = str::from_utf8(&line).map_err(|_| bad(&"the Y4M header is not text"))?;
        let header = Y4m::new(text).map_err(|error| bad(&error))?;
        let stream = header.stream().map_err(|error| bad(&error))?;
        let bytes = stream.frame_bytes().map_err(|error| bad(&error))?;
        let about = About {
            name: input.name().to_owned(),
            frame_bytes: addressable(bytes)?,
            fps: stream.fps.map_or_else(|| Rational::new(25, 1), Ok)?,
            frames: input
                .length()
                .map(|length| about_frames(length, line.len(), bytes)),
            rewinds: input.length().is_some(),
        };
        let caps = Caps::Y4m(header.clone());
        Ok(Y4mFile {
            input,
            about,
            header,
            caps,
            frame: 0,
        })
    }

    /// Reads the line before a frame; false at the end of the stream.
    fn frame_line(&mut self, idle: Idle) -> anyhow::Result<bool> {
        let Some(line) = self.input.line(LINE_BYTES, idle)? else {
            return Ok(false);
        };
        let (name, frame) = (&self.about.name, self.frame);
        let place = || format!("{name} is damaged at frame {frame}");
        let text = String::from_utf8_lossy(&line);
        let lines = self
            .header
            .clone()
            .with_frame_line(&text)
            .with_context(place)?;
        self.caps = Caps::Y4m(lines);
        Ok(true)
    }
}

impl Source for Y4mFile {
    fn about(&self) -> &About {
        &self.about
    }

    fn next(&mut self, into: &mut dyn Fill, idle: Idle) -> anyhow::Result<bool> {
        if !self.frame_line(idle)? {
            if self.frame == 0 {
                bail!("{} has a Y4M header, but no frame", self.about.name);
            }
            return Ok(false);
        }
        let need = self.about.frame_bytes;
        let got = self.input.pour(need, into, idle)?;
        if got < need {
            let (name, frame) = (&self.about.name, self.frame);
            bail!("{name} ends inside frame {frame}, after {got} of {need} bytes: it is cut short");
        }
        self.frame += 1;
        Ok(true)
    }

    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn rewind(&mut self) -> anyhow::Result<()> {
        self.input.seek(self.header.header().len() as u64 + 1)
    }
}

/// How many frames a file of this length has, if nothing more is said of any than `FRAME`.
fn about_frames(length: u64, header: usize, frame_bytes: u64) -> u64 {
    length.saturating_sub(header as u64 + 1) / (frame_bytes + PLAIN_LINE_BYTES)
}
