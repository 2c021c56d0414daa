//! What can go wrong, sorted by whose fault it is.

use std::fmt;
use std::io;

use memif_ring::{LayoutError, MapError, PeerFault};
use memif_wire::{NameError, Violation};

use crate::{AddressError, BindError};

/// Why a call did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The time given to the call is over. Nobody's fault.
    #[error("timed out")]
    Timeout,
    /// The link ended; reported once per epoch, after everything the peer had published was delivered. The next call
    /// waits for the peer to come back.
    #[error("{0}")]
    Disconnected(Ended),
    /// The handshake failed for a reason that will not go away by itself: the server said no, or one side broke a rule.
    #[error("{reason}")]
    Refused {
        /// Who refused whom, and why.
        reason: String,
        /// The system's error number, when it was the system that said no to this process.
        errno: Option<i32>,
    },
    /// The peer broke a rule of the handshake.
    #[error("{0}")]
    Violation(#[from] Violation),
    /// The peer broke a rule of the rings.
    #[error("{0}")]
    Peer(#[from] PeerFault),
    /// Memory of a peer that cannot be taken, or of our own that cannot be made.
    #[error("{0}")]
    Memory(#[from] MapError),
    /// The server's socket could not be made.
    #[error("{0}")]
    Bind(#[from] BindError),
    /// A socket address that is none.
    #[error("{0}")]
    Address(#[from] AddressError),
    /// The operating system refused.
    #[error("{call} failed: {source}")]
    Os {
        /// The call.
        call: &'static str,
        /// Its error.
        source: io::Error,
    },
    /// The caller asked for something that cannot be.
    #[error("{0}")]
    Misuse(#[from] Misuse),
}

impl Error {
    /// Whether only the time was over.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout)
    }

    /// Whether the link ended.
    pub fn is_disconnected(&self) -> bool {
        matches!(self, Self::Disconnected(_))
    }
}

/// For `map_err`: an error of this call of the operating system.
pub(crate) fn os(call: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Os { call, source }
}

/// What the caller did wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// Two links of one listener with the same id.
    #[error("id {id} is taken by another link of this listener")]
    IdTaken {
        /// The id.
        id: u32,
    },
    /// A queue the link does not have.
    #[error("queue {queue} does not exist: the link has {queues}")]
    NoSuchQueue {
        /// The queue asked for.
        queue: usize,
        /// How many there are.
        queues: u16,
    },
    /// Each queue's two ends are given out once.
    #[error("queue {queue} was already taken")]
    QueueTaken {
        /// The queue asked for.
        queue: usize,
    },
    /// A number of queues that memif does not have.
    #[error("{queues} queues are not possible: 1 to 255")]
    Queues {
        /// The number asked for.
        queues: u16,
    },
    /// A number of slots that memif does not have.
    #[error("{slots} slots are not possible: a power of two from 2 to 16384")]
    Slots {
        /// The number asked for.
        slots: u16,
    },
    /// Buffers that cannot be laid out.
    #[error("{0}")]
    Layout(#[from] LayoutError),
    /// A name that does not fit its field.
    #[error("{0}")]
    Name(#[from] NameError),
    /// memif has no frames of no bytes.
    #[error("a frame of 0 bytes cannot be sent")]
    EmptyFrame,
    /// A frame that never fits.
    #[error(
        "a frame of {bytes} bytes cannot be sent: {slots} buffers of {buffer} bytes hold {limit}"
    )]
    FrameTooLarge {
        /// Bytes of the frame.
        bytes: u64,
        /// Bytes of one buffer.
        buffer: u32,
        /// Buffers there are.
        slots: u64,
        /// Bytes of them all.
        limit: u64,
    },
    /// More bytes than a loan has room for.
    #[error("{bytes} bytes do not fit into a loan of {capacity}")]
    LoanTooSmall {
        /// Bytes asked for.
        bytes: usize,
        /// Bytes there are.
        capacity: usize,
    },
    /// The link was set up for the other direction only.
    #[error("this link was set up only to {0}")]
    WrongDirection(&'static str),
}

/// Which of the two processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// This one.
    Us,
    /// The other.
    Peer,
}

/// The end of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which epoch ended.
    pub epoch: u64,
    /// Who ended it.
    pub by: Side,
    /// Whether it was said (DISCONNECT, or a close of our own); false when the peer just vanished or broke a rule.
    pub clean: bool,
    /// In words: what the peer said, or what it did.
    pub reason: String,
    /// On a [`crate::Tx`]: buffers sent that the peer had not given back.
    pub undelivered: u64,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.by, self.clean) {
            (Side::Us, true) => write!(f, "the link was closed here"),
            (Side::Us, false) => write!(f, "the link was given up here: {}", self.reason),
            (Side::Peer, true) => write!(f, "the peer closed the link: {}", self.reason),
            (Side::Peer, false) => write!(f, "the link ended: {}", self.reason),
        }
    }
}
