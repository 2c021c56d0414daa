//! The descsock wire: what a tenant process and a DMA Agent say to each other, as bytes and as values.
//!
//! This crate knows bytes, nothing else: no file descriptor, no socket, no clock. All of it is pure functions and two
//! small accumulators, [`Decoder`] and [`Records`], that take a stream in whatever pieces it arrives.
//!
//! ```text
//!   client                                              agent
//!     |  doorbell, an AF_UNIX stream:                     |
//!     |  registration, text or binary ----------------->  |   Decoder, Registration
//!     |  <-------- 280 bytes (only if it was binary)      |   Answer
//!     |  <-------- eight times one byte and one socket    |   Socket::ALL
//!     |                                                   |
//!     |  RX tier t: empties, 8 bytes each ------------->  |   Empty, Mapping::locate
//!     |  <---------------- received frames, 32 bytes each |   Laden
//!     |  TX tier t: frames to send, 32 bytes each ----->  |   Layout::detect, Laden, Mapping::locate
//!     |  <------------------------ completions, 8 bytes   |   Completion
//! ```
//!
//! The frames themselves lie in the client's file, which both map; a descriptor names a frame by its address in the
//! client. All numbers are little-endian. Every number of the other end is a claim: a broken rule comes back as a
//! [`Violation`] that says whose fault it is and carries the numbers.
//!
//! ```
//! use descsock_wire::{Decoder, Limits, Progress, Request};
//!
//! let sent = b"path=/run/t/descsock.000\nbase=1048576\nlength=67112959\nnum_sep=1\npid=1\nsvc_ids=8\n\n";
//! let mut decoder = Decoder::new(Limits::default());
//! assert_eq!(decoder.feed(&sent[..30])?, Progress::NeedMore);
//! let Progress::Complete { request: Request::Register(tenant), .. } = decoder.feed(&sent[30..])? else {
//!     panic!("a registration");
//! };
//! assert_eq!(tenant.path.as_bytes(), b"/run/t/descsock.000");
//! assert_eq!(tenant.service_id.value(), 8);
//! # Ok::<(), descsock_wire::Violation>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod answer;
mod bits;
mod buffer;
mod bytes;
mod contract;
mod decoder;
mod encode;
mod extras;
mod header;
mod laden;
mod layout;
mod limits;
mod mapping;
mod range;
mod records;
mod registration;
mod text;
mod text_form;
mod violation;

pub use answer::{Answer, Code, ConnectAnswer, InfoAnswer};
pub use buffer::{Buffer, Completion, Empty};
pub use contract::{
    ANSWER_LEN, BUF_SIZE, CRC_LEN, HEADER_LEN, MAX_FRAME, MIN_FRAME, PATHLEN, Socket, TIERS,
};
pub use decoder::{Decoder, Progress};
pub use encode::{Misuse, TextSize};
pub use extras::Extras;
pub use header::{MAGIC, Version};
pub use laden::{Flags, Kind, Laden};
pub use layout::{Layout, RX_BYTE_OF_BOTH};
pub use limits::Limits;
pub use mapping::{FileSpan, Mapping};
pub use range::{Did, Directed, Dm, Nti, OutOfRange, Sep, Svc, Tier};
pub use records::Records;
pub use registration::{ConnectRequest, Form, Registration, Request};
pub use text::Text;
pub use violation::{End, TextField, Violation};
