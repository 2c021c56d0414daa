//! Large frames, and frames in several buffers.

mod common;

use common::{EITHER, Listens, Place, SOON, bytes, caps};
use media::{Pattern, Received, Receiver, Sender, Verifier, VideoFormat};

/// Verifies a test picture piece by piece, through a small private buffer.
fn verify(frame: &Received) -> u64 {
    let mut verifier = Verifier::new();
    let mut chunk = vec![0; 64 << 10];
    for piece in frame.segments() {
        let mut at = 0;
        while at < piece.len() {
            let count = piece.copy_at(at, &mut chunk);
            verifier.update(&chunk[..count]);
            at += count;
        }
    }
    verifier.finish().unwrap()
}

#[test]
fn full_hd_pictures_arrive_whole() {
    let format: VideoFormat = "1920x1080@60 v210".parse().unwrap();
    let pattern = Pattern::new(&format).unwrap();
    for listens in EITHER {
        let place = Place::new();
        let (mut sender, mut receiver) = place.usual(listens, format.frame_bytes().unwrap());
        for number in 0..4 {
            let mut loan = sender.loan(pattern.frame_bytes(), SOON).unwrap();
            assert_eq!(loan.segments().count(), 1);
            pattern.write(number, |offset, bytes| {
                loan.write_at(offset, bytes).unwrap();
            });
            loan.send(number).unwrap();
            let frame = receiver.recv(SOON).unwrap();
            assert_eq!(frame.segments().count(), 1);
            assert_eq!(verify(&frame), number);
        }
    }
}

#[test]
fn a_trailer_may_be_split_anywhere() {
    let description = caps("video/raw format=gray width=100 height=10 fps=25/1");
    for listens in EITHER {
        let place = Place::new();
        let small = Sender::options(0, 0).frame_capacity(0);
        let small = small.slots(64).buffer_size(64);
        let (mut sender, mut receiver) = place.stream(
            listens,
            small.clone(),
            Receiver::options(0).slots(64).buffer_size(64),
        );
        sender.set_caps(&description).unwrap();
        // The trailer begins at each place of a buffer, and is longer than one.
        for len in 1..200 {
            let payload = bytes(len, 1);
            let sequence = sender.send(&payload, len as u64, SOON).unwrap();
            let frame = receiver.recv(SOON).unwrap();
            assert_eq!(frame.to_vec(), payload);
            assert_eq!(frame.segments().count(), len.div_ceil(64), "{len} bytes");
            let shown: usize = frame.segments().map(|piece| piece.len()).sum();
            assert_eq!(shown, len);
            let metadata = frame.metadata().unwrap();
            assert_eq!(
                (metadata.sequence, metadata.timestamp),
                (sequence, len as u64)
            );
            assert_eq!(frame.caps(), Some(&description));
        }
        assert_eq!(receiver.totals().malformed, 0);
    }
}

#[test]
fn sixteen_frames_of_8k_are_under_way_at_once() {
    let format: VideoFormat = "7680x4320@60 yuv422p10le".parse().unwrap();
    let frame_bytes = format.frame_bytes().unwrap();
    let len = usize::try_from(frame_bytes).unwrap();
    assert_eq!(len, 132_710_400);
    let whole = bytes(1 << 20, 1).repeat(len.div_ceil(1 << 20));
    let whole = &whole[..len];
    let place = Place::new();
    let (mut sender, mut receiver) = place.usual(Listens::Sender, frame_bytes);
    for number in 0..16u8 {
        let mut loan = sender.loan(len, SOON).unwrap();
        assert_eq!(loan.segments().count(), 1);
        if number % 5 == 0 {
            loan.write_at(0, whole).unwrap();
        }
        for offset in [0, len / 2, len - 1] {
            loan.write_at(offset, &[number]).unwrap();
        }
        loan.send(0).unwrap();
    }
    assert!(receiver.details().regions > 2);
    let frames: Vec<_> = (0..16).map(|_| receiver.recv(SOON).unwrap()).collect();
    let mut copy = vec![0; len];
    for (number, frame) in (0u8..).zip(&frames) {
        let mut marks = [0; 3];
        for (mark, offset) in marks.iter_mut().zip([0, len / 2, len - 1]) {
            frame.copy_at(offset, std::slice::from_mut(mark));
        }
        assert_eq!(marks, [number; 3]);
        if number % 5 == 0 {
            assert_eq!(frame.copy_to(&mut copy), len);
            for offset in [0, len / 2, len - 1] {
                copy[offset] = whole[offset];
            }
            assert!(copy == whole, "frame {number}");
        }
    }
}
