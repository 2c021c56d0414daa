//! Looks inside a [`ServerProducer`].

use super::*;

impl<R: SharedRing> ServerProducer<R> {
    /// Begins at `index` instead of 0.
    pub(crate) fn start_at(&mut self, index: u16) {
        (self.tail, self.alloc, self.fetched, self.published) = (index, index, index, index);
    }

    /// Asserts that slots and records are a permutation, and that each reserved slot belongs to one of these loans, to
    /// a waiting frame, or was dropped.
    pub(crate) fn audit(&self, loans: &[Chain]) {
        let window =
            |end: u16| (0..end.wrapping_sub(self.tail)).map(|step| self.tail.wrapping_add(step));
        let mut all: Vec<u16> = (0..self.ring.capacity())
            .map(|index| self.posted.at(index))
            .collect();
        all.sort_unstable();
        assert_eq!(all, (0..self.ring.capacity()).collect::<Vec<_>>());
        assert!(
            window(self.fetched).all(|index| self.posted[self.posted.at(index)].index == index)
        );

        let reserved: Vec<u16> = window(self.alloc)
            .map(|index| self.posted.at(index))
            .collect();
        let of = |state| {
            let mut records = reserved.clone();
            records.retain(|&record| self.posted[record].state == state);
            records.sort_unstable();
            records
        };
        let records = |chains: &mut dyn Iterator<Item = &Chain>| {
            let mut records: Vec<u16> = chains.flat_map(|chain| self.posted.chain(chain)).collect();
            records.sort_unstable();
            records
        };
        assert_eq!(of(State::Held), records(&mut loans.iter()));
        assert_eq!(of(State::Sent), records(&mut self.waiting.iter()));
        assert_eq!(of(State::Returned).len(), usize::from(self.dropped));
        assert!(of(State::Idle).is_empty());
        assert!(self.fetched.wrapping_sub(self.tail) <= self.ring.capacity());
        assert!(self.alloc.wrapping_sub(self.tail) <= self.fetched.wrapping_sub(self.tail));
    }

    /// Index behind the last slot that was fetched.
    pub(crate) fn position(&self) -> u16 {
        self.fetched
    }

    /// Whether nothing that was fetched is left.
    pub(crate) fn is_used_up(&self) -> bool {
        self.published == self.fetched
    }
}
