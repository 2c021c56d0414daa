//! The server receives: consumer of a client → server ring (S2M).
//!
//! ```text
//!        released        consumed         published
//!   ───────▼───────────────▼────────────────▼──────▶ free-running indexes
//!         tail            next             head
//!         ours            ours             the peer's
//! ```
//!
//! Slots between `tail` and `next` are frames that the user holds. They may be given back in any order; `tail` moves
//! over them in order. The buffer of each held slot is kept as it was judged when fetched: the record of a slot.

use std::ops::Range;

use crate::chain::{Chain, Segment};
use crate::shared::{CARELESS, SharedRing};
use crate::{Counters, Descriptor, NEXT, PeerFault, Regions};

/// Receives frames from a client.
#[derive(Debug)]
pub struct ServerConsumer<R> {
    ring: R,
    regions: Regions,
    next: u16,
    tail: u16,
    /// Counts resynchronisations: tells frames from before the last one apart.
    generation: u32,
    records: Box<[Record]>,
}

/// What a held slot contains, and whether it was given back already.
#[derive(Clone, Copy, Debug)]
struct Record {
    segment: Segment,
    returned: bool,
}

impl<R: SharedRing> ServerConsumer<R> {
    /// A consumer of a fresh ring.
    pub fn new(ring: R, regions: Regions) -> Self {
        let empty = Record {
            segment: Segment::EMPTY,
            returned: false,
        };
        let records = vec![empty; usize::from(ring.capacity())].into_boxed_slice();
        Self {
            ring,
            regions,
            next: 0,
            tail: 0,
            generation: 0,
            records,
        }
    }

    /// Takes published frames until `frames` holds `max`. Malformed ones are dropped, given back and counted.
    pub fn take(&mut self, max: usize, frames: &mut Vec<Chain>, counters: &Counters) {
        if frames.len() >= max {
            return;
        }
        let head = self.published(counters);
        while frames.len() < max && self.next != head {
            let (slots, judged) = self.next_frame(head);
            self.next = slots.end;
            match judged {
                Ok(chain) => {
                    counters.frames.add(1);
                    counters.bytes.add(chain.bytes);
                    frames.push(chain);
                }
                Err(_) => {
                    counters.malformed.add(1);
                    self.mark(slots);
                }
            }
        }
        self.release();
    }

    /// Whether frames wait, without taking them.
    pub fn has_frames(&self) -> bool {
        self.ring.head() != self.next
    }

    /// Gives frames back, in any order; the peer sees the oldest contiguous ones at once.
    pub fn give_back(&mut self, frames: impl IntoIterator<Item = Chain>) {
        for frame in frames {
            self.mark(self.slots(&frame));
        }
        self.release();
    }

    /// The pieces of a frame that was taken and not given back; none when the client has written over it since.
    pub fn segments(&self, frame: &Chain) -> impl Iterator<Item = Segment> {
        let Range { start, end } = self.slots(frame);
        let slots = (0..end.wrapping_sub(start)).map(move |step| start.wrapping_add(step));
        slots.map(|index| self.records[self.slot(index)].segment)
    }

    /// Slots held by the user or given back out of order.
    pub fn held(&self) -> usize {
        usize::from(self.next.wrapping_sub(self.tail))
    }

    /// The ring itself.
    pub fn ring(&self) -> &R {
        &self.ring
    }

    /// The peer's head, after an overrun has been dealt with: it lies between `next` and one ring beyond `tail`.
    fn published(&mut self, counters: &Counters) -> u16 {
        let head = self.ring.head();
        let distance = head.wrapping_sub(self.tail);
        let held = self.next.wrapping_sub(self.tail);
        if (held..=self.ring.capacity()).contains(&distance) {
            return head;
        }
        self.resynchronise(head, counters);
        head
    }

    /// The producer wrote over slots that were not its own: skip what it destroyed, or everything if that makes no sense.
    fn resynchronise(&mut self, head: u16, counters: &Counters) {
        let overrun = head
            .wrapping_sub(self.tail)
            .wrapping_sub(self.ring.capacity());
        let careless = overrun <= CARELESS && self.tail == self.next;
        counters
            .overrun
            .add(if careless { overrun.into() } else { 1 });
        let next = if careless {
            self.next.wrapping_add(overrun)
        } else {
            head
        };
        // Held slots are given up too: the peer has reused them. Their frames have no segments any more.
        self.records
            .iter_mut()
            .for_each(|record| record.returned = false);
        (self.next, self.tail) = (next, next);
        self.generation = self.generation.wrapping_add(1);
        self.ring.publish_tail(next);
    }

    /// The slots of the frame at `next` and its chain, or what is wrong with it.
    fn next_frame(&mut self, head: u16) -> (Range<u16>, Result<Chain, PeerFault>) {
        let first = self.next;
        let (mut at, mut bytes, mut fault) = (first, 0, None);
        loop {
            let descriptor = self.ring.fetch(at);
            match self.judge(descriptor) {
                Ok(segment) => {
                    let slot = self.slot(at);
                    self.records[slot] = Record {
                        segment,
                        returned: false,
                    };
                    bytes += u64::from(segment.len);
                }
                Err(wrong) => fault = fault.or(Some(wrong)),
            }
            if descriptor.flags != 0 {
                // Some clients keep a NEXT flag when they reuse the slot: leave it clean.
                self.ring.store(
                    at,
                    Descriptor {
                        flags: 0,
                        ..descriptor
                    },
                );
            }
            at = at.wrapping_add(1);
            if !descriptor.has_next() {
                break;
            }
            if at == head {
                let segments = at.wrapping_sub(first);
                fault = fault.or(Some(PeerFault::UnterminatedChain { segments }));
                break;
            }
        }
        let chain = Chain {
            first,
            count: at.wrapping_sub(first),
            generation: self.generation,
            bytes,
        };
        (first..at, fault.map_or(Ok(chain), Err))
    }

    fn judge(&self, descriptor: Descriptor) -> Result<Segment, PeerFault> {
        if descriptor.flags & !NEXT != 0 {
            return Err(PeerFault::UndefinedFlags {
                flags: descriptor.flags,
            });
        }
        self.regions.judge(descriptor)
    }

    /// The slots of a frame; none when it is from before a resynchronisation.
    fn slots(&self, frame: &Chain) -> Range<u16> {
        let count = if frame.generation == self.generation {
            frame.count
        } else {
            0
        };
        frame.first..frame.first.wrapping_add(count)
    }

    /// Notes slots as given back.
    fn mark(&mut self, slots: Range<u16>) {
        let held = self.next.wrapping_sub(self.tail);
        let mut at = slots.start;
        while at != slots.end {
            if at.wrapping_sub(self.tail) < held {
                let slot = self.slot(at);
                self.records[slot].returned = true;
            }
            at = at.wrapping_add(1);
        }
    }

    /// Moves `tail` over everything given back at its front.
    fn release(&mut self) {
        let before = self.tail;
        while self.tail != self.next {
            let slot = self.slot(self.tail);
            if !self.records[slot].returned {
                break;
            }
            self.records[slot].returned = false;
            self.tail = self.tail.wrapping_add(1);
        }
        if self.tail != before {
            self.ring.publish_tail(self.tail);
        }
    }

    fn slot(&self, index: u16) -> usize {
        usize::from(index & (self.ring.capacity() - 1))
    }
}

#[cfg(all(test, not(loom)))]
#[path = "tests/server_consumer.rs"]
mod tests;
