//! A frame as a ring end sees it: one buffer, or several linked ones.

use std::ptr::NonNull;

/// One piece of a frame: bytes inside a mapped region, already bounded.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    pub(crate) start: NonNull<u8>,
    pub(crate) len: u32,
}

#[allow(unsafe_code)]
// SAFETY: a segment is an address and a length; reaching the bytes needs the unsafe `span`.
unsafe impl Send for Segment {}
#[allow(unsafe_code)]
// SAFETY: as above.
unsafe impl Sync for Segment {}

impl Segment {
    /// A segment of nothing: what unused records hold.
    pub(crate) const EMPTY: Self = Self {
        start: NonNull::dangling(),
        len: 0,
    };

    /// Number of bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The same place with only its first `len` bytes.
    #[must_use]
    #[inline]
    pub fn shortened(self, len: u32) -> Self {
        Self {
            len: self.len.min(len),
            ..self
        }
    }
}

/// A frame: `count` records starting at `first`, and its bytes in all.
///
/// What a record is, is the business of the ring end that made the chain; a chain is meaningless to any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// First record.
    pub(crate) first: u16,
    /// Number of records, at least 1.
    pub(crate) count: u16,
    /// To tell frames apart that a server took before and after a resynchronisation.
    pub(crate) generation: u32,
    /// Bytes in all records together: of payload when received, of room when reserved.
    pub(crate) bytes: u64,
}

impl Chain {
    /// A frame of nothing, to begin with.
    pub(crate) const EMPTY: Self = Self {
        first: 0,
        count: 0,
        generation: 0,
        bytes: 0,
    };

    /// Number of buffers.
    #[inline]
    pub fn segments(&self) -> usize {
        usize::from(self.count)
    }

    /// Bytes of payload when received, of room when reserved.
    #[inline]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}
