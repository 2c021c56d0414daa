//! Payload that proves itself: which one it is, and that it came whole.
//!
//! A packet starts with its number and ends with a word made from it; between them is a pattern that is the same in all:
//!
//! ```text
//! byte 0        8                        len-8          len
//!      number   byte i is i mod 251      mix(number)
//!      u64 LE                            u64 LE
//! ```
//!
//! Number and last word are checked in every packet, the pattern in one of [`FULL_CHECK`]: checking all of it would be
//! most of what is measured.

use anyhow::{Result, ensure};

/// Bytes of a word.
pub(crate) const WORD: usize = 8;
/// One packet of so many is checked in full.
const FULL_CHECK: u64 = 256;

/// A packet of this length, with the pattern, to be stamped before each use.
pub(crate) fn blank(len: usize) -> Vec<u8> {
    (0..=250u8).cycle().take(len).collect()
}

/// Writes the number of a packet, and the word that proves it.
pub(crate) fn stamp(packet: &mut [u8], number: u64) {
    let last = packet.len() - WORD;
    packet[..WORD].copy_from_slice(&number.to_le_bytes());
    packet[last..].copy_from_slice(&mix(number).to_le_bytes());
}

/// Whether `packet` is the one with this number, of the length of `blank`.
pub(crate) fn check(packet: &[u8], number: u64, blank: &[u8]) -> Result<()> {
    let last = blank.len() - WORD;
    let whole = packet.len() == blank.len()
        && packet[..WORD] == number.to_le_bytes()
        && packet[last..] == mix(number).to_le_bytes();
    ensure!(whole, "packet {number} is not what was sent: {packet:02x?}");
    if number.is_multiple_of(FULL_CHECK) {
        ensure!(
            packet[WORD..last] == blank[WORD..last],
            "packet {number} is damaged inside: {packet:02x?}"
        );
    }
    Ok(())
}

/// A word that looks random and belongs to this number (the finaliser of SplitMix64).
pub(crate) fn mix(number: u64) -> u64 {
    let a = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let b = (a ^ a >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let c = (b ^ b >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    c ^ c >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamped_packet_passes_as_itself_and_as_no_other() {
        let blank = blank(64);
        let mut packet = blank.clone();
        stamp(&mut packet, 256);
        check(&packet, 256, &blank).unwrap();
        assert!(check(&packet, 257, &blank).is_err());
    }

    #[test]
    fn a_packet_that_was_cut_or_damaged_does_not_pass() {
        let blank = blank(64);
        let mut packet = blank.clone();
        stamp(&mut packet, 512);
        assert!(check(&packet[..63], 512, &blank).is_err());
        for at in [0, 20, 63] {
            let mut damaged = packet.clone();
            damaged[at] ^= 1;
            assert!(check(&damaged, 512, &blank).is_err(), "byte {at}");
        }
    }
}
