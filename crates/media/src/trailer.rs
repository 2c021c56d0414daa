//! The metadata that travels with each frame between peers of our own.
//!
//! It is appended right behind the payload, within the same memif frame, and found from the end:
//!
//! ```text
//! frame:   | payload                    | caps text    | footer   |
//!          0                            payload_len    len - 40   len
//!
//! footer:  0        8         16      24          32       34      36    40
//!          | sequence | timestamp | sent_at | payload_len | caps_len | version | "MWfr" |
//!            u64        u64         u64 ns    u64           u16        u16       u8 × 4
//! ```
//!
//! All numbers are little endian. The three lengths make up the frame exactly, so that a frame
//! whose end merely looks like a footer is told apart from one that has one. The caps text is UTF-8
//! (see [`Caps`](crate::Caps)) and comes with every frame: a receiver may join at any time.

use std::time::Duration;

/// Bytes in the footer.
pub const FOOTER_LEN: usize = 40;
/// The longest caps text, in bytes.
pub const MAX_CAPS: usize = 1024;
/// The room that a buffer needs behind the payload, so that every trailer fits.
pub const TRAILER_ROOM: usize = MAX_CAPS + FOOTER_LEN;

const MAGIC: [u8; 4] = *b"MWfr";
const VERSION: u16 = 1;
const _: () = assert!(8 + 8 + 8 + 8 + 2 + 2 + MAGIC.len() == FOOTER_LEN);

/// What the sender says about one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Metadata {
    /// Counts the frames of the stream.
    pub sequence: u64,
    /// The time of the picture or sound on the media clock; the unit is the stream's own.
    pub timestamp: u64,
    /// When the sender published the frame, on `CLOCK_MONOTONIC`; whole nanoseconds are sent.
    pub sent_at: Duration,
}

/// The fixed-size end of a trailer, checked against the frame it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footer {
    metadata: Metadata,
    payload_len: u64,
    caps_len: u16,
}

/// The footer of a frame contradicts the frame, or is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TrailerFault {
    /// The frame is too short to end in a footer.
    #[error("a frame of {len} bytes cannot hold the {FOOTER_LEN}-byte footer that was agreed on")]
    TooShort {
        /// The length of the frame.
        len: u64,
    },
    /// The frame does not end in the footer's magic.
    #[error("the frame ends in {found:02x?} instead of the footer's {MAGIC:02x?}")]
    Magic {
        /// The last bytes of the frame.
        found: [u8; 4],
    },
    /// The footer follows another version of this layout.
    #[error(
        "the footer has version {found}, this side knows {VERSION}: bring both sides to one release"
    )]
    Version {
        /// The version in the footer.
        found: u16,
    },
    /// The caps text is longer than [`MAX_CAPS`].
    #[error("the footer claims {claimed} bytes of caps text, at most {MAX_CAPS} are allowed")]
    Caps {
        /// The length in the footer.
        claimed: u16,
    },
    /// Payload, caps text and footer do not make up the frame.
    #[error("the footer claims {payload} + {caps} bytes before itself, the frame has {have}")]
    Lengths {
        /// The payload length in the footer.
        payload: u64,
        /// The caps text length in the footer.
        caps: u16,
        /// What the frame has before its footer.
        have: u64,
    },
    /// The caps text is not UTF-8.
    #[error("the caps text is not UTF-8 from byte {at} on")]
    CapsText {
        /// Where the first wrong byte is.
        at: usize,
    },
}

/// A caps text longer than the trailer carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a caps text of {len} bytes is too long: at most {MAX_CAPS} fit behind a frame")]
pub struct CapsTooLong {
    /// The length of the text in bytes.
    pub len: usize,
}

impl Footer {
    /// The footer of a frame of `payload_len` bytes with `caps` behind them.
    ///
    /// # Errors
    /// When `caps` is longer than [`MAX_CAPS`] bytes.
    pub fn new(metadata: Metadata, payload_len: u64, caps: &str) -> Result<Self, CapsTooLong> {
        let len = caps.len();
        match u16::try_from(len) {
            Ok(caps_len) if len <= MAX_CAPS => Ok(Self {
                metadata,
                payload_len,
                caps_len,
            }),
            _ => Err(CapsTooLong { len }),
        }
    }

    /// The bytes that go behind the caps text.
    pub fn encode(&self) -> [u8; FOOTER_LEN] {
        let nanos = u64::try_from(self.metadata.sent_at.as_nanos()).unwrap_or(u64::MAX);
        let mut bytes = [0; FOOTER_LEN];
        bytes[0..8].copy_from_slice(&self.metadata.sequence.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.metadata.timestamp.to_le_bytes());
        bytes[16..24].copy_from_slice(&nanos.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.payload_len.to_le_bytes());
        bytes[32..34].copy_from_slice(&self.caps_len.to_le_bytes());
        bytes[34..36].copy_from_slice(&VERSION.to_le_bytes());
        bytes[36..40].copy_from_slice(&MAGIC);
        bytes
    }

    /// Reads the last bytes of a frame of `frame_len` bytes.
    ///
    /// # Errors
    /// When they are not a footer, or claim anything that the frame's length contradicts.
    pub fn decode(bytes: &[u8; FOOTER_LEN], frame_len: u64) -> Result<Self, TrailerFault> {
        let have = body_len(frame_len)?;
        match field(bytes, 36) {
            MAGIC => {}
            found => return Err(TrailerFault::Magic { found }),
        }
        match u16::from_le_bytes(field(bytes, 34)) {
            VERSION => {}
            found => return Err(TrailerFault::Version { found }),
        }
        let footer = Self::fields(bytes);
        footer.within(have)?;
        Ok(footer)
    }

    /// Where the footer of a frame of `frame_len` bytes begins.
    ///
    /// # Errors
    /// When the frame is shorter than a footer.
    pub fn offset(frame_len: u64) -> Result<u64, TrailerFault> {
        body_len(frame_len)
    }

    /// What the sender says about the frame.
    pub fn metadata(&self) -> Metadata {
        self.metadata
    }

    /// Bytes of payload; the caps text begins behind them.
    pub fn payload_len(&self) -> u64 {
        self.payload_len
    }

    /// Bytes of caps text, at most [`MAX_CAPS`].
    pub fn caps_len(&self) -> usize {
        self.caps_len.into()
    }

    fn fields(bytes: &[u8; FOOTER_LEN]) -> Self {
        let number = |offset| u64::from_le_bytes(field(bytes, offset));
        let metadata = Metadata {
            sequence: number(0),
            timestamp: number(8),
            sent_at: Duration::from_nanos(number(16)),
        };
        let caps_len = u16::from_le_bytes(field(bytes, 32));
        Self {
            metadata,
            payload_len: number(24),
            caps_len,
        }
    }

    fn within(&self, have: u64) -> Result<(), TrailerFault> {
        if self.caps_len() > MAX_CAPS {
            return Err(TrailerFault::Caps {
                claimed: self.caps_len,
            });
        }
        if self.payload_len.checked_add(self.caps_len.into()) != Some(have) {
            let (payload, caps) = (self.payload_len, self.caps_len);
            return Err(TrailerFault::Lengths {
                payload,
                caps,
                have,
            });
        }
        Ok(())
    }
}

/// The caps text that a peer sent.
///
/// # Errors
/// When it is not UTF-8.
pub fn caps_text(bytes: &[u8]) -> Result<&str, TrailerFault> {
    std::str::from_utf8(bytes).map_err(|error| TrailerFault::CapsText {
        at: error.valid_up_to(),
    })
}

fn body_len(frame_len: u64) -> Result<u64, TrailerFault> {
    let before = frame_len.checked_sub(FOOTER_LEN as u64);
    before.ok_or(TrailerFault::TooShort { len: frame_len })
}

/// `N` bytes at a constant offset of the footer.
fn field<const N: usize>(bytes: &[u8; FOOTER_LEN], offset: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[offset..offset + N]);
    field
}

#[cfg(test)]
mod tests;
