//! Frame rates as exact fractions.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::FormatError;

/// Rates whose NTSC relatives (`n` × 1000 / 1001) people write as decimals.
const NTSC: [u32; 6] = [24, 30, 48, 60, 120, 240];

/// A positive fraction in lowest terms, used for frames per second.
///
/// Parses `60`, `60000/1001` and decimals: `59.94`, `29.97`, `23.976` and their like mean the
/// NTSC fractions (60000/1001 …), every other decimal means exactly itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rational {
    numerator: u32,
    denominator: u32,
}

impl Rational {
    /// `numerator / denominator`, reduced.
    ///
    /// # Errors
    /// When either is 0.
    pub fn new(numerator: u32, denominator: u32) -> Result<Self, FormatError> {
        Self::reduced(numerator.into(), denominator.into()).ok_or_else(|| FormatError::FrameRate {
            given: format!("{numerator}/{denominator}"),
        })
    }

    /// The part above the line.
    pub fn numerator(self) -> u32 {
        self.numerator
    }

    /// The part below the line.
    pub fn denominator(self) -> u32 {
        self.denominator
    }

    /// How long `count` events take at this many events per second, rounded down to a nanosecond.
    ///
    /// Each result is computed from the start, so a stream paced by it never drifts. Times beyond
    /// what a [`Duration`] holds come out as [`Duration::MAX`].
    pub fn time_of(self, count: u64) -> Duration {
        // 64 + 32 + 30 bits: below 2^126.
        let nanos = u128::from(count) * u128::from(self.denominator) * 1_000_000_000
            / u128::from(self.numerator);
        let seconds = u64::try_from(nanos / 1_000_000_000);
        let rest = u32::try_from(nanos % 1_000_000_000);
        match (seconds, rest) {
            (Ok(seconds), Ok(rest)) => Duration::new(seconds, rest),
            _ => Duration::MAX,
        }
    }

    fn reduced(numerator: u64, denominator: u64) -> Option<Self> {
        let divisor = common_divisor(numerator, denominator);
        let numerator = u32::try_from(numerator.checked_div(divisor)?).ok()?;
        let denominator = u32::try_from(denominator.checked_div(divisor)?).ok()?;
        (numerator > 0 && denominator > 0).then_some(Self {
            numerator,
            denominator,
        })
    }

    fn parse(text: &str) -> Option<Self> {
        if let Some((numerator, denominator)) = text.split_once('/') {
            return Self::reduced(digits(numerator)?, digits(denominator)?);
        }
        let Some((whole, fraction)) = text.split_once('.') else {
            return Self::reduced(digits(text)?, 1);
        };
        let fraction = fraction.trim_end_matches('0');
        let scale = 10_u64.checked_pow(fraction.len().try_into().ok()?)?;
        let fraction = if fraction.is_empty() {
            0
        } else {
            digits(fraction)?
        };
        let scaled = digits(whole)?.checked_mul(scale)?.checked_add(fraction)?;
        ntsc(scaled, scale).or_else(|| Self::reduced(scaled, scale))
    }
}

impl fmt::Display for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denominator {
            1 => write!(f, "{}", self.numerator),
            denominator => write!(f, "{}/{denominator}", self.numerator),
        }
    }
}

impl FromStr for Rational {
    type Err = FormatError;

    fn from_str(given: &str) -> Result<Self, FormatError> {
        Self::parse(given).ok_or_else(|| FormatError::FrameRate {
            given: given.into(),
        })
    }
}

/// Reads the number as it would be written: 59.94 is 60000/1001, 12.5 is 25/2.
impl TryFrom<f64> for Rational {
    type Error = FormatError;

    fn try_from(value: f64) -> Result<Self, FormatError> {
        value.to_string().parse()
    }
}

/// The NTSC fraction whose decimal form, rounded or cut to this many digits, is `scaled / scale`.
///
/// One digit is too few to tell: 59.9 stays 599/10.
fn ntsc(scaled: u64, scale: u64) -> Option<Rational> {
    let written = |rate: &&u32| {
        let thousandths = u128::from(**rate) * 1000 * u128::from(scale);
        let cut = thousandths / 1001;
        let rounded = (thousandths + 500) / 1001;
        [cut, rounded].contains(&scaled.into())
    };
    let rate = NTSC.iter().filter(|_| scale >= 100).find(written)?;
    Rational::reduced(u64::from(*rate) * 1000, 1001)
}

/// Decimal digits only: no sign, no blanks, unlike `u64::from_str`.
fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(text: &str) -> (u32, u32) {
        let rate: Rational = text.parse().unwrap();
        (rate.numerator(), rate.denominator())
    }

    #[test]
    fn ntsc_rates_are_recognised_however_they_are_rounded() {
        for text in [
            "59.94",
            "59.940",
            "59.9401",
            "59.94005994005994",
            "60000/1001",
        ] {
            assert_eq!(rate(text), (60000, 1001), "{text}");
        }
        for text in ["23.976", "23.98", "23.97"] {
            assert_eq!(rate(text), (24000, 1001), "{text}");
        }
        assert_eq!(rate("29.97"), (30000, 1001));
        assert_eq!(rate("47.95"), (48000, 1001));
        assert_eq!(rate("119.88"), (120_000, 1001));
    }

    #[test]
    fn other_decimals_mean_exactly_themselves() {
        assert_eq!(rate("60"), (60, 1));
        assert_eq!(rate("60."), (60, 1));
        assert_eq!(rate("25.00"), (25, 1));
        assert_eq!(rate("12.5"), (25, 2));
        assert_eq!(rate("0.2"), (1, 5));
        assert_eq!(rate("59.9"), (599, 10));
    }

    #[test]
    fn floating_point_rates_are_read_as_they_are_written() {
        let rate = |value: f64| Rational::try_from(value).map(|rate| rate.to_string());
        assert_eq!(rate(59.94).as_deref(), Ok("60000/1001"));
        assert_eq!(rate(60000.0 / 1001.0).as_deref(), Ok("60000/1001"));
        assert_eq!(rate(50.0).as_deref(), Ok("50"));
        for junk in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300, 1e-300] {
            assert!(rate(junk).is_err(), "{junk}");
        }
    }

    #[test]
    fn what_is_no_rate_is_refused_with_examples() {
        for text in [
            "",
            "0",
            "0/1",
            "1/0",
            "-1",
            "+60",
            "x",
            "60/",
            ".",
            "1e3",
            "5000000000",
            " 60",
        ] {
            let error = text.parse::<Rational>().unwrap_err().to_string();
            assert!(error.contains("60000/1001"), "{text}: {error}");
        }
    }

    #[test]
    fn an_hour_at_59_94_ends_on_the_nanosecond() {
        let rate = Rational::new(60000, 1001).unwrap();
        assert_eq!(rate.time_of(1), Duration::from_nanos(16_683_333));
        assert_eq!(
            rate.time_of(60_000 * 3600),
            Duration::from_secs(1001 * 3600)
        );
    }

    #[test]
    fn a_time_beyond_all_clocks_is_the_longest_time() {
        let slow = Rational::new(1, u32::MAX).unwrap();
        assert_eq!(slow.time_of(u64::MAX), Duration::MAX);
    }

    proptest! {
        #[test]
        fn a_printed_rate_reads_back(numerator in 1_u32.., denominator in 1_u32..) {
            let rate = Rational::new(numerator, denominator).unwrap();
            prop_assert_eq!(rate.to_string().parse(), Ok(rate));
        }

        #[test]
        fn times_never_run_backwards(numerator in 1_u32.., denominator in 1_u32.., n: u64) {
            let rate = Rational::new(numerator, denominator).unwrap();
            prop_assert!(rate.time_of(n) <= rate.time_of(n.saturating_add(1)));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "[0-9./ x+-]*") {
            let _ = text.parse::<Rational>();
        }
    }
}
