//! A keyed hash of a few numbers: fast, and not for a tenant to predict.
//!
//! Tenants choose their addresses. With a hash they knew, a few thousand of them could be put into one place of the
//! table, and every look-up would pass them all.

/// The key of the hash: three odd numbers that nobody outside knows.
#[derive(Clone, Copy)]
pub(crate) struct Seed([u64; 3]);

impl Seed {
    /// A key made out of one random number.
    pub(crate) fn new(random: u64) -> Seed {
        let mut state = random;
        Seed(core::array::from_fn(|_| next(&mut state) | 1))
    }

    /// A number that depends on every bit of `a` and `b`, and on their order.
    #[inline]
    pub(crate) fn mix(&self, a: u64, b: u64) -> u64 {
        let [first, second, third] = self.0;
        fold(fold(a ^ first, second) ^ b, third)
    }
}

/// Multiplies to 128 bits and lays the halves over each other: high bits come down to where a table looks.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the halves are wanted")]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

/// A Weyl sequence whose steps are stirred by shifts and multiplications.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut bits = *state;
    bits = (bits ^ (bits >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    bits = (bits ^ (bits >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    bits ^ (bits >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_addresses_spread_over_a_table() {
        for random in [0, 1, u64::MAX] {
            let seed = Seed::new(random);
            let mut places = [0_u32; 256];
            for address in 0..25_600 {
                let place = seed.mix(address << 16 | 4095, 7) % 256;
                places[usize::try_from(place).unwrap()] += 1;
            }
            let fullest = places.iter().max();
            assert!(fullest < Some(&160), "{fullest:?} where 100 are fair");
        }
    }

    #[test]
    fn another_seed_gives_other_numbers() {
        assert_ne!(Seed::new(1).mix(5, 6), Seed::new(2).mix(5, 6));
        assert_ne!(Seed::new(1).mix(5, 6), Seed::new(1).mix(6, 5));
    }
}
