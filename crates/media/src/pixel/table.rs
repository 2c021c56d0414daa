//! The table of pixel formats: names, planes, and which dimensions they allow.

use super::{PixelFormat, Plane};

/// What there is to know about one format.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) aliases: &'static [&'static str],
    pub(super) planes: &'static [Plane],
    /// The width must be a multiple of this.
    pub(super) width_step: u32,
    /// The height must be a multiple of this.
    pub(super) height_step: u32,
    pub(super) depth: u32,
}

pub(super) const ALL: [PixelFormat; 23] = {
    use PixelFormat::*;
    [
        Nv12,
        Yuv420p,
        Yuv420p10le,
        Yuv420p12le,
        Yuv411p,
        Yuv422p,
        Yuv422p10le,
        Yuv422p12le,
        Yuv444p,
        Yuv444p10le,
        Yuv444p12le,
        Yuva444p,
        V210,
        Rfc4175Yuv422p10,
        Uyvy422,
        Yuyv422,
        Rgb8,
        Rgba,
        Bgra,
        Gray,
        Gray10le,
        Gray12le,
        Gray16le,
    ]
};

pub(super) const fn row(format: PixelFormat) -> Row {
    use PixelFormat::*;
    match format {
        Nv12 => entry("nv12", &[], SEMI_420, (2, 2), 8),
        Yuv420p => entry("yuv420p", &["i420", "yuv420"], YUV_420, (2, 2), 8),
        Yuv420p10le => entry("yuv420p10le", &["yuv420p10"], YUV_420_WORDS, (2, 2), 10),
        Yuv420p12le => entry("yuv420p12le", &["yuv420p12"], YUV_420_WORDS, (2, 2), 12),
        Yuv411p => entry("yuv411p", &["yuv411"], YUV_411, (4, 1), 8),
        Yuv422p => entry("yuv422p", &["yuv422"], YUV_422, (2, 1), 8),
        Yuv422p10le => entry("yuv422p10le", YUV422P10LE, YUV_422_WORDS, (2, 1), 10),
        Yuv422p12le => entry("yuv422p12le", &["yuv422p12"], YUV_422_WORDS, (2, 1), 12),
        Yuv444p => entry("yuv444p", &["yuv444"], YUV_444, (1, 1), 8),
        Yuv444p10le => entry("yuv444p10le", &["yuv444p10"], YUV_444_WORDS, (1, 1), 10),
        Yuv444p12le => entry("yuv444p12le", &["yuv444p12"], YUV_444_WORDS, (1, 1), 12),
        Yuva444p => entry("yuva444p", &[], YUVA_444, (1, 1), 8),
        V210 => entry("v210", &[], V210_ROWS, (2, 1), 10),
        Rfc4175Yuv422p10 => entry("rfc4175-422-10", RFC4175, PAIR_IN_5, (2, 1), 10),
        Uyvy422 => entry("uyvy422", &["uyvy"], PAIR_IN_4, (2, 1), 8),
        Yuyv422 => entry("yuyv422", &["yuyv", "yuy2"], PAIR_IN_4, (2, 1), 8),
        Rgb8 => entry("rgb8", &["rgb24", "rgb"], PIXEL_IN_3, (1, 1), 8),
        Rgba => entry("rgba", &[], PIXEL_IN_4, (1, 1), 8),
        Bgra => entry("bgra", &[], PIXEL_IN_4, (1, 1), 8),
        Gray => entry("gray", &["gray8", "grey", "mono", "y8"], BYTES, (1, 1), 8),
        Gray10le => entry("gray10le", &["gray10"], WORDS, (1, 1), 10),
        Gray12le => entry("gray12le", &["gray12"], WORDS, (1, 1), 12),
        Gray16le => entry("gray16le", &["gray16", "y16"], WORDS, (1, 1), 16),
    }
}

const fn entry(
    name: &'static str,
    aliases: &'static [&'static str],
    planes: &'static [Plane],
    step: (u32, u32),
    depth: u32,
) -> Row {
    Row {
        name,
        aliases,
        planes,
        width_step: step.0,
        height_step: step.1,
        depth,
    }
}

const fn plane(columns: u32, rows: u32, bytes: u32) -> Plane {
    Plane {
        columns,
        rows,
        bytes,
    }
}

const YUV422P10LE: &[&str] = &["yuv422p10", "yuv422planar10le"];
const RFC4175: &[&str] = &[
    "rfc4175",
    "rfc4175-422-10be",
    "yuv422rfc4175be10",
    "yuv422p10rfc4175",
    "rfc4175-422be10",
];

const BYTES: &[Plane] = &[plane(1, 1, 1)];
const WORDS: &[Plane] = &[plane(1, 1, 2)];
const SEMI_420: &[Plane] = &[plane(1, 1, 1), plane(2, 2, 2)];
const YUV_420: &[Plane] = &[plane(1, 1, 1), plane(2, 2, 1), plane(2, 2, 1)];
const YUV_420_WORDS: &[Plane] = &[plane(1, 1, 2), plane(2, 2, 2), plane(2, 2, 2)];
const YUV_411: &[Plane] = &[plane(1, 1, 1), plane(4, 1, 1), plane(4, 1, 1)];
const YUV_422: &[Plane] = &[plane(1, 1, 1), plane(2, 1, 1), plane(2, 1, 1)];
const YUV_422_WORDS: &[Plane] = &[plane(1, 1, 2), plane(2, 1, 2), plane(2, 1, 2)];
const YUV_444: &[Plane] = &[plane(1, 1, 1); 3];
const YUV_444_WORDS: &[Plane] = &[plane(1, 1, 2); 3];
const YUVA_444: &[Plane] = &[plane(1, 1, 1); 4];
const V210_ROWS: &[Plane] = &[plane(48, 1, 128)];
const PAIR_IN_5: &[Plane] = &[plane(2, 1, 5)];
const PAIR_IN_4: &[Plane] = &[plane(2, 1, 4)];
const PIXEL_IN_3: &[Plane] = &[plane(1, 1, 3)];
const PIXEL_IN_4: &[Plane] = &[plane(1, 1, 4)];
