//! A fast checksum over a stream of bytes, for finding torn and corrupted frames.
//!
//! Eight independent 64-bit lanes take one little-endian word each of every 64-byte block, by xor,
//! an odd multiplication and a rotation. Each of these steps can be undone, so a change within one
//! word always changes the sum, and the order of blocks counts. It is no defence against forgery.

const LANES: usize = 8;
const BLOCK: usize = LANES * size_of::<u64>();
/// 2^64 divided by the golden ratio, odd.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The sum of the bytes so far. How they were cut into updates makes no difference.
#[derive(Debug, Clone)]
pub(crate) struct Checksum {
    lanes: [u64; LANES],
    partial: [u8; BLOCK],
    filled: usize,
    total: u64,
}

impl Checksum {
    pub(crate) fn new() -> Self {
        let lanes = std::array::from_fn(|lane| step(FACTOR, lane as u64));
        Self {
            lanes,
            partial: [0; BLOCK],
            filled: 0,
            total: 0,
        }
    }

    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        self.total += bytes.len() as u64;
        if self.filled > 0 {
            bytes = self.complete(bytes);
        }
        let (blocks, rest) = bytes.as_chunks();
        self.lanes = absorb(self.lanes, blocks);
        self.partial[self.filled..][..rest.len()].copy_from_slice(rest);
        self.filled += rest.len();
    }

    /// The sum of all bytes, and of `words` that belong to them.
    pub(crate) fn finish(mut self, words: [u64; 3]) -> u64 {
        self.partial[self.filled..].fill(0);
        self.lanes = absorb(self.lanes, &[self.partial]);
        let last = words.into_iter().chain([self.total]);
        let sum = self.lanes.into_iter().chain(last).fold(FACTOR, step);
        step(sum ^ (sum >> 32), 0)
    }

    /// Fills the block that was begun; what it does not take comes back.
    fn complete<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (head, rest) = bytes.split_at(bytes.len().min(BLOCK - self.filled));
        self.partial[self.filled..][..head.len()].copy_from_slice(head);
        self.filled += head.len();
        if self.filled == BLOCK {
            self.lanes = absorb(self.lanes, &[self.partial]);
            self.filled = 0;
        }
        rest
    }
}

/// The lanes by value, so that they stay in registers.
fn absorb(mut lanes: [u64; LANES], blocks: &[[u8; BLOCK]]) -> [u64; LANES] {
    for block in blocks {
        let (words, _) = block.as_chunks();
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = step(*lane, u64::from_le_bytes(*word));
        }
    }
    lanes
}

fn step(lane: u64, word: u64) -> u64 {
    (lane ^ word).wrapping_mul(FACTOR).rotate_left(29)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(bytes: &[u8]) -> u64 {
        let mut sum = Checksum::new();
        sum.update(bytes);
        sum.finish([1, 2, 3])
    }

    #[test]
    fn every_single_bit_counts() {
        let mut bytes: Vec<u8> = (0..200).collect();
        let whole = sum(&bytes);
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(sum(&bytes), whole, "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn zeros_at_the_end_count() {
        let sums: Vec<_> = (0..200).map(|len| sum(&vec![0; len])).collect();
        for (len, one) in sums.iter().enumerate() {
            assert!(!sums[..len].contains(one), "{len} zeros");
        }
    }

    #[test]
    fn the_words_that_belong_to_the_bytes_count() {
        let sums =
            [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]].map(|words| Checksum::new().finish(words));
        for (index, one) in sums.iter().enumerate() {
            assert!(!sums[..index].contains(one));
        }
    }

    proptest! {
        #[test]
        fn the_cuts_make_no_difference(
            bytes in proptest::collection::vec(any::<u8>(), 0..400), cuts: [u8; 5],
        ) {
            let mut cut = Checksum::new();
            let mut rest = &bytes[..];
            for len in cuts {
                let (head, tail) = rest.split_at(rest.len().min(len.into()));
                cut.update(head);
                rest = tail;
            }
            cut.update(rest);
            prop_assert_eq!(cut.finish([1, 2, 3]), sum(&bytes));
        }
    }
}
