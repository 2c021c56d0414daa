//! Figures: of one run, of several runs, and set against each other.

use std::time::{Duration, Instant};

/// What one run gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    /// The median round trip in nanoseconds, or how many per second.
    pub(crate) value: f64,
    /// The 99th percentile of the round trips in nanoseconds.
    pub(crate) p99: Option<f64>,
}

impl Sample {
    /// Of round trips, each from one mark to the next.
    pub(crate) fn of_trips(marks: &[Instant]) -> Self {
        let mut trips: Vec<Duration> = marks.windows(2).map(|pair| pair[1] - pair[0]).collect();
        trips.sort_unstable();
        Self {
            value: nanoseconds(percentile(&trips, 50)),
            p99: Some(nanoseconds(percentile(&trips, 99))),
        }
    }

    /// Of `count` things moved in `time`.
    pub(crate) fn of_rate(count: u64, time: Duration) -> Self {
        Self {
            value: count as f64 / time.as_secs_f64(),
            p99: None,
        }
    }
}

/// What several runs gave.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    /// The value of each run, in the order of the runs.
    pub(crate) values: Vec<f64>,
    /// Their median.
    pub(crate) median: f64,
    /// The smallest.
    pub(crate) least: f64,
    /// The largest.
    pub(crate) most: f64,
    /// The median of the 99th percentiles.
    pub(crate) p99: Option<f64>,
}

impl Summary {
    /// Of at least one run.
    pub(crate) fn of(samples: &[Sample]) -> Self {
        let values: Vec<f64> = samples.iter().map(|sample| sample.value).collect();
        let tails: Option<Vec<f64>> = samples.iter().map(|sample| sample.p99).collect();
        Self {
            median: median(&values),
            least: values.iter().copied().fold(f64::INFINITY, f64::min),
            most: values.iter().copied().fold(0.0, f64::max),
            p99: tails.map(|tails| median(&tails)),
            values,
        }
    }
}

/// What our figure should be, as a multiple of a baseline's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// For times.
    AtMost(f64),
    /// For rates.
    AtLeast(f64),
}

impl Target {
    /// Whether this ratio is good enough.
    pub(crate) fn is_met(self, ratio: f64) -> bool {
        match self {
            Self::AtMost(limit) => ratio <= limit,
            Self::AtLeast(limit) => ratio >= limit,
        }
    }
}

/// The middle value, or the mean of the two in the middle.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    match (sorted.len() / 2, sorted.len() % 2) {
        (0, 0) => f64::NAN,
        (half, 0) => (sorted[half - 1] + sorted[half]) / 2.0,
        (half, _) => sorted[half],
    }
}

/// The smallest of these sorted values that at least `percent` per cent of them do not exceed.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle_or_between_the_two_middle_ones() {
        assert_eq!(median(&[9.0, 1.0, 5.0]), 5.0);
        assert_eq!(median(&[9.0, 1.0, 5.0, 2.0]), 3.5);
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let hundred: Vec<Duration> = (1..=100).map(Duration::from_nanos).collect();
        assert_eq!(percentile(&hundred, 50), Duration::from_nanos(50));
        assert_eq!(percentile(&hundred, 99), Duration::from_nanos(99));
        assert_eq!(percentile(&hundred[..1], 99), Duration::from_nanos(1));
    }

    #[test]
    fn round_trips_lie_between_neighbouring_marks() {
        let start = Instant::now();
        let marks = [0, 10, 20, 50].map(|at| start + Duration::from_nanos(at));
        let sample = Sample::of_trips(&marks);
        assert!((sample.value - 10.0).abs() < 1e-3);
        assert!((sample.p99.unwrap() - 30.0).abs() < 1e-3);
    }

    #[test]
    fn a_summary_keeps_every_run_and_both_extremes() {
        let runs = [30.0, 10.0, 20.0].map(|value| Sample { value, p99: None });
        let summary = Summary::of(&runs);
        assert_eq!(
            (summary.least, summary.median, summary.most),
            (10.0, 20.0, 30.0)
        );
        assert_eq!(
            (summary.values, summary.p99),
            (vec![30.0, 10.0, 20.0], None)
        );
    }

    #[test]
    fn times_must_stay_below_their_target_and_rates_above() {
        assert!(Target::AtMost(2.5).is_met(2.5) && !Target::AtMost(2.5).is_met(2.6));
        assert!(Target::AtLeast(0.95).is_met(0.95) && !Target::AtLeast(0.95).is_met(0.94));
    }
}
