//! Tells from a frame's bytes alone whether they are one whole test picture.

use super::{HEADER_LEN, Header, MAGIC, VERSION};
use crate::checksum::Checksum;

/// Verifies a frame that arrives in pieces.
#[derive(Debug, Clone)]
pub struct Verifier {
    header: [u8; HEADER_LEN],
    sum: Checksum,
    seen: u64,
}

/// Why a frame is not a whole test picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternFault {
    /// The frame ends within the header.
    #[error(
        "a frame of {len} bytes is too short for a test picture: its header takes {HEADER_LEN}"
    )]
    TooShort {
        /// The length of the frame.
        len: u64,
    },
    /// The frame begins with something else: the sender does not send the test picture.
    #[error("the frame begins with {found:02x?} instead of the test picture's {MAGIC:02x?}")]
    Magic {
        /// The first bytes of the frame.
        found: [u8; 4],
    },
    /// The test picture is of another version.
    #[error(
        "the test picture has version {found}, this side knows {VERSION}: bring both sides to one release"
    )]
    Version {
        /// The version in the header.
        found: u16,
    },
    /// The frame is shorter or longer than it was sent.
    #[error("test picture {number} was sent with {sent} bytes, {have} arrived")]
    Length {
        /// The frame number in the header.
        number: u64,
        /// The length in the header.
        sent: u64,
        /// The length that arrived.
        have: u64,
    },
    /// Some of the bytes are not those that were sent.
    #[error(
        "test picture {number} is torn or corrupt: its checksum is {found:016x}, it was sent with {sent:016x}"
    )]
    Checksum {
        /// The frame number in the header.
        number: u64,
        /// The checksum in the header.
        sent: u64,
        /// The checksum of what arrived.
        found: u64,
    },
}

/// The frame number of a whole test picture, of any format.
///
/// # Errors
/// When the frame is not a test picture, or not exactly as it was sent.
pub fn verify(frame: &[u8]) -> Result<u64, PatternFault> {
    let mut verifier = Verifier::new();
    verifier.update(frame);
    verifier.finish()
}

impl Verifier {
    /// Begins a frame.
    pub fn new() -> Self {
        Self {
            header: [0; HEADER_LEN],
            sum: Checksum::new(),
            seen: 0,
        }
    }

    /// Takes the next bytes of the frame.
    pub fn update(&mut self, bytes: &[u8]) {
        let begun = usize::try_from(self.seen).map_or(HEADER_LEN, |seen| seen.min(HEADER_LEN));
        let (head, picture) = bytes.split_at(bytes.len().min(HEADER_LEN - begun));
        self.header[begun..][..head.len()].copy_from_slice(head);
        self.sum.update(picture);
        self.seen += bytes.len() as u64;
    }

    /// Ends the frame and tells its number.
    ///
    /// # Errors
    /// As [`verify`].
    pub fn finish(self) -> Result<u64, PatternFault> {
        let have = self.seen;
        if have < HEADER_LEN as u64 {
            return Err(PatternFault::TooShort { len: have });
        }
        let header = Header::decode(&self.header)?;
        let (number, sent) = (header.number, header.checksum);
        if header.length != have {
            return Err(PatternFault::Length {
                number,
                sent: header.length,
                have,
            });
        }
        match self.sum.finish(header.words()) {
            found if found == sent => Ok(number),
            found => Err(PatternFault::Checksum {
                number,
                sent,
                found,
            }),
        }
    }
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

impl Header {
    fn decode(bytes: &[u8; HEADER_LEN]) -> Result<Self, PatternFault> {
        let number = |offset| u64::from_le_bytes(field(bytes, offset));
        match field(bytes, 0) {
            MAGIC => {}
            found => return Err(PatternFault::Magic { found }),
        }
        match u16::from_le_bytes(field(bytes, 6)) {
            VERSION => {}
            found => return Err(PatternFault::Version { found }),
        }
        let pixel = u16::from_le_bytes(field(bytes, 4));
        Ok(Self {
            pixel,
            number: number(8),
            length: number(16),
            checksum: number(24),
        })
    }
}

/// `N` bytes at a constant offset of the header.
fn field<const N: usize>(bytes: &[u8; HEADER_LEN], offset: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[offset..offset + N]);
    field
}
