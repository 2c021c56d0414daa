//! Looks inside a [`ServerConsumer`].

use super::*;

impl<R: SharedRing> ServerConsumer<R> {
    /// Begins at `index` instead of 0.
    pub(crate) fn start_at(&mut self, index: u16) {
        (self.next, self.tail) = (index, index);
    }

    /// Asserts that each of these frames lies in slots that are held and not returned, unless written over.
    pub(crate) fn audit(&self, held: &[Chain]) {
        let window = self.next.wrapping_sub(self.tail);
        assert!(window <= self.ring.capacity());
        let slots: std::collections::HashSet<_> = self.record_of.iter().collect();
        assert_eq!(slots.len(), self.record_of.len(), "not a permutation");
        let mut seen = std::collections::HashSet::new();
        for record in held.iter().flat_map(|frame| self.chain(frame)) {
            let Record {
                index, returned, ..
            } = self.records[usize::from(record)];
            assert!(
                index.wrapping_sub(self.tail) < window,
                "slot {index} of a held frame was released"
            );
            assert!(!returned);
            assert_eq!(self.record_at(index), record);
            assert!(seen.insert(record));
        }
    }
}
