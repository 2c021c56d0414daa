//! Ethernet frames for a tenant process: the client of a DMA Agent.
//!
//! A [`Client`] registers with an agent, shares a file with it, and exchanges frames by it. A thread of its own does that
//! for each client, so that frames flow without the program calling anything.
//!
//! ```no_run
//! use descsock::{Client, Events, Options};
//!
//! # fn main() -> Result<(), descsock::Error> {
//! let client = Client::open(Options::new("/run/dmaa_doorbell.sock", "/dev/shm", 8))?;
//! client.send(&[0xff; 60])?;
//! let mut frame = [0; 2048];
//! let received = client.recv(&mut frame)?;
//! assert!(received.len <= frame.len());
//! # Ok(())
//! # }
//! ```
//!
//! ```text
//!  program                    this crate, one file for each client                       agent
//!
//!  send ──► copy ──► TX buffer ──► outbox ─┐                           ┌── descriptors ──►
//!                                          ├─ worker ── eight sockets ─┤
//!  recv ◄── copy ◄── RX buffer ◄── ready ──┘                           └◄─ descriptors ───
//! ```
//!
//! An agent of our own takes frames by memif rings instead: the calls write to them and read from them, and the worker
//! only hears of news for calls that wait.
//!
//! ```text
//!  send ──► copy ──► ring ──────────────────────────────────────────────────────────────────►
//!                                 worker ──── doorbell, link ────                              agent
//!  recv ◄── copy ◄── ring ◄─────────────────────────────────────────────────────────────────
//! ```
//!
//! - Frames are without CRC here, and whole; what is on the wire has four bytes more.
//! - Each call may be made from any thread, several at once.
//! - An agent that goes is noticed at once: calls say [`Error::NotConnected`] until it is back. Then the client is
//!   connected again by itself, in another file: frames that were received can still be read, frames that were queued
//!   are sent, and those that the agent may or may not have sent are counted in [`Statistics::tx_lost`].
//! - The worker does not survive `fork`: open after it. A child that has inherited a client can only close it.
//!
//! The agent maps the same file and is trusted not to shorten it; a program that is not so sure calls
//! [`memif_ring::sigbus::contain`].
#![forbid(unsafe_code)]

mod batch;
mod client;
mod counters;
mod doorbell;
mod error;
mod file;
mod geometry;
mod inbox;
mod kept;
mod labels;
mod light;
mod options;
mod outbox;
mod passing;
mod place;
mod rings;
mod rx;
mod rx_buffers;
mod rx_rings;
mod rx_wire;
mod session;
mod shared;
mod sockets;
mod tx;
mod tx_buffers;
mod tx_rings;
mod tx_wire;
mod worker;

pub use batch::{Batch, Frames};
pub use client::Client;
pub use counters::{Counters, Statistics};
pub use descsock_wire::{Did, Directed, Dm, Flags, Nti, OutOfRange, Sep, Svc, Tier};
pub use error::{AgentFault, Error, FileFault, Misuse};
pub use labels::{Events, Labels, Received, Route};
pub use options::{Options, Wait};
