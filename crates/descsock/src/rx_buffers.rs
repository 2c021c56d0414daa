//! Frames that came by descriptor sockets and wait for the program, in the buffers of the file that they came in.

use std::collections::VecDeque;

use descsock_wire::{CRC_LEN, TIERS, Tier};
use memif_ring::Region;

use crate::geometry::Geometry;
use crate::kept::Kept;
use crate::rx::Left;
use crate::{Error, Labels, Received};

/// Of this many buffers of a tier, one is kept with the agent, however slow the program is.
const KEPT_PART: usize = 8;
/// Buffers of one tier that are given back together at the latest.
const TOGETHER: usize = 64;

/// The receiving half of the file.
#[derive(Debug)]
pub(crate) struct RxBuffers {
    region: Region,
    geometry: Geometry,
    ready: VecDeque<Ready>,
    tiers: [RxTier; TIERS],
    /// Tiers that have buffers, from 0 on.
    used: usize,
}

/// A received frame in its buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ready {
    pub(crate) buffer: u32,
    /// Bytes without CRC.
    pub(crate) len: u16,
    pub(crate) labels: Labels,
}

/// The buffers of one tier.
#[derive(Debug)]
struct RxTier {
    /// Those that the program is done with, and that the agent can have again.
    freed: Vec<u32>,
    /// How many are in `ready`.
    held: usize,
    /// How many may be.
    most: usize,
    /// How many freed ones are worth waking the worker.
    enough: usize,
}

impl RxBuffers {
    pub(crate) fn new(region: Region, geometry: Geometry, every_tier: bool) -> Self {
        let mut rx = Self {
            region,
            geometry,
            ready: VecDeque::with_capacity(geometry.receive as usize),
            tiers: [(); TIERS].map(|()| RxTier::new(Vec::new())),
            used: if every_tier { TIERS } else { 1 },
        };
        for tier in 0..rx.used {
            rx.tiers[tier] = RxTier::new(rx.buffers_of(tier).collect());
        }
        rx
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// A frame has come. False when it is dropped, because too many wait already.
    #[inline]
    pub(crate) fn push(&mut self, frame: Ready) -> bool {
        let tier = &mut self.tiers[frame.labels.tier.index()];
        if tier.held >= tier.most {
            tier.freed.push(frame.buffer);
            return false;
        }
        tier.held += 1;
        self.ready.push_back(frame);
        true
    }

    /// A buffer is free again without the program having seen it.
    pub(crate) fn recycle(&mut self, buffer: u32, tier: Tier) {
        self.tiers[tier.index()].freed.push(buffer);
    }

    /// Copies the next frame out, all of it or, with `truncate`, what fits.
    #[inline]
    pub(crate) fn take(
        &mut self,
        target: &mut [u8],
        truncate: bool,
    ) -> Result<Option<Received>, Error> {
        let Some(&Ready { len, labels, .. }) = self.ready.front() else {
            return Ok(None);
        };
        let (len, room) = (usize::from(len), target.len());
        if len > room && !truncate {
            return Err(Error::BufferTooSmall { len, room });
        }
        self.pop(|source| {
            source.copy_to(target);
        });
        Ok(Some(Received { len, labels }))
    }

    /// Copies the next frame to the end of a vector.
    #[inline]
    pub(crate) fn take_to(&mut self, target: &mut Vec<u8>) -> Option<Received> {
        let &Ready { len, labels, .. } = self.ready.front()?;
        let (start, len) = (target.len(), usize::from(len));
        target.resize(start + len, 0);
        self.pop(|source| {
            source.copy_to(&mut target[start..]);
        });
        Some(Received { len, labels })
    }

    #[inline]
    fn pop(&mut self, copy: impl FnOnce(memif_ring::Span<'_>)) {
        let Some(frame) = self.ready.pop_front() else {
            return;
        };
        let offset = self.geometry.rx(frame.buffer);
        if let Some(span) = self.region.span(offset, frame.len.into()) {
            copy(span);
        }
        let tier = &mut self.tiers[frame.labels.tier.index()];
        tier.held -= 1;
        tier.freed.push(frame.buffer);
    }

    /// Whether there are free buffers that the worker should give back now.
    #[inline]
    pub(crate) fn has_enough_freed(&self) -> bool {
        let mut tiers = self.tiers.iter();
        tiers.any(|tier| !tier.freed.is_empty() && tier.freed.len() >= tier.enough)
    }

    /// Free buffers of a tier, if they are worth it. An empty vector comes in and takes their place.
    pub(crate) fn take_freed(&mut self, tier: usize, into: &mut Vec<u32>) {
        let tier = &mut self.tiers[tier];
        if tier.freed.len() >= tier.enough {
            std::mem::swap(&mut tier.freed, into);
        }
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.region.is_gone()
    }

    /// The connection is over: keeps the frames that are ready, up to `most` in all.
    pub(crate) fn leave(mut self, most: usize, kept: &mut Kept) -> Left {
        let mut left = Left::default();
        if self.region.is_gone() {
            left.vanished = self.ready.len() as u64;
            return left;
        }
        while let Some(&Ready { len, labels, .. }) = self.ready.front() {
            let len = len.into();
            match kept.len() < most {
                true => self.pop(|source| {
                    kept.push(Received { len, labels }, |bytes| {
                        source.copy_to(bytes);
                    });
                }),
                false => {
                    self.ready.pop_front();
                    left.dropped += 1;
                }
            }
        }
        left
    }

    /// The buffers that belong to a tier.
    fn buffers_of(&self, tier: usize) -> impl Iterator<Item = u32> + use<> {
        (0..self.geometry.receive).skip(tier).step_by(self.used)
    }
}

impl RxTier {
    fn new(freed: Vec<u32>) -> Self {
        let buffers = freed.len();
        Self {
            freed,
            held: 0,
            most: buffers - buffers / KEPT_PART,
            enough: TOGETHER.min(buffers / KEPT_PART).max(1),
        }
    }
}

/// Bytes of a frame on the wire.
#[inline]
pub(crate) fn on_wire(len: usize) -> u64 {
    len as u64 + u64::from(CRC_LEN)
}
