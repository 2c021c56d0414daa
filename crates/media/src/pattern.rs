//! The test picture: it moves, and it proves that a frame arrived whole.
//!
//! The first bytes of the frame carry a header, the rest is a picture that any player shows:
//!
//! ```text
//! 0        4        6         8        16       24         32
//! | "MWtp" | format | version | number | length | checksum | picture ...
//!   u8 × 4   u16      u16       u64      u64      u64        length - 32 bytes
//! ```
//!
//! All numbers are little endian; `format` is [`PixelFormat::code`]. The checksum covers the
//! picture and the header before it, so a receiver needs nothing but the bytes to tell whether all
//! of them are from one frame. Every row but an opaque alpha changes from frame to frame, so a mix
//! of two frames is found.

mod picture;
mod verify;

use crate::checksum::Checksum;
use crate::{FormatError, PixelFormat, VideoFormat};
use picture::Picture;

pub use verify::{PatternFault, Verifier, verify};

/// Bytes in the header.
pub const HEADER_LEN: usize = 32;

const MAGIC: [u8; 4] = *b"MWtp";
const VERSION: u16 = 1;

/// Draws the test picture of one video format.
///
/// Frames are cut from a strip that is drawn once, which makes them as cheap as a copy.
#[derive(Debug)]
pub struct Pattern {
    picture: Picture,
    pixel: PixelFormat,
    frame_bytes: usize,
}

impl Pattern {
    /// Prepares the picture for a format.
    ///
    /// # Errors
    /// When the format has no frame size, or its frames are smaller than [`HEADER_LEN`].
    pub fn new(format: &VideoFormat) -> Result<Self, FormatError> {
        let bytes = format.frame_bytes()?;
        if bytes < HEADER_LEN as u64 {
            return Err(FormatError::TooSmallForPattern {
                bytes,
                least: HEADER_LEN,
            });
        }
        let unaddressable = |_| FormatError::Unaddressable { bytes };
        let frame_bytes = usize::try_from(bytes).map_err(unaddressable)?;
        let picture = Picture::draw(format.pixel, format.width, format.height);
        Ok(Self {
            picture,
            pixel: format.pixel,
            frame_bytes,
        })
    }

    /// The size of one frame.
    pub fn frame_bytes(&self) -> usize {
        self.frame_bytes
    }

    /// Fills `frame` with frame number `n`.
    ///
    /// # Errors
    /// When the buffer is not of the frame's size.
    pub fn fill(&self, n: u64, frame: &mut [u8]) -> Result<(), FormatError> {
        if frame.len() != self.frame_bytes {
            return Err(FormatError::BufferSize {
                have: frame.len(),
                need: self.frame_bytes,
            });
        }
        self.write(n, |offset, bytes| {
            frame[offset..][..bytes.len()].copy_from_slice(bytes)
        });
        Ok(())
    }

    /// Hands frame number `n` to `sink` in pieces, each with its offset, for memory that is not a
    /// plain slice. The pieces cover the frame exactly once; the header comes last.
    pub fn write(&self, n: u64, mut sink: impl FnMut(usize, &[u8])) {
        let mut sum = Checksum::new();
        let mut offset = 0;
        for row in self.picture.rows(n) {
            // The header lies where the first rows would be.
            let hidden = HEADER_LEN.saturating_sub(offset).min(row.len());
            let shown = &row[hidden..];
            if !shown.is_empty() {
                sum.update(shown);
                sink(offset + hidden, shown);
            }
            offset += row.len();
        }
        let mut header = Header {
            pixel: self.pixel.code(),
            number: n,
            length: offset as u64,
            checksum: 0,
        };
        header.checksum = sum.finish(header.words());
        sink(0, &header.encode());
    }
}

/// The fields of the header, apart from magic and version.
struct Header {
    pixel: u16,
    number: u64,
    length: u64,
    checksum: u64,
}

impl Header {
    /// Everything that the checksum covers besides the picture.
    fn words(&self) -> [u64; 3] {
        [self.pixel.into(), self.number, self.length]
    }

    fn encode(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[0..4].copy_from_slice(&MAGIC);
        bytes[4..6].copy_from_slice(&self.pixel.to_le_bytes());
        bytes[6..8].copy_from_slice(&VERSION.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.number.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.length.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.checksum.to_le_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests;
