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
    (0..len).map(|at| byte(number, at)).collect()
}

/// The number of a frame, if it is whole.
pub fn number_of(frame: &[u8]) -> Option<u64> {
    let digits = frame.get(NUMBER_AT..SHORTEST)?;
    let number = u64::from_le_bytes(digits.try_into().ok()?);
    let mut bytes = frame.iter().enumerate();
    bytes
        .all(|(at, &found)| found == byte(number, at))
        .then_some(number)
}

fn byte(number: u64, at: usize) -> u8 {
    match at.checked_sub(NUMBER_AT) {
        Some(digit @ 0..8) => number.to_le_bytes()[digit],
        _ => number.to_le_bytes()[0].wrapping_add((7 * at).to_le_bytes()[0]),
    }
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
