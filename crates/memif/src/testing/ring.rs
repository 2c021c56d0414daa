//! One ring in shared memory, every field readable and writable.
//!
//! ```text
//!   0  cookie u32    4  flags u16    6  head u16     (line 0)
//!   L  tail u16                                      (line 1; L = 64, or 128 on aarch64)
//!  2L  descriptors, 16 bytes each:
//!      flags u16 | region u16 | length u32 | offset u32 | metadata u32
//! ```

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{EventfdFlags, eventfd};

use super::mapping::Mapping;
use super::socket::wait_readable;

/// What every ring starts with.
pub const COOKIE: u32 = 0x03E3_1F20;
/// Ring flag: the consumer wants no wake-ups.
pub const MASK_INT: u16 = 1;
/// Descriptor flag: the frame goes on in the next slot.
pub const NEXT: u16 = 1;

/// One descriptor, as found or to be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Descriptor {
    /// [`NEXT`], or any lie.
    pub flags: u16,
    /// Region of the buffer.
    pub region: u16,
    /// Bytes used, or capacity.
    pub length: u32,
    /// Where in the region.
    pub offset: u32,
    /// Kept and ignored by all peers.
    pub metadata: u32,
}

/// A ring and its eventfd.
#[derive(Debug)]
pub struct RawRing {
    memory: Arc<Mapping>,
    offset: usize,
    line: usize,
    log2_slots: u8,
    bell: OwnedFd,
}

impl RawRing {
    /// A ring at `offset`, with header lines of `line` bytes.
    pub fn new(
        memory: Arc<Mapping>,
        offset: usize,
        line: usize,
        log2_slots: u8,
        bell: OwnedFd,
    ) -> RawRing {
        RawRing {
            memory,
            offset,
            line,
            log2_slots,
            bell,
        }
    }

    /// Writes a fresh header: cookie, flags and both indexes zero.
    pub fn reset(&self) {
        self.set_cookie(COOKIE);
        self.set_flags(0);
        self.set_head(0);
        self.set_tail(0);
    }

    /// Number of slots.
    pub fn slots(&self) -> u16 {
        1 << self.log2_slots
    }

    /// The cookie as it stands.
    pub fn cookie(&self) -> u32 {
        self.memory.load_u32(self.offset)
    }

    /// Any cookie.
    pub fn set_cookie(&self, cookie: u32) {
        self.memory.store_u32(self.offset, cookie);
    }

    /// The flags as they stand.
    pub fn flags(&self) -> u16 {
        self.memory.load_u16(self.offset + 4)
    }

    /// Any flags.
    pub fn set_flags(&self, flags: u16) {
        self.memory.store_u16(self.offset + 4, flags);
    }

    /// The client's index as it stands.
    pub fn head(&self) -> u16 {
        self.memory.load_u16(self.offset + 6)
    }

    /// Any head.
    pub fn set_head(&self, head: u16) {
        self.memory.store_u16(self.offset + 6, head);
    }

    /// The server's index as it stands.
    pub fn tail(&self) -> u16 {
        self.memory.load_u16(self.offset + self.line)
    }

    /// Any tail.
    pub fn set_tail(&self, tail: u16) {
        self.memory.store_u16(self.offset + self.line, tail);
    }

    /// The descriptor an index points to.
    pub fn descriptor(&self, index: u16) -> Descriptor {
        let at = self.place(index);
        Descriptor {
            flags: self.memory.load_u16(at),
            region: self.memory.load_u16(at + 2),
            length: self.memory.load_u32(at + 4),
            offset: self.memory.load_u32(at + 8),
            metadata: self.memory.load_u32(at + 12),
        }
    }

    /// Any descriptor in the slot an index points to.
    pub fn set_descriptor(&self, index: u16, descriptor: Descriptor) {
        let at = self.place(index);
        self.memory.store_u32(at + 4, descriptor.length);
        self.memory.store_u32(at + 8, descriptor.offset);
        self.memory.store_u32(at + 12, descriptor.metadata);
        self.memory.store_u16(at + 2, descriptor.region);
        self.memory.store_u16(at, descriptor.flags);
    }

    /// Rings the eventfd, whatever the mask says.
    pub fn ring(&self) -> io::Result<()> {
        ring_fd(self.bell.as_fd())
    }

    /// Rings the eventfd unless the consumer has masked it. The mask is read
    /// behind a full fence, so that a consumer about to sleep is not missed.
    pub fn ring_unless_masked(&self) -> io::Result<()> {
        std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
        match self.flags() & MASK_INT {
            0 => self.ring(),
            _ => Ok(()),
        }
    }

    /// Takes the eventfd's count; 0 when nobody rang.
    pub fn clear(&self) -> io::Result<u64> {
        let mut count = [0; 8];
        match rustix::io::read(&self.bell, &mut count) {
            Ok(_) => Ok(u64::from_ne_bytes(count)),
            Err(rustix::io::Errno::AGAIN) => Ok(0),
            Err(other) => Err(other.into()),
        }
    }

    /// Waits until somebody rings; `TimedOut` otherwise.
    pub fn wait_bell(&self, timeout: Duration) -> io::Result<()> {
        wait_readable(self.bell.as_fd(), timeout)
    }

    /// The eventfd.
    pub fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    fn place(&self, index: u16) -> usize {
        let slot = usize::from(index & (self.slots() - 1));
        self.offset + 2 * self.line + 16 * slot
    }
}

/// A fresh non-blocking eventfd.
pub fn bell() -> io::Result<OwnedFd> {
    Ok(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)
}

/// A full counter means that a wake-up is pending, which is all we want.
fn ring_fd(bell: BorrowedFd<'_>) -> io::Result<()> {
    match rustix::io::write(bell, &1u64.to_ne_bytes()) {
        Ok(_) | Err(rustix::io::Errno::AGAIN) => Ok(()),
        Err(other) => Err(other.into()),
    }
}
