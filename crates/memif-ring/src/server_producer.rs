//! The server sends: producer of a server → client ring (M2S).
//!
//! ```text
//!        sent            reserved     fetched       posted
//!   ───────▼────────────────▼────────────▼─────────────▼──▶ free-running indexes
//!         tail            alloc       fetched          head
//!         ours            ours          ours           the peer's
//! ```
//!
//! The client posts empty buffers, one per slot; each becomes a record of [`Records`]. A frame is bound to slots when it
//! is *sent*, so that loans can be sent in any order:
//!
//! * a client of our own accepts any of its buffers in any slot ([`Binding::Any`]): records change slots with their
//!   buffers;
//! * a stranger expects in each slot the buffer it posted there ([`Binding::InPlace`]): a frame waits until every older
//!   loan is sent or dropped, and then moves to the front by a copy. Sent in the order of reservation, nothing is copied.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::chain::{Chain, Segment};
use crate::records::{Binding, Records, State};
use crate::shared::SharedRing;
use crate::{Counters, Descriptor, Drain, NEXT, PeerFault, Regions};

/// Sends frames to a client.
#[derive(Debug)]
pub struct ServerProducer<R> {
    ring: R,
    posted: Records,
    binding: Binding,
    tail: u16,
    alloc: u16,
    fetched: u16,
    published: u16,
    posted_most: Arc<AtomicU16>,
    /// Records between `tail` and `alloc` whose loan was given back.
    dropped: u16,
    /// In place: frames sent that an older loan holds up.
    waiting: VecDeque<Chain>,
}

impl<R: SharedRing> ServerProducer<R> {
    /// A producer on a fresh ring.
    pub fn new(ring: R, regions: Regions, binding: Binding) -> Self {
        let slots = ring.capacity();
        Self {
            posted: Records::new(regions, slots),
            waiting: VecDeque::with_capacity(usize::from(slots)),
            dropped: 0,
            tail: 0,
            alloc: 0,
            fetched: 0,
            published: 0,
            posted_most: Arc::default(),
            ring,
            binding,
        }
    }

    /// Reserves buffers for a frame of `bytes`; `None` while the client has not posted enough.
    pub fn reserve(&mut self, bytes: u64) -> Result<Option<Chain>, PeerFault> {
        let mut chain = Chain::EMPTY;
        let (mut last, mut from) = (0, self.tail);
        while chain.count == 0 || chain.bytes < bytes {
            let record = match self.take_record(&mut from) {
                Ok(Some(record)) => record,
                short => {
                    self.cancel(chain);
                    return short.map(|_| None);
                }
            };
            if chain.count == 0 {
                chain.first = record;
            } else {
                self.posted[last].next = record;
            }
            self.posted[record].state = State::Held;
            chain.count += 1;
            chain.bytes += u64::from(self.posted[record].segment.len);
            last = record;
        }
        Ok(Some(chain))
    }

    /// The buffers of a reserved frame.
    pub fn segments(&self, chain: &Chain) -> impl Iterator<Item = Segment> {
        let records = self.posted.chain(chain);
        records.map(|record| self.posted[record].segment)
    }

    /// Hands over the first `bytes` of a reserved frame; visible to the peer at the next [`Self::publish`].
    ///
    /// No frame of 0 bytes can travel: its buffers are given back.
    pub fn stage(
        &mut self,
        chain: Chain,
        bytes: u64,
        counters: &Counters,
    ) -> Result<(), PeerFault> {
        let bytes = bytes.min(chain.bytes);
        let chain = self.fill(chain, bytes);
        if chain.count > 0 {
            counters.frames.add(1);
            counters.bytes.add(bytes);
            match self.binding {
                Binding::Any => self.bind_any(chain),
                Binding::InPlace => self.waiting.push_back(chain),
            }
        }
        self.settle()
    }

    /// Gives a reserved frame back unsent. Frames that waited for it go at [`Self::settle`].
    pub fn cancel(&mut self, chain: Chain) {
        let mut record = chain.first;
        for _ in 0..chain.count {
            let entry = &mut self.posted[record];
            (entry.state, entry.fill) = (State::Returned, 0);
            record = entry.next;
        }
        self.dropped += chain.count;
        self.retract();
    }

    /// After dropped loans: frames that waited for them may go now, in the order they were sent.
    pub fn settle(&mut self) -> Result<(), PeerFault> {
        while let Some(&chain) = self.waiting.front() {
            if self.is_held_up(&chain) {
                break;
            }
            self.bind_in_place(chain)?;
            self.waiting.pop_front();
        }
        self.retract();
        Ok(())
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

    /// Bytes of the oldest buffer that the client has posted, which stands for all; `None` before it has posted any.
    pub fn buffer_size(&mut self) -> Result<Option<u32>, PeerFault> {
        self.fetch()?;
        let any = self.fetched != self.tail;
        Ok(any.then(|| self.posted[self.posted.at(self.tail)].segment.len))
    }

    /// The ring itself.
    pub fn ring(&self) -> &R {
        &self.ring
    }

    /// The dropped record in the lowest slot after `from`, else the next that was posted. Lowest first keeps the
    /// records of a frame in the order of their slots, and frames move less.
    fn take_record(&mut self, from: &mut u16) -> Result<Option<u16>, PeerFault> {
        while self.dropped > 0 && *from != self.alloc {
            let record = self.posted.at(*from);
            *from = from.wrapping_add(1);
            if self.posted[record].state == State::Returned {
                self.dropped -= 1;
                return Ok(Some(record));
            }
        }
        if self.alloc == self.fetched {
            self.fetch()?;
        }
        if self.alloc == self.fetched {
            return Ok(None);
        }
        let record = self.posted.at(self.alloc);
        self.alloc = self.alloc.wrapping_add(1);
        Ok(Some(record))
    }

    /// Moves `alloc` back over dropped records: they are as good as never reserved.
    fn retract(&mut self) {
        while self.dropped > 0 {
            let last = self.alloc.wrapping_sub(1);
            let record = self.posted.at(last);
            if self.posted[record].state != State::Returned {
                break;
            }
            self.posted[record].state = State::Idle;
            self.alloc = last;
            self.dropped -= 1;
        }
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
            self.posted.post(self.fetched, descriptor)?;
            self.fetched = self.fetched.wrapping_add(1);
        }
        Ok(())
    }

    /// Spreads `bytes` over the buffers of a chain; buffers left empty are dropped.
    fn fill(&mut self, chain: Chain, bytes: u64) -> Chain {
        let (mut record, mut left, mut used) = (chain.first, bytes, 0);
        while left > 0 && used < chain.count {
            let entry = &mut self.posted[record];
            let room = entry.segment.len;
            entry.fill = u32::try_from(left).map_or(room, |left| left.min(room));
            entry.state = State::Sent;
            left -= u64::from(entry.fill);
            record = entry.next;
            used += 1;
        }
        self.cancel(Chain {
            first: record,
            count: chain.count - used,
            ..chain
        });
        Chain {
            count: used,
            ..chain
        }
    }

    /// Binds a frame to the front slots, whichever slots its buffers were in.
    fn bind_any(&mut self, chain: Chain) {
        let mut record = chain.first;
        for left in (0..chain.count).rev() {
            self.posted.exchange(record, self.tail);
            record = self.write_front(record, left > 0);
        }
    }

    /// Whether the user holds one of the slots that a frame would take.
    fn is_held_up(&self, chain: &Chain) -> bool {
        (0..chain.count).any(|step| {
            let record = self.posted.at(self.tail.wrapping_add(step));
            self.posted[record].state == State::Held
        })
    }

    /// Binds a frame to the front slots and copies it there, where its own buffers lie further back. Slots of frames
    /// that were sent later get their payload in exchange.
    fn bind_in_place(&mut self, chain: Chain) -> Result<(), PeerFault> {
        let (start, mut record) = (self.tail, chain.first);
        for left in (0..chain.count).rev() {
            if let Err(fault) = self.posted.exchange_payload(record, self.tail) {
                self.tail = start; // nothing of a frame is published unless all of it is
                return Err(fault);
            }
            record = self.write_front(record, left > 0);
        }
        Ok(())
    }

    /// Writes the descriptor of the front slot; returns the record that continues the frame.
    fn write_front(&mut self, record: u16, more: bool) -> u16 {
        let record = &self.posted[record];
        let descriptor = Descriptor {
            flags: if more { NEXT } else { 0 },
            region: record.region,
            length: record.fill,
            offset: record.offset,
            metadata: 0,
        };
        self.ring.store(self.tail, descriptor);
        self.tail = self.tail.wrapping_add(1);
        record.next
    }
}

#[cfg(all(test, not(loom)))]
#[path = "tests/server_producer.rs"]
mod tests;
