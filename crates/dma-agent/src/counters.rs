//! What is counted for each port.

use switch::DropCounters;

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
