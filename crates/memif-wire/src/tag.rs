//! The tag by which two ends of our own recognise each other.
//!
//! memif's name fields are 32 bytes and everybody reads them up to the first NUL, so the bytes behind it are free.
//! The tag takes the last 16 bytes of HELLO.name and INIT.name; a foreign peer never looks there.
//!
//! ```text
//!  0                       15 16          20             24                       32
//! +--------------------+-----+------------+--------------+-------------------------+
//! | text, NUL padded   | NUL | magic MWR1 | features u32 | frame_capacity u64      |
//! +--------------------+-----+------------+--------------+-------------------------+
//! ```
//!
//! Numbers are little-endian. A tag is a claim like any other: it switches on extras, it never lifts a check.

use core::fmt;
use core::mem::{offset_of, size_of};
use core::ops::BitOr;

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes a tag takes at the end of a name field.
pub(crate) const TAG_LEN: usize = 16;

const MAGIC: [u8; 4] = *b"MWR1";

/// What a peer of our own says about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tag {
    /// The extras it understands.
    pub features: Features,
    /// Largest frame it will send, in bytes; 0 = not said.
    pub frame_capacity: u64,
}

impl Tag {
    pub(crate) fn to_bytes(self) -> [u8; TAG_LEN] {
        zerocopy::transmute!(TagBytes {
            magic: MAGIC,
            features: self.features.bits().into(),
            frame_capacity: self.frame_capacity.into(),
        })
    }

    pub(crate) fn from_bytes(bytes: [u8; TAG_LEN]) -> Option<Tag> {
        let raw: TagBytes = zerocopy::transmute!(bytes);
        (raw.magic == MAGIC).then(|| Tag {
            features: Features::from_bits_retain(raw.features.get()),
            frame_capacity: raw.frame_capacity.get(),
        })
    }
}

/// Extras beyond memif 2.0, one bit each. Bits unknown to this version are kept and mean nothing.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Features(u32);

impl Features {
    /// Understands the metadata trailer behind a frame's payload.
    pub const TRAILER: Features = Features(1);
    /// Wakes the producer through the reverse ring's eventfd when it has given buffers back.
    pub const ROOM_HINT: Features = Features(2);
    /// A client that accepts any of its posted buffers in any slot.
    pub const ANY_BUFFER: Features = Features(4);

    const NAMED: [(Features, &'static str); 3] = [
        (Features::TRAILER, "TRAILER"),
        (Features::ROOM_HINT, "ROOM_HINT"),
        (Features::ANY_BUFFER, "ANY_BUFFER"),
    ];

    /// No extras.
    pub const fn empty() -> Features {
        Features(0)
    }

    /// The bits as they stand in the tag, unknown ones included.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Features from the bits of a tag, unknown ones kept.
    pub const fn from_bits_retain(bits: u32) -> Features {
        Features(bits)
    }

    /// Whether all of `other` is in `self`.
    pub const fn contains(self, other: Features) -> bool {
        self.0 & other.0 == other.0
    }

    /// What both ends understand.
    pub const fn intersection(self, other: Features) -> Features {
        Features(self.0 & other.0)
    }

    /// What either end understands.
    pub const fn union(self, other: Features) -> Features {
        Features(self.0 | other.0)
    }
}

impl BitOr for Features {
    type Output = Features;

    fn bitor(self, other: Features) -> Features {
        self.union(other)
    }
}

impl fmt::Debug for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = Features::NAMED
            .into_iter()
            .filter(|(feature, _)| self.contains(*feature));
        let unknown = Features::NAMED
            .into_iter()
            .fold(self.0, |bits, (feature, _)| bits & !feature.0);
        f.write_str("Features(")?;
        for (_, name) in named {
            write!(f, "{name} ")?;
        }
        write!(f, "+{unknown:#x})")
    }
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct TagBytes {
    magic: [u8; 4],
    features: U32,
    frame_capacity: U64,
}

const _: () = {
    assert!(size_of::<TagBytes>() == TAG_LEN);
    assert!(offset_of!(TagBytes, features) == 4);
    assert!(offset_of!(TagBytes, frame_capacity) == 8);
};

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn a_tag_is_drawn_as_the_layout_says() {
        let tag = Tag {
            features: Features::TRAILER | Features::ANY_BUFFER,
            frame_capacity: 0x0102_0304,
        };
        assert_eq!(tag.to_bytes(), *b"MWR1\x05\0\0\0\x04\x03\x02\x01\0\0\0\0");
        assert_eq!(Tag::from_bytes(tag.to_bytes()), Some(tag));
    }

    #[test]
    fn bytes_without_the_magic_are_no_tag() {
        assert_eq!(Tag::from_bytes([0; TAG_LEN]), None);
        assert_eq!(
            Tag::from_bytes(*b"mwr1\x05\0\0\0\x04\x03\x02\x01\0\0\0\0"),
            None
        );
    }

    #[test]
    fn features_of_a_later_version_are_kept_and_shown() {
        let features = Features::from_bits_retain(0x12);
        assert!(features.contains(Features::ROOM_HINT));
        assert!(!features.contains(Features::TRAILER));
        assert_eq!(format!("{features:?}"), "Features(ROOM_HINT +0x10)");
    }

    #[test]
    fn extras_are_used_only_when_both_ends_understand_them() {
        let ours = Features::TRAILER | Features::ROOM_HINT;
        assert_eq!(
            ours.intersection(Features::TRAILER | Features::ANY_BUFFER),
            Features::TRAILER
        );
        assert_eq!(ours.intersection(Features::empty()), Features::empty());
    }
}
