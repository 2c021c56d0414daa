//! The buffers a client has posted on a server → client ring, and the slot each is bound to now.
//!
//! A posted buffer is fetched and judged once and becomes a **record**. `record_of` says which record is bound to a
//! slot; it is always a permutation. A record keeps its number, its payload and its place in a chain while it changes
//! slots; its buffer goes along or stays behind, as the client's [`Binding`] demands.

use std::ops::{Index, IndexMut};

use crate::chain::{Chain, Segment};
use crate::{Descriptor, PeerFault, Regions};

/// Whether a client takes its buffers back in any order of slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// Each slot must carry the buffer that was posted in it.
    InPlace,
    /// Any posted buffer may come back in any slot.
    Any,
}

/// One record for each slot.
#[derive(Debug)]
pub(crate) struct Posted {
    /// Keeps the memory of all segments mapped.
    regions: Regions,
    records: Box<[Record]>,
    record_of: Box<[u16]>,
}

/// A buffer the client posted, and what it carries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) segment: Segment,
    pub(crate) region: u16,
    pub(crate) offset: u32,
    /// Index of the slot it is bound to now.
    pub(crate) index: u16,
    /// The record that continues the frame.
    pub(crate) next: u16,
    /// Bytes of payload, once sent.
    pub(crate) fill: u32,
    pub(crate) state: State,
}

/// Who has a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nobody: posted, and not reserved yet.
    Idle,
    /// The user, as part of a loan.
    Loaned,
    /// We: its frame was sent.
    Sent,
    /// Nobody: its loan was given back unsent.
    Dropped,
}

impl Posted {
    pub(crate) fn new(regions: Regions, slots: u16) -> Self {
        let empty = Record {
            segment: Segment::EMPTY,
            region: 0,
            offset: 0,
            index: 0,
            next: 0,
            fill: 0,
            state: State::Idle,
        };
        Self {
            regions,
            records: vec![empty; usize::from(slots)].into_boxed_slice(),
            record_of: (0..slots).collect(),
        }
    }

    /// Judges the descriptor fetched at `index` and notes its buffer.
    #[inline]
    pub(crate) fn post(&mut self, index: u16, descriptor: Descriptor) -> Result<(), PeerFault> {
        let segment = self.regions.judge(descriptor)?;
        let Descriptor { region, offset, .. } = descriptor;
        let record = self.at(index);
        self[record] = Record {
            segment,
            region,
            offset,
            index,
            next: 0,
            fill: 0,
            state: State::Idle,
        };
        Ok(())
    }

    /// The record bound to the slot of `index`.
    #[inline]
    pub(crate) fn at(&self, index: u16) -> u16 {
        self.record_of[self.slot(index)]
    }

    /// The records of a frame.
    pub(crate) fn chain(&self, chain: &Chain) -> impl Iterator<Item = u16> + use<'_> {
        let next = |&record: &u16| Some(self[record].next);
        std::iter::successors(Some(chain.first), next).take(chain.segments())
    }

    /// Binds `record` to the slot of `front`, and the record there to the other's slot. Buffers go along.
    #[inline]
    pub(crate) fn exchange(&mut self, record: u16, front: u16) {
        let index = self[record].index;
        if index == front {
            return;
        }
        let other = self.at(front);
        let (front_slot, other_slot) = (self.slot(front), self.slot(index));
        self.record_of[front_slot] = record;
        self.record_of[other_slot] = other;
        self[record].index = front;
        self[other].index = index;
    }

    /// As [`Self::exchange`], but buffers stay in their slots and payload is copied.
    #[inline]
    pub(crate) fn exchange_payload(&mut self, record: u16, front: u16) -> Result<(), PeerFault> {
        let other = self.at(front);
        if other == record {
            return Ok(());
        }
        self.swap_buffers(record, other)?;
        self.exchange(record, front);
        Ok(())
    }

    #[allow(unsafe_code)]
    fn swap_buffers(&mut self, one: u16, other: u16) -> Result<(), PeerFault> {
        let (a, b) = (self[one], self[other]);
        for (needed, Segment { len: capacity, .. }) in [(a.fill, b.segment), (b.fill, a.segment)] {
            if needed > capacity {
                return Err(PeerFault::UnevenBuffers { capacity, needed });
            }
        }
        // SAFETY: both segments were judged against `self.regions`, which are kept mapped.
        unsafe { a.segment.swap_payload(a.fill, b.segment, b.fill) };
        let place = |from: Record, to: Record| Record {
            segment: from.segment,
            region: from.region,
            offset: from.offset,
            ..to
        };
        (self[one], self[other]) = (place(b, a), place(a, b));
        Ok(())
    }

    #[inline]
    fn slot(&self, index: u16) -> usize {
        usize::from(index) & (self.record_of.len() - 1)
    }
}

impl Index<u16> for Posted {
    type Output = Record;

    #[inline]
    fn index(&self, record: u16) -> &Record {
        &self.records[usize::from(record)]
    }
}

impl IndexMut<u16> for Posted {
    #[inline]
    fn index_mut(&mut self, record: u16) -> &mut Record {
        &mut self.records[usize::from(record)]
    }
}
