//! When the next frame is due: so many per second, counted from an absolute start, without drift.

use std::time::Duration;

const NANOS: u128 = 1_000_000_000;

/// The most a generator catches up on at once. What lies further back is given up, so that a
/// stall is not followed by a flood.
const PATIENCE: Duration = Duration::from_millis(100);

/// Frame `n` is due `n / rate` seconds after the start, whenever the frames before it really went.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    /// Frames per second; 0 is as fast as possible.
    rate: u64,
    origin: Duration,
    sent: u64,
    forgiven: u64,
}

impl Pace {
    /// Starts now.
    pub(crate) fn new(rate: u64, now: Duration) -> Pace {
        Pace {
            rate,
            origin: now,
            sent: 0,
            forgiven: 0,
        }
    }

    /// How many frames may go now.
    pub(crate) fn due(&mut self, now: Duration) -> u64 {
        if self.rate == 0 {
            return u64::MAX;
        }
        let passed = now.saturating_sub(self.origin);
        let due = self.tokens(passed).saturating_sub(self.sent);
        let limit = self.tokens(PATIENCE).max(1);
        if due <= limit {
            return due;
        }
        self.sent += due - limit;
        self.forgiven += due - limit;
        limit
    }

    /// Counts frames that went.
    pub(crate) fn sent(&mut self, frames: u64) {
        self.sent = self.sent.saturating_add(frames);
    }

    /// When the next frame is due; `None` if that is always.
    pub(crate) fn next(&self) -> Option<Duration> {
        if self.rate == 0 {
            return None;
        }
        // Rounded up: a nanosecond early would find nothing due, and ask again.
        let nanos = ((u128::from(self.sent) + 1) * NANOS).div_ceil(u128::from(self.rate));
        let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
        Some(self.origin.saturating_add(Duration::from_nanos(nanos)))
    }

    /// Starts over now, as after a time without a peer: nothing is due from before.
    pub(crate) fn restart(&mut self, now: Duration) {
        self.origin = now;
        self.sent = 0;
    }

    /// Frames that fell due and were given up, because their time lay too far back.
    pub(crate) fn forgiven(&self) -> u64 {
        self.forgiven
    }

    /// Frames that fall due within a time.
    fn tokens(&self, time: Duration) -> u64 {
        let frames = time.as_nanos() * u128::from(self.rate) / NANOS;
        u64::try_from(frames).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Duration = Duration::from_secs(1000);

    #[test]
    fn without_a_rate_frames_are_always_due() {
        let mut pace = Pace::new(0, START);
        pace.sent(1 << 40);
        assert_eq!(pace.due(START), u64::MAX);
        assert_eq!(pace.next(), None);
    }

    #[test]
    fn the_first_frame_is_due_one_interval_after_the_start() {
        let mut pace = Pace::new(10, START);
        assert_eq!(pace.due(START), 0);
        assert_eq!(pace.next(), Some(START + Duration::from_millis(100)));
        assert_eq!(pace.due(START + Duration::from_millis(99)), 0);
        assert_eq!(pace.due(START + Duration::from_millis(100)), 1);
    }

    #[test]
    fn late_frames_do_not_delay_those_behind_them() {
        let mut pace = Pace::new(1000, START);
        pace.sent(pace.clone().due(START + Duration::from_micros(5_900)));
        assert_eq!(pace.next(), Some(START + Duration::from_millis(6)));
    }

    #[test]
    fn an_odd_rate_does_not_drift() {
        let (rate, hours) = (7_777_777, 10);
        let mut pace = Pace::new(rate, START);
        let (mut frames, mut now) = (0, START);
        for _ in 0..hours * 3600 * 20 {
            now += Duration::from_millis(50);
            let due = pace.due(now);
            pace.sent(due);
            frames += due;
        }
        assert_eq!(frames, rate * hours * 3600);
        assert_eq!(pace.forgiven(), 0);
    }

    #[test]
    fn a_stall_is_not_followed_by_a_flood() {
        let mut pace = Pace::new(1_000_000, START);
        assert_eq!(pace.due(START + Duration::from_secs(10)), 100_000);
        assert_eq!(pace.forgiven(), 9_900_000);
        pace.sent(100_000);
        assert_eq!(pace.due(START + Duration::from_secs(10)), 0);
    }

    #[test]
    fn after_a_restart_nothing_is_due_from_before() {
        let mut pace = Pace::new(1000, START);
        let later = START + Duration::from_secs(60);
        pace.restart(later);
        assert_eq!((pace.due(later), pace.forgiven()), (0, 0));
    }

    proptest! {
        #[test]
        fn the_next_frame_is_due_exactly_when_it_says(rate in 1_u64.., sent in 0_u64..1 << 30) {
            let mut pace = Pace::new(rate, START);
            pace.sent(sent);
            let next = pace.next().expect("paced");
            prop_assert!(pace.clone().due(next) >= 1);
            prop_assert_eq!(pace.due(next - Duration::from_nanos(1)), 0);
        }
    }
}
