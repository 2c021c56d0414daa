//! The moving picture: diagonal waves of brightness and colour with a little grain.
//!
//! Each plane has a strip, one row of pixels that is longer than the picture is wide. Row `y` of
//! frame `n` is cut from the strip at group `y + STRIDE * n`, modulo `POSITIONS`. The grain makes
//! every cut differ from every other, the waves make it pleasant to look at.

use crate::PixelFormat;

/// How many groups a strip has beyond one row, so where a row can be cut. It is a prime above any
/// usual height: a row repeats only after as many frames.
const STRIP_GROUPS: usize = 8191;
const POSITIONS: u64 = STRIP_GROUPS as u64;
/// How far the picture moves from frame to frame, in groups of pixels.
const STRIDE: u64 = 3;

/// The strips of all planes of one format.
#[derive(Debug)]
pub(super) struct Picture {
    planes: Vec<Strip>,
}

/// One plane's pixels, and the shape of the rows that are cut from them.
#[derive(Debug)]
struct Strip {
    bytes: Vec<u8>,
    group_bytes: usize,
    row_bytes: usize,
    rows: u32,
}

impl Picture {
    /// Dimensions are those of a format that has been checked.
    pub(super) fn draw(pixel: PixelFormat, width: u32, height: u32) -> Self {
        let strip = |(index, plane): (usize, &crate::pixel::Plane)| {
            let row_bytes = plane.row_bytes(width) as usize;
            Strip::draw(&Group::of(pixel, index), row_bytes, plane.rows(height))
        };
        Self {
            planes: pixel.planes().iter().enumerate().map(strip).collect(),
        }
    }

    /// The rows of frame `n` in the order of the frame's bytes.
    pub(super) fn rows(&self, n: u64) -> impl Iterator<Item = &[u8]> {
        let start = n % POSITIONS * STRIDE;
        self.planes.iter().flat_map(move |strip| strip.rows(start))
    }
}

impl Strip {
    fn draw(group: &Group, row_bytes: usize, rows: u32) -> Self {
        let groups = STRIP_GROUPS + row_bytes.div_ceil(group.bytes());
        let mut bytes = Vec::with_capacity(groups * group.bytes());
        let mut seen = [0; Component::COUNT];
        for _ in 0..groups {
            group.draw(&mut seen, &mut bytes);
        }
        Self {
            bytes,
            group_bytes: group.bytes(),
            row_bytes,
            rows,
        }
    }

    fn rows(&self, start: u64) -> impl Iterator<Item = &[u8]> {
        (start..start + u64::from(self.rows)).map(|position| {
            let cut = (position % POSITIONS) as usize * self.group_bytes;
            &self.bytes[cut..cut + self.row_bytes]
        })
    }
}

/// The smallest piece of a row that can be cut: which samples it holds, and how they are packed.
struct Group {
    samples: &'static [Component],
    packing: Packing,
    depth: u32,
}

enum Packing {
    /// One byte each.
    Bytes,
    /// One little-endian 16-bit word each.
    Words,
    /// Three 10-bit samples in a little-endian 32-bit word, the first in the lowest bits.
    Threes,
    /// Four 10-bit samples in five bytes, the first in the highest bits.
    Fours,
}

impl Group {
    fn of(pixel: PixelFormat, plane: usize) -> Self {
        use Component::*;
        let samples: &'static [Component] = match (pixel, plane) {
            (PixelFormat::Nv12, 1) => &[Cb, Cr],
            (PixelFormat::V210, _) => &[Cb, Y, Cr, Y, Cb, Y, Cr, Y, Cb, Y, Cr, Y],
            (PixelFormat::Uyvy422 | PixelFormat::Rfc4175Yuv422p10, _) => &[Cb, Y, Cr, Y],
            (PixelFormat::Yuyv422, _) => &[Y, Cb, Y, Cr],
            (PixelFormat::Rgb8, _) => &[R, G, B],
            (PixelFormat::Rgba, _) => &[R, G, B, A],
            (PixelFormat::Bgra, _) => &[B, G, R, A],
            (_, 1) => &[Cb],
            (_, 2) => &[Cr],
            (_, 3) => &[A],
            _ => &[Y],
        };
        let packing = match pixel {
            PixelFormat::V210 => Packing::Threes,
            PixelFormat::Rfc4175Yuv422p10 => Packing::Fours,
            pixel if pixel.depth() == 8 => Packing::Bytes,
            _ => Packing::Words,
        };
        Self {
            samples,
            packing,
            depth: pixel.depth(),
        }
    }

    fn bytes(&self) -> usize {
        match self.packing {
            Packing::Bytes => self.samples.len(),
            Packing::Words => self.samples.len() * 2,
            Packing::Threes => self.samples.len() / 3 * 4,
            Packing::Fours => self.samples.len() / 4 * 5,
        }
    }

    /// Appends the next group; `seen` counts the samples of each component so far.
    fn draw(&self, seen: &mut [u32; Component::COUNT], out: &mut Vec<u8>) {
        let mut samples = [0; 12];
        for (sample, component) in samples.iter_mut().zip(self.samples) {
            let x = &mut seen[*component as usize];
            *sample = component.sample(*x) >> (16 - self.depth);
            *x += 1;
        }
        self.pack(&samples[..self.samples.len()], out);
    }

    fn pack(&self, samples: &[u16], out: &mut Vec<u8>) {
        match self.packing {
            Packing::Bytes => out.extend(samples.iter().map(|sample| sample.to_le_bytes()[0])),
            Packing::Words => out.extend(samples.iter().flat_map(|sample| sample.to_le_bytes())),
            Packing::Threes => {
                let joined = |three: &[u16; 3]| {
                    three
                        .iter()
                        .rev()
                        .fold(0_u32, |word, sample| word << 10 | u32::from(*sample))
                };
                let threes = samples.as_chunks().0.iter();
                out.extend(threes.flat_map(|three| joined(three).to_le_bytes()));
            }
            Packing::Fours => {
                let joined = samples
                    .iter()
                    .fold(0_u64, |word, sample| word << 10 | u64::from(*sample));
                out.extend_from_slice(&joined.to_be_bytes()[3..]);
            }
        }
    }
}

/// One of the values that make up a pixel.
#[derive(Clone, Copy)]
enum Component {
    Y,
    Cb,
    Cr,
    R,
    G,
    B,
    A,
}

impl Component {
    const COUNT: usize = 7;

    /// The value of sample `x`, on a scale of 16 bits and within the range that video allows.
    fn sample(self, x: u32) -> u16 {
        let slope = match self {
            Self::Y | Self::R => 256,
            Self::Cb | Self::G => 176,
            Self::Cr | Self::B => 112,
            Self::A => return u16::MAX,
        };
        let position = x.wrapping_mul(slope) & 0x1_ffff;
        let wave = position.min(0x1_ffff - position);
        // 0x1000..=0xe9ff and 11 bits of grain: never one of the codes that interfaces reserve.
        let value = 0x1000 + wave * 0xda / 0x100 + (grain(x ^ slope << 20) >> 21);
        u16::try_from(value).unwrap_or(u16::MAX)
    }
}

/// Bits without a pattern.
fn grain(x: u32) -> u32 {
    let x = (x ^ x >> 16).wrapping_mul(0x85eb_ca6b);
    let x = (x ^ x >> 13).wrapping_mul(0xc2b2_ae35);
    x ^ x >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_group(pixel: PixelFormat) -> Vec<u8> {
        let mut out = Vec::new();
        Group::of(pixel, 0).draw(&mut [0; Component::COUNT], &mut out);
        out
    }

    #[test]
    fn v210_packs_three_samples_from_the_lowest_bits_up() {
        let word = u32::from_le_bytes(first_group(PixelFormat::V210)[..4].try_into().unwrap());
        let ten = |component: Component| u32::from(component.sample(0) >> 6);
        let expected = ten(Component::Cb) | ten(Component::Y) << 10 | ten(Component::Cr) << 20;
        assert_eq!(word, expected);
    }

    #[test]
    fn rfc_4175_packs_four_samples_from_the_highest_bits_down() {
        let bytes = first_group(PixelFormat::Rfc4175Yuv422p10);
        let cb = Component::Cb.sample(0) >> 6;
        assert_eq!(bytes.len(), 5);
        assert_eq!(u16::from_be_bytes([bytes[0], bytes[1]]) >> 6, cb);
        let y = Component::Y.sample(1) >> 6;
        assert_eq!(u16::from_be_bytes([bytes[3], bytes[4]]) & 0x3ff, y);
    }

    #[test]
    fn samples_stay_within_their_depth() {
        let picture = Picture::draw(PixelFormat::Yuv422p10le, 64, 4);
        for row in picture.rows(0) {
            let words = row
                .as_chunks()
                .0
                .iter()
                .map(|word| u16::from_le_bytes(*word));
            assert!(words.into_iter().all(|word| (4..1020).contains(&word)));
        }
    }

    #[test]
    fn the_rows_make_up_the_frame_of_every_format() {
        for pixel in PixelFormat::ALL {
            let bytes: usize = Picture::draw(pixel, 100, 6).rows(5).map(<[u8]>::len).sum();
            assert_eq!(bytes as u64, pixel.frame_bytes(100, 6).unwrap(), "{pixel}");
        }
    }

    #[test]
    fn no_row_is_the_same_in_the_next_frames() {
        for pixel in PixelFormat::ALL
            .into_iter()
            .filter(|pixel| *pixel != PixelFormat::Yuva444p)
        {
            let picture = Picture::draw(pixel, 64, 4);
            for later in [1, 2, 15, 16, 17, 64, 8190] {
                for (row, (now, then)) in picture.rows(3).zip(picture.rows(3 + later)).enumerate() {
                    assert_ne!(now, then, "{pixel}: row {row}, {later} frames later");
                }
            }
        }
    }
}
