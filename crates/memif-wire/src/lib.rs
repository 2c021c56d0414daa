//! The memif 2.0 control channel: its eight messages and the two handshake state machines.
//!
//! This crate knows bytes and order, nothing else: no file descriptor, no socket, no clock. Time is an argument
//! ([`core::time::Duration`] since an origin of the caller's choosing), a received descriptor is a `bool`, and what
//! the machines decide comes back as a value for the caller to act on.
//!
//! ```text
//!   client                                   server
//!     |  <------------------------- HELLO       |   Server::hello
//!     |  INIT ------------------------------->  |   Admit decides; mode and secret are checked
//!     |  <--------------------------- ACK       |
//!     |  ADD_REGION 0..n, one fd each ------->  |   each is ACKed before the next is sent
//!     |  ADD_RING S2M 0.., M2S 0.., one fd -->  |   each is ACKed before the next is sent
//!     |  CONNECT ---------------------------->  |
//!     |  <--------------------- CONNECTED       |   from here on only DISCONNECT is legal
//! ```
//!
//! Every number in a message is a claim of the peer: it is judged before anything is kept, and a broken rule comes
//! back as a [`Violation`] that carries the numbers. After a violation a machine has ended; its text is what the
//! caller sends as DISCONNECT.
//!
//! ```
//! # use core::time::Duration;
//! # use memif_wire::{Admit, Init, Limits, Message, Name, Refusal, Secret, Server, Terms, VERSION};
//! struct NoInterfaces;
//!
//! impl Admit for NoInterfaces {
//!     fn admit(&mut self, init: &Init) -> Result<Terms, Refusal> {
//!         Err(Refusal::UnknownId { id: init.id })
//!     }
//! }
//!
//! let (allowed, now) = (Duration::from_secs(5), Duration::ZERO);
//! let mut server = Server::new(Name::new("switch")?, Limits::default(), allowed, now);
//! let init = Init { version: VERSION, id: 3, mode: 0, secret: Secret::NONE, name: Name::new("tenant")? };
//! let datagram = Message::Init(init).encode();
//!
//! let violation = server.receive(&datagram, false, &mut NoInterfaces).unwrap_err();
//! assert_eq!(violation.to_string(), "client asked for id 3, which this server does not have");
//! # Ok::<(), memif_wire::NameError>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod client;
mod codec;
mod layout;
mod ledger;
mod limits;
mod message;
mod mode;
mod name;
mod offer;
mod secret;
mod server;
mod state;
mod tag;
mod text;
mod violation;

pub use client::{Client, ClientConfig, ClientEvent, ClientStep};
pub use limits::Limits;
pub use message::{AddRegion, AddRing, Direction, Disconnect, Hello, Init, Kind, Message, RingId};
pub use mode::{Mode, UnknownMode};
pub use name::{Name, NameError};
pub use offer::{Attach, Misuse, Negotiated, Offer, Outgoing};
pub use secret::{Secret, SecretError};
pub use server::{Admit, Server, ServerEvent, ServerStep, Terms};
pub use state::State;
pub use tag::{Features, Tag};
pub use text::Text;
pub use violation::{Refusal, Violation};

/// Length in bytes of every message: one datagram, always full.
pub const MESSAGE_LEN: usize = 128;

/// The protocol version spoken here: memif 2.0.
pub const VERSION: u16 = 0x0200;

/// The largest ring, as the binary logarithm of its number of slots.
pub const MAX_LOG2_SLOTS: u8 = 14;
