//! One ring descriptor, as a private copy.

/// Flag bit 0 of a descriptor: the frame goes on in the next slot.
pub const NEXT: u16 = 1;

/// A copy of one 16-byte descriptor.
///
/// ```text
/// byte 0      2        4          8          12         16
///      flags  region   length     offset     metadata
///      u16    u16      u32        u32        u32          little-endian
/// ```
///
/// Source: `memif_desc_t` of memif 2.0. `metadata` is kept and ignored by every peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Descriptor {
    /// [`NEXT`], or nothing; all other bits are undefined.
    pub flags: u16,
    /// Index of the region the buffer lies in.
    pub region: u16,
    /// Bytes in the buffer: payload when sent, room when posted.
    pub length: u32,
    /// Where the buffer starts, in bytes from the start of its region.
    pub offset: u32,
    /// Not interpreted.
    pub metadata: u32,
}

impl Descriptor {
    /// Bytes of one descriptor in shared memory.
    pub const BYTES: usize = 16;

    /// The two little-endian words a descriptor is in shared memory.
    #[inline]
    pub fn to_words(self) -> [u64; 2] {
        let first =
            u64::from(self.flags) | u64::from(self.region) << 16 | u64::from(self.length) << 32;
        [
            first,
            u64::from(self.offset) | u64::from(self.metadata) << 32,
        ]
    }

    /// The descriptor that these two words hold.
    #[inline]
    pub fn from_words([first, second]: [u64; 2]) -> Self {
        let half = |word: u64, shift: u32| (word >> shift & 0xFFFF_FFFF) as u32;
        Self {
            flags: (first & 0xFFFF) as u16,
            region: (first >> 16 & 0xFFFF) as u16,
            length: half(first, 32),
            offset: half(second, 0),
            metadata: half(second, 32),
        }
    }

    /// Whether the frame goes on in the next slot.
    #[inline]
    pub fn has_next(self) -> bool {
        self.flags & NEXT != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_hold_the_fields_at_their_documented_bytes() {
        let descriptor = Descriptor {
            flags: 0x0201,
            region: 0x0403,
            length: 0x0807_0605,
            offset: 0x0C0B_0A09,
            metadata: 0x100F_0E0D,
        };
        let words = descriptor.to_words();
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(bytes, (1..=16).collect::<Vec<u8>>());
        assert_eq!(Descriptor::from_words(words), descriptor);
    }
}
