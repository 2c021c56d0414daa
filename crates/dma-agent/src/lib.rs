//! The DMA Agent of descsock in software: tenants' Ethernet frames, switched between ports.
//!
//! ```text
//!   doorbell ─► reception ─► visitor ─► admission ─► file ─► client ──┐
//!                                                                     ▼
//!   turn: reactor ─► notice ─► receive ─► forward ─► switch ─► deliver ─► flush
//!                              (a port)                        (other ports)
//! ```
//!
//! One thread drives everything: an [`Agent`] is a loop body, [`Agent::turn`]. What is behind a port is a [`Device`];
//! [`Client`] is the one that speaks the descsock wire, clients of our own come by rings instead. Nothing a client does blocks the others: all sockets are read
//! and written without waiting, in bursts, and what does not fit is dropped and counted by reason.
//!
//! | behind a port | | in the module |
//! |---|---|---|
//! | a tenant | [`Client`] | |
//! | the host, by a TAP interface | [`tap::TapDevice`] | [`tap`] |
//! | a network, by an interface of the host | [`packet::PacketDevice`] | [`packet`] |
//! | VPP, DPDK, any memif peer | [`memif_port::MemifDevice`] | [`memif_port`] |
//! | a capture file, in or out | [`pcap::ReplayDevice`], [`pcap::DumpDevice`] | [`pcap`] |
//! | somebody who watches | [`pcap::CaptureDevice`] | [`pcap`] |

mod admission;
mod agent;
mod change;
mod client;
mod clients;
pub mod config;
pub mod control;
mod counters;
mod device;
mod file;
mod forward;
mod frame;
mod handover;
mod inbox;
mod interface;
mod labels;
mod lost;
mod metrics;
mod naps;
mod notify;
mod open;
mod outbox;
mod ports;
mod reactor;
mod reception;
mod refusal_log;
mod ring_client;
mod schedule;
mod served;
mod setup;
mod visitor;

pub mod memif_port;
pub mod packet;
pub mod pcap;
pub mod tap;

pub use admission::{Admission, Caps, Census, Refusal, Rule};
pub use agent::{Agent, Error, PortView, Program, TakeOverError};
pub use change::{Change, How};
pub use client::{Client, LARGEST_FRAME};
pub use counters::PortCounters;
pub use device::{Delivered, Device, Gone, Incoming, News, Sink, Source};
pub use file::FileRefusal;
pub use frame::{Frame, Head};
pub use handover::{FORMAT as HANDOVER_FORMAT, HandoverError, Legacy};
pub use notify::Notify;
pub use open::OpenError;
pub use schedule::{Schedule, Scheduling, Weights};
pub use setup::SetupError;
