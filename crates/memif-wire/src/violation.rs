//! What a peer can do wrong, each rule with its numbers. The texts say who did it, and go out as DISCONNECT.

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use crate::ledger::RING_ALIGNMENT;
use crate::{Kind, MESSAGE_LEN, Mode, RingId, State, VERSION};

/// A rule of the control channel that the other end broke.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "the fields are the numbers in the text above them"
)]
pub enum Violation {
    /// A datagram that is no message by its length.
    #[error("peer sent a datagram of {got} bytes, a memif message has {MESSAGE_LEN}")]
    WrongLength { got: usize },
    /// A message of no known type.
    #[error("peer sent a message of type {got}, memif 2.0 has types 1 to 8")]
    UnknownType { got: u16 },
    /// ADD_REGION or ADD_RING came without a descriptor.
    #[error("peer sent {kind} without the file descriptor that belongs to it")]
    MissingFd { kind: Kind },
    /// A message that takes no descriptor came with one.
    #[error("peer sent {kind} with a file descriptor, which it must not carry")]
    SurplusFd { kind: Kind },
    /// A message out of its turn.
    #[error("{} sent {got} to a {} {while_}", .while_.sender(), .while_.receiver())]
    Unexpected { got: Kind, while_: State },
    /// A message after CONNECTED.
    #[error("peer sent {got} after CONNECTED, where only DISCONNECT is legal")]
    Late { got: Kind },
    /// A message after a DISCONNECT or a violation.
    #[error("peer sent {got} after the handshake had ended")]
    AfterEnd { got: Kind },
    /// The handshake took too long.
    #[error("{} let the handshake exceed {after:?}, {} {while_}", .while_.sender(), .while_.receiver())]
    HandshakeTimeout { while_: State, after: Duration },

    /// A server whose versions do not include ours.
    #[error("server speaks memif {min:#06x} to {max:#06x}, this client {VERSION:#06x}")]
    Version { min: u16, max: u16 },
    /// A server that allows no ring a memif peer can use.
    #[error("server allows rings of at most 2^{log2} slots, the smallest has 2^1")]
    TooFewSlots { log2: u8 },
    /// A client the server does not let in.
    #[error(transparent)]
    Refused(#[from] Refusal),

    /// Regions come in order from 0.
    #[error("client sent region {got} where region {expected} was due")]
    RegionOutOfOrder { expected: u16, got: u16 },
    /// More regions than the limit.
    #[error("client offered region {index}, the limit is {limit} regions")]
    TooManyRegions { index: u16, limit: u16 },
    /// A region without a byte.
    #[error("client offered region {index} of 0 bytes")]
    EmptyRegion { index: u16 },
    /// More memory than the limit.
    #[error("client offered {total} bytes of memory, the limit is {limit}")]
    TotalBytes { total: u64, limit: u64 },

    /// All S2M rings come by index, then all M2S rings.
    #[error("client sent ring {got} where ring {expected} was due")]
    RingOutOfOrder { expected: RingId, got: RingId },
    /// More rings than the server has.
    #[error("client offered ring {ring}, the server has {limit} {} rings: configure both ends equal", .ring.direction)]
    RingIndex { ring: RingId, limit: u16 },
    /// A ring in no region.
    #[error("client put ring {ring} into region {region}, it offered {have} regions")]
    RingRegion {
        ring: RingId,
        region: u16,
        have: u16,
    },
    /// A ring whose indexes and descriptors would not be aligned.
    #[error("client put ring {ring} at offset {offset}, no multiple of {RING_ALIGNMENT}")]
    RingUnaligned { ring: RingId, offset: u32 },
    /// A ring that ends behind its region.
    #[error("client's ring {ring} at {offset} needs {need} bytes, the region has {size}")]
    RingOutside {
        ring: RingId,
        offset: u32,
        need: u64,
        size: u64,
    },
    /// Two rings over the same bytes.
    #[error("client put ring {ring} over ring {other}")]
    RingOverlap { ring: RingId, other: RingId },
    /// A ring with too few or too many slots.
    #[error("client wants 2^{log2} slots in ring {ring}, legal are 2^1 to 2^{max}")]
    SlotCount { ring: RingId, log2: u8, max: u8 },
    /// A private header, which memif 2.0 peers refuse.
    #[error(
        "client wants {bytes} private bytes before each frame of ring {ring}, only 0 is supported"
    )]
    PrivateHeader { ring: RingId, bytes: u16 },
    /// CONNECT without a ring.
    #[error("client sent CONNECT before any ring")]
    NoRing,

    /// Misuse by the caller, not by the peer: [`Client::offer`](crate::Client::offer) was not called in time.
    #[error("this client offered no memory between HELLO and the ACK of INIT")]
    NothingOffered,
}

/// Why a server does not let a client in, at INIT.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "the fields are the numbers in the text above them"
)]
pub enum Refusal {
    /// The client speaks another version.
    #[error("client speaks memif {got:#06x}, this server {VERSION:#06x}")]
    Version { got: u16 },
    /// The server has no interface of that id.
    #[error("client asked for id {id}, which this server does not have")]
    UnknownId { id: u32 },
    /// The interface has its client already.
    #[error("client asked for id {id}, which is in use by another client")]
    IdInUse { id: u32 },
    /// The interface is of another mode, or the client's mode is none.
    #[error("client wants mode {}, the interface is {expected}", Shown(*.got))]
    WrongMode { got: u8, expected: Mode },
    /// The secrets differ.
    #[error("client's secret is not the interface's")]
    WrongSecret,
    /// A reason of the caller's own, who says whose fault it is.
    #[error("{0}")]
    Other(String),
}

/// A mode byte: its word if it has one, else its number.
struct Shown(u8);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Mode::from_wire(self.0) {
            Some(mode) => mode.fmt(f),
            None => self.0.fmt(f),
        }
    }
}
