//! The client receives: consumer of a server → client ring (M2S).
//!
//! ```text
//!       consumed         published          posted
//!   ───────▼─────────────────▼────────────────▼───▶ free-running indexes
//!         next        tail, the peer's       head
//!         ours                               ours
//! ```
//!
//! A record is a buffer of the pool. Frames may be given back in any order: a free buffer is posted in whichever slot
//! comes next. What was posted where is remembered in `in_slot`; a descriptor's region and offset are not believed. Only
//! a server of our own may return our buffers in other slots, and then the buffer it names must be one that is posted.

use crate::chain::{Chain, Segment};
use crate::shared::SharedRing;
use crate::{Binding, Counters, Descriptor, NEXT, PeerFault, Pool};

/// Receives frames from a server.
#[derive(Debug)]
pub struct ClientConsumer<R> {
    ring: R,
    pool: Pool,
    binding: Binding,
    next: u16,
    head: u16,
    in_slot: Box<[u16]>,
    buffers: Box<[Record]>,
}

/// What is known of a buffer while it is posted or holds a part of a frame.
#[derive(Clone, Copy, Debug, Default)]
struct Record {
    /// Index it is posted at; meaningful while `posted`.
    index: u16,
    posted: bool,
    /// Payload bytes, and the buffer that continues the frame.
    fill: u32,
    next: u16,
}

impl<R: SharedRing> ClientConsumer<R> {
    /// A consumer of a fresh ring; nothing is posted before [`Self::post`].
    pub fn new(ring: R, pool: Pool, binding: Binding) -> Self {
        let in_slot = vec![0; usize::from(ring.capacity())].into_boxed_slice();
        let buffers = vec![Record::default(); pool.count()].into_boxed_slice();
        Self {
            ring,
            pool,
            binding,
            next: 0,
            head: 0,
            in_slot,
            buffers,
        }
    }

    /// Posts every free buffer there is a slot for.
    pub fn post(&mut self) {
        let before = self.head;
        while self.head.wrapping_sub(self.next) < self.ring.capacity() {
            let Some(buffer) = self.pool.take() else {
                break;
            };
            self.ring.store(
                self.head,
                self.pool.descriptor(buffer, self.pool.capacity(), 0),
            );
            let slot = self.slot(self.head);
            self.in_slot[slot] = buffer;
            let record = &mut self.buffers[usize::from(buffer)];
            (record.index, record.posted) = (self.head, true);
            self.head = self.head.wrapping_add(1);
        }
        if self.head != before {
            self.ring.publish_head(self.head);
        }
    }

    /// Takes published frames until `frames` holds `max`. Malformed ones are dropped, given back and counted.
    pub fn take(&mut self, max: usize, frames: &mut Vec<Chain>, counters: &Counters) {
        if frames.len() >= max {
            return;
        }
        let tail = self.published(counters);
        let mut dropped = false;
        while frames.len() < max && self.next != tail {
            let (chain, fault) = self.next_frame(tail);
            if fault.is_some() {
                counters.malformed.add(1);
                self.free(chain);
                dropped = true;
                continue;
            }
            counters.frames.add(1);
            counters.bytes.add(chain.bytes);
            frames.push(chain);
        }
        if dropped {
            self.post();
        }
    }

    /// Whether frames wait, without taking them.
    pub fn has_frames(&self) -> bool {
        self.ring.tail() != self.next
    }

    /// Gives frames back, in any order; their buffers are posted at once.
    pub fn give_back(&mut self, frames: impl IntoIterator<Item = Chain>) {
        for chain in frames {
            self.free(chain);
        }
        self.post();
    }

    /// The pieces of a frame that was taken and not given back.
    pub fn segments(&self, chain: &Chain) -> impl Iterator<Item = Segment> {
        let next = |&buffer: &u16| Some(self.buffers[usize::from(buffer)].next);
        let buffers = std::iter::successors(Some(chain.first), next).take(chain.segments());
        buffers.map(|buffer| {
            self.pool
                .segment(buffer)
                .shortened(self.buffers[usize::from(buffer)].fill)
        })
    }

    /// Buffers held by the user.
    pub fn held(&self) -> usize {
        self.pool.count() - self.pool.free() - usize::from(self.head.wrapping_sub(self.next))
    }

    /// Bytes in each buffer.
    pub fn buffer_size(&self) -> u32 {
        self.pool.capacity()
    }

    /// The ring itself.
    pub fn ring(&self) -> &R {
        &self.ring
    }

    /// The server's tail, after an overrun has been dealt with: it lies between `next` and `head`.
    ///
    /// However far it went: DPDK's server runs on without a look at the ring while it sends chains.
    fn published(&mut self, counters: &Counters) -> u16 {
        let tail = self.ring.tail();
        let distance = tail.wrapping_sub(self.next);
        if distance > self.head.wrapping_sub(self.next) {
            counters
                .overrun
                .add(distance.min(self.ring.capacity()).into());
            self.resynchronise(tail);
        }
        tail
    }

    /// The server wrote into slots where nothing was posted, and into buffers we do not know. Nothing on the ring can be
    /// told apart from that: begin anew behind it.
    fn resynchronise(&mut self, tail: u16) {
        while self.next != self.head {
            let buffer = self.in_slot[self.slot(self.next)];
            self.buffers[usize::from(buffer)].posted = false;
            self.pool.put(buffer);
            self.next = self.next.wrapping_add(1);
        }
        (self.next, self.head) = (tail, tail);
        self.post();
    }

    /// The frame at `next`, with the first thing wrong with it. Its buffers are no longer posted either way.
    fn next_frame(&mut self, tail: u16) -> (Chain, Option<PeerFault>) {
        let mut chain = Chain::EMPTY;
        let (mut last, mut fault) = (None, None);
        loop {
            let descriptor = self.ring.fetch(self.next);
            let (buffer, wrong) = self.accept(descriptor);
            fault = fault.or(wrong);
            match last.replace(buffer) {
                None => chain.first = buffer,
                Some(before) => self.buffers[usize::from(before)].next = buffer,
            }
            chain.count += 1;
            chain.bytes += u64::from(self.buffers[usize::from(buffer)].fill);
            if !descriptor.has_next() {
                break;
            }
            if self.next == tail {
                fault = fault.or(Some(PeerFault::UnterminatedChain {
                    segments: chain.count,
                }));
                break;
            }
        }
        (chain, fault)
    }

    /// Takes the slot at `next` off the ring: its buffer, and what is wrong with its descriptor.
    fn accept(&mut self, descriptor: Descriptor) -> (u16, Option<PeerFault>) {
        let (buffer, mut fault) = self.buffer_of(descriptor);
        let capacity = self.pool.capacity();
        let claimed = descriptor.length;
        if descriptor.flags & !NEXT != 0 {
            fault = fault.or(Some(PeerFault::UndefinedFlags {
                flags: descriptor.flags,
            }));
        } else if claimed == 0 {
            fault = fault.or(Some(PeerFault::ZeroLength));
        } else if claimed > capacity {
            fault = fault.or(Some(PeerFault::Overclaim { claimed, capacity }));
        }
        let record = &mut self.buffers[usize::from(buffer)];
        (record.posted, record.fill) = (false, claimed.min(capacity));
        self.next = self.next.wrapping_add(1);
        (buffer, fault)
    }

    /// The buffer that comes back in the slot at `next`.
    fn buffer_of(&mut self, descriptor: Descriptor) -> (u16, Option<PeerFault>) {
        let expected = self.in_slot[self.slot(self.next)];
        if self.binding == Binding::InPlace || self.pool.is_at(expected, descriptor) {
            return (expected, None);
        }
        let named = self.pool.find(descriptor);
        match named.filter(|&buffer| self.buffers[usize::from(buffer)].posted) {
            Some(buffer) => {
                self.exchange(expected, buffer);
                (buffer, None)
            }
            None => {
                let Descriptor { region, offset, .. } = descriptor;
                (expected, Some(PeerFault::ForeignBuffer { region, offset }))
            }
        }
    }

    /// The server swapped two posted buffers: `taken` came in the slot of `expected`, which stays posted in its stead.
    fn exchange(&mut self, expected: u16, taken: u16) {
        let index = self.buffers[usize::from(taken)].index;
        let slot = self.slot(index);
        self.in_slot[slot] = expected;
        self.buffers[usize::from(expected)].index = index;
    }

    fn free(&mut self, chain: Chain) {
        let mut buffer = chain.first;
        for _ in 0..chain.count {
            let next = self.buffers[usize::from(buffer)].next;
            self.pool.put(buffer);
            buffer = next;
        }
    }

    fn slot(&self, index: u16) -> usize {
        usize::from(index & (self.ring.capacity() - 1))
    }
}

#[cfg(all(test, not(loom)))]
#[path = "tests/client_consumer.rs"]
mod tests;
