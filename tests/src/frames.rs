//! Numbered frames: each says which one it is and proves that it is whole.
//!
//! A little-endian `u64` at offset 14, behind where Ethernet has its addresses
//! and type; every other byte at offset i is (7 i + number) mod 256. The same
//! in `c/libmemif_peer.c`.

/// Where the number is.
const NUMBER_AT: usize = 14;

/// The shortest frame that carries a number.
pub const SHORTEST: usize = NUMBER_AT + 8;

/// The frame with this number, in so many bytes.
pub fn numbered(number: u64, len: usize) -> Vec<u8> {
    assert!(len >= SHORTEST, "{len} bytes have no room for a number");
    let digits = number.to_le_bytes();
    // 7 i repeats after 256 bytes: whole blocks are copied, which also a debug build does fast.
    let block: [u8; 256] =
        std::array::from_fn(|at| digits[0].wrapping_add((7 * at).to_le_bytes()[0]));
    let mut frame = block.repeat(len.div_ceil(block.len()));
    frame.truncate(len);
    frame[NUMBER_AT..SHORTEST].copy_from_slice(&digits);
    frame
}

/// The number of a frame, if it is whole.
pub fn number_of(frame: &[u8]) -> Option<u64> {
    let digits = frame.get(NUMBER_AT..SHORTEST)?;
    let number = u64::from_le_bytes(digits.try_into().ok()?);
    (frame == numbered(number, frame.len())).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_frame_gives_its_number() {
        for number in [0, 1, 255, 256, u64::MAX] {
            assert_eq!(number_of(&numbered(number, 100)), Some(number));
        }
    }

    #[test]
    fn a_changed_or_cut_frame_gives_none() {
        let mut frame = numbered(5, 64);
        frame[63] ^= 1;
        assert_eq!(number_of(&frame), None);
        assert_eq!(number_of(&numbered(5, 64)[..20]), None);
    }
}
