//! Monotonic time as the rest of the crate uses it: a [`Duration`] since an origin that all
//! processes of a machine share (the boot, not counting suspended time).

use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

/// `CLOCK_MONOTONIC`, exact. About 20 ns: fit for deadlines, not for each packet.
pub(crate) fn now() -> Duration {
    duration(clock_gettime(ClockId::Monotonic))
}

/// `CLOCK_MONOTONIC_COARSE`: the same origin, but as old as the last timer tick (1 to 10 ms).
/// A few nanoseconds: fit for a busy loop that looks at a deadline now and then.
pub(crate) fn coarse_now() -> Duration {
    duration(clock_gettime(ClockId::MonotonicCoarse))
}

/// The kernel's form of a span of time. What does not fit (292 billion years) is cut.
pub(super) fn timespec(span: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: span.subsec_nanos().into(),
    }
}

/// Monotonic clocks start at zero, so neither field is ever negative.
fn duration(time: Timespec) -> Duration {
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_moves_forward_and_the_coarse_clock_trails_it() {
        let coarse = coarse_now();
        let first = now();
        let second = now();
        assert!(first > Duration::ZERO);
        assert!(second >= first);
        assert!(coarse <= first);
        assert!(first - coarse < Duration::from_secs(1));
    }

    #[test]
    fn a_span_survives_the_way_to_the_kernel_and_back() {
        let span = Duration::new(3, 141_592_653);
        assert_eq!(duration(timespec(span)), span);
        assert_eq!(timespec(Duration::MAX).tv_sec, i64::MAX);
    }
}
