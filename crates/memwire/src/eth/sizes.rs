//! How long the generated frames are: all alike, a range, or the internet mix.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// The simple internet mix, 7:4:1 of 64, 570 and 1518 bytes, spread so that any stretch has all.
const IMIX: [usize; 12] = [64, 570, 64, 64, 570, 64, 1518, 64, 570, 64, 570, 64];

/// `--size`: lengths in bytes as they lie in the ring. memif carries no frame check sequence, so
/// 64 means 64 bytes in shared memory, as it does in DPDK's testpmd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sizes {
    /// All frames have this length.
    Fixed(usize),
    /// Every length from the first to the last, ascending, then again from the first.
    Range(usize, usize),
    /// 64, 570 and 1518 bytes in the ratio 7:4:1.
    Imix,
}

impl Sizes {
    /// The lengths in the order in which they are sent; the generator starts over at the end.
    pub(crate) fn cycle(self) -> Vec<usize> {
        match self {
            Sizes::Fixed(bytes) => vec![bytes],
            Sizes::Range(first, last) => (first..=last).collect(),
            Sizes::Imix => IMIX.to_vec(),
        }
    }

    /// The shortest and the longest.
    pub(crate) fn bounds(self) -> RangeInclusive<usize> {
        match self {
            Sizes::Fixed(bytes) => bytes..=bytes,
            Sizes::Range(first, last) => first..=last,
            Sizes::Imix => 64..=1518,
        }
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sizes::Fixed(bytes) => write!(f, "{bytes}"),
            Sizes::Range(first, last) => write!(f, "{first}-{last}"),
            Sizes::Imix => f.write_str("imix"),
        }
    }
}

/// The text is no frame size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SizesError {
    /// Neither a number, nor a range, nor the mix.
    Unknown,
    /// The range ends before it starts.
    Descending { first: usize, last: usize },
}

impl fmt::Display for SizesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SizesError::Unknown => f.write_str(
                "give a number of bytes (64), a range (64-1518), or imix (64, 570, 1518 in 7:4:1)",
            ),
            SizesError::Descending { first, last } => {
                write!(f, "the range ends at {last}, before it starts at {first}")
            }
        }
    }
}

impl std::error::Error for SizesError {}

impl FromStr for Sizes {
    type Err = SizesError;

    fn from_str(text: &str) -> Result<Sizes, SizesError> {
        if text.eq_ignore_ascii_case("imix") {
            return Ok(Sizes::Imix);
        }
        let Some((first, last)) = text.split_once('-') else {
            return bytes(text).map(Sizes::Fixed);
        };
        let (first, last) = (bytes(first)?, bytes(last)?);
        if first > last {
            return Err(SizesError::Descending { first, last });
        }
        Ok(Sizes::Range(first, last))
    }
}

fn bytes(text: &str) -> Result<usize, SizesError> {
    text.parse().map_err(|_| SizesError::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Sizes, SizesError> {
        text.parse()
    }

    #[test]
    fn a_size_is_a_number_a_range_or_the_mix() {
        assert_eq!(parse("64"), Ok(Sizes::Fixed(64)));
        assert_eq!(parse("64-1518"), Ok(Sizes::Range(64, 1518)));
        assert_eq!(parse("IMIX"), Ok(Sizes::Imix));
    }

    #[test]
    fn anything_else_is_refused_with_what_is_possible() {
        for text in [
            "",
            "-",
            "64-",
            "-64",
            "64 bytes",
            "0x40",
            "99999999999999999999",
        ] {
            assert_eq!(parse(text), Err(SizesError::Unknown), "{text:?}");
        }
        let descending = SizesError::Descending {
            first: 1518,
            last: 64,
        };
        assert_eq!(parse("1518-64"), Err(descending));
    }

    #[test]
    fn a_size_reads_as_it_was_written() {
        for text in ["64", "64-1518", "imix"] {
            assert_eq!(parse(text).expect("valid").to_string(), text);
        }
    }

    #[test]
    fn a_range_walks_every_length_once() {
        assert_eq!(Sizes::Range(64, 67).cycle(), [64, 65, 66, 67]);
        assert_eq!(Sizes::Range(64, 64).cycle(), [64]);
    }

    #[test]
    fn the_mix_is_seven_to_four_to_one() {
        let count = |bytes| {
            Sizes::Imix
                .cycle()
                .iter()
                .filter(|&&size| size == bytes)
                .count()
        };
        assert_eq!((count(64), count(570), count(1518)), (7, 4, 1));
    }

    #[test]
    fn the_bounds_hold_every_length_of_the_cycle() {
        for sizes in [Sizes::Fixed(9000), Sizes::Range(64, 9000), Sizes::Imix] {
            assert!(
                sizes
                    .cycle()
                    .iter()
                    .all(|size| sizes.bounds().contains(size)),
                "{sizes}"
            );
        }
    }
}
