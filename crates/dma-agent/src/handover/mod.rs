//! The handover: an agent that runs gives its clients to a successor, another process that is perhaps another version,
//! and they notice nothing.
//!
//! A client of the old wire has its file and its sockets once and for all: it cannot connect anew. So the successor gets
//! the very descriptors, and what has come and gone by them so far.
//!
//! ```text
//!   successor                                              agent
//!     |  control socket: {"ask":{"take-over":…}} -----------> |   same user or root; a format that both know
//!     |  <----------- {"ok":{"take-over":{"format":1,…}}}     |   lets nobody else in, finishes registrations
//!     |  ready -------------------------------------------->  |   stops serving
//!     |  <------------- agent, sockets, ports, addresses, end |   parcels with descriptors
//!     |  judges all of it                                     |
//!     |  taken -------------------------------------------->  |   all of it is the successor's, or
//!     |  refused ------------------------------------------>  |   nothing is, and it serves on
//!     |  <------------------------------------- hangs up      |   its other ports are closed: they can be opened
//! ```
//!
//! *Taken* is the one moment that counts. Before it the agent can go on as if nothing had been: nothing was read or
//! written by anybody. An agent that does not want to wait any longer first shuts its end, and then looks once more: the
//! kernel either has the word by then, or fails the successor that writes it. So there is never more than one of them.
//!
//! | | |
//! |---|---|
//! | [`parcel`] | messages with descriptors, with deadlines |
//! | [`state`] | what is said of the agent, its sockets, its ports |

pub(crate) mod parcel;
pub(crate) mod state;

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use crate::file::FileRefusal;

/// The format of the parcels that this version writes and reads.
pub const FORMAT: u32 = 1;
/// Time for everything from *ready* to *taken*, in which nobody is served.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// Addresses of the FDB that are handed over at most; frames for others are flooded once.
pub(crate) const MOST_ADDRESSES: usize = 1 << 18;

/// What a successor needs to go on with what is behind a port.
#[derive(Debug)]
pub struct Legacy<'a> {
    pub(crate) behind: state::Behind,
    pub(crate) descriptors: Vec<BorrowedFd<'a>>,
}

/// Why nothing, or not all, is handed over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandoverError {
    /// The system refused.
    #[error("{call} failed: {source}")]
    Os {
        /// The call.
        call: &'static str,
        /// Its error.
        source: io::Error,
    },
    /// The other agent is gone.
    #[error("the other agent hung up")]
    HungUp,
    /// The other agent takes too long.
    #[error("the other agent took longer than {} s", .0.as_secs())]
    TooSlow(Duration),
    /// More than any agent has.
    #[error("{got} {what}: at most {most}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much.
        got: usize,
        /// How much there may be.
        most: usize,
    },
    /// Descriptors are missing, or came unasked.
    #[error("{got} descriptors came, {due} were announced")]
    Descriptors {
        /// How many came.
        got: usize,
        /// How many should have.
        due: usize,
    },
    /// A message that says nothing.
    #[error("not understood: {0}")]
    Parcel(String),
    /// The other agent says no.
    #[error("{0}")]
    Refused(String),
    /// A number that cannot be.
    #[error("{0}")]
    OutOfRange(String),
    /// Something that is handed over cannot be used.
    #[error("{what} {name}: {source}")]
    Of {
        /// What it is.
        what: &'static str,
        /// What it is called.
        name: String,
        /// Why.
        source: Box<HandoverError>,
    },
    /// The file of a client.
    #[error("{0}")]
    File(#[from] FileRefusal),
    /// What a client has posted or announced.
    #[error("{0}")]
    Violation(#[from] descsock_wire::Violation),
}

impl HandoverError {
    pub(crate) fn of(self, what: &'static str, name: &str) -> Self {
        let (name, source) = (name.to_owned(), Box::new(self));
        HandoverError::Of { what, name, source }
    }

    /// Whether it is the client's own doing: it has taken its file away.
    pub(crate) fn is_clients(&self) -> bool {
        use memif_ring::MapError::TooSmall;
        match self {
            HandoverError::Of { source, .. } => source.is_clients(),
            HandoverError::File(FileRefusal::Memory(TooSmall { .. })) => true,
            HandoverError::File(FileRefusal::NotItsOwn { .. }) => true,
            _ => false,
        }
    }
}

/// For `map_err`: this call failed.
pub(crate) fn os(call: &'static str) -> impl FnOnce(rustix::io::Errno) -> HandoverError {
    move |errno| HandoverError::Os {
        call,
        source: errno.into(),
    }
}

/// For `map_err`: a number that its field cannot have.
pub(crate) fn out_of_range(error: impl std::fmt::Display) -> HandoverError {
    HandoverError::OutOfRange(error.to_string())
}
