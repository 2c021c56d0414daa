//! What is counted for each port.

use std::collections::BTreeMap;

use switch::{DropCounters, DropReason};

use crate::handover::state::CountersState;

/// Frames and bytes of one port. Bytes are without CRC.
///
/// Every frame that came in is in `received`. For each it holds, over all ports: the copies made of it were delivered,
/// or dropped for a reason, or wait: `copies = delivered + dropped + waiting`, where a frame that no copy was made of
/// counts as one dropped. Copies for mirrors come on top, and are counted at the mirror alone: they are in no sum over
/// all ports.
#[derive(Clone, Copy, Debug, Default)]
pub struct PortCounters {
    /// Frames that came in by this port.
    pub received: u64,
    /// Bytes of them.
    pub received_bytes: u64,
    /// Frames that were accepted for this port, those that still wait among them.
    pub sent: u64,
    /// Bytes of them; of those that waited when the port went, only the frames are taken off again.
    pub sent_bytes: u64,
    /// Frames that came in here and went nowhere, by reason.
    pub refused: DropCounters,
    /// Frames for this port that did not reach it, by reason.
    pub dropped: DropCounters,
}

impl PortCounters {
    /// What was accepted for the port and is lost was not sent.
    pub(crate) fn settle(&mut self, undelivered: u64, reason: DropReason) {
        self.sent = self.sent.saturating_sub(undelivered);
        self.dropped.add(reason, undelivered);
    }

    /// Adds what another port has counted.
    pub(crate) fn merge(&mut self, other: &PortCounters) {
        self.received += other.received;
        self.received_bytes += other.received_bytes;
        self.sent += other.sent;
        self.sent_bytes += other.sent_bytes;
        self.refused.merge(&other.refused);
        self.dropped.merge(&other.dropped);
    }

    /// For a successor.
    pub(crate) fn state(&self) -> CountersState {
        CountersState {
            received: self.received,
            received_bytes: self.received_bytes,
            sent: self.sent,
            sent_bytes: self.sent_bytes,
            refused: by_name(&self.refused),
            dropped: by_name(&self.dropped),
        }
    }

    /// What a predecessor has counted.
    pub(crate) fn restore(state: &CountersState) -> Self {
        Self {
            received: state.received,
            received_bytes: state.received_bytes,
            sent: state.sent,
            sent_bytes: state.sent_bytes,
            refused: by_reason(&state.refused),
            dropped: by_reason(&state.dropped),
        }
    }
}

/// The reasons that have happened.
pub(crate) fn by_name(drops: &DropCounters) -> BTreeMap<String, u64> {
    let happened = drops.iter().filter(|(_, frames)| *frames > 0);
    happened
        .map(|(reason, frames)| (reason.name().to_owned(), frames))
        .collect()
}

/// A reason that this version does not know cannot be shown either.
fn by_reason(drops: &BTreeMap<String, u64>) -> DropCounters {
    let mut counters = DropCounters::default();
    for (name, frames) in drops {
        if let Ok(reason) = name.parse() {
            counters.add(reason, *frames);
        }
    }
    counters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_survive_a_handover() {
        let mut counters = PortCounters {
            received: 7,
            received_bytes: 700,
            sent: 5,
            sent_bytes: 500,
            ..PortCounters::default()
        };
        counters.refused.count(DropReason::UnknownDid);
        counters.settle(2, DropReason::PortGone);
        let mut state = counters.state();
        state.dropped.insert("of-the-future".to_owned(), 9);
        let restored = PortCounters::restore(&state);
        assert_eq!(format!("{restored:?}"), format!("{counters:?}"));
        assert_eq!(restored.dropped[DropReason::PortGone], 2);
    }
}
