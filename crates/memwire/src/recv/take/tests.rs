//! Frames of every kind, taken.

use std::io::Write as _;

use media::Pattern;

use super::*;

impl Payload for Vec<u8> {
    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn copy_at(&self, offset: usize, into: &mut [u8]) -> usize {
        let end = (offset + into.len()).min(self.len());
        into[..end - offset].copy_from_slice(&self[offset..end]);
        end - offset
    }

    fn write_to(&self, file: BorrowedFd<'_>) -> io::Result<()> {
        std::fs::File::from(file.try_clone_to_owned()?).write_all(self)
    }
}

fn taker(output: Output, verify: bool) -> Taker {
    Taker::new(Plan {
        output,
        form: None,
        video: None,
        verify,
    })
}

fn caps(text: &str) -> Option<Caps> {
    text.parse().ok()
}

fn arrival<'a>(payload: &'a Vec<u8>, caps: Option<&'a Caps>, sequence: u64) -> Arrival<'a> {
    let latency = Some(Duration::from_millis(2));
    Arrival {
        payload,
        sequence: Some(sequence),
        caps,
        epoch: 1,
        latency,
    }
}

fn picture(number: u64) -> Vec<u8> {
    let pattern = Pattern::new(&"64x32@25 v210".parse().unwrap()).unwrap();
    let mut frame = vec![0; pattern.frame_bytes()];
    pattern.fill(number, &mut frame).unwrap();
    frame
}

#[test]
fn whole_pictures_are_counted_and_nothing_else_is_said() {
    let mut taker = taker(Output::nowhere(), true);
    for number in 0..3 {
        taker
            .take(&arrival(&picture(number), None, number))
            .unwrap();
    }
    taker.verdict().unwrap();
    assert_eq!(
        (taker.tally.frames, taker.tally.lost, taker.tally.corrupt),
        (3, 0, 0)
    );
    let latency = taker.latency.quantiles().unwrap();
    assert!(latency.p50.abs_diff(2_000_000) < 40_000, "{latency:?}");
}

#[test]
fn a_flipped_byte_is_found_and_explained() {
    let mut taker = taker(Output::nowhere(), true);
    let mut frame = picture(0);
    frame[1000] ^= 1;
    taker.take(&arrival(&frame, None, 0)).unwrap();
    let error = taker.verdict().unwrap_err().to_string();
    assert!(
        error.starts_with("1 of 1 frames are corrupt") && error.contains("checksum"),
        "{error}"
    );
}

#[test]
fn a_frame_of_another_size_than_described_is_corrupt_also_unverified() {
    let mut taker = taker(Output::nowhere(), false);
    let gray = caps("video/raw format=gray width=4 height=2 fps=25/1");
    taker.take(&arrival(&vec![0; 7], gray.as_ref(), 0)).unwrap();
    assert_eq!(taker.tally.corrupt, 1);
    let error = taker.verdict().unwrap_err().to_string();
    assert!(error.contains("7 bytes instead of 8"), "{error}");
}

#[test]
fn the_same_picture_twice_is_a_repetition() {
    let mut taker = taker(Output::nowhere(), true);
    taker.take(&arrival(&picture(0), None, 0)).unwrap();
    taker.take(&arrival(&picture(0), None, 1)).unwrap();
    assert_eq!(taker.tally.repeated, 1);
}

#[test]
fn a_y4m_stream_is_written_byte_for_byte() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut taker = taker(Output::open(file.path()).unwrap(), false);
    let plain = caps("video/y4m YUV4MPEG2 W2 H2 Cmono");
    let marked = caps("video/y4m YUV4MPEG2 W2 H2 Cmono\nFRAME Ip");
    taker
        .take(&arrival(&b"abcd".to_vec(), plain.as_ref(), 0))
        .unwrap();
    taker
        .take(&arrival(&b"efgh".to_vec(), marked.as_ref(), 1))
        .unwrap();
    let written = std::fs::read(file.path()).unwrap();
    assert_eq!(written, b"YUV4MPEG2 W2 H2 Cmono\nFRAME\nabcdFRAME Ip\nefgh");
}
