//! Where frames come from: a raw file, a Y4M stream, or a test picture.

mod pattern;
mod raw;
mod y4m;

use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;

use media::{Caps, Rational};

use crate::exit::misuse;
use crate::input::{Idle, Input};
use crate::video_args::VideoArgs;

pub(crate) use pattern::TestPicture;

/// A stream of frames that are all of one size.
pub(crate) trait Source {
    /// What there is to know before the first frame.
    fn about(&self) -> &About;

    /// Fills the next frame; false when there is none any more.
    fn next(&mut self, into: &mut dyn Fill, idle: Idle) -> anyhow::Result<bool>;

    /// What goes with the frame that was filled last.
    fn caps(&self) -> &Caps;

    /// Begins again with the first frame.
    fn rewind(&mut self) -> anyhow::Result<()>;
}

/// The frames of a source, before the first of them.
#[derive(Clone, Debug)]
pub(crate) struct About {
    /// How to call the source in a message.
    pub(crate) name: String,
    pub(crate) frame_bytes: usize,
    pub(crate) fps: Rational,
    /// How many frames there will be, if that can be known.
    pub(crate) frames: Option<u64>,
    /// Whether it can begin again.
    pub(crate) rewinds: bool,
}

/// A frame to be filled; it has room for `frame_bytes`.
pub(crate) trait Fill {
    /// Puts bytes at an offset.
    fn put(&mut self, offset: usize, bytes: &[u8]) -> anyhow::Result<()>;

    /// Reads once from a file to an offset, at most `most` bytes; returns how many came, none at its end.
    fn read(&mut self, offset: usize, most: usize, file: BorrowedFd<'_>) -> io::Result<usize>;
}

/// Opens an input and finds out what it is: Y4M tells it itself, anything else needs the options.
pub(crate) fn open(path: &Path, video: &VideoArgs, idle: Idle) -> anyhow::Result<Box<dyn Source>> {
    let mut input = Input::open(path)?;
    if input.peek(y4m::MAGIC.len(), idle)? == y4m::MAGIC {
        if video.is_given() {
            let name = input.name();
            return Err(misuse(format!(
                "{name} is Y4M and tells its own format: leave --video and --format out"
            )));
        }
        return Ok(Box::new(y4m::Y4mFile::open(input, idle)?));
    }
    let Some(format) = video.raw() else {
        let name = input.name();
        return Err(misuse(format!(
            "{name} does not begin as Y4M does, so say what its bytes are: --video WxH@FPS and --format PIXELS"
        )));
    };
    Ok(Box::new(raw::RawFile::open(input, format)?))
}

/// The size of a frame as this machine counts memory.
fn addressable(bytes: u64) -> anyhow::Result<usize> {
    usize::try_from(bytes).map_err(|_| misuse(media::FormatError::Unaddressable { bytes }))
}

#[cfg(test)]
mod tests;
