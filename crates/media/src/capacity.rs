//! How large the buffers of a link have to be for the frames of a stream.

use memif::{LinkOptions, Traffic};

use crate::TRAILER_ROOM;

/// Frames that can be under way at once, unless the user says otherwise.
const SLOTS: u16 = 16;

/// The room that a frame of this many bytes takes in shared memory, with the longest trailer.
pub fn frame_capacity(frame_bytes: u64) -> u64 {
    frame_bytes.saturating_add(TRAILER_ROOM as u64)
}

/// The room for frames of a stream whose other end may be an application of the original `mcm_dp`.
///
/// Such a peer takes every frame to have width × height × 4 bytes, whatever its pixels, and expects
/// them in one buffer.
pub fn foreign_capacity(frame_bytes: u64, width: u32, height: u32) -> u64 {
    let assumed = (u64::from(width) * u64::from(height)).saturating_mul(4);
    frame_capacity(frame_bytes).max(assumed)
}

/// What links for media have in common: the trailer, and few slots for large frames.
pub(crate) fn options(id: u32, traffic: Traffic) -> LinkOptions {
    LinkOptions::new(id)
        .slots(SLOTS)
        .traffic(traffic)
        .trailer(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_peer_gets_the_four_bytes_per_pixel_that_it_assumes() {
        assert_eq!(foreign_capacity(3_110_400, 1920, 1080), 8_294_400);
        assert_eq!(foreign_capacity(132_710_400, 7680, 4320), 132_711_464);
    }

    #[test]
    fn formats_of_more_than_four_bytes_per_pixel_get_their_own_size() {
        assert_eq!(foreign_capacity(12_441_600, 1920, 1080), 12_442_664);
    }

    #[test]
    fn no_numbers_overflow() {
        assert_eq!(frame_capacity(u64::MAX), u64::MAX);
        assert_eq!(foreign_capacity(0, u32::MAX, u32::MAX), u64::MAX);
    }
}
