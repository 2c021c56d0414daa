//! A snapshot of everything known of a link.

use memif_ring::Totals;
use memif_wire::Mode;

use crate::core::LinkCore;
use crate::slot::Slot;
use crate::{Ended, Peer, Role};

/// What a link is and has done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Details {
    /// Interface id.
    pub id: u32,
    /// Interface name, as shown to the peer.
    pub name: String,
    /// Which side this process is.
    pub role: Role,
    /// What the frames are.
    pub mode: Mode,
    /// Whether a peer is connected.
    pub is_up: bool,
    /// Number of the latest epoch; 0 before the first.
    pub epoch: u64,
    /// The peer, while connected.
    pub peer: Option<Peer>,
    /// Shared memory regions, while connected.
    pub regions: usize,
    /// Bytes of them.
    pub region_bytes: u64,
    /// Slots sent in this epoch that the peer has not given back.
    pub in_flight: usize,
    /// Per queue, over all epochs.
    pub queues: Vec<QueueDetails>,
    /// How the last epoch ended, and who ended it.
    pub last_ended: Option<Ended>,
    /// Why the last handshake failed, if it did.
    pub last_failure: Option<String>,
    /// Handshakes that failed.
    pub failures: u64,
}

/// One queue of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueDetails {
    /// Received.
    pub rx: Totals,
    /// Sent.
    pub tx: Totals,
}

impl Details {
    pub(crate) fn of(core: &LinkCore) -> Self {
        let session = core.session().filter(|session| session.is_alive());
        let queue = |(rx, tx): (&Slot<_>, &Slot<_>)| QueueDetails {
            rx: rx.counters.totals(),
            tx: tx.counters.totals(),
        };
        Self {
            id: core.options.id,
            name: core.options.name.clone(),
            role: core.role,
            mode: core.options.mode,
            is_up: session.is_some(),
            epoch: core.epoch(),
            regions: session
                .as_ref()
                .map_or(0, |session| session.regions.count()),
            region_bytes: session
                .as_ref()
                .map_or(0, |session| session.regions.bytes()),
            peer: session.map(|session| session.peer.clone()),
            in_flight: core.in_flight(),
            queues: core.rx.iter().zip(&core.tx).map(queue).collect(),
            last_ended: core.last_ended(),
            last_failure: core.last_failure().map(|failure| failure.reason),
            failures: core.failures(),
        }
    }
}
