//! The server receives: consumer of a client → server ring (S2M).
//!
//! ```text
//!        released        consumed         published
//!   ───────▼───────────────▼────────────────▼──────▶ free-running indexes
//!         tail            next             head
//!         ours            ours             the peer's
//! ```
//!
//! Slots between `tail` and `next` are frames that the user holds; each is one of the [`Records`]. Frames may be given
//! back in any order:
//!
//! * a client of our own takes its buffers back in any slot ([`Binding::Any`]): the record given back changes places with
//!   the one in the oldest slot, so nobody's frame holds up another's;
//! * a stranger expects each slot's own buffer ([`Binding::InPlace`]): `tail` moves over them in order.

use crate::chain::{Chain, Segment};
use crate::records::{Binding, Records, State};
use crate::shared::SharedRing;
use crate::{Counters, Descriptor, PeerFault, Regions};

/// Receives frames from a client.
#[derive(Debug)]
pub struct ServerConsumer<R> {
    ring: R,
    records: Records,
    binding: Binding,
    next: u16,
    tail: u16,
    /// Counts resynchronisations: tells frames from before the last one apart.
    generation: u32,
}

impl<R: SharedRing> ServerConsumer<R> {
    /// A consumer of a fresh ring.
    pub fn new(ring: R, regions: Regions, binding: Binding) -> Self {
        Self {
            records: Records::new(regions, ring.capacity()),
            ring,
            binding,
            next: 0,
            tail: 0,
            generation: 0,
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
        let count = self.current(frame).segments();
        let records = self.records.chain(frame).take(count);
        records.map(|record| self.records[record].segment)
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

    /// The producer wrote over slots that were not its own: nothing on the ring can be told apart from what it destroyed,
    /// a chain cut in the middle looks like a shorter frame. Begin anew behind it, and leave no NEXT flag for it to reuse.
    fn resynchronise(&mut self, head: u16, counters: &Counters) {
        let lost = head.wrapping_sub(self.next).min(self.ring.capacity());
        counters.overrun.add(lost.into());
        for back in 1..=self.ring.capacity() {
            let index = head.wrapping_sub(back);
            let descriptor = self.ring.fetch(index);
            if descriptor.flags != 0 {
                let clean = Descriptor {
                    flags: 0,
                    ..descriptor
                };
                self.ring.store(index, clean);
            }
        }
        // Held slots are given up too: the peer has reused them. Their frames have no segments any more.
        (self.next, self.tail) = (head, head);
        self.generation = self.generation.wrapping_add(1);
        self.ring.publish_tail(head);
    }

    /// The frame at `next`, which moves on behind it, with the first thing wrong with it.
    fn next_frame(&mut self, head: u16) -> (Chain, Option<PeerFault>) {
        let mut chain = Chain {
            first: self.records.at(self.next),
            generation: self.generation,
            ..Chain::EMPTY
        };
        let mut fault = None;
        loop {
            let descriptor = self.ring.fetch(self.next);
            match self.records.hold(self.next, descriptor) {
                Ok(segment) => chain.bytes += u64::from(segment.len),
                Err(wrong) => fault = fault.or(Some(wrong)),
            }
            self.clean(descriptor);
            chain.count += 1;
            self.next = self.next.wrapping_add(1);
            if !descriptor.has_next() {
                break;
            }
            if self.next == head {
                let segments = chain.count;
                fault = fault.or(Some(PeerFault::UnterminatedChain { segments }));
                break;
            }
        }
        (chain, fault)
    }

    /// Some clients keep a NEXT flag when they reuse a slot: leaves the one at `next` without.
    fn clean(&self, descriptor: Descriptor) {
        if descriptor.flags != 0 {
            let flags = 0;
            let clean = Descriptor {
                flags,
                ..descriptor
            };
            self.ring.store(self.next, clean);
        }
    }

    /// The frame, or nothing when it is from before a resynchronisation.
    fn current(&self, frame: &Chain) -> Chain {
        if frame.generation == self.generation {
            *frame
        } else {
            Chain::EMPTY
        }
    }

    /// Takes a frame's records back, and moves `tail` as far as that allows.
    fn release(&mut self, frame: &Chain) {
        let Chain { first, count, .. } = self.current(frame);
        let mut record = first;
        for _ in 0..count {
            let next = self.records[record].next;
            match self.binding {
                Binding::Any => self.release_now(record),
                Binding::InPlace => self.records[record].state = State::Returned,
            }
            record = next;
        }
        self.release_oldest();
    }

    /// Releases `record` from the oldest slot, whichever slot it is in. One that was released before is left alone.
    fn release_now(&mut self, record: u16) {
        let age = self.records[record].index.wrapping_sub(self.tail);
        if age >= self.next.wrapping_sub(self.tail) {
            return;
        }
        self.records.exchange(record, self.tail);
        let record = &self.records[record];
        if record.moved {
            let descriptor = Descriptor {
                region: record.region,
                length: record.segment.len,
                offset: record.offset,
                ..Descriptor::default()
            };
            self.ring.store(self.tail, descriptor);
        }
        self.tail = self.tail.wrapping_add(1);
    }

    /// Moves `tail` over everything given back at its front.
    fn release_oldest(&mut self) {
        while self.tail != self.next {
            let record = self.records.at(self.tail);
            if self.records[record].state != State::Returned {
                break;
            }
            self.tail = self.tail.wrapping_add(1);
        }
    }

    fn publish(&self, before: u16) {
        if self.tail != before {
            self.ring.publish_tail(self.tail);
        }
    }
}

#[cfg(all(test, not(loom)))]
#[path = "tests/server_consumer.rs"]
mod tests;
