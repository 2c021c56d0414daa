//! Every kind of source, read to its end.

use std::io::Write as _;

use tempfile::NamedTempFile;

use super::*;
use crate::exit::Misuse;

impl Fill for Vec<u8> {
    fn put(&mut self, offset: usize, bytes: &[u8]) -> anyhow::Result<()> {
        self.resize((offset + bytes.len()).max(self.len()), 0);
        self[offset..offset + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    /// Three bytes at a time, as a slow pipe might.
    fn read(&mut self, offset: usize, most: usize, file: BorrowedFd<'_>) -> io::Result<usize> {
        self.resize(offset + most.min(3), 0);
        let got = rustix::io::read(file, &mut self[offset..])?;
        self.truncate(offset + got);
        Ok(got)
    }
}

fn busy() -> anyhow::Result<()> {
    Ok(())
}

fn video(raster: &str, pixel: &str) -> VideoArgs {
    VideoArgs {
        video: raster.parse().ok(),
        format: pixel.parse().ok(),
    }
}

fn opened(bytes: &[u8], video: &VideoArgs) -> anyhow::Result<Box<dyn Source>> {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    open(file.path(), video, &mut busy)
}

/// All frames up to the end, or up to what goes wrong.
fn frames(source: &mut dyn Source) -> (Vec<Vec<u8>>, anyhow::Result<()>) {
    let mut frames = Vec::new();
    loop {
        let mut frame = Vec::new();
        match source.next(&mut frame, &mut busy) {
            Ok(true) => frames.push(frame),
            Ok(false) => return (frames, Ok(())),
            Err(error) => return (frames, Err(error)),
        }
    }
}

fn refusal(result: anyhow::Result<Box<dyn Source>>) -> String {
    let error = result.err().unwrap();
    assert!(error.is::<Misuse>(), "{error}");
    error.to_string()
}

#[test]
fn a_raw_file_is_read_frame_by_frame_and_again() {
    let bytes: Vec<u8> = (0..32).collect();
    let mut source = opened(&bytes, &video("4x2@25", "gray")).unwrap();
    assert_eq!(
        (source.about().frame_bytes, source.about().frames),
        (8, Some(4))
    );
    for _ in 0..2 {
        let (read, end) = frames(&mut *source);
        end.unwrap();
        assert_eq!(read.concat(), bytes);
        source.rewind().unwrap();
    }
}

#[test]
fn a_raw_file_that_does_not_divide_into_frames_is_told_with_all_numbers() {
    let said = refusal(opened(&[0; 20], &video("4x2@25", "gray")));
    for part in [
        "20 bytes",
        "frames of 8 bytes",
        "4 bytes are left over",
        "--video",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert!(refusal(opened(&[], &video("4x2@25", "gray"))).contains("is empty"));
}

#[test]
fn odd_dimensions_of_a_subsampled_format_are_refused() {
    let said = refusal(opened(&[0; 20], &video("5x2@25", "yuv422p")));
    assert!(said.contains("width 5 does not fit yuv422p"), "{said}");
}

#[test]
fn bytes_that_say_nothing_of_themselves_need_the_options() {
    let said = refusal(opened(b"bytes", &VideoArgs::default()));
    assert!(
        said.contains("--video") && said.contains("--format"),
        "{said}"
    );
}

#[test]
fn y4m_is_found_by_its_first_bytes_and_its_lines_are_kept() {
    let file = b"YUV4MPEG2 W2 H2 F30:1 Cmono Xhello\nFRAME\nabcdFRAME Ip\nefgh";
    let mut source = opened(file, &VideoArgs::default()).unwrap();
    assert_eq!(
        (source.about().frame_bytes, source.about().fps.to_string()),
        (4, "30".into())
    );
    let mut frame = Vec::new();
    assert!(source.next(&mut frame, &mut busy).unwrap());
    let Caps::Y4m(lines) = source.caps().clone() else {
        panic!("{:?}", source.caps())
    };
    assert_eq!(
        (lines.header(), lines.frame_line()),
        ("YUV4MPEG2 W2 H2 F30:1 Cmono Xhello", "FRAME")
    );
    assert!(source.next(&mut frame, &mut busy).unwrap());
    let Caps::Y4m(lines) = source.caps().clone() else {
        panic!("{:?}", source.caps())
    };
    assert_eq!(
        (frame.as_slice(), lines.frame_line()),
        (&b"efgh"[..], "FRAME Ip")
    );
    assert!(!source.next(&mut frame, &mut busy).unwrap());
    source.rewind().unwrap();
    assert_eq!(frames(&mut *source).0, [b"abcd", b"efgh"]);
}

#[test]
fn y4m_that_is_cut_short_or_damaged_gives_the_whole_frames_before() {
    let cases: [(&[u8], usize, &str); 4] = [
        (b"FRAME\nabcdFRAME\nef", 1, "ends inside frame 1"),
        (b"FRAME\nabcdFRA", 1, "cut short"),
        (b"FRAME\nabcdJUNK\nefgh", 1, "damaged at frame 1"),
        (b"", 0, "no frame"),
    ];
    for (body, whole, said) in cases {
        let file = [b"YUV4MPEG2 W2 H2 Cmono\n", body].concat();
        let mut source = opened(&file, &VideoArgs::default()).unwrap();
        let (read, end) = frames(&mut *source);
        let error = format!("{:#}", end.unwrap_err());
        assert!(read.len() == whole && error.contains(said), "{error}");
    }
}

#[test]
fn a_y4m_header_that_is_wrong_or_contradicted_is_refused() {
    let said = refusal(opened(b"YUV4MPEG2 W2 Cmono\n", &VideoArgs::default()));
    assert!(said.contains("no height"), "{said}");
    let said = refusal(opened(b"YUV4MPEG2 W2 H2 Cmono\n", &video("2x2@25", "gray")));
    assert!(said.contains("leave --video and --format out"), "{said}");
}

#[test]
fn test_pictures_verify_and_are_numbered() {
    let format = "64x32@25 v210".parse().unwrap();
    let mut source = TestPicture::new(format).unwrap();
    let mut frame = Vec::new();
    for number in 0..3 {
        assert!(source.next(&mut frame, &mut busy).unwrap());
        assert_eq!(media::verify(&frame), Ok(number));
    }
}
