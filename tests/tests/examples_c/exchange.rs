//! What is dumped is what was sent, byte for byte, whatever it is.

use std::fs;
use std::path::Path;

use memwire_tests::workshop;

use crate::program::Program;

/// Bytes that repeat nowhere soon: a frame that is lost, doubled or out of place shows.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let words = std::iter::repeat_with(&mut next).take(bytes.div_ceil(8));
    let mut noise: Vec<u8> = words.flatten().collect();
    noise.truncate(bytes);
    noise
}

/// Sends a file of so many bytes; what the receiver dumped is the same, in so many frames.
fn arrives(options: &str, bytes: usize, frames: usize) {
    let shop = workshop();
    let path = |name: &str| shop.path().join(name).display().to_string();
    let (input, copy, socket) = (path("input"), path("copy"), path("s"));
    fs::write(&input, noise(bytes)).expect("an input");
    let common = format!("-o memif -k {socket} {options}");
    let receiver = Program::start("recver_app", &format!("{common} -b {copy}"));
    let sender = Program::start("sender_app", &format!("{common} -b {input}"));
    for (who, said) in [("sender", sender.ends(0)), ("receiver", receiver.ends(0))] {
        let expected = format!("{frames} frames, {bytes} bytes");
        assert!(said.contains(&expected), "{options}: {who}: {said}");
    }
    assert_same(options, Path::new(&input), Path::new(&copy));
}

/// Not `assert_eq`: nobody reads megabytes of noise.
fn assert_same(what: &str, input: &Path, copy: &Path) {
    let [input, copy] = [input, copy].map(|path| fs::read(path).expect("a file"));
    let at = input.iter().zip(&copy).position(|(a, b)| a != b);
    assert_eq!(at, None, "{what}: the first different byte");
    assert_eq!(input.len(), copy.len(), "{what}: bytes");
}

#[test]
fn video_of_every_pixel_format_arrives_in_frames_of_its_exact_size() {
    const PIXELS: usize = 320 * 180;
    let formats = [
        ("yuv422p10le", PIXELS * 4),
        ("yuv422p", PIXELS * 2),
        ("yuv444p10le", PIXELS * 6),
        ("rgb8", PIXELS * 3),
        ("nv12", PIXELS * 3 / 2),
        ("yuv422planar10le", PIXELS * 4),
        ("v210", 7 * 128 * 180),
        ("yuv422rfc4175be10", PIXELS * 5 / 2),
    ];
    for (format, frame) in formats {
        arrives(
            &format!("-t st20 -w 320 -h 180 -x {format}"),
            20 * frame,
            20,
        );
    }
}

#[test]
fn full_high_definition_arrives() {
    arrives("-w 1920 -h 1080 -f 60 -x yuv422p10le", 4 * 8_294_400, 4);
    arrives("-w 1920 -h 1080 -f 60 -x yuv444p10le", 3 * 12_441_600, 3);
}

#[test]
fn compressed_video_ancillary_data_and_rdma_frames_arrive() {
    const CAPACITY: usize = 64 * 36 * 4;
    let size = "-w 64 -h 36";
    arrives(&format!("-t st22 {size}"), 50 * CAPACITY, 50);
    arrives(&format!("-t rdma {size} -x rgb8"), 50 * 64 * 36 * 3, 50);
    arrives(
        &format!("-t rdma {size} -x yuv444p10le"),
        50 * 64 * 36 * 6,
        50,
    );
    // Smaller pictures than this are given more room: ancillary data is not as small as they are.
    arrives("-t st40 -w 160 -h 120", 10 * 160 * 120 * 4, 10);
}

#[test]
fn audio_arrives_in_packets_of_a_millisecond() {
    arrives("-t st30", 1000 * 192, 1000);
}

#[test]
fn the_last_frame_of_a_file_arrives_although_it_is_not_a_whole_one() {
    arrives("-w 64 -h 36 -x yuv422p", 3 * 64 * 36 * 2 + 17, 4);
    arrives("-t st30", 5 * 192 + 1, 6);
    arrives("-w 64 -h 36", 0, 0);
}

#[test]
fn a_file_is_sent_over_and_over_and_no_more_than_the_number_asked_for() {
    let shop = workshop();
    let path = |name: &str| shop.path().join(name).display().to_string();
    let (input, copy, socket) = (path("input"), path("copy"), path("s"));
    let frames = noise(2 * 64 * 36 * 3);
    fs::write(&input, &frames).expect("an input");
    let common = format!("-k {socket} -w 64 -h 36 -x rgb8");
    let receiver = Program::start("recver_app", &format!("{common} -b {copy}"));
    let sender = Program::start("sender_app", &format!("{common} -b {input} -l 1 -n 5"));
    sender.ends(0);
    receiver.ends(0);
    let expected = [&frames[..], &frames, &frames[..frames.len() / 2]].concat();
    assert!(fs::read(copy).expect("a copy") == expected);
}

#[test]
fn numbered_frames_are_counted_and_timed() {
    let shop = workshop();
    let socket = shop.path().join("s").display().to_string();
    let receiver = Program::start("recver_app", &format!("-k {socket} -w 320 -h 180"));
    let sender = Program::start("sender_app", &format!("-k {socket} -w 320 -h 180"));
    let sent = sender.ends(0);
    assert!(
        sent.contains("sender_app: 300 frames, 69120000 bytes"),
        "{sent}"
    );
    let received = receiver.ends(0);
    assert!(received.contains("recver_app: 300 frames"), "{received}");
    assert!(received.contains("; latency "), "{received}");
}
