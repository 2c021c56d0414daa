//! Video, audio and ancillary frames over memif: formats and sizes, the metadata that travels with
//! a frame, and a test picture that proves a frame arrived whole.
//!
//! - [`PixelFormat`], [`VideoFormat`], [`AudioFormat`]: what a frame is and its exact size in bytes.
//! - [`Caps`]: a stream's description as text; [`Y4m`]: the lines of a Y4M file.
//! - [`Metadata`] and [`Footer`]: sequence, timestamp and sending time, appended to each frame
//!   between peers of our own.
//! - [`Pattern`]: a moving test picture that any receiver can verify without knowing the format.
//! - [`Sender`] and [`Receiver`]: frames over a [`memif::Link`], written and read in place.
//!
//! One process sends a file, and waits for whoever wants it:
//!
//! ```no_run
//! use media::{Caps, Sender, VideoFormat};
//! use std::{fs::File, time::Duration};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let format: VideoFormat = "1920x1080@60 v210".parse()?;
//!     let listener = memif::Listener::bind(&"/tmp/cam.sock".parse()?)?;
//!     let link = listener.link(Sender::options(0, format.frame_bytes()?))?;
//!     let mut sender = Sender::open(link)?;
//!     sender.set_caps(&Caps::Video(format))?;
//!     let input = File::open("clip.v210")?;
//!     for timestamp in 0.. {
//!         let mut frame = sender.loan(format.frame_bytes()? as usize, None)?;
//!         if frame.fill_from(0, &input)? < frame.len() {
//!             break;
//!         }
//!         frame.send(timestamp)?;
//!     }
//!     sender.close(Duration::from_secs(5));
//!     Ok(())
//! }
//! ```
//!
//! Another receives it, byte for byte. Either may start first, and either may listen:
//!
//! ```no_run
//! use media::Receiver;
//! use std::fs::File;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let connector = memif::Connector::new(&"/tmp/cam.sock".parse()?);
//!     let mut receiver = Receiver::open(connector.link(Receiver::options(0))?)?;
//!     let output = File::create("copy.v210")?;
//!     loop {
//!         match receiver.recv(None) {
//!             Ok(frame) => frame.write_to(&output)?,
//!             Err(error) if error.ended().is_some_and(|ended| ended.clean) => break,
//!             Err(error) if error.is_disconnected() => {} // it died: wait for the next one
//!             Err(error) => return Err(error.into()),
//!         }
//!     }
//!     println!("{:?}", receiver.totals());
//!     Ok(())
//! }
//! ```
//!
//! The test picture needs nothing but its bytes to be verified:
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
mod caps_line;
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
