//! The server sends: producer of a server → client ring (M2S).
//!
//! ```text
//!        sent            reserved     fetched       posted
//!   ───────▼────────────────▼────────────▼─────────────▼──▶ free-running indexes
//!         tail            alloc       fetched          head
//!         ours            ours          ours           the peer's
//! ```
//!
//! The client posts empty buffers, one per slot. Each is fetched and judged once, and becomes a **record**; the slot's
//! record is found in `record_of`, always a permutation. A frame is bound to slots when it is *sent*, so that loans can
//! be sent in any order:
//!
//! * a client of our own accepts any of its buffers in any slot ([`Binding::Any`]): records change places;
//! * a stranger expects in each slot the buffer it posted there ([`Binding::InPlace`]): a frame waits until every older
//!   loan is sent or dropped, and moves down into dropped slots by a copy.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::chain::{Chain, Segment};
use crate::shared::SharedRing;
use crate::{Counters, Descriptor, Drain, NEXT, PeerFault, Regions};

/// Whether a client takes its buffers back in any order of slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// Each slot must carry the buffer that was posted in it.
    InPlace,
    /// Any posted buffer may come back in any slot.
    Any,
}

/// Sends frames to a client.
#[derive(Debug)]
pub struct ServerProducer<R> {
    ring: R,
    regions: Regions,
    binding: Binding,
    tail: u16,
    alloc: u16,
    fetched: u16,
    published: u16,
    posted_most: Arc<AtomicU16>,
    record_of: Box<[u16]>,
    records: Box<[Record]>,
    dropped: Vec<u16>,
    waiting: VecDeque<Chain>,
}

/// A buffer the client posted.
#[derive(Clone, Copy, Debug)]
struct Record {
    segment: Segment,
    region: u16,
    offset: u32,
    /// Index of the slot it is bound to now.
    index: u16,
    /// The record that continues the frame, and bytes of payload, once reserved and sent.
    next: u16,
    fill: u32,
}

impl<R: SharedRing> ServerProducer<R> {
    /// A producer on a fresh ring.
    pub fn new(ring: R, regions: Regions, binding: Binding) -> Self {
        let capacity = ring.capacity();
        let empty = Record {
            segment: Segment::EMPTY,
            region: 0,
            offset: 0,
            index: 0,
            next: 0,
            fill: 0,
        };
        Self {
            records: vec![empty; usize::from(capacity)].into_boxed_slice(),
            record_of: (0..capacity).collect(),
            dropped: Vec::with_capacity(usize::from(capacity)),
            waiting: VecDeque::with_capacity(usize::from(capacity)),
            tail: 0,
            alloc: 0,
            fetched: 0,
            published: 0,
            posted_most: Arc::default(),
            ring,
            regions,
            binding,
        }
    }

    /// Reserves buffers for a frame of `bytes`; `None` while the client has not posted enough.
    pub fn reserve(&mut self, bytes: u64) -> Result<Option<Chain>, PeerFault> {
        let Some(first) = self.take_record()? else {
            return Ok(None);
        };
        let mut chain = Chain {
            first,
            count: 1,
            bytes: self.records[usize::from(first)].segment.len.into(),
        };
        let mut last = first;
        while chain.bytes < bytes {
            let Some(more) = self.take_record()? else {
                self.cancel(chain);
                return Ok(None);
            };
            self.records[usize::from(last)].next = more;
            chain.count += 1;
            chain.bytes += u64::from(self.records[usize::from(more)].segment.len);
            last = more;
        }
        Ok(Some(chain))
    }

    /// The `index`-th buffer of a reserved frame.
    pub fn segment(&self, chain: &Chain, index: usize) -> Option<Segment> {
        if index >= chain.segments() {
            return None;
        }
        let record = (0..index).fold(chain.first, |record, _| {
            self.records[usize::from(record)].next
        });
        Some(self.records[usize::from(record)].segment)
    }

    /// Hands over the first `bytes` of a reserved frame; visible to the peer at the next [`Self::publish`].
    pub fn stage(
        &mut self,
        chain: Chain,
        bytes: u64,
        counters: &Counters,
    ) -> Result<(), PeerFault> {
        let chain = self.fill(chain, bytes);
        counters.frames.add(1);
        counters.bytes.add(bytes);
        match self.binding {
            Binding::Any => {
                self.bind_any(chain);
                Ok(())
            }
            Binding::InPlace => {
                self.waiting.push_back(chain);
                self.bind_in_place()
            }
        }
    }

    /// Gives a reserved frame back unsent.
    pub fn cancel(&mut self, chain: Chain) {
        let mut record = chain.first;
        for _ in 0..chain.count {
            let next = self.records[usize::from(record)].next;
            self.dropped.push(record);
            record = next;
        }
    }

    /// After dropped loans: frames that waited for them may go now.
    pub fn settle(&mut self) -> Result<(), PeerFault> {
        self.bind_in_place()
    }

    /// Makes staged frames visible. Returns whether there were any.
    pub fn publish(&mut self) -> bool {
        if self.published == self.tail {
            return false;
        }
        self.published = self.tail;
        self.ring.publish_tail(self.tail);
        true
    }

    /// Whether a frame of `bytes` could be reserved now.
    pub fn has_room(&mut self, bytes: u64) -> Result<bool, PeerFault> {
        let Some(chain) = self.reserve(bytes)? else {
            return Ok(false);
        };
        self.cancel(chain);
        Ok(true)
    }

    /// Slots sent whose buffers the client has not posted again, and frames that wait for older loans.
    pub fn in_flight(&self) -> usize
    where
        R: Clone,
    {
        self.drain().in_flight() + self.waiting.len()
    }

    /// A view of how far the client has come, for whoever waits until all is taken.
    pub fn drain(&self) -> Drain<R>
    where
        R: Clone,
    {
        Drain::of_server(self.ring.clone(), Arc::clone(&self.posted_most))
    }

    /// Bytes the largest frame can have with what is posted now, and the largest single buffer.
    pub fn buffer_size(&mut self) -> Result<Option<u32>, PeerFault> {
        self.fetch()?;
        let any = self.fetched != self.tail;
        Ok(any.then(|| self.records[self.record_at(self.tail)].segment.len))
    }

    /// The ring itself.
    pub fn ring(&self) -> &R {
        &self.ring
    }

    fn take_record(&mut self) -> Result<Option<u16>, PeerFault> {
        if let Some(record) = self.lowest_dropped() {
            return Ok(Some(record));
        }
        if self.alloc == self.fetched {
            self.fetch()?;
        }
        if self.alloc == self.fetched {
            return Ok(None);
        }
        let record = self.record_of[self.slot(self.alloc)];
        self.alloc = self.alloc.wrapping_add(1);
        Ok(Some(record))
    }

    /// The dropped record in the lowest slot: frames then need to move less.
    fn lowest_dropped(&mut self) -> Option<u16> {
        let distance = |&record: &u16| {
            self.records[usize::from(record)]
                .index
                .wrapping_sub(self.tail)
        };
        let lowest = (0..self.dropped.len()).min_by_key(|&at| distance(&self.dropped[at]))?;
        Some(self.dropped.swap_remove(lowest))
    }

    /// Fetches and judges what the client posted since the last look.
    fn fetch(&mut self) -> Result<(), PeerFault> {
        let head = self.ring.head();
        let (distance, limit) = (head.wrapping_sub(self.tail), self.ring.capacity());
        if distance > limit || distance < self.fetched.wrapping_sub(self.tail) {
            return Err(PeerFault::IndexJump {
                index: "head",
                distance,
                limit,
            });
        }
        if distance > self.posted_most.load(Ordering::Relaxed) {
            self.posted_most.store(distance, Ordering::Relaxed);
        }
        while self.fetched != head {
            let descriptor = self.ring.fetch(self.fetched);
            let segment = self.regions.judge(descriptor)?;
            let record = self.record_at(self.fetched);
            let Descriptor { region, offset, .. } = descriptor;
            let index = self.fetched;
            self.records[record] = Record {
                segment,
                region,
                offset,
                index,
                next: 0,
                fill: 0,
            };
            self.fetched = self.fetched.wrapping_add(1);
        }
        Ok(())
    }

    /// Spreads `bytes` over the buffers of a chain; buffers left empty are dropped.
    fn fill(&mut self, chain: Chain, bytes: u64) -> Chain {
        let (mut record, mut left, mut used) = (chain.first, bytes, 0);
        while left > 0 && used < chain.count {
            let entry = &mut self.records[usize::from(record)];
            entry.fill = u32::try_from(left)
                .unwrap_or(u32::MAX)
                .min(entry.segment.len);
            left -= u64::from(entry.fill);
            record = entry.next;
            used += 1;
        }
        if used < chain.count {
            self.cancel(Chain {
                first: record,
                count: chain.count - used,
                bytes: 0,
            });
        }
        Chain {
            count: used,
            ..chain
        }
    }

    /// Binds a frame to the front slots, whichever slots its buffers were in.
    fn bind_any(&mut self, chain: Chain) {
        let mut record = chain.first;
        for left in (0..chain.count).rev() {
            self.exchange(record, self.tail);
            record = self.write_front(record, left > 0);
        }
    }

    /// Puts `record` into the slot of `front`, and the record there into the other's slot.
    fn exchange(&mut self, record: u16, front: u16) {
        let index = self.records[usize::from(record)].index;
        if index == front {
            return;
        }
        let other = self.record_of[self.slot(front)];
        let (front_slot, other_slot) = (self.slot(front), self.slot(index));
        self.record_of[front_slot] = record;
        self.record_of[other_slot] = other;
        self.records[usize::from(record)].index = front;
        self.records[usize::from(other)].index = index;
    }

    /// Writes the descriptor of the front slot; returns the record that continues the frame.
    fn write_front(&mut self, record: u16, more: bool) -> u16 {
        let Record {
            region,
            offset,
            fill,
            next,
            ..
        } = self.records[usize::from(record)];
        let flags = if more { NEXT } else { 0 };
        self.ring.store(
            self.tail,
            Descriptor {
                flags,
                region,
                length: fill,
                offset,
                metadata: 0,
            },
        );
        self.tail = self.tail.wrapping_add(1);
        next
    }

    /// Binds waiting frames in the order they were sent, as long as no older loan is in the way.
    fn bind_in_place(&mut self) -> Result<(), PeerFault> {
        while let Some(&chain) = self.waiting.front() {
            if !self.front_is_free_for(&chain) {
                return Ok(());
            }
            self.waiting.pop_front();
            self.move_to_front(chain)?;
        }
        Ok(())
    }

    /// Whether the slots a frame would take are its own or dropped: held neither by a loan nor by another waiting frame.
    fn front_is_free_for(&self, chain: &Chain) -> bool {
        let own = |wanted: u16| self.chain_records(chain).any(|record| record == wanted);
        (0..chain.count).all(|step| {
            let record = self.record_of[self.slot(self.tail.wrapping_add(step))];
            own(record) || self.dropped.contains(&record)
        })
    }

    fn chain_records(&self, chain: &Chain) -> impl Iterator<Item = u16> {
        let next = |&record: &u16| Some(self.records[usize::from(record)].next);
        std::iter::successors(Some(chain.first), next).take(chain.segments())
    }

    /// Publishes a frame from the front slots, copying it down where its own buffers lie further back.
    fn move_to_front(&mut self, chain: Chain) -> Result<(), PeerFault> {
        let mut record = chain.first;
        for left in (0..chain.count).rev() {
            let Record {
                next,
                fill,
                index,
                segment,
                ..
            } = self.records[usize::from(record)];
            let front = self.record_of[self.slot(self.tail)];
            if index != self.tail {
                self.take_over(front, segment, fill)?;
                self.records[usize::from(front)].next = next;
                self.replace_dropped(front, record);
            }
            self.write_front(front, left > 0);
            record = next;
        }
        Ok(())
    }

    /// Copies the `fill` bytes of `from` into the buffer of `front`.
    #[allow(unsafe_code)]
    fn take_over(&mut self, front: u16, from: Segment, fill: u32) -> Result<(), PeerFault> {
        let entry = &mut self.records[usize::from(front)];
        if entry.segment.len < fill {
            return Err(PeerFault::UnevenBuffers {
                capacity: entry.segment.len,
                needed: fill,
            });
        }
        entry.fill = fill;
        // SAFETY: both segments were judged against `self.regions`, which are kept mapped.
        unsafe { from.shortened(fill).copy_into(entry.segment) };
        Ok(())
    }

    /// `front` was dropped and is used now; `record` is free instead.
    fn replace_dropped(&mut self, front: u16, record: u16) {
        match self.dropped.iter().position(|&dropped| dropped == front) {
            Some(at) => self.dropped[at] = record,
            None => self.dropped.push(record),
        }
    }

    fn record_at(&self, index: u16) -> usize {
        usize::from(self.record_of[self.slot(index)])
    }

    fn slot(&self, index: u16) -> usize {
        usize::from(index & (self.ring.capacity() - 1))
    }
}
