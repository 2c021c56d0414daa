//! The client sends: producer of a client → server ring (S2M).
//!
//! ```text
//!       reclaimed           published        staged
//!   ───────▼───────────────────▼───────────────▼───▶ free-running indexes
//!      tail, the peer's       head           ours
//! ```
//!
//! A record is a buffer of the pool. A buffer is bound to a slot when its frame is sent, so loans may be sent in any
//! order; `in_slot` remembers which buffer comes back with which slot. Only a server of our own may give buffers back in
//! other slots, and then the buffer it names must be one that is out.

use crate::chain::{Chain, Segment};
use crate::shared::SharedRing;
use crate::{Binding, Counters, Descriptor, Drain, NEXT, PeerFault, Pool};

/// Sends frames to a server.
#[derive(Debug)]
pub struct ClientProducer<R> {
    ring: R,
    pool: Pool,
    binding: Binding,
    reclaimed: u16,
    staged: u16,
    published: u16,
    in_slot: Box<[u16]>,
    next: Box<[u16]>,
    /// Index of the slot each buffer was sent in; `None` while it is not out.
    out_at: Box<[Option<u16>]>,
}

impl<R: SharedRing> ClientProducer<R> {
    /// A producer on a fresh ring. Of the pool it uses only as many buffers as the ring has slots, so that what was
    /// reserved can always be sent.
    pub fn new(ring: R, mut pool: Pool, binding: Binding) -> Self {
        pool.limit(ring.capacity());
        let in_slot = vec![0; usize::from(ring.capacity())].into_boxed_slice();
        let next = vec![0; pool.count()].into_boxed_slice();
        let out_at = vec![None; pool.count()].into_boxed_slice();
        Self {
            ring,
            pool,
            binding,
            out_at,
            reclaimed: 0,
            staged: 0,
            published: 0,
            in_slot,
            next,
        }
    }

    /// Reserves buffers for a frame of `bytes`; `None` while the server has not released enough.
    pub fn reserve(&mut self, bytes: u64) -> Result<Option<Chain>, PeerFault> {
        let capacity = u64::from(self.pool.capacity());
        let count = bytes.div_ceil(capacity).max(1);
        if (self.pool.free() as u64) < count {
            self.reclaim()?;
        }
        if (self.pool.free() as u64) < count {
            return Ok(None);
        }
        let Some(first) = self.pool.take() else {
            return Ok(None);
        };
        let mut chain = Chain {
            first,
            count: 1,
            bytes: capacity,
            ..Chain::EMPTY
        };
        let mut last = first;
        while u64::from(chain.count) < count {
            let Some(more) = self.pool.take() else { break };
            self.next[usize::from(last)] = more;
            last = more;
            chain.count += 1;
            chain.bytes += capacity;
        }
        Ok(Some(chain))
    }

    /// The buffers of a reserved frame.
    pub fn segments(&self, chain: &Chain) -> impl Iterator<Item = Segment> {
        let next = |&buffer: &u16| Some(self.next[usize::from(buffer)]);
        let buffers = std::iter::successors(Some(chain.first), next).take(chain.segments());
        buffers.map(|buffer| self.pool.segment(buffer))
    }

    /// Hands over the first `bytes` of a reserved frame; visible to the peer at the next [`Self::publish`].
    ///
    /// No frame of 0 bytes can travel: its buffers are given back.
    pub fn stage(&mut self, chain: Chain, bytes: u64, counters: &Counters) {
        let bytes = bytes.min(chain.bytes);
        if bytes > 0 {
            counters.frames.add(1);
            counters.bytes.add(bytes);
        }
        let (mut buffer, mut left) = (chain.first, bytes);
        for _ in 0..chain.count {
            let next = self.next[usize::from(buffer)];
            if left == 0 {
                self.pool.put(buffer);
            } else {
                let length = u32::try_from(left)
                    .unwrap_or(u32::MAX)
                    .min(self.pool.capacity());
                left -= u64::from(length);
                self.write(buffer, length, left > 0);
            }
            buffer = next;
        }
    }

    /// Gives a reserved frame back unsent.
    pub fn cancel(&mut self, chain: Chain) {
        let mut buffer = chain.first;
        for _ in 0..chain.count {
            let next = self.next[usize::from(buffer)];
            self.pool.put(buffer);
            buffer = next;
        }
    }

    /// Makes staged frames visible. Returns whether there were any.
    pub fn publish(&mut self) -> bool {
        if self.published == self.staged {
            return false;
        }
        self.published = self.staged;
        self.ring.publish_head(self.staged);
        true
    }

    /// Whether a frame of `bytes` could be reserved now.
    pub fn has_room(&mut self, bytes: u64) -> Result<bool, PeerFault> {
        self.reclaim()?;
        Ok(self.pool.free() as u64 >= bytes.div_ceil(self.pool.capacity().into()).max(1))
    }

    /// Slots sent that the server has not released.
    pub fn in_flight(&self) -> usize {
        usize::from(
            self.staged
                .wrapping_sub(self.ring.tail())
                .min(self.ring.capacity()),
        )
    }

    /// A view of how far the server has come, for whoever waits until all is taken.
    pub fn drain(&self) -> Drain<R>
    where
        R: Clone,
    {
        Drain::of_client(self.ring.clone())
    }

    /// Bytes in each buffer.
    pub fn buffer_size(&self) -> u32 {
        self.pool.capacity()
    }

    /// Number of buffers.
    pub fn buffers(&self) -> usize {
        self.pool.count()
    }

    /// The ring itself.
    pub fn ring(&self) -> &R {
        &self.ring
    }

    /// Writes the next slot. There is room: `new` saw to it that no more buffers exist than slots.
    fn write(&mut self, buffer: u16, length: u32, more: bool) {
        let flags = if more { NEXT } else { 0 };
        self.ring
            .store(self.staged, self.pool.descriptor(buffer, length, flags));
        let slot = self.slot(self.staged);
        self.in_slot[slot] = buffer;
        self.out_at[usize::from(buffer)] = Some(self.staged);
        self.staged = self.staged.wrapping_add(1);
    }

    /// Takes back the buffers of released slots.
    fn reclaim(&mut self) -> Result<(), PeerFault> {
        let tail = self.ring.tail();
        let distance = tail.wrapping_sub(self.reclaimed);
        let limit = self.published.wrapping_sub(self.reclaimed);
        if distance > limit {
            return Err(PeerFault::IndexJump {
                index: "tail",
                distance,
                limit,
            });
        }
        while self.reclaimed != tail {
            let buffer = self.returned_buffer()?;
            self.out_at[usize::from(buffer)] = None;
            self.pool.put(buffer);
            self.reclaimed = self.reclaimed.wrapping_add(1);
        }
        Ok(())
    }

    /// The buffer that comes back in the slot at `reclaimed`.
    fn returned_buffer(&mut self) -> Result<u16, PeerFault> {
        let expected = self.in_slot[self.slot(self.reclaimed)];
        if self.binding == Binding::InPlace {
            return Ok(expected);
        }
        let descriptor = self.ring.fetch(self.reclaimed);
        if self.pool.is_at(expected, descriptor) {
            return Ok(expected);
        }
        let named = self.pool.find(descriptor);
        let out = named.and_then(|buffer| Some((buffer, self.out_at[usize::from(buffer)]?)));
        let Some((buffer, index)) = out else {
            let Descriptor { region, offset, .. } = descriptor;
            return Err(PeerFault::ForeignBuffer { region, offset });
        };
        // The server swapped two slots: the expected buffer is still out, in the other's slot.
        let slot = self.slot(index);
        self.in_slot[slot] = expected;
        self.out_at[usize::from(expected)] = Some(index);
        Ok(buffer)
    }

    fn slot(&self, index: u16) -> usize {
        usize::from(index & (self.ring.capacity() - 1))
    }
}

#[cfg(all(test, not(loom)))]
#[path = "tests/client_producer.rs"]
mod tests;
