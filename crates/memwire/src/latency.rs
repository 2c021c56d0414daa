//! How long things took: a histogram of times, and the three numbers that are reported of it.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::report::spell;

/// Times from 1 ns to 1 minute, to two digits; longer ones count as a minute.
const LONGEST_NS: u64 = 60_000_000_000;

/// Times as they come in.
#[derive(Debug)]
pub(crate) struct Latency(Option<Histogram<u64>>);

/// Half of the times were up to `p50`, 99 of 100 up to `p99`, all up to `max`; in nanoseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct Quantiles {
    pub(crate) p50: u64,
    pub(crate) p99: u64,
    pub(crate) max: u64,
}

impl Latency {
    /// Without any time yet.
    pub(crate) fn new() -> Latency {
        // The bounds are constants that the histogram accepts; without one nothing is recorded.
        Latency(Histogram::new_with_bounds(1, LONGEST_NS, 2).ok())
    }

    /// Adds one time.
    pub(crate) fn record(&mut self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        if let Some(histogram) = &mut self.0 {
            histogram.saturating_record(nanoseconds.max(1));
        }
    }

    /// The numbers to report; none before the first time.
    pub(crate) fn quantiles(&self) -> Option<Quantiles> {
        let histogram = self.0.as_ref().filter(|histogram| !histogram.is_empty())?;
        let at = |quantile| histogram.value_at_quantile(quantile);
        Some(Quantiles {
            p50: at(0.5),
            p99: at(0.99),
            max: histogram.max(),
        })
    }
}

impl Quantiles {
    /// `31.2 µs p50, 48.0 µs p99, 1.2 ms max`
    pub(crate) fn spelled(self) -> String {
        let [p50, p99, max] =
            [self.p50, self.p99, self.max].map(|ns| spell(Duration::from_nanos(ns)));
        format!("{p50} p50, {p99} p99, {max} max")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_reported_of_nothing() {
        assert_eq!(Latency::new().quantiles(), None);
    }

    #[test]
    fn quantiles_are_right_to_two_digits() {
        let mut latency = Latency::new();
        for microseconds in 1..=1000 {
            latency.record(Duration::from_micros(microseconds));
        }
        let found = latency.quantiles().unwrap();
        assert!(found.p50.abs_diff(500_000) <= 5_000, "{found:?}");
        assert!(found.p99.abs_diff(990_000) <= 10_000, "{found:?}");
        assert!(found.max >= 1_000_000, "{found:?}");
    }

    #[test]
    fn a_time_beyond_all_bounds_still_counts() {
        let mut latency = Latency::new();
        latency.record(Duration::ZERO);
        latency.record(Duration::from_secs(3600));
        assert!(latency.quantiles().unwrap().max >= LONGEST_NS);
    }
}
