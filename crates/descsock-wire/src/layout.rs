//! The two layouts of a laden descriptor, and how to tell them apart.
//!
//! ```text
//! byte   0                        6         8             12            16              32
//!        | address 48 bits        | len u16 | word 0 u32  | word 1 u32  | ignored, zero |
//!
//! word 0, layout A (up to 1.0.3)
//! bit    0      3     4     5                 13            21            32
//!        | type | eop | sop | flags           | ignored     | did         |
//!
//! word 0, layout B (1.1.0 on)
//! bit    0      3     4      5     6     7     8            16       27   32
//!        | type | -   | host | sop | eop | err | flags      | did    | -  |
//!
//! word 1, both
//! bit    0     4    6             20            32
//!        | sep | dm | svc         | nti         |
//! ```
//!
//! The type is 1 in an RX descriptor, 2 in a TX descriptor. `-` is ignored, and zero from us. Layout A has sixteen bits
//! for flags; a meaning is known of the low eight only, which are those of layout B.
//!
//! All known clients set start and end of packet in each TX descriptor and nothing else in the low byte of word 0:
//!
//! ```text
//!                 bit 7  6  5  4  3  2..0
//! 0x1A in A           .  .  .  sop eop 2
//! 0x62 in B           .  eop sop .  .  2
//! 0x79 in RX          .  1  1  1  1  1       start and end of packet in both layouts
//! ```
//!
//! Source: the descsock wire, descriptors.

use crate::Violation;
use crate::bits::Bits;

/// Low byte of word 0 of an RX descriptor that a client of either layout understands: what to send as long as a text
/// client has sent nothing by which [`Layout::detect`] could tell.
pub const RX_BYTE_OF_BOTH: u8 = 0x79;

/// Which layout a client's laden descriptors have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Up to release 1.0.3.
    A,
    /// Release 1.1.0 on; all clients with the binary registration.
    B,
}

impl Layout {
    /// The layout of a client, by the first descriptor it sends on any TX socket: by its byte 8, the low byte of word 0.
    ///
    /// # Errors
    /// [`Violation::Layout`] if that byte is neither 0x1A nor 0x62.
    pub const fn detect(first: &[u8; 32]) -> Result<Layout, Violation> {
        match first[8] {
            0x1a => Ok(Layout::A),
            0x62 => Ok(Layout::B),
            got => Err(Violation::Layout { got }),
        }
    }

    #[inline]
    pub(crate) const fn word0(self) -> &'static Word0 {
        match self {
            Layout::A => &Word0::A,
            Layout::B => &Word0::B,
        }
    }
}

/// Where the fields of word 0 are.
#[derive(Debug)]
pub(crate) struct Word0 {
    pub(crate) kind: Bits,
    pub(crate) host: Bits,
    pub(crate) sop: Bits,
    pub(crate) eop: Bits,
    pub(crate) err: Bits,
    pub(crate) flags: Bits,
    pub(crate) did: Bits,
}

impl Word0 {
    const A: Word0 = Word0 {
        kind: Bits::new(0, 3),
        host: Bits::NONE,
        sop: Bits::new(4, 1),
        eop: Bits::new(3, 1),
        err: Bits::NONE,
        flags: Bits::new(5, 8),
        did: Bits::new(21, 11),
    };

    const B: Word0 = Word0 {
        kind: Bits::new(0, 3),
        host: Bits::new(4, 1),
        sop: Bits::new(5, 1),
        eop: Bits::new(6, 1),
        err: Bits::new(7, 1),
        flags: Bits::new(8, 8),
        did: Bits::new(16, 11),
    };
}

/// Where the fields of word 1 are, in both layouts.
pub(crate) mod word1 {
    use super::Bits;

    pub(crate) const SEP: Bits = Bits::new(0, 4);
    pub(crate) const DM: Bits = Bits::new(4, 2);
    pub(crate) const SVC: Bits = Bits::new(6, 14);
    pub(crate) const NTI: Bits = Bits::new(20, 12);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beginning_with(low_byte: u8) -> [u8; 32] {
        let mut descriptor = [0xff; 32];
        descriptor[8] = low_byte;
        descriptor
    }

    #[test]
    fn byte_8_of_the_first_descriptor_tells_the_layout() {
        assert_eq!(Layout::detect(&beginning_with(0x1a)), Ok(Layout::A));
        assert_eq!(Layout::detect(&beginning_with(0x62)), Ok(Layout::B));
        for got in (0..=u8::MAX).filter(|byte| ![0x1a, 0x62].contains(byte)) {
            let detected = Layout::detect(&beginning_with(got));
            assert_eq!(detected, Err(Violation::Layout { got }));
        }
    }

    #[test]
    fn one_byte_is_a_whole_received_frame_in_both_layouts() {
        let byte = RX_BYTE_OF_BOTH.into();
        for word0 in [Word0::A, Word0::B] {
            let (sop, eop) = (word0.sop.of(byte), word0.eop.of(byte));
            assert_eq!((word0.kind.of(byte), sop, eop), (1, 1, 1));
            assert_eq!(word0.err.of(byte), 0);
        }
    }
}
