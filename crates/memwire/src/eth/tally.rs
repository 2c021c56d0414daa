//! Lost, reordered and repeated frames, told by the stamps of our generator.

use std::time::Duration;

use serde::Serialize;

use super::stamp::Stamp;

/// Sequence numbers behind the newest that a stream remembers one by one.
const WINDOW: u64 = 1024;
const WORDS: usize = 16;
const _: () = assert!(WINDOW == 64 * WORDS as u64);

/// The counts of one stream, or of all together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    /// Frames with a stamp.
    pub(crate) stamped: u64,
    /// Numbers that were skipped and have not come since.
    pub(crate) lost: u64,
    /// Frames that came after one with a higher number.
    pub(crate) reordered: u64,
    /// Frames that had come before.
    pub(crate) duplicate: u64,
    /// Streams that began anew, as after a restart of their generator.
    pub(crate) restarts: u64,
}

/// Follows every stream separately, because the queues of one generator are not in step.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// By stream number: at most 65,536, so a peer cannot make it grow without end.
    streams: Vec<Option<Box<Stream>>>,
    counts: Counts,
}

impl Tally {
    /// Counts one frame.
    pub(crate) fn count(&mut self, stamp: Stamp) {
        let index = usize::from(stamp.stream);
        if index >= self.streams.len() {
            self.streams.resize_with(index + 1, || None);
        }
        self.counts.stamped += 1;
        match &mut self.streams[index] {
            Some(stream) => stream.count(stamp, &mut self.counts),
            unknown => *unknown = Some(Box::new(Stream::starting_with(stamp))),
        }
    }

    /// Everything so far.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }
}

/// Which of the last numbers have come.
#[derive(Debug)]
struct Stream {
    /// One more than the highest number so far.
    next: u64,
    /// When the frame with the highest number was sent.
    newest: Duration,
    /// The number this stream began with: what lies before it was never expected.
    first: u64,
    /// A bit for each of the last numbers, at the number modulo the window.
    seen: [u64; WORDS],
}

impl Stream {
    /// Whoever joins a running stream has lost nothing yet.
    fn starting_with(stamp: Stamp) -> Stream {
        let mut stream = Stream {
            next: stamp.sequence.saturating_add(1),
            newest: stamp.sent_at,
            first: stamp.sequence,
            seen: [0; WORDS],
        };
        stream.mark(stamp.sequence);
        stream
    }

    fn count(&mut self, stamp: Stamp, counts: &mut Counts) {
        if stamp.sequence >= self.next {
            self.advance(stamp, counts);
        } else if stamp.sent_at > self.newest {
            // A lower number that was sent later: the generator counts from the start again.
            *self = Stream::starting_with(stamp);
            counts.restarts += 1;
        } else {
            self.look_back(stamp.sequence, counts);
        }
    }

    fn advance(&mut self, stamp: Stamp, counts: &mut Counts) {
        let skipped = stamp.sequence - self.next;
        counts.lost = counts.lost.saturating_add(skipped);
        if skipped >= WINDOW {
            self.seen = [0; WORDS];
        } else {
            (self.next..stamp.sequence).for_each(|number| self.clear(number));
        }
        self.mark(stamp.sequence);
        self.next = stamp.sequence.saturating_add(1);
        self.newest = stamp.sent_at;
    }

    fn look_back(&mut self, number: u64, counts: &mut Counts) {
        if self.has(number) {
            counts.duplicate += 1;
            return;
        }
        counts.reordered += 1;
        if number >= self.first && self.remembers(number) {
            counts.lost = counts.lost.saturating_sub(1);
            self.mark(number);
        }
    }

    fn remembers(&self, number: u64) -> bool {
        self.next - number <= WINDOW
    }

    fn has(&self, number: u64) -> bool {
        let (word, bit) = place(number);
        self.remembers(number) && self.seen[word] & bit != 0
    }

    fn mark(&mut self, number: u64) {
        let (word, bit) = place(number);
        self.seen[word] |= bit;
    }

    fn clear(&mut self, number: u64) {
        let (word, bit) = place(number);
        self.seen[word] &= !bit;
    }
}

fn place(number: u64) -> (usize, u64) {
    let at = number % WINDOW;
    // Below WINDOW / 64.
    (usize::try_from(at / 64).unwrap_or(0), 1 << (at % 64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A frame that was sent when its number says.
    fn stamp(sequence: u64) -> Stamp {
        Stamp {
            stream: 7,
            sequence,
            sent_at: Duration::from_micros(sequence),
        }
    }

    fn counted(sequences: &[u64]) -> Counts {
        let mut tally = Tally::default();
        sequences
            .iter()
            .for_each(|&sequence| tally.count(stamp(sequence)));
        tally.counts()
    }

    fn expect(stamped: u64, lost: u64, reordered: u64, duplicate: u64) -> Counts {
        Counts {
            stamped,
            lost,
            reordered,
            duplicate,
            restarts: 0,
        }
    }

    #[test]
    fn a_complete_stream_has_no_loss_wherever_it_is_joined() {
        assert_eq!(counted(&[0, 1, 2, 3]), expect(4, 0, 0, 0));
        assert_eq!(counted(&[1 << 40, (1 << 40) + 1]), expect(2, 0, 0, 0));
    }

    #[test]
    fn a_skipped_number_is_lost_until_it_comes() {
        assert_eq!(counted(&[0, 1, 3, 4]), expect(4, 1, 0, 0));
        assert_eq!(counted(&[0, 1, 3, 4, 2]), expect(5, 0, 1, 0));
    }

    #[test]
    fn a_number_that_comes_twice_is_a_duplicate() {
        assert_eq!(counted(&[0, 1, 1, 2, 0]), expect(5, 0, 0, 2));
        assert_eq!(counted(&[0, 2, 1, 1]), expect(4, 0, 1, 1));
    }

    #[test]
    fn what_comes_after_more_than_a_window_is_reordered_and_stays_lost() {
        assert_eq!(counted(&[0, 2, 3 + WINDOW, 1]), expect(4, 1 + WINDOW, 1, 0));
    }

    #[test]
    fn a_number_before_the_first_was_never_expected() {
        assert_eq!(counted(&[10, 11, 9]), expect(3, 0, 1, 0));
    }

    #[test]
    fn a_generator_that_starts_over_is_no_disorder() {
        let mut tally = Tally::default();
        (0..100).for_each(|sequence| tally.count(stamp(sequence)));
        let later = Duration::from_secs(1);
        (0..3).for_each(|sequence| {
            tally.count(Stamp {
                sent_at: later,
                ..stamp(sequence)
            })
        });
        let expected = Counts {
            stamped: 103,
            restarts: 1,
            ..Counts::default()
        };
        assert_eq!(tally.counts(), expected);
    }

    #[test]
    fn streams_are_counted_apart() {
        let mut tally = Tally::default();
        for sequence in 0..10 {
            tally.count(stamp(sequence));
            tally.count(Stamp {
                stream: 65_535,
                ..stamp(sequence + 500)
            });
        }
        assert_eq!(tally.counts(), expect(20, 0, 0, 0));
    }

    #[test]
    fn the_highest_numbers_are_no_trap() {
        assert_eq!(counted(&[0, u64::MAX, u64::MAX]).lost, u64::MAX - 1);
    }

    proptest! {
        #[test]
        fn disorder_within_the_window_loses_nothing(
            order in Just((0_u64..200).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let mut sequences = vec![0];
            sequences.extend(order.iter().map(|number| number + 1));
            sequences.extend([201]);
            let counts = counted(&sequences);
            prop_assert_eq!((counts.stamped, counts.lost, counts.duplicate), (202, 0, 0));
        }

        #[test]
        fn any_stamps_are_counted_without_harm(
            stamps in prop::collection::vec((0_u16..4, any::<u64>(), any::<u64>()), 0..200),
        ) {
            let mut tally = Tally::default();
            for &(stream, sequence, nanos) in &stamps {
                let sent_at = Duration::from_nanos(nanos);
                tally.count(Stamp { stream, sequence, sent_at });
            }
            prop_assert_eq!(tally.counts().stamped, stamps.len() as u64);
        }
    }
}
