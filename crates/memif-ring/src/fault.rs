//! What a peer did wrong in shared memory.

use thiserror::Error;

/// A violation of the ring protocol by the peer, with the numbers it claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PeerFault {
    /// An index moved further than the ring allows.
    #[error("the peer moved its {index} by {distance}, the ring allows {limit}")]
    IndexJump {
        /// Which index: `head` or `tail`.
        index: &'static str,
        /// How far it claims to have moved.
        distance: u16,
        /// How far it may move.
        limit: u16,
    },
    /// A descriptor names a region that was never announced.
    #[error("the peer's descriptor names region {region}, only {have} exist")]
    AbsentRegion {
        /// The region named.
        region: u16,
        /// How many regions there are.
        have: usize,
    },
    /// A descriptor reaches beyond its region.
    #[error(
        "the peer's descriptor covers {offset}+{length} of region {region}, which has {size} bytes"
    )]
    OutsideRegion {
        /// The region named.
        region: u16,
        /// First byte claimed.
        offset: u32,
        /// Bytes claimed.
        length: u32,
        /// Size of the region.
        size: u64,
    },
    /// A descriptor of no bytes.
    #[error("the peer's descriptor has length 0")]
    ZeroLength,
    /// Flag bits that mean nothing.
    #[error("the peer's descriptor has undefined flags {flags:#06x}")]
    UndefinedFlags {
        /// All flags as fetched.
        flags: u16,
    },
    /// A chain that does not end within what was published.
    #[error("the peer's chain of {segments} descriptors does not end in what it published")]
    UnterminatedChain {
        /// Descriptors seen.
        segments: u16,
    },
    /// More bytes claimed in a buffer than it holds.
    #[error("the peer claims {claimed} bytes in a buffer of {capacity}")]
    Overclaim {
        /// Bytes claimed.
        claimed: u32,
        /// Bytes the buffer holds.
        capacity: u32,
    },
    /// A returned descriptor names a buffer that was not posted.
    #[error("the peer returned region {region} offset {offset}, which is not a posted buffer")]
    ForeignBuffer {
        /// The region named.
        region: u16,
        /// The offset named.
        offset: u32,
    },
    /// Posted buffers of different sizes where frames have to change places.
    #[error("the peer posted a buffer of {capacity} bytes where {needed} are needed")]
    UnevenBuffers {
        /// Bytes the buffer holds.
        capacity: u32,
        /// Bytes that were to go in.
        needed: u32,
    },
}
