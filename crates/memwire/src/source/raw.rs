//! Frames one after another with nothing in between.

use anyhow::bail;
use media::{Caps, VideoFormat};

use super::{About, Fill, Source, addressable};
use crate::exit::misuse;
use crate::input::{Idle, Input};

/// Raw video whose format the command line told.
#[derive(Debug)]
pub(crate) struct RawFile {
    input: Input,
    about: About,
    caps: Caps,
    /// How many frames have been read.
    frame: u64,
}

impl RawFile {
    /// Checks that a regular file divides into whole frames; a pipe shows that only at its end.
    pub(crate) fn open(input: Input, format: VideoFormat) -> anyhow::Result<RawFile> {
        let bytes = format.frame_bytes().map_err(misuse)?;
        let frames = input
            .length()
            .map(|length| whole(&input, length, bytes, format))
            .transpose()?;
        let about = About {
            name: input.name().to_owned(),
            frame_bytes: addressable(bytes)?,
            fps: format.fps,
            frames,
            rewinds: frames.is_some(),
        };
        Ok(RawFile {
            input,
            about,
            caps: Caps::Video(format),
            frame: 0,
        })
    }
}

impl Source for RawFile {
    fn about(&self) -> &About {
        &self.about
    }

    fn next(&mut self, into: &mut dyn Fill, idle: Idle) -> anyhow::Result<bool> {
        let need = self.about.frame_bytes;
        match self.input.pour(need, into, idle)? {
            0 if self.frame == 0 => bail!("{} ended before the first frame", self.about.name),
            0 => Ok(false),
            got if got < need => bail!(
                "{} ends inside frame {}, after {got} of {need} bytes: it is cut short, or of another format",
                self.about.name,
                self.frame
            ),
            _ => {
                self.frame += 1;
                Ok(true)
            }
        }
    }

    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn rewind(&mut self) -> anyhow::Result<()> {
        self.input.seek(0)
    }
}

/// How many frames of `bytes` bytes the file has.
fn whole(input: &Input, length: u64, bytes: u64, format: VideoFormat) -> anyhow::Result<u64> {
    let name = input.name();
    match (length, length % bytes) {
        (0, _) => Err(misuse(format!(
            "{name} is empty: there is no frame to send"
        ))),
        (_, 0) => Ok(length / bytes),
        (_, rest) => Err(misuse(format!(
            "{name} has {length} bytes, which does not divide into frames of {bytes} bytes ({format}): {rest} bytes \
             are left over; give the --video and --format that it was made with, or cut it to whole frames"
        ))),
    }
}
