//! Looks inside a [`ClientProducer`].

use super::*;

impl<R: SharedRing> ClientProducer<R> {
    /// Begins at `index` instead of 0.
    pub(crate) fn start_at(&mut self, index: u16) {
        (self.reclaimed, self.staged, self.published) = (index, index, index);
    }

    /// Asserts that each buffer is free, on the ring or in one of these loans, and in one place only.
    pub(crate) fn audit(&self, loans: &[Chain]) {
        let mut seen: Vec<u16> = self.pool.free_buffers().to_vec();
        let mut at = self.reclaimed;
        while at != self.staged {
            let buffer = self.in_slot[self.slot(at)];
            assert_eq!(self.out_at[usize::from(buffer)], Some(at));
            seen.push(buffer);
            at = at.wrapping_add(1);
        }
        let out = self.out_at.iter().flatten().count();
        assert_eq!(out, usize::from(self.staged.wrapping_sub(self.reclaimed)));
        for loan in loans {
            let next = |&buffer: &u16| Some(self.next[usize::from(buffer)]);
            seen.extend(std::iter::successors(Some(loan.first), next).take(loan.segments()));
        }
        seen.sort_unstable();
        let all: Vec<u16> = (0..u16::try_from(self.pool.count()).unwrap()).collect();
        assert_eq!(seen, all);
        assert!(self.staged.wrapping_sub(self.reclaimed) <= self.ring.capacity());
    }

    /// Writes anew what is out, each buffer in its slot; returns the index behind it.
    pub(crate) fn restore(&self) -> u16 {
        for step in 0..self.published.wrapping_sub(self.reclaimed) {
            let index = self.reclaimed.wrapping_add(step);
            let buffer = self.in_slot[self.slot(index)];
            self.ring.store(index, self.pool.descriptor(buffer, 1, 0));
        }
        self.published
    }
}
