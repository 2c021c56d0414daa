//! Where an Ethernet frame goes: pure decisions for the DMA Agent.
//!
//! A [`Switch`] is asked with a frame's port, its header and the time, and answers with the ports that get it, or with
//! the name of the reason for which nobody does. It knows no descriptor and no clock, and allocates nothing per frame.
//!
//! ```text
//!   Arrival { port, tier, nti, directed, header, length }, now
//!        │
//!        ▼                  ports: did, domains, MTU, role, isolation, services
//!   Switch::decide ──────── dids: ports and aliases
//!        │                  FDB: (nti, vlan, mac) -> port, seen
//!        ▼
//!   Verdict { to, too_long, stamp, learned }   or   DropReason
//! ```
//!
//! What holds whatever is sent: a frame never goes back to the port it came from, never leaves its domain (NTI), and
//! never passes between two isolated ports; a directed frame teaches the table nothing; no port and no table has more
//! addresses than its cap allowed when they came. Mirrors alone get copies from everywhere.
//!
//! ```
//! # use core::time::Duration;
//! # use switch::{Arrival, Did, Header, Learned, Policy, Settings, Switch, Tier};
//! let mut switch = Switch::new(Settings::default(), 0x5EED);
//! let left = switch.add_port(Policy::new(Did::new(1)?))?;
//! let right = switch.add_port(Policy::new(Did::new(2)?))?;
//!
//! let mut frame = [0; 60];
//! frame[..12].copy_from_slice(&[2, 0, 0, 0, 0, 0xB, 2, 0, 0, 0, 0, 0xA]);
//! let arrival = Arrival {
//!     port: left,
//!     tier: Tier::default(),
//!     nti: None,
//!     directed: None,
//!     header: Header::parse(&frame)?,
//!     length: frame.len(),
//! };
//! let verdict = switch.decide(&arrival, Duration::ZERO)?;
//! assert!(verdict.to.contains(right) && !verdict.to.contains(left));
//! assert_eq!(verdict.learned, Learned::New);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod decide;
mod dids;
mod drop_reason;
mod entry;
mod fdb;
mod flow;
mod hash;
mod header;
mod link_local;
mod mac;
mod nti_set;
mod number;
mod policy;
mod port_set;
mod ports;
mod services;
mod slot;
mod switch;
mod table;
mod verdict;

pub use dids::Alias;
pub use drop_reason::{DropCounters, DropReason, UnknownReason};
pub use entry::{Entry, Flush, Learned, Refusal, Settings, Statistics};
pub use flow::{Addresses, Flow};
pub use header::{Header, PEEK_BYTES};
pub use mac::{Mac, NotAMac};
pub use nti_set::NtiSet;
pub use number::{Did, Endpoint, Nti, OutOfRange, Sep, Svc, Tier};
pub use policy::{Misuse, Policy, Role, Watch};
pub use port_set::{MAX_PORTS, PortId, PortSet};
pub use switch::Switch;
pub use verdict::{Arrival, Directed, Flags, Stamp, Verdict};
