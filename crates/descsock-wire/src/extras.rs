//! What our own clients and agents have besides the wire that everybody speaks, and how they recognise each other.
//!
//! A client offers its extras in the last sixteen bytes of the path's field, if the path leaves them free: behind its NUL,
//! where others have garbage that no agent reads. An agent says which of them it takes, in the zeros behind CONN_RESP.
//!
//! ```text
//! 0                    8                12        16
//! | "MWdscxtr"         | features u32   | zero    |     in the registration at byte 1084, in the answer at byte 32
//!
//! features, bit 0   rings: instead of the eight sockets, one SOCK_SEQPACKET socket with a memif server at its other end
//!               -   unknown: ignored
//! ```
//!
//! By the rings go whole frames without CRC, each behind a header of eight bytes: see [`Laden::ring_header`]. Who is to be
//! woken gets a byte at the doorbell, of any value, instead of a signal by the ring's eventfd: that one is an open file of both
//! processes, and whoever means harm makes it block those who write to it.
//!
//! [`Laden::ring_header`]: crate::Laden::ring_header

use core::mem::size_of;

use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

const MAGIC: [u8; 8] = *b"MWdscxtr";

bitflags::bitflags! {
    /// What a client offers, and an agent takes, besides the wire of others.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Extras: u32 {
        /// Frames by memif rings instead of descriptor sockets.
        const RINGS = 1 << 0;
    }
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct TagBytes {
    magic: [u8; 8],
    features: U32,
    zero: U32,
}

/// Bytes of a tag.
pub(crate) const TAG: usize = size_of::<TagBytes>();

const _: () = assert!(TAG == 16);

impl Extras {
    /// The tag that says this; nothing but zeros if there is nothing to say.
    pub(crate) fn to_tag(self) -> [u8; TAG] {
        if self.is_empty() {
            return [0; TAG];
        }
        zerocopy::transmute!(TagBytes {
            magic: MAGIC,
            features: self.bits().into(),
            zero: 0.into(),
        })
    }

    /// What these bytes say, if they are a tag.
    pub(crate) fn of_tag(bytes: [u8; TAG]) -> Extras {
        let tag: TagBytes = zerocopy::transmute!(bytes);
        match tag.magic == MAGIC && tag.zero.get() == 0 {
            true => Extras::from_bits_truncate(tag.features.get()),
            false => Extras::empty(),
        }
    }

    /// What the field of a path says behind the path.
    pub(crate) fn behind_path(field: &[u8]) -> Extras {
        match field.split_last_chunk::<TAG>() {
            Some((path, tag)) if path.contains(&0) => Extras::of_tag(*tag),
            _ => Extras::empty(),
        }
    }

    /// Says it behind the path in its field, if there is room.
    pub(crate) fn put_behind_path(self, field: &mut [u8]) {
        if let Some((path, tag)) = field.split_last_chunk_mut::<TAG>()
            && path.contains(&0)
        {
            *tag = self.to_tag();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_that_are_not_known_are_ignored() {
        let mut tag = Extras::RINGS.to_tag();
        tag[8..12].fill(0xff);
        assert_eq!(Extras::of_tag(tag), Extras::all());
    }

    #[test]
    fn a_tag_is_whole_or_none() {
        let tag = Extras::RINGS.to_tag();
        for at in (0..8).chain(12..16) {
            let mut damaged = tag;
            damaged[at] ^= 1;
            assert_eq!(Extras::of_tag(damaged), Extras::empty(), "byte {at}");
        }
        assert_eq!(Extras::of_tag([0; TAG]), Extras::empty());
    }

    #[test]
    fn a_path_that_needs_its_whole_field_carries_nothing() {
        for (path, carries) in [(983, true), (984, false), (985, false), (999, false)] {
            let mut field = [0; 1000];
            field[..path].fill(b'/');
            let before = field;
            Extras::RINGS.put_behind_path(&mut field);
            assert_eq!(field[..path], before[..path]);
            let said = Extras::behind_path(&field);
            assert_eq!(said.contains(Extras::RINGS), carries, "{path} bytes");
        }
    }
}
