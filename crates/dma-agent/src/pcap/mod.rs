//! Frames from and to capture files.
//!
//! | device | frames | |
//! |---|---|---|
//! | [`ReplayDevice`] | in | out of a pcap or pcapng file |
//! | [`DumpDevice`] | out | into a pcapng file |
//! | [`CaptureDevice`] | out | as pcapng into memory, for a [`CaptureQueue`] |

mod blocks;
mod capture;
mod dump;
mod replay;
mod source;

use std::io;
use std::path::PathBuf;

pub use capture::{CaptureDevice, CaptureQueue};
pub use dump::DumpDevice;
pub use replay::{NotAPace, Pace, ReplayDevice, ReplayOptions};

/// What is wrong with a capture file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PcapError {
    /// The system refused.
    #[error("cannot {what} {}: {source}", path.display())]
    Os {
        /// The file.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// A directory, a pipe, a device.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// Not a capture, or a broken one.
    #[error("{} is no capture of packets, or a broken one: {source}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What was found.
        source: pcap_file::PcapError,
    },
    /// A capture of something that is not Ethernet.
    #[error("{} holds packets of link type {link_type}, not Ethernet (1)", path.display())]
    NotEthernet {
        /// The file.
        path: PathBuf,
        /// The number of the link type, from the registry at tcpdump.org.
        link_type: u32,
    },
}
