//! Frames that the program has sent: copied to their buffers, and their descriptors queued for the worker.

use std::collections::VecDeque;

use descsock_wire::{CRC_LEN, Laden, Layout, MIN_FRAME, TIERS};
use memif_ring::Region;

use crate::Route;
use crate::geometry::Geometry;
use crate::shared::Status;

/// What follows the bytes of a frame at most: up to the shortest frame, and the CRC.
const ZEROS: [u8; (MIN_FRAME + CRC_LEN) as usize] = [0; (MIN_FRAME + CRC_LEN) as usize];

/// The sending half of a client.
#[derive(Debug)]
pub(crate) struct Tx {
    region: Region,
    geometry: Geometry,
    /// Buffers that nobody uses, the last one used on top.
    free: Vec<u32>,
    tiers: [TxTier; TIERS],
    pub(crate) status: Status,
    /// Calls that wait for room.
    pub(crate) waiting: u32,
    /// The connection was lost, and no sender was told.
    pub(crate) is_news: bool,
}

#[derive(Debug, Default)]
struct TxTier {
    /// Descriptors that the worker has not taken yet.
    queue: Vec<u8>,
    /// Buffers in the order of their descriptors, until these are completed.
    order: VecDeque<u32>,
}

impl Tx {
    pub(crate) fn new(region: Region, geometry: Geometry) -> Self {
        Self {
            region,
            geometry,
            free: (0..geometry.send).rev().collect(),
            tiers: [(); TIERS].map(|()| TxTier::default()),
            status: Status::Up,
            waiting: 0,
            is_news: false,
        }
    }

    /// Whether a descriptor that tells of room and of the end tells of something.
    pub(crate) fn is_lit(&self) -> bool {
        self.has_room() || self.is_news || self.status == Status::Closed
    }

    /// Whether a frame could be sent now.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.status == Status::Up && !self.free.is_empty()
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
        let mut laden = Laden::to_send(Geometry::buffer(offset, len)?, route.to);
        if route.to.is_none() {
            laden.directed.nti = route.nti;
        }
        self.free.pop();
        let tier = &mut self.tiers[route.tier.index()];
        tier.queue.extend_from_slice(&laden.encode(Layout::B));
        tier.order.push_back(index);
        Some(len)
    }

    /// The most bytes that a frame may have.
    pub(crate) fn capacity(&self) -> usize {
        usize::from(self.geometry.used - CRC_LEN)
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

    /// Goes on with other memory. Returns how many queued frames vanished with the old.
    pub(crate) fn move_to(&mut self, mut region: Region) -> u64 {
        let mut vanished = 0;
        if self.region.is_gone() {
            for number in 0..TIERS {
                self.tiers[number].queue.clear();
                let all = self.tiers[number].order.len();
                self.complete(number, all);
                vanished += all as u64;
            }
        }
        let used = self.geometry.used.into();
        for &index in self.tiers.iter().flat_map(|tier| &tier.order) {
            let offset = self.geometry.tx(index);
            let source = self.region.span(offset, used);
            if let (Some(source), Some(mut target)) = (source, region.span_mut(offset, used)) {
                target.write_span(0, source);
            }
        }
        self.region = region;
        vanished
    }
}
