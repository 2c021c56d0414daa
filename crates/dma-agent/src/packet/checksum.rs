//! The checksum of the Internet protocols, RFC 1071.

/// A sum of 16-bit numbers, which has room for more of them than a frame has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum(u64);

impl Sum {
    /// Adds bytes; a last odd one counts as if a 0 followed.
    pub(super) fn add(self, bytes: &[u8]) -> Self {
        let (pairs, rest) = bytes.as_chunks();
        let pairs = pairs
            .iter()
            .map(|pair| u64::from(u16::from_be_bytes(*pair)));
        let rest = rest.iter().map(|byte| u64::from(*byte) << 8);
        Self(self.0 + pairs.sum::<u64>() + rest.sum::<u64>())
    }

    /// Adds a number.
    pub(super) fn add_number(self, number: usize) -> Self {
        Self(self.0 + number as u64)
    }

    /// The checksum as it is written.
    pub(super) fn finish(self) -> [u8; 2] {
        let mut sum = self.0;
        while sum > 0xFFFF {
            sum = (sum >> 16) + (sum & 0xFFFF);
        }
        let [.., high, low] = (!sum).to_be_bytes();
        [high, low]
    }

    /// The same, where 0 would mean that there is none.
    pub(super) fn finish_not_zero(self) -> [u8; 2] {
        match self.finish() {
            [0, 0] => [0xFF, 0xFF],
            sum => sum,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_has_the_sum_that_it_says() {
        let sum = Sum::default().add(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
        assert_eq!(sum.finish(), (!0xddf2_u16).to_be_bytes());
    }

    #[test]
    fn an_odd_byte_counts_as_the_high_one() {
        assert_eq!(
            Sum::default().add(&[0x12]).finish(),
            (!0x1200_u16).to_be_bytes()
        );
        assert_eq!(Sum::default().add(&[0xFF, 0xFF]).finish(), [0, 0]);
        assert_eq!(
            Sum::default().add(&[0xFF, 0xFF]).finish_not_zero(),
            [0xFF, 0xFF]
        );
    }
}
