//! Looks inside a [`ServerConsumer`].

use std::collections::HashSet;

use super::*;
use crate::records::Record;

impl<R: SharedRing> ServerConsumer<R> {
    /// Begins at `index` instead of 0.
    pub(crate) fn start_at(&mut self, index: u16) {
        (self.next, self.tail) = (index, index);
    }

    /// Asserts that each of these frames lies in slots that are held and not returned, unless written over.
    pub(crate) fn audit(&self, held: &[Chain]) {
        let window = self.next.wrapping_sub(self.tail);
        assert!(window <= self.ring.capacity());
        let all: HashSet<u16> = (0..self.ring.capacity())
            .map(|index| self.records.at(index))
            .collect();
        assert_eq!(
            all.len(),
            usize::from(self.ring.capacity()),
            "not a permutation"
        );
        let mut seen = HashSet::new();
        let current = held
            .iter()
            .filter(|frame| frame.generation == self.generation);
        for record in current.flat_map(|frame| self.records.chain(frame)) {
            let Record { index, state, .. } = self.records[record];
            assert!(
                index.wrapping_sub(self.tail) < window,
                "slot {index} of a held frame was released"
            );
            assert_eq!((state, self.records.at(index)), (State::Held, record));
            assert!(seen.insert(record));
        }
    }
}
