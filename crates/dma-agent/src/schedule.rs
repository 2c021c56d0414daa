//! Which class of frames is served next when several have some.
//!
//! The class of a frame is its tier: of the socket, or of the queue, that its sender put it into. Tier 3 is the
//! highest class. A [`Schedule`] is asked for one frame after the other, and only knows who was served before:
//! it stands wherever classes compete, at the frames of one sender and at the buffers of one receiver.

use std::fmt;

use descsock_wire::TIERS;

/// How classes share what they compete for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduling {
    /// The highest class that has frames, always: the lower ones wait as long as it has some.
    Strict,
    /// In rounds, from the highest class to the lowest: each has so many frames served in a round, if it has them.
    Weighted(Weights),
}

/// Frames of each tier in one round, the first being that of tier 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weights([u16; TIERS]);

impl Weights {
    /// The most frames of one class in a round: what the others may have to wait for.
    pub const MAX: u16 = 256;

    /// Each from 1, so that nobody starves, to [`Weights::MAX`].
    pub fn new(frames: [u16; TIERS]) -> Option<Self> {
        let fits = frames.iter().all(|one| (1..=Self::MAX).contains(one));
        fits.then_some(Self(frames))
    }

    /// The weights of the tiers from 0 on.
    pub fn by_tier(self) -> [u16; TIERS] {
        self.0
    }
}

impl Default for Scheduling {
    /// Weighted, each class with twice the share of the one below.
    fn default() -> Self {
        Self::Weighted(Weights([1, 2, 4, 8]))
    }
}

impl fmt::Display for Scheduling {
    /// `strict`, or `weighted 1:2:4:8`, from tier 0 on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Strict => f.write_str("strict"),
            Self::Weighted(Weights([zero, one, two, three])) => {
                write!(f, "weighted {zero}:{one}:{two}:{three}")
            }
        }
    }
}

/// One place where classes compete. Allocates nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Schedule {
    scheduling: Scheduling,
    /// Whose turn it is, in a round.
    class: usize,
    /// Frames that are left to it in this turn.
    left: u16,
}

impl Schedule {
    /// At the beginning of a round.
    pub fn new(scheduling: Scheduling) -> Self {
        let (class, left) = (0, 0);
        Self {
            scheduling,
            class,
            left,
        }
    }

    /// The class, below [`TIERS`], of which one frame is to be served now. `None` if none has any, and then nothing is
    /// noted: a class that runs out of frames gives up the rest of its turn only to others that have some.
    #[inline]
    pub fn next(&mut self, has_frames: impl Fn(usize) -> bool) -> Option<usize> {
        match self.scheduling {
            Scheduling::Strict => (0..TIERS).rev().find(|class| has_frames(*class)),
            Scheduling::Weighted(weights) => self.next_by_weight(weights, has_frames),
        }
    }

    #[inline]
    fn next_by_weight(
        &mut self,
        Weights(weights): Weights,
        has_frames: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        if self.left == 0 || !has_frames(self.class) {
            // Downwards from the class below, round the end, to this one again.
            let mut others = (1..=TIERS).map(|steps| (self.class + TIERS - steps) % TIERS);
            self.class = others.find(|class| has_frames(*class))?;
            self.left = weights[self.class];
        }
        self.left -= 1;
        Some(self.class)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Which classes have frames, at one time after the other.
    fn times() -> impl Strategy<Value = Vec<[bool; TIERS]>> {
        prop::collection::vec(any::<[bool; TIERS]>(), 1..500)
    }

    fn weights() -> impl Strategy<Value = [u16; TIERS]> {
        let any = prop::array::uniform4(1..=Weights::MAX);
        prop_oneof![any, prop::array::uniform4(1_u16..=4)]
    }

    fn weighted(weights: [u16; TIERS]) -> Schedule {
        let weights = Weights::new(weights).expect("each in its bounds");
        Schedule::new(Scheduling::Weighted(weights))
    }

    proptest! {
        #[test]
        fn strict_serves_the_highest_class_that_has_frames(times in times()) {
            let mut schedule = Schedule::new(Scheduling::Strict);
            for has in times {
                let highest = has.iter().rposition(|has| *has);
                prop_assert_eq!(schedule.next(|class| has[class]), highest);
            }
        }

        #[test]
        fn whoever_is_served_has_frames_and_somebody_is_served_if_anybody_has(
            times in times(), weights in weights(),
        ) {
            let mut schedule = weighted(weights);
            for has in times {
                match schedule.next(|class| has[class]) {
                    Some(class) => prop_assert!(has[class]),
                    None => prop_assert_eq!(has, [false; TIERS]),
                }
            }
        }

        /// Whatever was before: of two classes that always have frames, none is ahead of the other by more than one turn.
        #[test]
        fn classes_that_always_have_frames_share_by_their_weights(
            before in times(), weights in weights(), has: [bool; TIERS], frames in 1_usize..3000,
        ) {
            let mut schedule = weighted(weights);
            for has in before {
                schedule.next(|class| has[class]);
            }
            let mut served = [0_u64; TIERS];
            for _ in 0..frames {
                if let Some(class) = schedule.next(|class| has[class]) {
                    served[class] += 1;
                }
            }
            let with_frames = || (0..TIERS).filter(|class| has[*class]);
            for one in with_frames() {
                for other in with_frames() {
                    let (own, its) = (u64::from(weights[one]), u64::from(weights[other]));
                    prop_assert!(served[one] * its <= served[other] * own + own * its, "{:?}", served);
                }
            }
        }

        /// Whatever the others do: a class with frames waits for one turn of each of them at most.
        #[test]
        fn nobody_starves(times in times(), weights in weights(), patient in 0..TIERS) {
            let mut schedule = weighted(weights);
            let all: usize = weights.iter().map(|weight| usize::from(*weight)).sum();
            let most = all - usize::from(weights[patient]);
            let mut waited = 0;
            for has in times.iter().cycle().take(4000) {
                let served = schedule.next(|class| class == patient || has[class]);
                waited = if served == Some(patient) { 0 } else { waited + 1 };
                prop_assert!(waited <= most, "{} > {}", waited, most);
            }
        }

        #[test]
        fn a_time_without_frames_changes_nothing(before in times(), weights in weights(), idle in 1..9) {
            let mut schedule = weighted(weights);
            for has in before {
                schedule.next(|class| has[class]);
            }
            let mut other = schedule;
            for _ in 0..idle {
                prop_assert_eq!(other.next(|_| false), None);
            }
            for _ in 0..100 {
                prop_assert_eq!(other.next(|_| true), schedule.next(|_| true));
            }
        }
    }

    #[test]
    fn a_round_goes_from_the_highest_class_to_the_lowest() {
        let mut schedule = weighted([1, 2, 1, 3]);
        let round: Vec<_> = (0..8).filter_map(|_| schedule.next(|_| true)).collect();
        assert_eq!(round, [3, 3, 3, 2, 1, 1, 0, 3]);
    }

    #[test]
    fn a_weight_is_neither_nothing_nor_everything() {
        assert_eq!(Weights::new([1, 0, 1, 1]), None);
        assert_eq!(Weights::new([1, 1, 1, Weights::MAX + 1]), None);
        let largest = Weights::new([Weights::MAX; TIERS]);
        assert_eq!(largest.map(Weights::by_tier), Some([256; TIERS]));
    }
}
