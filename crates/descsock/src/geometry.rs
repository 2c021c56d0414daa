//! How the shared file is divided.
//!
//! ```text
//! 0                              receive * stride                       + send * stride     size
//! | RX buffer 0 | RX buffer 1 | ... | TX buffer 0 | TX buffer 1 | ...     | to a whole page |
//! ```
//!
//! Addresses on the wire count from [`BASE`], wherever this process has the file: it maps it twice, once to read
//! received frames and once to write, and the agent only ever takes differences.

use descsock_wire::{Buffer, CRC_LEN, MIN_FRAME, Mapping};

use crate::Misuse;

/// The address of the file's first byte, on the wire.
const BASE: u64 = 0x10_0000_0000;
/// Buffers begin at multiples of this.
const LINE: u32 = 128;
/// The longest frame, in bytes without CRC.
const LONGEST: u16 = 9600;
/// The most buffers of one direction, well below what an agent accepts.
const MOST: u32 = 16_384;

/// Buffers of a size, some to receive and some to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// Bytes of a buffer that are used: the longest frame and its CRC.
    pub(crate) used: u16,
    pub(crate) receive: u32,
    pub(crate) send: u32,
    stride: u32,
}

impl Geometry {
    /// For frames up to `capacity` bytes.
    pub(crate) fn new(capacity: u16, receive: u32, send: u32) -> Result<Self, Misuse> {
        if !(MIN_FRAME..=LONGEST).contains(&capacity) {
            return Err(Misuse::FrameCapacity {
                got: capacity,
                least: MIN_FRAME,
                most: LONGEST,
            });
        }
        for got in [receive, send] {
            if !(4..=MOST).contains(&got) {
                let (least, most) = (4, MOST);
                return Err(Misuse::Buffers { got, least, most });
            }
        }
        let used = capacity + CRC_LEN;
        Ok(Self {
            used,
            receive,
            send,
            stride: u32::from(used).next_multiple_of(LINE),
        })
    }

    /// The longest frame, in bytes without CRC.
    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        usize::from(self.used - CRC_LEN)
    }

    /// Slots of each ring: enough for either direction.
    pub(crate) fn slots(&self) -> u16 {
        let slots = self.receive.max(self.send).next_power_of_two();
        u16::try_from(slots).unwrap_or(u16::MAX)
    }

    /// Bytes of the file, in whole pages of a size.
    pub(crate) fn bytes(&self, page: u64) -> u64 {
        let buffers = u64::from(self.receive) + u64::from(self.send);
        (buffers * u64::from(self.stride)).next_multiple_of(page.max(1))
    }

    /// Where receive buffer `index` begins in the file.
    #[inline]
    pub(crate) fn rx(&self, index: u32) -> u64 {
        u64::from(index) * u64::from(self.stride)
    }

    /// Where send buffer `index` begins in the file.
    #[inline]
    pub(crate) fn tx(&self, index: u32) -> u64 {
        self.rx(self.receive + index)
    }

    /// What the wire calls `len` bytes at an offset.
    #[inline]
    pub(crate) fn buffer(offset: u64, len: u16) -> Option<Buffer> {
        Buffer::new(BASE + offset, len).ok()
    }

    /// Where in the file a buffer of the wire is.
    pub(crate) fn offset(buffer: Buffer) -> Option<u64> {
        buffer.address().checked_sub(BASE)
    }

    /// What the wire calls a file of so many bytes.
    pub(crate) fn mapping(bytes: u64) -> Option<Mapping> {
        Mapping::new(BASE, bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_buffers_are_eight_mebibytes() {
        let usual = Geometry::new(2044, 2048, 2048).expect("usual");
        assert_eq!((usual.used, usual.stride), (2048, 2048));
        assert_eq!(usual.bytes(4096), 8 << 20);
        assert_eq!(usual.bytes(1 << 30), 1 << 30);
    }

    #[test]
    fn rings_have_a_slot_for_each_buffer() {
        for (receive, send, slots) in [(4, 4, 4), (5, 4, 8), (64, 2048, 2048), (16_384, 4, 16_384)]
        {
            let geometry = Geometry::new(2044, receive, send).expect("a geometry");
            assert_eq!(geometry.slots(), slots);
        }
    }

    #[test]
    fn no_two_buffers_overlap_and_none_ends_behind_the_file() {
        for capacity in [60, 1500, 2044, 9600] {
            let geometry = Geometry::new(capacity, 5, 7).expect("a geometry");
            let offsets = (0..5).map(|index| geometry.rx(index));
            let offsets: Vec<_> = offsets.chain((0..7).map(|n| geometry.tx(n))).collect();
            let ends = offsets.iter().map(|start| start + u64::from(capacity) + 4);
            let next = offsets.iter().copied().skip(1).chain([geometry.bytes(1)]);
            assert!(ends.zip(next).all(|(end, next)| end <= next), "{capacity}");
        }
    }

    #[test]
    fn what_no_agent_takes_is_refused() {
        assert!(Geometry::new(59, 64, 64).is_err());
        assert!(Geometry::new(9601, 64, 64).is_err());
        assert!(Geometry::new(2044, 3, 64).is_err());
        assert!(Geometry::new(2044, 64, 1 << 20).is_err());
    }
}
