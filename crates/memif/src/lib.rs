//! Shared-memory links between processes on one node: memif 2.0, both roles.
//!
//! A **link** joins two processes. The server listens on a socket, the client connects and brings the memory; after that
//! frames go through rings in shared memory, both ways, without a system call. Either side may send or receive.
//!
//! ```no_run
//! use memif::{Address, Connector, LinkOptions, Listener};
//!
//! # fn main() -> Result<(), memif::Error> {
//! let address: Address = "/run/cam.sock".parse()?;
//!
//! // One process: the server.
//! let listener = Listener::bind(&address)?;
//! let mut link = listener.link(LinkOptions::new(0))?;
//! let mut tx = link.tx(0)?;
//! tx.send(b"a frame", None)?;
//!
//! // Another process: the client.
//! let mut link = Connector::new(&address).link(LinkOptions::new(0))?;
//! let mut rx = link.rx(0)?;
//! let frame = rx.recv(None)?;
//! assert_eq!(frame.to_vec(), b"a frame");
//! # Ok(())
//! # }
//! ```
//!
//! **No hidden threads.** Handshakes, reconnects and the peer's death are dealt with inside the calls you make, and in
//! [`Link::drive`] when a descriptor of this crate becomes readable. Whichever thread comes first does the work.
//!
//! **The peer is hostile until proven otherwise.** Whatever it writes, and whenever it dies, safe code stays sound; a
//! [`Frame`] or [`Loan`] you hold stays valid also after the link is gone.
//!
//! **Links come back.** Each connection is an *epoch*. A receiver gets everything its peer had published before it hears
//! of the end; then the next call waits for the next epoch.

#![deny(unsafe_code)]

mod connection;
mod connector;
mod control;
mod core;
mod deadline;
mod details;
mod ends;
mod error;
mod frame;
mod link;
mod listener;
mod loan;
mod options;
mod peer;
mod rx;
mod session;
mod slot;
mod sys;
mod tx;
mod wait;

#[cfg(feature = "tokio")]
pub mod aio;
#[cfg(feature = "testing")]
pub mod testing;

pub use connection::Connection;
pub use connector::Connector;
pub use details::{Details, QueueDetails};
pub use error::{Ended, Error, Misuse, Side};
pub use frame::{Burst, Frame, Packet};
pub use link::Link;
pub use listener::{Listener, ListenerBuilder};
pub use loan::Loan;
pub use memif_ring::{PeerFault, Seals, Span, SpanMut, Totals, sigbus};
pub use memif_wire::{Features, Limits, Mode, Refusal, Secret, SecretError, Tag, Violation};
pub use options::{LinkOptions, Role, Traffic, Wait};
pub use peer::Peer;
pub use rx::Rx;
pub use sys::{Address, AddressError, BindError, Credentials};

pub mod unix {
    //! Sockets of other services on the same node, made with the same care as memif's: a path is taken over from a dead
    //! server, never from a live one, and nothing is left behind.
    pub use crate::sys::{SocketClaim, SocketFile, StreamListener};
}
pub use tx::Tx;
