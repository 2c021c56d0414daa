//! What is measured beside what, and the targets.

use crate::figures::Target::{self, AtLeast, AtMost};
use crate::subject::Subject;

/// Benches that are run together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// There and back.
    RoundTrip,
    /// Small frames, many.
    Packets,
    /// Large frames.
    Frames,
    /// Frames of tenants.
    Ethernet,
}

/// What a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A time; less is better.
    Nanoseconds,
    /// A rate; more is better.
    PerSecond,
}

/// Subjects that are measured in turn, because their figures belong together.
#[derive(Debug)]
pub(crate) struct Bench {
    /// Which group it belongs to.
    pub(crate) group: Group,
    /// What all its subjects do.
    pub(crate) title: &'static str,
    /// What their figures are.
    pub(crate) unit: Unit,
    /// Ours.
    pub(crate) ours: &'static [Subject],
    /// What they are set against.
    pub(crate) baselines: &'static [Baseline],
}

/// Something to be compared with.
#[derive(Debug)]
pub(crate) struct Baseline {
    /// Which of ours; `None` for each.
    pub(crate) of: Option<Subject>,
    /// What, perhaps another one of ours.
    pub(crate) subject: Subject,
    /// What our figure should be, as a multiple of this one's.
    pub(crate) target: Target,
}

/// All benches.
const BENCHES: &[Bench] = &[
    Bench {
        group: Group::RoundTrip,
        title: "round trip of 64 bytes, polling",
        unit: Unit::Nanoseconds,
        ours: &[Subject::PollBurst, Subject::PollOwned],
        baselines: &[against(Subject::CacheLines, AtMost(2.5))],
    },
    Bench {
        group: Group::RoundTrip,
        title: "round trip of 64 bytes, sleeping",
        unit: Unit::Nanoseconds,
        ours: &[Subject::Interrupt],
        baselines: &[against(Subject::Eventfds, AtMost(1.15))],
    },
    Bench {
        group: Group::Packets,
        title: "packets/s of 64 bytes, copied in and out",
        unit: Unit::PerSecond,
        ours: &[Subject::SmallToServer, Subject::SmallToClient],
        baselines: &[],
    },
    Bench {
        group: Group::Packets,
        title: "packets/s of 1518 bytes, copied in and out",
        unit: Unit::PerSecond,
        ours: &[Subject::LargeToServer, Subject::LargeToClient],
        baselines: &[],
    },
    Bench {
        group: Group::Frames,
        title: "frames/s of 1080p yuv422p10le, written and read in full",
        unit: Unit::PerSecond,
        ours: &[Subject::FramesToServer, Subject::FramesToClient],
        baselines: &[against(Subject::FramesByFlag, AtLeast(0.95))],
    },
    Bench {
        group: Group::Ethernet,
        title: "Ethernet frames/s of 64 bytes, two processes",
        unit: Unit::PerSecond,
        ours: &[Subject::RingTenants, Subject::Tenants],
        baselines: &[
            one_against(Subject::RingTenants, Subject::Tenants, AtLeast(3.0)),
            one_against(Subject::Tenants, Subject::OldestTenants, AtLeast(4.0)),
            against(Subject::Bridge, AtLeast(5.0)),
        ],
    },
];

/// The benches of a group, or all.
pub(crate) fn benches(group: Option<Group>) -> impl Iterator<Item = &'static Bench> {
    BENCHES
        .iter()
        .filter(move |bench| group.is_none_or(|group| bench.group == group))
}

impl Bench {
    /// All subjects, in the order in which they take turns.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = Subject> {
        let baselines = self.baselines.iter().map(|baseline| baseline.subject);
        let others = baselines.filter(|subject| !self.ours.contains(subject));
        self.ours.iter().copied().chain(others)
    }
}

const fn against(subject: Subject, target: Target) -> Baseline {
    Baseline {
        of: None,
        subject,
        target,
    }
}

const fn one_against(ours: Subject, subject: Subject, target: Target) -> Baseline {
    Baseline {
        of: Some(ours),
        subject,
        target,
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_subject_is_measured_in_exactly_one_bench() {
        let measured: Vec<Subject> = benches(None).flat_map(Bench::subjects).collect();
        for subject in Subject::value_variants() {
            let times = measured.iter().filter(|other| *other == subject).count();
            assert_eq!(times, 1, "{subject:?}");
        }
    }

    #[test]
    fn times_have_upper_and_rates_have_lower_targets() {
        for bench in benches(None) {
            for baseline in bench.baselines {
                let upper = matches!(baseline.target, AtMost(_));
                assert_eq!(upper, bench.unit == Unit::Nanoseconds, "{}", bench.title);
            }
        }
    }
}
