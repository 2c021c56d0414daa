//! When each frame is due: absolute deadlines, so that many small errors never add up to drift.

use std::time::{Duration, Instant};

use media::Rational;

/// Lateness up to this is caught up; beyond it the clock starts anew, so that no burst follows a stall.
const CATCH_UP: Duration = Duration::from_millis(500);

/// Deadlines at a steady rate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    rate: Rational,
    origin: Instant,
    frame: u64,
}

impl Pace {
    /// The first frame is due at `now`.
    pub(crate) fn new(rate: Rational, now: Instant) -> Pace {
        Pace {
            rate,
            origin: now,
            frame: 0,
        }
    }

    /// When the next frame is due.
    pub(crate) fn due(&self) -> Instant {
        self.origin + self.rate.time_of(self.frame)
    }

    /// The same pace after one more frame, which has been sent at `now`.
    #[must_use]
    pub(crate) fn sent(self, now: Instant) -> Pace {
        let next = Pace {
            frame: self.frame + 1,
            ..self
        };
        let late = now.saturating_duration_since(next.due());
        if late > CATCH_UP {
            Pace::new(self.rate, now)
        } else {
            next
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(frames: u32, seconds: u32) -> Rational {
        Rational::new(frames, seconds).unwrap()
    }

    fn paced(rate: Rational) -> (Pace, Instant) {
        let start = Instant::now();
        (Pace::new(rate, start), start)
    }

    #[test]
    fn a_million_frames_at_59_94_drift_by_nothing() {
        let rate = rate(60_000, 1_001);
        let (mut pace, start) = paced(rate);
        for _ in 0..1_000_000 {
            pace = pace.sent(pace.due());
        }
        let exact = Duration::from_nanos(1_000_000 * 1_001 * 1_000_000_000 / 60_000);
        assert_eq!(pace.due() - start, exact);
    }

    #[test]
    fn a_little_lateness_is_caught_up() {
        let (pace, start) = paced(rate(50, 1));
        let pace = pace.sent(start + Duration::from_millis(100));
        assert_eq!(pace.due() - start, Duration::from_millis(20));
    }

    #[test]
    fn a_long_stall_moves_the_clock_instead_of_causing_a_burst() {
        let (pace, start) = paced(rate(50, 1));
        let late = start + Duration::from_secs(5);
        assert_eq!(pace.sent(late).due(), late);
    }
}
