//! The buffers a server found in the slots of a ring, and the slot each is bound to now.
//!
//! A buffer is fetched and judged once and becomes a **record**. `record_of` says which record is bound to a slot; it is
//! always a permutation. A record keeps its number, its payload and its place in a chain while it changes slots; its
//! buffer goes along or stays behind, as the client's [`Binding`] demands.

use std::ops::{Index, IndexMut};

use crate::chain::{Chain, Segment};
use crate::{Descriptor, NEXT, PeerFault, Regions};

/// Whether a client takes its buffers back in any order of slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// Each slot must carry the buffer that the client put into it.
    InPlace,
    /// Any buffer that is out may come back in any slot.
    Any,
}

/// One record for each slot.
#[derive(Debug)]
pub(crate) struct Records {
    /// Keeps the memory of all segments mapped.
    regions: Regions,
    records: Box<[Record]>,
    record_of: Box<[u16]>,
}

/// A buffer of the client, and what it carries.
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
    /// The descriptor in its slot still names another buffer.
    pub(crate) moved: bool,
}

/// Who has a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nobody: posted, and not reserved yet.
    Idle,
    /// The user, as part of a loan or of a frame.
    Held,
    /// We: its frame was sent, and an older loan may hold it up.
    Sent,
    /// We: given back, and an older one holds it up.
    Returned,
}

impl Records {
    pub(crate) fn new(regions: Regions, slots: u16) -> Self {
        let empty = Record {
            segment: Segment::EMPTY,
            region: 0,
            offset: 0,
            index: 0,
            next: 0,
            fill: 0,
            state: State::Idle,
            moved: false,
        };
        Self {
            regions,
            records: vec![empty; usize::from(slots)].into_boxed_slice(),
            record_of: (0..slots).collect(),
        }
    }

    /// Judges the descriptor fetched at `index` and notes its buffer, which nobody has yet.
    #[inline]
    pub(crate) fn post(&mut self, index: u16, descriptor: Descriptor) -> Result<(), PeerFault> {
        let segment = self.regions.judge(descriptor)?;
        self.keep(index, descriptor, segment, State::Idle);
        Ok(())
    }

    /// Judges the descriptor fetched at `index` and notes its buffer, which the user gets; one of no bytes if it is
    /// malformed. The record of the next slot continues it.
    #[inline]
    pub(crate) fn hold(
        &mut self,
        index: u16,
        descriptor: Descriptor,
    ) -> Result<Segment, PeerFault> {
        let judged = match descriptor.flags & !NEXT {
            0 => self.regions.judge(descriptor),
            _ => Err(PeerFault::UndefinedFlags {
                flags: descriptor.flags,
            }),
        };
        let segment = judged.unwrap_or(Segment::EMPTY);
        self.keep(index, descriptor, segment, State::Held);
        judged
    }

    #[inline]
    fn keep(&mut self, index: u16, descriptor: Descriptor, segment: Segment, state: State) {
        let Descriptor { region, offset, .. } = descriptor;
        let (record, next) = (self.at(index), self.at(index.wrapping_add(1)));
        self[record] = Record {
            segment,
            region,
            offset,
            index,
            next,
            fill: 0,
            state,
            moved: false,
        };
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
        for (record, index) in [(record, front), (other, index)] {
            (self[record].index, self[record].moved) = (index, true);
        }
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

impl Index<u16> for Records {
    type Output = Record;

    #[inline]
    fn index(&self, record: u16) -> &Record {
        &self.records[usize::from(record)]
    }
}

impl IndexMut<u16> for Records {
    #[inline]
    fn index_mut(&mut self, record: u16) -> &mut Record {
        &mut self.records[usize::from(record)]
    }
}
