//! What both sides count: frames, bytes, and which frames are missing.
//!
//! A sender numbers its frames from 0. A number that jumps ahead is a gap, on one connection or
//! across several of the same sender; number 0 on a new connection is a sender that began anew.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::report::grouped;

/// So many gaps are listed one by one; later ones are only counted.
const LISTED_GAPS: usize = 64;

/// Frames that a sender numbered and this receiver never saw.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct Gap {
    /// The first number that is missing.
    pub(crate) from: u64,
    /// How many are missing.
    pub(crate) frames: u64,
}

/// The counts of one stream.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) lost: u64,
    pub(crate) corrupt: u64,
    /// Frames whose number had already been seen.
    pub(crate) repeated: u64,
    /// The number of the first frame: so many had been sent before we were there.
    pub(crate) joined_at: Option<u64>,
    pub(crate) gaps: Vec<Gap>,
    expected: Option<u64>,
    epoch: Option<u64>,
    span: Option<(Instant, Instant)>,
}

impl Tally {
    /// Counts one whole frame that came at `now`.
    pub(crate) fn frame(&mut self, bytes: u64, now: Instant) {
        self.frames += 1;
        self.bytes += bytes;
        let first = self.span.map_or(now, |(first, _)| first);
        self.span = Some((first, now));
    }

    /// Judges the number of a frame that came on the connection `epoch`.
    pub(crate) fn sequence(&mut self, number: u64, epoch: u64) {
        let fresh = self.epoch.replace(epoch) != Some(epoch);
        let began_anew = fresh && number == 0;
        match self.expected {
            None => self.joined_at = Some(number),
            Some(_) if began_anew => {}
            Some(expected) if number < expected => {
                self.repeated += 1;
                return;
            }
            Some(expected) if number > expected => self.missing(expected, number - expected),
            Some(_) => {}
        }
        self.expected = Some(number.saturating_add(1));
    }

    /// Notes frames that are missing; a gap right behind another one widens that.
    pub(crate) fn missing(&mut self, from: u64, frames: u64) {
        self.lost += frames;
        let listed = self.gaps.len();
        match self.gaps.last_mut() {
            _ if frames == 0 => {}
            Some(gap) if gap.from + gap.frames == from => gap.frames += frames,
            _ if listed == LISTED_GAPS => {}
            _ => self.gaps.push(Gap { from, frames }),
        }
    }

    /// Frames per second between the first and the last frame; none before there are two.
    pub(crate) fn fps(&self) -> Option<f64> {
        rate(self.frames, self.span)
    }

    /// Gigabits per second of payload at that rate.
    pub(crate) fn gbit_per_s(&self) -> Option<f64> {
        gbit_per_s(self.frames, self.bytes, self.fps()?)
    }
}

/// Steps per second, when `frames` frames were spread over this span of time.
pub(crate) fn rate(frames: u64, span: Option<(Instant, Instant)>) -> Option<f64> {
    let (first, last) = span?;
    let time = last.saturating_duration_since(first);
    let steps = frames
        .checked_sub(1)
        .filter(|steps| *steps > 0 && time > Duration::ZERO)?;
    #[allow(
        clippy::cast_precision_loss,
        reason = "a rate is shown to a few digits"
    )]
    let steps = steps as f64;
    Some(steps / time.as_secs_f64())
}

/// The rate in gigabits per second of frames of this average size.
pub(crate) fn gbit_per_s(frames: u64, bytes: u64, fps: f64) -> Option<f64> {
    #[allow(
        clippy::cast_precision_loss,
        reason = "a rate is shown to a few digits"
    )]
    let average = (frames > 0).then(|| bytes as f64 / frames as f64)?;
    Some(average * fps * 8.0 / 1e9)
}

/// `3: frames 5 to 6, 100`
pub(crate) fn spelled(lost: u64, gaps: &[Gap]) -> String {
    let range = |gap: &Gap| match gap.frames {
        1 => gap.from.to_string(),
        frames => format!("{} to {}", gap.from, gap.from + frames - 1),
    };
    match gaps {
        [] => grouped(lost),
        gaps => format!(
            "{}: frames {}",
            grouped(lost),
            gaps.iter().map(range).collect::<Vec<_>>().join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(frames: &[(u64, u64)]) -> Tally {
        let mut tally = Tally::default();
        for (epoch, number) in frames {
            tally.sequence(*number, *epoch);
        }
        tally
    }

    #[test]
    fn numbers_in_order_lose_nothing() {
        let tally = tally(&[(1, 0), (1, 1), (1, 2)]);
        assert_eq!(
            (tally.lost, tally.repeated, tally.joined_at),
            (0, 0, Some(0))
        );
    }

    #[test]
    fn a_jump_is_a_gap_also_across_a_reconnection() {
        let tally = tally(&[(1, 0), (1, 3), (2, 6)]);
        assert_eq!(tally.lost, 4);
        assert_eq!(
            tally.gaps,
            [Gap { from: 1, frames: 2 }, Gap { from: 4, frames: 2 }]
        );
    }

    #[test]
    fn a_sender_that_begins_anew_loses_nothing() {
        let tally = tally(&[(1, 0), (1, 1), (2, 0), (2, 1)]);
        assert_eq!((tally.lost, tally.repeated), (0, 0));
    }

    #[test]
    fn joining_late_is_told_and_is_no_loss() {
        let tally = tally(&[(1, 120), (1, 121)]);
        assert_eq!((tally.joined_at, tally.lost), (Some(120), 0));
    }

    #[test]
    fn a_number_seen_before_is_a_repetition() {
        let tally = tally(&[(1, 0), (1, 1), (1, 1), (1, 0), (1, 2)]);
        assert_eq!((tally.repeated, tally.lost), (2, 0));
    }

    #[test]
    fn gaps_beyond_the_list_are_still_counted() {
        let frames: Vec<_> = (0..200).map(|n| (1, n * 2)).collect();
        let tally = tally(&frames);
        assert_eq!((tally.lost, tally.gaps.len()), (199, LISTED_GAPS));
    }

    #[test]
    fn gaps_are_spelled_as_ranges() {
        let list = [
            Gap { from: 5, frames: 2 },
            Gap {
                from: 100,
                frames: 1,
            },
        ];
        assert_eq!(spelled(3, &list), "3: frames 5 to 6, 100");
        assert_eq!(spelled(0, &[]), "0");
    }

    #[test]
    fn a_gap_behind_another_widens_it() {
        let mut tally = Tally::default();
        tally.missing(5, 2);
        tally.missing(7, 1);
        tally.missing(9, 0);
        assert_eq!(
            (tally.lost, tally.gaps),
            (3, vec![Gap { from: 5, frames: 3 }])
        );
    }

    #[test]
    fn the_rate_is_taken_between_first_and_last_frame() {
        let start = Instant::now();
        let mut tally = Tally::default();
        tally.frame(1_000, start);
        assert_eq!(tally.fps(), None);
        tally.frame(1_000, start + Duration::from_millis(500));
        tally.frame(1_000, start + Duration::from_secs(1));
        assert!((tally.fps().unwrap() - 2.0).abs() < 1e-9);
        assert!((tally.gbit_per_s().unwrap() - 16e-6).abs() < 1e-12);
    }
}
