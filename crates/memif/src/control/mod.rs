//! The control plane: handshakes, hang-ups, reconnects. Driven by whichever call comes first; never a thread of its own.
//!
//! A [`Hub`] owns everything that happens on one listening socket ([`server`]) or for one connecting link ([`client`]).
//! Either may be given a connection instead, which is its first and last.
//! All its descriptors sit in one epoll instance, deadlines included, so that one readable descriptor tells when
//! [`Hub::drive`] has something to do.

mod admission;
mod assemble;
mod client;
mod connection;
mod hangup;
mod hub;
mod memory;
mod server;

pub(crate) use client::{Backoff, ClientWork, Way};
pub(crate) use hangup::Hangup;
pub(crate) use hub::{Hub, Work};
pub(crate) use server::{Allowed, ServerSettings, ServerWork};
