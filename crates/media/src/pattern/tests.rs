use proptest::prelude::*;

use super::*;

fn format(text: &str) -> VideoFormat {
    text.parse().unwrap()
}

fn frame(text: &str, n: u64) -> Vec<u8> {
    let pattern = Pattern::new(&format(text)).unwrap();
    let mut frame = vec![0xaa; pattern.frame_bytes()];
    pattern.fill(n, &mut frame).unwrap();
    frame
}

#[test]
fn every_format_is_filled_and_verified() {
    for pixel in PixelFormat::ALL {
        let frame = frame(&format!("100x20@60 {pixel}"), 7);
        assert_eq!(frame.len() as u64, pixel.frame_bytes(100, 20).unwrap());
        assert_eq!(verify(&frame), Ok(7), "{pixel}");
    }
}

#[test]
fn the_header_is_the_one_that_is_drawn() {
    let frame = frame("1920x1080@60 v210", 0x0102);
    assert_eq!(frame[..4], *b"MWtp");
    assert_eq!(frame[4..8], [12, 0, 1, 0]);
    assert_eq!(frame[8..16], [2, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(frame[16..24], 5_529_600_u64.to_le_bytes());
}

#[test]
fn the_same_frame_is_always_the_same_bytes() {
    assert_eq!(frame("64x64@60", 9), frame("64x64@60", 9));
    assert_eq!(verify(&frame("64x64@60", u64::MAX)), Ok(u64::MAX));
}

#[test]
fn any_flipped_byte_is_found() {
    let mut frame = frame("48x4@60 v210", 3);
    for at in 0..frame.len() {
        for flip in [1, 0x80, 0xff] {
            frame[at] ^= flip;
            assert!(verify(&frame).is_err(), "byte {at} ^ {flip:#x}");
            frame[at] ^= flip;
        }
    }
    assert_eq!(verify(&frame), Ok(3));
}

#[test]
fn any_two_swapped_pages_are_found() {
    let frame = frame("640x480@60", 3);
    let pages = frame.len() / 4096;
    for (a, b) in (0..pages)
        .flat_map(|a| (a + 1..pages).map(move |b| (a, b)))
        .step_by(29)
    {
        let mut swapped = frame.clone();
        let (low, high) = swapped.split_at_mut(b * 4096);
        low[a * 4096..][..4096].swap_with_slice(&mut high[..4096]);
        assert!(verify(&swapped).is_err(), "pages {a} and {b}");
    }
}

#[test]
fn a_frame_that_was_overwritten_on_the_way_is_found() {
    for later in [1, 2, 16, 64] {
        let (old, new) = (
            frame("320x240@60 nv12", 3),
            frame("320x240@60 nv12", 3 + later),
        );
        for torn_at in (0..old.len()).step_by(4096) {
            let torn = [&new[..torn_at], &old[torn_at..]].concat();
            let expected = (torn_at == 0).then_some(3);
            assert_eq!(
                verify(&torn).ok(),
                expected,
                "torn at {torn_at}, {later} frames later"
            );
        }
    }
}

#[test]
fn a_cut_or_padded_frame_tells_both_lengths() {
    let mut frame = frame("64x4@60 gray", 3);
    frame.push(0);
    assert_eq!(
        verify(&frame),
        Err(PatternFault::Length {
            number: 3,
            sent: 256,
            have: 257
        })
    );
    assert_eq!(
        verify(&frame[..31]),
        Err(PatternFault::TooShort { len: 31 })
    );
    assert_eq!(verify(&[]), Err(PatternFault::TooShort { len: 0 }));
}

#[test]
fn something_else_is_no_test_picture() {
    assert_eq!(
        verify(&[0; 4096]),
        Err(PatternFault::Magic { found: [0; 4] })
    );
}

#[test]
fn the_smallest_frame_is_all_header() {
    assert_eq!(verify(&frame("32x1@60 gray", 5)), Ok(5));
    assert_eq!(verify(&frame("1x32@60 gray", 5)), Ok(5));
    let error = Pattern::new(&format("31x1@60 gray")).unwrap_err();
    assert_eq!(
        error,
        FormatError::TooSmallForPattern {
            bytes: 31,
            least: 32
        }
    );
}

#[test]
fn a_buffer_of_another_size_is_refused() {
    let pattern = Pattern::new(&format("64x64@60 gray")).unwrap();
    let error = pattern.fill(0, &mut [0; 100]).unwrap_err();
    assert_eq!(
        error,
        FormatError::BufferSize {
            have: 100,
            need: 4096
        }
    );
}

proptest! {
    #[test]
    fn a_frame_may_arrive_in_any_pieces(cuts in proptest::collection::vec(0..5000_usize, 0..10)) {
        let frame = frame("64x32@60", 3);
        let (mut verifier, mut rest) = (Verifier::new(), &frame[..]);
        for cut in cuts {
            let (head, tail) = rest.split_at(cut.min(rest.len()));
            verifier.update(head);
            rest = tail;
        }
        verifier.update(rest);
        prop_assert_eq!(verifier.finish(), Ok(3));
    }

    #[test]
    fn no_bytes_make_the_verifier_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = verify(&bytes);
        let len = bytes.len().min(4);
        bytes[..len].copy_from_slice(&MAGIC[..len]);
        prop_assert!(verify(&bytes).is_err());
    }
}
