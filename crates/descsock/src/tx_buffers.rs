//! Frames that go by descriptor sockets: copied to the buffers of the client's file, and their descriptors queued for the
//! worker.

use std::collections::VecDeque;

use descsock_wire::{CRC_LEN, Kind, Laden, Layout, MIN_FRAME, TIERS, Tier};
use memif_ring::Region;

use crate::Route;
use crate::geometry::Geometry;
use crate::tx::Unsent;

/// What follows the bytes of a frame at most: up to the shortest frame, and the CRC.
const ZEROS: [u8; (MIN_FRAME + CRC_LEN) as usize] = [0; (MIN_FRAME + CRC_LEN) as usize];

/// The sending half of the file.
#[derive(Debug)]
pub(crate) struct TxBuffers {
    region: Region,
    geometry: Geometry,
    /// Buffers that nobody uses, the last one used on top.
    free: Vec<u32>,
    tiers: [TxTier; TIERS],
}

#[derive(Debug, Default)]
struct TxTier {
    /// Descriptors that the worker has not taken yet.
    queue: Vec<u8>,
    /// Buffers in the order of their descriptors, until these are completed.
    order: VecDeque<u32>,
}

impl TxBuffers {
    pub(crate) fn new(region: Region, geometry: Geometry) -> Self {
        Self {
            region,
            geometry,
            free: (0..geometry.send).rev().collect(),
            tiers: [(); TIERS].map(|()| TxTier::default()),
        }
    }

    /// Whether a frame could be sent now.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        !self.free.is_empty()
    }

    /// Queues a frame that fits a buffer, padded to the shortest frame. Returns its bytes on the wire; `None` without
    /// room.
    #[inline]
    pub(crate) fn push(&mut self, frame: &[u8], route: &Route) -> Option<u16> {
        let &index = self.free.last()?;
        let len = u16::try_from(frame.len()).ok()?.max(MIN_FRAME) + CRC_LEN;
        let offset = self.geometry.tx(index);
        let mut span = self.region.span_mut(offset, len.into())?;
        let written = span.copy_from(frame);
        span.write_at(written, &ZEROS[..usize::from(len) - written]);
        let laden = route.laden(Geometry::buffer(offset, len)?);
        self.free.pop();
        let tier = &mut self.tiers[route.tier.index()];
        tier.queue.extend_from_slice(&laden.encode(Layout::B));
        tier.order.push_back(index);
        Some(len)
    }

    pub(crate) fn queue(&mut self, tier: usize) -> &mut Vec<u8> {
        &mut self.tiers[tier].queue
    }

    /// Whether descriptors of one of these tiers wait for the worker.
    pub(crate) fn has_queued(&self, tiers: [bool; TIERS]) -> bool {
        let mut all = self.tiers.iter().zip(tiers);
        all.any(|(tier, counts)| counts && !tier.queue.is_empty())
    }

    /// The agent is done with the first frames of a tier.
    pub(crate) fn complete(&mut self, tier: usize, frames: usize) {
        let order = &mut self.tiers[tier].order;
        self.free.extend(order.drain(..frames.min(order.len())));
    }

    /// Whether no frame is queued or with the agent.
    pub(crate) fn is_idle(&self) -> bool {
        self.tiers.iter().all(|tier| tier.order.is_empty())
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.region.is_gone()
    }

    /// The connection is lost: of each tier, only the descriptors in `unsent` and those still queued were not begun.
    /// Returns how many frames were.
    pub(crate) fn give_up(&mut self, unsent: [Vec<u8>; TIERS]) -> u64 {
        let mut lost = 0;
        for (number, unsent) in unsent.into_iter().enumerate() {
            let tier = &mut self.tiers[number];
            tier.queue.splice(..0, unsent);
            let begun = tier.order.len() - tier.queue.len() / Laden::LEN;
            self.complete(number, begun);
            lost += begun as u64;
        }
        lost
    }

    /// The connection is over: takes the queued frames out of the file. Returns how many have vanished with it.
    pub(crate) fn leave(mut self, unsent: &mut VecDeque<Unsent>) -> u64 {
        let mut vanished = 0;
        for tier in Tier::ALL {
            let queue = std::mem::take(self.queue(tier.index()));
            for descriptor in queue.chunks_exact(Laden::LEN) {
                match self.unsent(descriptor, tier) {
                    Some(frame) => unsent.push_back(frame),
                    None => vanished += 1,
                }
            }
        }
        vanished
    }

    /// The frame of a queued descriptor, if its memory is still there.
    fn unsent(&self, descriptor: &[u8], tier: Tier) -> Option<Unsent> {
        let laden = Laden::decode(descriptor.try_into().ok()?, Layout::B, Kind::Tx).ok()?;
        let len = laden.buffer.len().checked_sub(CRC_LEN)?;
        let source = self
            .region
            .span(Geometry::offset(laden.buffer)?, len.into())?;
        let mut frame = vec![0; len.into()];
        source.copy_to(&mut frame);
        let route = Route::of(&laden, tier);
        (!self.region.is_gone()).then_some(Unsent { frame, route })
    }
}
