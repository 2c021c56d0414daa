use proptest::prelude::*;

use super::*;
use PixelFormat::*;

fn bytes(format: PixelFormat, width: u32, height: u32) -> u64 {
    format.frame_bytes(width, height).unwrap()
}

#[test]
fn known_frame_sizes_are_exact() {
    assert_eq!(bytes(Yuv422p10le, 1920, 1080), 8_294_400);
    assert_eq!(bytes(Yuv422p10le, 3840, 2160), 33_177_600);
    assert_eq!(bytes(Yuv422p10le, 7680, 4320), 132_710_400);
    assert_eq!(bytes(Nv12, 1920, 1080), 3_110_400);
    assert_eq!(bytes(Yuv422p, 1920, 1080), 4_147_200);
    assert_eq!(bytes(V210, 1920, 1080), 5_529_600);
    assert_eq!(bytes(Rfc4175Yuv422p10, 1920, 1080), 5_184_000);
    assert_eq!(bytes(Yuv444p10le, 1920, 1080), 12_441_600);
    assert_eq!(bytes(Rgb8, 1920, 1080), 6_220_800);
}

/// Bytes of a 96 by 8 picture, by hand: 768 pixels.
#[test]
fn every_format_has_the_size_its_layout_says() {
    let expected = [
        (Nv12, 1152),
        (Yuv420p, 1152),
        (Yuv420p10le, 2304),
        (Yuv420p12le, 2304),
        (Yuv411p, 1152),
        (Yuv422p, 1536),
        (Yuv422p10le, 3072),
        (Yuv422p12le, 3072),
        (Yuv444p, 2304),
        (Yuv444p10le, 4608),
        (Yuv444p12le, 4608),
        (Yuva444p, 3072),
        (V210, 2048),
        (Rfc4175Yuv422p10, 1920),
        (Uyvy422, 1536),
        (Yuyv422, 1536),
        (Rgb8, 2304),
        (Rgba, 3072),
        (Bgra, 3072),
        (Gray, 768),
        (Gray10le, 1536),
        (Gray12le, 1536),
        (Gray16le, 1536),
    ];
    assert_eq!(expected.map(|(format, _)| format), PixelFormat::ALL);
    for (format, size) in expected {
        assert_eq!(bytes(format, 96, 8), size, "{format}");
    }
}

#[test]
fn v210_rows_are_whole_groups_of_48_pixels() {
    assert_eq!(bytes(V210, 1280, 720), 27 * 128 * 720);
    assert_eq!(bytes(V210, 2, 1), 128);
    assert_eq!(bytes(V210, 48, 1), 128);
    assert_eq!(bytes(V210, 50, 1), 256);
}

#[test]
fn frames_beyond_32_bits_are_counted_exactly() {
    assert_eq!(bytes(Yuv422p, 8192, 4320), 70_778_880);
    assert_eq!(bytes(Yuv444p10le, 65_535, 65_535), 65_535 * 65_535 * 6);
}

#[test]
fn an_odd_dimension_names_itself_and_its_neighbours() {
    let width = Yuv422p10le.frame_bytes(1921, 1080).unwrap_err().to_string();
    assert_eq!(
        width,
        "width 1921 does not fit yuv422p10le: it must be even, such as 1920 or 1922"
    );
    let height = Nv12.frame_bytes(1920, 1081).unwrap_err().to_string();
    assert_eq!(
        height,
        "height 1081 does not fit nv12: it must be even, such as 1080 or 1082"
    );
    let quarter = Yuv411p.frame_bytes(722, 480).unwrap_err().to_string();
    assert_eq!(
        quarter,
        "width 722 does not fit yuv411p: it must be a multiple of 4, such as 720 or 724"
    );
}

#[test]
fn odd_dimensions_are_fine_where_no_samples_are_shared() {
    assert_eq!(bytes(Yuv422p, 2, 3), 12);
    assert_eq!(bytes(Yuv444p, 3, 3), 27);
    assert_eq!(bytes(Rgb8, 641, 1), 1923);
}

#[test]
fn dimensions_outside_the_limits_are_refused() {
    let zero = Gray.frame_bytes(0, 1).unwrap_err().to_string();
    assert_eq!(zero, "width 0 is out of range: give 1 to 65535");
    let high = Gray.frame_bytes(1, 65_536).unwrap_err().to_string();
    assert_eq!(high, "height 65536 is out of range: give 1 to 65535");
    assert!(Gray.frame_bytes_rounded_up(u32::MAX, 1).is_err());
}

#[test]
fn y4m_keeps_cut_groups_whole() {
    assert_eq!(Yuv420p.frame_bytes_rounded_up(3, 3), Ok(9 + 4 + 4));
}

#[test]
fn aliases_and_any_case_lead_to_the_canonical_name() {
    for (alias, format) in [
        ("rgb24", Rgb8),
        ("RGB8", Rgb8),
        ("I420", Yuv420p),
        ("rfc4175_422_10", Rfc4175Yuv422p10),
        ("YUV422RFC4175BE10", Rfc4175Yuv422p10),
        ("YUV422PLANAR10LE", Yuv422p10le),
        ("mono", Gray),
    ] {
        assert_eq!(alias.parse(), Ok(format), "{alias}");
    }
}

#[test]
fn no_name_means_two_formats() {
    let mut names: Vec<_> = PixelFormat::ALL.map(PixelFormat::name).to_vec();
    names.extend(PixelFormat::ALL.iter().flat_map(|format| format.aliases()));
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn an_unknown_name_is_answered_with_all_names() {
    let text = "foo".parse::<PixelFormat>().unwrap_err().to_string();
    assert!(
        text.starts_with("unknown pixel format \"foo\": one of nv12, yuv420p, "),
        "{text}"
    );
    assert!(text.ends_with("gray12le, gray16le"), "{text}");
}

#[test]
fn names_and_codes_lead_back_to_their_format() {
    for format in PixelFormat::ALL {
        assert_eq!(format.name().parse(), Ok(format));
        assert_eq!(PixelFormat::from_code(format.code()), Some(format));
    }
    assert_eq!(PixelFormat::from_code(23), None);
}

proptest! {
    #[test]
    fn rounding_up_changes_nothing_where_the_dimensions_fit(
        format in proptest::sample::select(&PixelFormat::ALL[..]), width: u16, height: u16,
    ) {
        let (width, height) = (width.into(), height.into());
        if let Ok(exact) = format.frame_bytes(width, height) {
            prop_assert_eq!(format.frame_bytes_rounded_up(width, height), Ok(exact));
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".*") {
        let _ = text.parse::<PixelFormat>();
    }
}
