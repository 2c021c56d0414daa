//! The two clocks: one for intervals and delays, one for the time of day.

use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

/// Since some start that all processes of this machine share.
pub(crate) fn monotonic() -> Duration {
    since(clock_gettime(ClockId::Monotonic))
}

/// Since 1970.
pub(crate) fn realtime() -> Duration {
    since(clock_gettime(ClockId::Realtime))
}

/// Neither clock shows a time before its start.
fn since(time: Timespec) -> Duration {
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn the_monotonic_clock_never_goes_back() {
        let earlier = monotonic();
        assert!(monotonic() >= earlier);
    }

    #[test]
    fn the_time_of_day_is_the_systems() {
        let before = SystemTime::UNIX_EPOCH + realtime();
        let now = SystemTime::now();
        assert!(now.duration_since(before).expect("in order") < Duration::from_secs(60));
    }
}
