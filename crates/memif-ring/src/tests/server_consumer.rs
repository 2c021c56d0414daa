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
        let mut seen = std::collections::HashSet::new();
        for frame in held
            .iter()
            .filter(|frame| frame.generation == self.generation)
        {
            for step in 0..frame.count {
                let at = frame.first.wrapping_add(step);
                assert!(
                    at.wrapping_sub(self.tail) < window,
                    "slot {at} of a held frame was released"
                );
                assert!(!self.records[self.slot(at)].returned);
                assert!(seen.insert(at));
            }
        }
    }
}
