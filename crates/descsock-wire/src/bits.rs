//! A run of bits in a word of 32.

/// `width` bits from bit `at` on; none if the width is 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bits {
    at: u32,
    width: u32,
}

impl Bits {
    /// No bits: reads as 0, and what is put there is gone.
    pub(crate) const NONE: Bits = Bits { at: 0, width: 0 };

    pub(crate) const fn new(at: u32, width: u32) -> Bits {
        assert!(width > 0 && width < 32 && at + width <= 32);
        Bits { at, width }
    }

    /// The bits of `word`, moved down to bit 0.
    #[inline]
    pub(crate) const fn of(self, word: u32) -> u32 {
        (word >> self.at) & self.mask()
    }

    /// The low bits of `value`, moved up to their place.
    #[inline]
    pub(crate) const fn put(self, value: u32) -> u32 {
        (value & self.mask()) << self.at
    }

    const fn mask(self) -> u32 {
        (1 << self.width) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_taken_from_their_place_and_put_back_there() {
        let did = Bits::new(21, 11);
        assert_eq!(did.of(0xffe0_0000), 0x7ff);
        assert_eq!(did.put(0x7ff), 0xffe0_0000);
        assert_eq!(did.put(0x800), 0);
    }

    #[test]
    fn no_bits_are_always_zero() {
        assert_eq!(Bits::NONE.of(u32::MAX), 0);
        assert_eq!(Bits::NONE.put(u32::MAX), 0);
    }
}
