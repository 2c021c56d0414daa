//! An honest and a lying peer for tests, on raw sockets.
//!
//! Nothing here uses the crate's own parser, state machines or rings: the
//! datagrams are composed and the shared memory is laid out a second time,
//! from the protocol alone, so that a misreading on one side shows as a test
//! that fails instead of two sides that agree on the same mistake.
//!
//! - [`RawClient`] connects, and owns all shared memory, as memif clients do.
//!   [`RawClient::handshake`] is the honest whole; [`RawClient::advance`] stops
//!   anywhere in it; each `send_*` step takes a closure that may change any
//!   field, and [`RawClient::send_bytes`] sends anything at all.
//! - [`RawServer`] listens; [`RawSession`] is one accepted client.
//! - [`RawRing`] reads and writes every field of a ring, whoever owns it;
//!   [`Sending`] and [`Receiving`] are the honest way to use one.
//!
//! These are tools for tests: an index outside the memory panics, because
//! there the mistake is the test's own.

mod bytes;
mod client;
mod datagrams;
mod layout;
mod mapping;
mod receiving;
mod ring;
mod sending;
mod server;
mod setup;
mod socket;
#[cfg(test)]
mod tests;
mod traffic;

pub use bytes::{Datagram, MESSAGE_LEN, Manner, VERSION, kinds};
pub use client::RawClient;
pub use datagrams::{AddRegion, AddRing, Disconnect, Hello, Init, Name};
pub use layout::{Layout, Memory, Region, Shape};
pub use mapping::Mapping;
pub use receiving::Receiving;
pub use ring::{COOKIE, Descriptor, MASK_INT, NEXT, RawRing, bell};
pub use sending::Sending;
pub use server::{RawServer, RawSession};
pub use setup::{ServerSetup, Setup, Step};
pub use socket::{PATIENCE, Received, Wire};
pub use traffic::Regions;
