//! What the first bytes of a frame say about where it goes.
//!
//! ```text
//!   0            6            12       14
//!   | destination | source     | type   |  payload                      untagged
//!   | destination | source     | 88a8 | tag | 8100 | tag | type | ...   the outer tag's 12 low bits are the vlan
//! ```

use crate::{DropReason, Flow, Mac};

/// How many bytes of a frame are enough to see all that is looked at: copy at most so many.
pub const PEEK_BYTES: usize = 128;

const ADDRESSES: usize = 12;
const TAG: usize = 4;
const MOST_TAGS: usize = 2;
const VLAN_ID: u16 = 0x0FFF;
const IEEE_802_1Q: u16 = 0x8100;
const IEEE_802_1AD: u16 = 0x88A8;

/// The Ethernet header of a frame, and a look behind it when a [`Flow`] is asked for.
///
/// It borrows bytes that must be the caller's own copy: memory that another process can write is not for parsing.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// The addresses in the low 48 bits: bytes put together once, not byte by byte for each look-up.
    destination: u64,
    source: u64,
    vlan: u16,
    ethertype: u16,
    size: usize,
    payload: &'a [u8],
}

impl<'a> Header<'a> {
    /// Reads the header out of `first`, the frame's first bytes: all of them, or at least [`PEEK_BYTES`].
    ///
    /// # Errors
    /// [`DropReason::TooShort`] if the frame ends before its payload begins.
    #[inline]
    pub fn parse(first: &'a [u8]) -> Result<Header<'a>, DropReason> {
        let destination = u64::from_be_bytes(field(first, 0)?) >> 16;
        let source = u64::from_be_bytes(field(first, 4)?) & (u64::MAX >> 16);
        let mut vlan = None;
        let mut at = ADDRESSES;
        let mut ethertype = u16::from_be_bytes(field(first, at)?);
        for _ in 0..MOST_TAGS {
            if ethertype != IEEE_802_1Q && ethertype != IEEE_802_1AD {
                break;
            }
            let tag = u16::from_be_bytes(field(first, at + 2)?);
            vlan = vlan.or(Some(tag & VLAN_ID));
            at += TAG;
            ethertype = u16::from_be_bytes(field(first, at)?);
        }
        let size = at + 2;
        Ok(Header {
            destination,
            source,
            vlan: vlan.unwrap_or(0),
            ethertype,
            size,
            payload: first.get(size..).unwrap_or_default(),
        })
    }

    /// Whom the frame is for.
    #[inline]
    pub fn destination(&self) -> Mac {
        Mac::from_bits(self.destination)
    }

    /// Who says to have sent it.
    #[inline]
    pub fn source(&self) -> Mac {
        Mac::from_bits(self.source)
    }

    /// The id of the outermost tag, 802.1Q or 802.1ad; 0 without a tag, as with one that has only a priority.
    #[inline]
    pub fn vlan(&self) -> u16 {
        self.vlan
    }

    /// The type behind up to two tags.
    pub fn ethertype(&self) -> u16 {
        self.ethertype
    }

    /// Bytes before the payload: 14, and 4 for each of up to two tags.
    #[inline]
    pub fn size(&self) -> usize {
        self.size
    }

    /// The conversation that the frame belongs to.
    pub fn flow(&self) -> Flow {
        Flow::of(self)
    }

    /// What follows the header, as far as it was copied.
    pub(crate) fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], DropReason> {
    bytes_at(bytes, at).ok_or(DropReason::TooShort)
}

/// The `N` bytes at `at`, if they are all there.
pub(crate) fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    const BEGIN: [u8; 12] = [2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 5];

    fn frame(rest: &[u8]) -> Vec<u8> {
        [&BEGIN, rest].concat()
    }

    #[test]
    fn a_plain_frame_is_in_no_vlan() {
        let frame = frame(&[0x08, 0x06]);
        let header = Header::parse(&frame).unwrap();
        assert_eq!(header.destination(), Mac([2, 0, 0, 0, 0, 9]));
        assert_eq!(header.source(), Mac([2, 0, 0, 0, 0, 5]));
        assert_eq!(
            (header.vlan(), header.ethertype(), header.size()),
            (0, 0x0806, 14)
        );
    }

    #[test]
    fn a_tag_gives_the_vlan_without_its_priority() {
        let frame = frame(&[0x81, 0x00, 0xE1, 0x23, 0x08, 0x00]);
        let header = Header::parse(&frame).unwrap();
        assert_eq!(
            (header.vlan(), header.ethertype(), header.size()),
            (0x123, 0x0800, 18)
        );
    }

    #[test]
    fn of_two_tags_the_outer_one_counts() {
        let frame = frame(&[0x88, 0xA8, 0, 7, 0x81, 0x00, 0, 8, 0x86, 0xDD]);
        let header = Header::parse(&frame).unwrap();
        assert_eq!(
            (header.vlan(), header.ethertype(), header.size()),
            (7, 0x86DD, 22)
        );
    }

    #[test]
    fn an_outer_tag_with_only_a_priority_is_no_vlan_whatever_is_inside() {
        let frame = frame(&[0x81, 0x00, 0xE0, 0, 0x81, 0x00, 0, 8, 0x08, 0x00]);
        assert_eq!(Header::parse(&frame).unwrap().vlan(), 0);
    }

    #[test]
    fn a_third_tag_is_payload() {
        let frame = frame(&[0x81, 0, 0, 1, 0x81, 0, 0, 2, 0x81, 0, 0, 3, 0x08, 0]);
        let header = Header::parse(&frame).unwrap();
        assert_eq!(
            (header.vlan(), header.ethertype(), header.size()),
            (1, 0x8100, 22)
        );
    }

    #[test]
    fn a_frame_that_ends_within_its_header_is_too_short() {
        let tagged = frame(&[0x81, 0x00, 0, 7, 0x08, 0x00]);
        for length in 0..tagged.len() {
            let cut = Header::parse(&tagged[..length]);
            assert_eq!(cut.unwrap_err(), DropReason::TooShort, "{length} bytes");
        }
        assert!(Header::parse(&tagged).is_ok());
    }
}
