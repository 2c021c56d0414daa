//! Frames and bytes over time.

use std::time::Duration;

use serde::Serialize;

/// What a meter shows, over a stretch of time. Bits are those in the ring: no preamble, no gap
/// between frames, no frame check sequence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Rates {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) seconds: f64,
    pub(crate) pps: f64,
    pub(crate) gbit_per_s: f64,
}

impl Rates {
    #[allow(
        clippy::cast_precision_loss,
        reason = "a rate is shown to a few digits"
    )]
    fn over(frames: u64, bytes: u64, time: Duration) -> Rates {
        let seconds = time.as_secs_f64();
        let per_second = |count: u64| {
            if seconds > 0.0 {
                count as f64 / seconds
            } else {
                0.0
            }
        };
        Rates {
            frames,
            bytes,
            seconds,
            pps: per_second(frames),
            gbit_per_s: per_second(bytes.saturating_mul(8)) / 1e9,
        }
    }

    /// `1.204 Mpps 0.616 Gbit/s`
    pub(crate) fn spelled(&self) -> String {
        let pps = match self.pps {
            pps if pps >= 1e6 => format!("{:.3} Mpps", pps / 1e6),
            pps if pps >= 1e3 => format!("{:.3} kpps", pps / 1e3),
            pps => format!("{pps:.1} pps"),
        };
        format!("{pps}, {:.3} Gbit/s", self.gbit_per_s)
    }
}

/// Counts from the first frame to the last, so that waiting for a peer does not lower the rate.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    frames: u64,
    bytes: u64,
    span: Option<(Duration, Duration)>,
    /// What had been counted when the last interval ended, and when that was.
    mark: (u64, u64, Duration),
}

impl Meter {
    /// Counts frames that came or went just before `now`.
    pub(crate) fn count(&mut self, frames: u64, bytes: u64, now: Duration) {
        if frames == 0 {
            return;
        }
        self.frames += frames;
        self.bytes += bytes;
        self.span = Some((self.span.map_or(now, |(first, _)| first), now));
    }

    /// All frames so far.
    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }

    /// From the first frame to the last.
    pub(crate) fn total(&self) -> Rates {
        let time = self
            .span
            .map_or(Duration::ZERO, |(first, last)| last.saturating_sub(first));
        Rates::over(self.frames, self.bytes, time)
    }

    /// Since the last call, or since the first frame.
    pub(crate) fn interval(&mut self, now: Duration) -> Rates {
        let (frames, bytes, since) = self.mark;
        let began = self.span.map_or(now, |(first, _)| first).max(since);
        self.mark = (self.frames, self.bytes, now);
        Rates::over(
            self.frames - frames,
            self.bytes - bytes,
            now.saturating_sub(began),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_secs(1000) + Duration::from_millis(millis)
    }

    #[test]
    fn rates_are_counted_from_the_first_frame_to_the_last() {
        let mut meter = Meter::default();
        meter.count(0, 0, at(0));
        meter.count(500, 32_000, at(3000));
        meter.count(500, 32_000, at(3500));
        let rates = meter.total();
        assert_eq!((rates.frames, rates.bytes), (1000, 64_000));
        assert_eq!((rates.seconds, rates.pps), (0.5, 2000.0));
        assert!((rates.gbit_per_s - 0.001_024).abs() < 1e-12);
    }

    #[test]
    fn nothing_has_no_rate() {
        assert_eq!(Meter::default().total(), Rates::default());
        let mut meter = Meter::default();
        meter.count(1, 64, at(0));
        assert_eq!(meter.total().pps, 0.0, "one frame takes no time");
    }

    #[test]
    fn an_interval_has_what_came_since_the_last() {
        let mut meter = Meter::default();
        meter.count(10, 640, at(0));
        assert_eq!(meter.interval(at(1000)).pps, 10.0);
        meter.count(30, 1920, at(1500));
        assert_eq!(meter.interval(at(2000)).pps, 30.0);
        assert_eq!(meter.interval(at(3000)).pps, 0.0);
        assert_eq!(meter.total().frames, 40);
    }

    #[test]
    fn rates_are_spelled_for_people() {
        let rates = |pps| Rates {
            pps,
            gbit_per_s: 0.5,
            ..Rates::default()
        };
        assert_eq!(rates(2_500_000.0).spelled(), "2.500 Mpps, 0.500 Gbit/s");
        assert_eq!(rates(2_500.0).spelled(), "2.500 kpps, 0.500 Gbit/s");
        assert_eq!(rates(9.96).spelled(), "10.0 pps, 0.500 Gbit/s");
    }
}
