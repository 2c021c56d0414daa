use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::audio::{PacketTime, SampleFormat, SampleRate};
use crate::pixel::MAX_DIMENSION;
use crate::{MAX_CAPS, PixelFormat};

fn error(text: &str) -> String {
    text.parse::<Caps>().unwrap_err().to_string()
}

#[test]
fn each_kind_reads_as_it_is_documented() {
    for text in [
        "video/raw format=v210 width=1920 height=1080 fps=60/1",
        "video/raw format=nv12 width=1280 height=720 fps=60000/1001",
        "audio/raw format=pcm24 channels=2 rate=48k ptime=1ms",
        "ancillary format=closed-caption fps=60/1",
        "video/y4m YUV4MPEG2 W1280 H720 F60:1 C420jpeg",
        "video/y4m YUV4MPEG2 W1280 H720\nFRAME Ipp",
    ] {
        let caps: Caps = text.parse().unwrap();
        assert_eq!(caps.to_string(), text);
    }
}

#[test]
fn a_description_tells_the_frame_size() {
    let size = |text: &str| text.parse::<Caps>().unwrap().frame_bytes();
    assert_eq!(
        size("video/raw format=v210 width=1920 height=1080 fps=60"),
        Ok(Some(5_529_600))
    );
    assert_eq!(
        size("audio/raw format=pcm24 channels=2 rate=48k ptime=1ms"),
        Ok(Some(288))
    );
    assert_eq!(size("video/y4m YUV4MPEG2 W3 H3"), Ok(Some(17)));
    assert_eq!(size("ancillary format=closed-caption fps=50"), Ok(None));
    assert!(size("video/raw format=v210 width=1921 height=1080 fps=60").is_err());
}

#[test]
fn y4m_lines_are_carried_to_the_byte() {
    let header = "YUV4MPEG2  W2 H2 XCOLOR=käse=1 \r";
    let lines = Y4m::new(header)
        .unwrap()
        .with_frame_line("FRAME  Ipp X=\u{1}")
        .unwrap();
    let caps = Caps::Y4m(lines.clone());
    assert_eq!(caps.to_string().parse(), Ok(Caps::Y4m(lines)));
}

#[test]
fn keys_of_newer_senders_are_passed_over() {
    let text = "video/raw hdr=pq format=gray width=1 height=1 fps=1 x=";
    assert!(text.parse::<Caps>().is_ok());
}

#[test]
fn junk_is_refused_for_what_it_is() {
    assert!(error("").starts_with("unknown kind of stream \"\": one of video/raw, "));
    assert!(error("video/h264 a=b").contains("\"video/h264\""));
    assert_eq!(
        error("video/raw v210"),
        "\"v210\" in a stream description is not key=value"
    );
    assert_eq!(
        error("video/raw format=v210"),
        "the stream description has no width="
    );
    let twice = "ancillary format=closed-caption fps=60 fps=50";
    assert_eq!(error(twice), "the stream description has fps= twice");
    let channels = "audio/raw format=pcm8 channels=-1 rate=48k ptime=1ms";
    assert_eq!(
        error(channels),
        "\"-1\" is not a channels that a stream can have"
    );
    let second = "ancillary format=closed-caption fps=60\nFRAME I";
    assert!(error(second).ends_with("goes on behind its first line, which only video/y4m may"));
    assert!(error("video/y4m").contains("does not begin with YUV4MPEG2"));
    assert!(error("video/y4m YUV4MPEG2 W1\nPICTURE").contains("does not begin with FRAME"));
    assert!(error("video/y4m YUV4MPEG2 W1\nFRAME\nFRAME").contains("more than one line"));
}

#[test]
fn an_error_shows_no_more_than_the_beginning_of_a_long_text() {
    let text = "x".repeat(MAX_CAPS);
    assert!(error(&text).len() < 200);
}

fn fps() -> impl Strategy<Value = Rational> {
    (1_u32.., 1_u32..).prop_map(|(above, below)| Rational::new(above, below).unwrap())
}

fn video_caps() -> impl Strategy<Value = Caps> {
    let dimension = 1..=MAX_DIMENSION;
    (
        dimension.clone(),
        dimension,
        fps(),
        select(&PixelFormat::ALL[..]),
    )
        .prop_map(|(width, height, fps, pixel)| {
            Caps::Video(VideoFormat {
                width,
                height,
                fps,
                pixel,
            })
        })
}

fn audio_caps() -> impl Strategy<Value = Caps> {
    (
        select(SampleFormat::ALL),
        any::<u16>(),
        select(SampleRate::ALL),
        select(PacketTime::ALL),
    )
        .prop_map(|(sample, channels, rate, ptime)| {
            Caps::Audio(AudioFormat {
                sample,
                channels,
                rate,
                ptime,
            })
        })
}

fn y4m_caps() -> impl Strategy<Value = Caps> {
    ("[^\n]{0,80}", proptest::option::of("[^\n]{0,80}")).prop_map(|(header, frame)| {
        let lines = Y4m::new(&format!("YUV4MPEG2 {header}")).unwrap();
        Caps::Y4m(match frame {
            Some(frame) => lines.with_frame_line(&format!("FRAME {frame}")).unwrap(),
            None => lines,
        })
    })
}

fn ancillary_caps() -> impl Strategy<Value = Caps> {
    fps().prop_map(|fps| {
        Caps::Ancillary(Ancillary {
            format: AncillaryFormat::ClosedCaption,
            fps,
        })
    })
}

proptest! {
    #[test]
    fn every_description_reads_back(
        caps in prop_oneof![video_caps(), audio_caps(), y4m_caps(), ancillary_caps()],
    ) {
        prop_assert_eq!(caps.to_string().parse(), Ok(caps));
    }

    #[test]
    fn no_text_makes_the_parser_panic(
        text in "(video/raw|video/y4m|audio/raw|ancillary)[ \n](YUV4MPEG2|.*|[a-z]*=[0-9/]*| )*",
    ) {
        if let Ok(caps) = text.parse::<Caps>() {
            let _ = caps.frame_bytes();
        }
    }
}
