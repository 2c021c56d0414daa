//! Frames that come by rings. Whoever wants one looks there; nobody else has to do anything.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use descsock_wire::{HEADER_LEN, Kind, Laden, TIERS, Tier};
use memif::{Link, Packet};

use crate::counters::{Tally, add, count};
use crate::kept::Kept;
use crate::rx::Left;
use crate::rx_buffers::on_wire;
use crate::{Batch, Labels, Received};

/// One ring for each tier.
#[derive(Debug)]
pub(crate) struct RxRings {
    rings: [memif::Rx; TIERS],
    /// Whether frames say which tier they came on.
    every_tier: bool,
    /// Bytes of the longest frame.
    capacity: usize,
    /// The one that is looked at first the next time.
    first: usize,
    tally: Arc<Tally>,
}

impl RxRings {
    pub(crate) fn new(
        link: &mut Link,
        every_tier: bool,
        capacity: usize,
        tally: &Arc<Tally>,
    ) -> Result<Self, memif::Error> {
        Ok(Self {
            rings: [link.rx(0)?, link.rx(1)?, link.rx(2)?, link.rx(3)?],
            every_tier,
            capacity,
            first: 0,
            tally: Arc::clone(tally),
        })
    }

    /// What is readable when there is news, after [`RxRings::arm`] said false.
    pub(crate) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.rings.iter().map(AsFd::as_fd)
    }

    /// Asks to be told of the next frame; whether there is one already.
    pub(crate) fn arm(&mut self) -> bool {
        let mut any = false;
        for ring in &mut self.rings {
            // An end is told of by the link.
            any |= ring.arm().unwrap_or(false);
        }
        any
    }

    /// Keeps up to `most` frames.
    pub(crate) fn keep(&mut self, most: usize, kept: &mut Kept) {
        self.take(most, |frame, packet| {
            kept.push(frame, |bytes| {
                packet.copy_at(Laden::RING_HEADER, bytes);
            });
        });
    }

    /// Copies up to `most` frames to the end of a batch; how many.
    #[inline]
    pub(crate) fn take_batch(&mut self, batch: &mut Batch, most: usize) -> usize {
        self.take(most, |frame, packet| {
            batch.push(|target| {
                let start = target.len();
                target.resize(start + frame.len, 0);
                packet.copy_at(Laden::RING_HEADER, &mut target[start..]);
                Some(frame)
            });
        })
    }

    /// The connection is over: keeps the frames that are left, up to `most` in all.
    pub(crate) fn leave(mut self, most: usize, kept: &mut Kept) -> Left {
        let mut left = Left::default();
        self.keep(most.saturating_sub(kept.len()), kept);
        // Once: an agent that goes on publishing is none to wait for.
        self.take(usize::MAX, |_, _| left.dropped += 1);
        left
    }

    #[inline]
    fn take(&mut self, most: usize, mut each: impl FnMut(Received, &Packet<'_>)) -> usize {
        let (mut frames, mut bytes, mut damaged) = (0, 0, 0);
        for turn in 0..TIERS {
            let at = (self.first + turn) % TIERS;
            // Looking makes no system call; receiving where there is nothing might. An end is told of by the link.
            if frames == most || !self.rings[at].has_frames() {
                continue;
            }
            let Ok(burst) = self.rings[at].burst(most - frames) else {
                continue;
            };
            let tier = Tier::ALL[if self.every_tier { at } else { 0 }];
            for packet in burst.iter() {
                let Some(frame) = judge(&packet, self.capacity, tier) else {
                    damaged += 1;
                    continue;
                };
                frames += 1;
                bytes += on_wire(frame.len);
                each(frame, &packet);
            }
        }
        self.first = (self.first + 1) % TIERS;
        self.count(frames, bytes, damaged);
        frames
    }

    #[inline]
    fn count(&self, frames: usize, bytes: u64, damaged: u64) {
        let counters = self.tally.counters();
        let burst = (frames as u64, bytes);
        count(&counters.rx_packets_in, &counters.rx_bytes_in, burst);
        if damaged > 0 {
            add(&self.tally.rx_damaged, damaged);
        }
    }
}

/// What a packet is, if it is a whole frame.
#[inline]
fn judge(packet: &Packet<'_>, capacity: usize, tier: Tier) -> Option<Received> {
    let len = packet.len().checked_sub(Laden::RING_HEADER)?;
    if len < usize::from(HEADER_LEN) || len > capacity {
        return None; // the program has no room for a longer one
    }
    let mut header = [0; Laden::RING_HEADER];
    packet.copy_to(&mut header);
    let laden = Laden::of_ring_header(header, Kind::Rx).ok()?;
    let is_whole = laden.sop && laden.eop && !laden.err;
    let labels = Labels::of(&laden, tier);
    is_whole.then_some(Received { len, labels })
}
