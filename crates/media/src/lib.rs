//! Video, audio and ancillary frames over memif: formats and sizes, the metadata that travels with
//! a frame, and a test picture that proves a frame arrived whole.
//!
//! - [`PixelFormat`], [`VideoFormat`], [`AudioFormat`]: what a frame is and its exact size in bytes.
//! - [`Caps`]: a stream's description as text; [`Y4m`]: the lines of a Y4M file.
//! - [`Metadata`] and [`Footer`]: sequence, timestamp and sending time, appended to each frame
//!   between peers of our own.
//! - [`Pattern`]: a moving test picture that any receiver can verify without knowing the format.
//!
//! ```
//! use media::{Pattern, VideoFormat, verify};
//!
//! let format: VideoFormat = "1280x720@59.94 v210".parse()?;
//! let mut frame = vec![0; format.frame_bytes()? as usize];
//! Pattern::new(&format)?.fill(7, &mut frame)?;
//! assert_eq!(verify(&frame), Ok(7));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod audio;
pub mod caps;
pub mod error;
pub mod pattern;
pub mod pixel;
pub mod trailer;
pub mod video;
pub mod y4m;

mod capacity;
mod checksum;
mod clock;
mod description;
mod link_error;
mod loan;
mod rational;
mod received;
mod receiver;
mod sender;

pub use audio::{AudioFormat, PacketTime, SampleFormat, SampleRate};
pub use capacity::{foreign_capacity, frame_capacity};
pub use caps::{Ancillary, AncillaryFormat, Caps, CapsError};
pub use error::FormatError;
pub use link_error::Error;
pub use loan::{FrameLoan, Stamp};
pub use pattern::{Pattern, PatternFault, Verifier, verify};
pub use pixel::PixelFormat;
pub use rational::Rational;
pub use received::Received;
pub use receiver::{Receiver, ReceiverTotals};
pub use sender::Sender;
pub use trailer::{
    CapsTooLong, FOOTER_LEN, Footer, MAX_CAPS, Metadata, TRAILER_ROOM, TrailerFault,
};
pub use video::VideoFormat;
pub use y4m::{Y4m, Y4mStream};
