//! Why a frame got no further: one word per reason, the same in print and in JSON.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::report::grouped;

/// Why a frame was not answered or not sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DropReason {
    /// Addressed to somebody else.
    NotForUs,
    /// A protocol, or a message of one, that asks for no answer from us.
    OtherProtocol,
    /// Part of a packet.
    Fragment,
    /// Descriptors, lengths or fields that contradict each other, or too short for its headers.
    Malformed,
    /// Written over by the peer before we took it.
    Overrun,
    /// Damaged on the way.
    BadChecksum,
    /// Longer than any packet.
    Oversize,
    /// The peer takes frames slower than we want to send them.
    NoRoom,
    /// The peer was gone before the frame could be sent.
    NoPeer,
}

impl DropReason {
    const ALL: [DropReason; 9] = [
        DropReason::NotForUs,
        DropReason::OtherProtocol,
        DropReason::Fragment,
        DropReason::Malformed,
        DropReason::Overrun,
        DropReason::BadChecksum,
        DropReason::Oversize,
        DropReason::NoRoom,
        DropReason::NoPeer,
    ];

    fn word(self) -> &'static str {
        match self {
            DropReason::NotForUs => "not_for_us",
            DropReason::OtherProtocol => "other_protocol",
            DropReason::Fragment => "fragment",
            DropReason::Malformed => "malformed",
            DropReason::Overrun => "overrun",
            DropReason::BadChecksum => "bad_checksum",
            DropReason::Oversize => "oversize",
            DropReason::NoRoom => "no_room",
            DropReason::NoPeer => "no_peer",
        }
    }
}

/// Dropped frames by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Drops([u64; DropReason::ALL.len()]);

impl Drops {
    pub(crate) fn count(&mut self, reason: DropReason, frames: u64) {
        self.0[reason as usize] += frames;
    }

    /// Adds what somebody else counted.
    pub(crate) fn add(&mut self, others: Drops) {
        for (count, other) in self.0.iter_mut().zip(others.0) {
            *count += other;
        }
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// A row for each reason that occurred.
    pub(crate) fn rows(&self) -> Vec<(&'static str, String)> {
        self.occurred()
            .map(|(reason, frames)| (reason, grouped(frames)))
            .collect()
    }

    /// The reasons that occurred, with their counts.
    pub(crate) fn occurred(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let all = DropReason::ALL.into_iter().zip(self.0);
        all.filter(|(_, frames)| *frames > 0)
            .map(|(reason, frames)| (reason.word(), frames))
    }
}

impl Serialize for Drops {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (reason, frames) in self.occurred() {
            map.serialize_entry(reason, &frames)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_place_and_word() {
        let mut drops = Drops::default();
        for (times, reason) in DropReason::ALL.into_iter().enumerate() {
            drops.count(reason, times as u64 + 1);
        }
        let counts: Vec<u64> = drops.occurred().map(|(_, frames)| frames).collect();
        assert_eq!(
            counts,
            (1..=DropReason::ALL.len() as u64).collect::<Vec<_>>()
        );
        let mut words: Vec<&str> = drops.occurred().map(|(word, _)| word).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), DropReason::ALL.len());
    }

    #[test]
    fn only_what_occurred_is_told() {
        let mut drops = Drops::default();
        assert_eq!(serde_json::to_string(&drops).expect("serializes"), "{}");
        drops.count(DropReason::NoRoom, 3);
        assert_eq!(
            serde_json::to_string(&drops).expect("serializes"),
            r#"{"no_room":3}"#
        );
        drops.add(drops);
        assert_eq!(drops.total(), 6);
    }
}
