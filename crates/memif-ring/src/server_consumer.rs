//! The server receives: consumer of a client → server ring (S2M).
//!
//! ```text
//!        released        consumed         published
//!   ───────▼───────────────▼────────────────▼──────▶ free-running indexes
//!         tail            next             head
//!         ours            ours             the peer's
//! ```
//!
//! Slots between `tail` and `next` are frames that the user holds. Each is a **record**: its buffer, as it was judged when
//! fetched. The slot's record is found in `record_of`, always a permutation. Frames may be given back in any order:
//!
//! * a client of our own takes its buffers back in any slot ([`Binding::Any`]): the record given back changes places with
//!   the one in the oldest slot, so nobody's frame holds up another's;
//! * a stranger expects each slot's own buffer ([`Binding::InPlace`]): `tail` moves over them in order.

use crate::chain::{Chain, Segment};
use crate::shared::{CARELESS, SharedRing};
use crate::{Binding, Counters, Descriptor, NEXT, PeerFault, Regions};

/// Receives frames from a client.
#[derive(Debug)]
pub struct ServerConsumer<R> {
    ring: R,
    regions: Regions,
    next: u16,
    tail: u16,
    /// Counts resynchronisations: tells frames from before the last one apart.
    generation: u32,
    binding: Binding,
    record_of: Box<[u16]>,
    records: Box<[Record]>,
}

/// What a held slot contains.
#[derive(Clone, Copy, Debug)]
struct Record {
    segment: Segment,
    /// Where the client said it is.
    region: u16,
    offset: u32,
    /// Index of the slot it is bound to now.
    index: u16,
    /// The record that continues the frame.
    next: u16,
    /// Given back, and waiting for older ones.
    returned: bool,
    /// The descriptor in its slot still names another buffer.
    moved: bool,
}

impl Record {
    const EMPTY: Self = Self {
        segment: Segment::EMPTY,
        region: 0,
        offset: 0,
        index: 0,
        next: 0,
        returned: false,
        moved: false,
    };
}

impl<R: SharedRing> ServerConsumer<R> {
    /// A consumer of a fresh ring.
    pub fn new(ring: R, regions: Regions, binding: Binding) -> Self {
        let capacity = ring.capacity();
        Self {
            record_of: (0..capacity).collect(),
            records: vec![Record::EMPTY; usize::from(capacity)].into_boxed_slice(),
            ring,
            regions,
            next: 0,
            tail: 0,
            generation: 0,
            binding,
        }
    }

    /// Takes published frames until `frames` holds `max`. Malformed ones are dropped, given back and counted.
    pub fn take(&mut self, max: usize, frames: &mut Vec<Chain>, counters: &Counters) {
        if frames.len() >= max {
            return;
        }
        let head = self.published(counters);
        let before = self.tail;
        while frames.len() < max && self.next != head {
            match self.next_frame(head) {
                (chain, None) => {
                    counters.frames.add(1);
                    counters.bytes.add(chain.bytes);
                    frames.push(chain);
                }
                (chain, Some(_)) => {
                    counters.malformed.add(1);
                    self.release(&chain);
                }
            }
        }
        self.publish(before);
    }

    /// Whether frames wait, without taking them.
    pub fn has_frames(&self) -> bool {
        self.ring.head() != self.next
    }

    /// Gives frames back, in any order. A stranger sees the oldest contiguous ones at once, a client of our own all.
    pub fn give_back(&mut self, frames: impl IntoIterator<Item = Chain>) {
        let before = self.tail;
        for frame in frames {
            self.release(&frame);
        }
        self.publish(before);
    }

    /// The pieces of a frame that was taken and not given back; none when the client has written over it since.
    pub fn segments(&self, frame: &Chain) -> impl Iterator<Item = Segment> {
        self.chain(frame)
            .map(|record| self.records[usize::from(record)].segment)
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
        (self.next, self.tail) = (next, next);
        self.generation = self.generation.wrapping_add(1);
        self.ring.publish_tail(next);
    }

    /// The frame at `next`, which moves on behind it, with the first thing wrong with it.
    fn next_frame(&mut self, head: u16) -> (Chain, Option<PeerFault>) {
        let first = self.record_at(self.next);
        let (mut count, mut bytes, mut fault) = (0, 0, None);
        loop {
            let descriptor = self.ring.fetch(self.next);
            let judged = self.judge(descriptor);
            let segment = judged.unwrap_or(Segment::EMPTY);
            fault = fault.or(judged.err());
            bytes += u64::from(segment.len);
            self.keep(descriptor, segment);
            count += 1;
            self.next = self.next.wrapping_add(1);
            if !descriptor.has_next() {
                break;
            }
            if self.next == head {
                fault = fault.or(Some(PeerFault::UnterminatedChain { segments: count }));
                break;
            }
        }
        let generation = self.generation;
        let chain = Chain {
            first,
            count,
            generation,
            bytes,
        };
        (chain, fault)
    }

    /// Fills in the record of the slot at `next`.
    fn keep(&mut self, descriptor: Descriptor, segment: Segment) {
        let Descriptor { region, offset, .. } = descriptor;
        let record = usize::from(self.record_at(self.next));
        self.records[record] = Record {
            segment,
            region,
            offset,
            index: self.next,
            next: self.record_at(self.next.wrapping_add(1)),
            ..Record::EMPTY
        };
        if descriptor.flags != 0 {
            // Some clients keep a NEXT flag when they reuse the slot: leave it clean.
            let flags = 0;
            self.ring.store(
                self.next,
                Descriptor {
                    flags,
                    ..descriptor
                },
            );
        }
    }

    fn judge(&self, descriptor: Descriptor) -> Result<Segment, PeerFault> {
        if descriptor.flags & !NEXT != 0 {
            return Err(PeerFault::UndefinedFlags {
                flags: descriptor.flags,
            });
        }
        self.regions.judge(descriptor)
    }

    /// The records of a frame; none when it is from before a resynchronisation.
    fn chain(&self, frame: &Chain) -> impl Iterator<Item = u16> {
        let current = frame.generation == self.generation;
        let count = if current { frame.count } else { 0 };
        let next = |&record: &u16| Some(self.records[usize::from(record)].next);
        std::iter::successors(Some(frame.first), next).take(count.into())
    }

    /// Takes a frame's records back, and moves `tail` as far as that allows.
    fn release(&mut self, frame: &Chain) {
        if frame.generation != self.generation {
            return;
        }
        let mut record = frame.first;
        for _ in 0..frame.count {
            let next = self.records[usize::from(record)].next;
            match self.binding {
                Binding::Any => self.release_now(record),
                Binding::InPlace => self.records[usize::from(record)].returned = true,
            }
            record = next;
        }
        if self.binding == Binding::InPlace {
            self.release_oldest();
        }
    }

    /// Releases `record` from the oldest slot, whichever slot it is in. One that was released before is left alone.
    fn release_now(&mut self, record: u16) {
        let age = self.records[usize::from(record)]
            .index
            .wrapping_sub(self.tail);
        if age >= self.next.wrapping_sub(self.tail) {
            return;
        }
        self.exchange(record, self.tail);
        let Record {
            segment,
            region,
            offset,
            moved,
            ..
        } = self.records[usize::from(record)];
        if moved {
            let length = segment.len;
            self.ring.store(
                self.tail,
                Descriptor {
                    region,
                    length,
                    offset,
                    ..Descriptor::default()
                },
            );
        }
        self.tail = self.tail.wrapping_add(1);
    }

    /// Moves `tail` over everything given back at its front.
    fn release_oldest(&mut self) {
        while self.tail != self.next {
            let record = usize::from(self.record_at(self.tail));
            if !self.records[record].returned {
                break;
            }
            self.tail = self.tail.wrapping_add(1);
        }
    }

    /// Puts `record` into the slot of `front`, and the record there into the other's slot.
    fn exchange(&mut self, record: u16, front: u16) {
        let index = self.records[usize::from(record)].index;
        if index == front {
            return;
        }
        let other = self.record_at(front);
        let (front_slot, other_slot) = (self.slot(front), self.slot(index));
        self.record_of[front_slot] = record;
        self.record_of[other_slot] = other;
        for (record, index) in [(record, front), (other, index)] {
            let entry = &mut self.records[usize::from(record)];
            (entry.index, entry.moved) = (index, true);
        }
    }

    fn publish(&self, before: u16) {
        if self.tail != before {
            self.ring.publish_tail(self.tail);
        }
    }

    fn record_at(&self, index: u16) -> u16 {
        self.record_of[self.slot(index)]
    }

    fn slot(&self, index: u16) -> usize {
        usize::from(index & (self.ring.capacity() - 1))
    }
}

#[cfg(all(test, not(loom)))]
#[path = "tests/server_consumer.rs"]
mod tests;
