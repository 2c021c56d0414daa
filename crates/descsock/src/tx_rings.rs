//! Frames that go by rings: whoever sends one writes it there.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use descsock_wire::{Buffer, CRC_LEN, Laden, MIN_FRAME, TIERS};
use memif::{Error, Link};

use crate::Route;
use crate::counters::{Tally, count};
use crate::rx_buffers::on_wire;

const ZEROS: [u8; MIN_FRAME as usize] = [0; MIN_FRAME as usize];

/// One ring for each tier.
#[derive(Debug)]
pub(crate) struct TxRings {
    rings: [memif::Tx; TIERS],
    /// Rings in which frames are that the agent cannot see yet.
    is_staged: [bool; TIERS],
    /// Such frames, and their bytes on the wire.
    staged: (u64, u64),
    /// Bytes of the largest frame behind its header.
    largest: usize,
    /// Frames that the agent may or may not have taken before the link ended.
    lost: u64,
    tally: Arc<Tally>,
}

impl TxRings {
    pub(crate) fn new(link: &mut Link, capacity: usize, tally: &Arc<Tally>) -> Result<Self, Error> {
        Ok(Self {
            rings: [link.tx(0)?, link.tx(1)?, link.tx(2)?, link.tx(3)?],
            is_staged: [false; TIERS],
            staged: (0, 0),
            largest: Laden::RING_HEADER + capacity,
            lost: 0,
            tally: Arc::clone(tally),
        })
    }

    /// What is readable when there is room, after [`TxRings::arm`] said false.
    pub(crate) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.rings.iter().map(AsFd::as_fd)
    }

    /// Whether a frame could be sent now, whatever its tier.
    pub(crate) fn has_room(&mut self) -> bool {
        let largest = self.largest;
        self.rings.iter_mut().all(|ring| ring.has_room(largest))
    }

    /// Asks to be told of room.
    pub(crate) fn arm(&mut self) {
        for ring in &mut self.rings {
            // Whether there is some already is looked at again; an end is told of by the link.
            let _ = ring.arm_for(self.largest);
        }
    }

    /// Writes a frame, padded to the shortest frame, to go out with the next [`TxRings::flush`]. Returns its bytes on the
    /// wire; `None` without room.
    #[inline]
    pub(crate) fn push(&mut self, frame: &[u8], route: &Route) -> Option<u16> {
        let header = route.laden(Buffer::NONE).ring_header();
        let (len, tier) = (frame.len().max(ZEROS.len()), route.tier.index());
        let staged = self.rings[tier].stage(header.len() + len, |mut span| {
            span.copy_from(&header);
            let mut room = span.skip(header.len());
            let written = room.copy_from(frame);
            if written < len {
                room.write_at(written, &ZEROS[..len - written]);
            }
        });
        match staged {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => {
                self.part(&error);
                return None;
            }
        }
        self.is_staged[tier] = true;
        self.staged.0 += 1;
        self.staged.1 += on_wire(len);
        u16::try_from(len).ok()?.checked_add(CRC_LEN)
    }

    /// Hands over what was written.
    #[inline]
    pub(crate) fn flush(&mut self) {
        for (ring, is_staged) in self.rings.iter_mut().zip(&mut self.is_staged) {
            if std::mem::take(is_staged) {
                // A link that does not work is told of by itself.
                let _ = ring.publish();
            }
        }
        let counters = self.tally.counters();
        let burst = std::mem::take(&mut self.staged);
        count(&counters.tx_packets_out, &counters.tx_bytes_out, burst);
    }

    /// Frames that the agent has not taken, as far as known.
    pub(crate) fn underway(&mut self) -> u64 {
        let rings = self.rings.iter_mut();
        self.lost + rings.map(|ring| ring.in_flight() as u64).sum::<u64>()
    }

    #[cold]
    fn part(&mut self, error: &Error) {
        if let Error::Disconnected(ended) = error {
            self.lost += ended.undelivered;
        }
    }
}
