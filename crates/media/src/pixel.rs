//! How the pixels of a frame lie in memory, and how many bytes that takes.
//!
//! A frame is its planes one after another without gaps. Sizes are exact; nothing is rounded up to
//! a page or a cache line. The packed 10-bit forms follow the v210 layout (rows of whole 48-pixel,
//! 128-byte groups) and RFC 4175 section 4.3 (2 pixels in 5 bytes, big endian).

mod table;

use std::fmt;
use std::str::FromStr;

use crate::error::{Dimension, FormatError};

/// The largest width and height, in pixels.
pub const MAX_DIMENSION: u32 = 65_535;

/// A layout of pixels in memory.
///
/// Names follow FFmpeg where it has one. [`FromStr`] takes the aliases too, in any case, and reads
/// `_` as `-`; [`Display`](fmt::Display) gives the canonical name. The discriminants are sent to
/// other processes and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
#[repr(u16)]
pub enum PixelFormat {
    /// 8-bit 4:2:0, a luma plane and a plane of Cb, Cr pairs.
    Nv12 = 0,
    /// 8-bit 4:2:0 in three planes.
    Yuv420p = 1,
    /// 10-bit 4:2:0 in three planes of little-endian 16-bit words.
    Yuv420p10le = 2,
    /// 12-bit 4:2:0 in three planes of little-endian 16-bit words.
    Yuv420p12le = 3,
    /// 8-bit 4:1:1 in three planes.
    Yuv411p = 4,
    /// 8-bit 4:2:2 in three planes.
    Yuv422p = 5,
    /// 10-bit 4:2:2 in three planes of little-endian 16-bit words.
    #[default]
    Yuv422p10le = 6,
    /// 12-bit 4:2:2 in three planes of little-endian 16-bit words.
    Yuv422p12le = 7,
    /// 8-bit 4:4:4 in three planes.
    Yuv444p = 8,
    /// 10-bit 4:4:4 in three planes of little-endian 16-bit words.
    Yuv444p10le = 9,
    /// 12-bit 4:4:4 in three planes of little-endian 16-bit words.
    Yuv444p12le = 10,
    /// 8-bit 4:4:4 and alpha in four planes.
    Yuva444p = 11,
    /// 10-bit 4:2:2 packed as v210: 6 pixels in 16 bytes, rows of whole 128-byte groups.
    V210 = 12,
    /// 10-bit 4:2:2 packed as RFC 4175 sends it: 2 pixels in 5 bytes, big endian.
    Rfc4175Yuv422p10 = 13,
    /// 8-bit 4:2:2 packed as Cb Y Cr Y.
    Uyvy422 = 14,
    /// 8-bit 4:2:2 packed as Y Cb Y Cr.
    Yuyv422 = 15,
    /// 8-bit red, green, blue in 3 bytes.
    Rgb8 = 16,
    /// 8-bit red, green, blue, alpha in 4 bytes.
    Rgba = 17,
    /// 8-bit blue, green, red, alpha in 4 bytes.
    Bgra = 18,
    /// 8-bit grey.
    Gray = 19,
    /// 10-bit grey in little-endian 16-bit words.
    Gray10le = 20,
    /// 12-bit grey in little-endian 16-bit words.
    Gray12le = 21,
    /// 16-bit grey in little-endian 16-bit words.
    Gray16le = 22,
}

impl PixelFormat {
    /// Every format, in the order of the discriminants.
    pub const ALL: [Self; 23] = table::ALL;

    /// The canonical name.
    pub fn name(self) -> &'static str {
        table::row(self).name
    }

    /// Other names that [`FromStr`] takes.
    pub fn aliases(self) -> &'static [&'static str] {
        table::row(self).aliases
    }

    /// Significant bits in one sample.
    pub fn depth(self) -> u32 {
        table::row(self).depth
    }

    /// The canonical names of all formats, separated by commas.
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// The number that stands for the format between processes.
    pub fn code(self) -> u16 {
        self as u16
    }

    /// The format that `code` stands for.
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// The exact size of one frame in bytes.
    ///
    /// # Errors
    /// When a dimension is 0, above [`MAX_DIMENSION`], or cuts a group of pixels that share colour
    /// samples (an odd width in 4:2:2).
    pub fn frame_bytes(self, width: u32, height: u32) -> Result<u64, FormatError> {
        let row = table::row(self);
        self.check(Dimension::Width, width, row.width_step)?;
        self.check(Dimension::Height, height, row.height_step)?;
        Ok(self.bytes_rounded_up(width, height))
    }

    /// The size of one frame whose last, cut groups of pixels are kept whole, as Y4M files do.
    ///
    /// # Errors
    /// When a dimension is 0 or above [`MAX_DIMENSION`].
    pub fn frame_bytes_rounded_up(self, width: u32, height: u32) -> Result<u64, FormatError> {
        self.check(Dimension::Width, width, 1)?;
        self.check(Dimension::Height, height, 1)?;
        Ok(self.bytes_rounded_up(width, height))
    }

    pub(crate) fn planes(self) -> &'static [Plane] {
        table::row(self).planes
    }

    /// At most 4 planes of 65,535 rows below 2^19 bytes: 64 bits never overflow.
    fn bytes_rounded_up(self, width: u32, height: u32) -> u64 {
        let bytes =
            |plane: &Plane| u64::from(plane.row_bytes(width)) * u64::from(plane.rows(height));
        self.planes().iter().map(bytes).sum()
    }

    fn check(self, dimension: Dimension, value: u32, step: u32) -> Result<(), FormatError> {
        if !(1..=MAX_DIMENSION).contains(&value) {
            return Err(FormatError::Dimension {
                dimension,
                value: value.into(),
            });
        }
        if !value.is_multiple_of(step) {
            return Err(FormatError::Subsampled {
                format: self,
                dimension,
                value,
                step,
            });
        }
        Ok(())
    }
}

impl fmt::Display for PixelFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for PixelFormat {
    type Err = FormatError;

    fn from_str(given: &str) -> Result<Self, FormatError> {
        let name = given.to_ascii_lowercase().replace('_', "-");
        let called = |format: &Self| format.name() == name || format.aliases().contains(&&*name);
        let unknown = || FormatError::UnknownPixelFormat {
            given: given.into(),
        };
        Self::ALL.into_iter().find(called).ok_or_else(unknown)
    }
}

/// One plane of a format: `bytes` bytes for every group of `columns` by `rows` pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plane {
    columns: u32,
    rows: u32,
    bytes: u32,
}

impl Plane {
    /// Bytes in one row of this plane of a picture that is `width` pixels wide.
    ///
    /// The width is within [`MAX_DIMENSION`], so this is below 2^19.
    pub(crate) fn row_bytes(self, width: u32) -> u32 {
        width.div_ceil(self.columns) * self.bytes
    }

    /// Rows of this plane of a picture that is `height` pixels high.
    pub(crate) fn rows(self, height: u32) -> u32 {
        height.div_ceil(self.rows)
    }
}

#[cfg(test)]
mod tests;
