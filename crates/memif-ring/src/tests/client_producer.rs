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
            seen.push(self.in_slot[self.slot(at)]);
            at = at.wrapping_add(1);
        }
        for loan in loans {
            let next = |&buffer: &u16| Some(self.next[usize::from(buffer)]);
            seen.extend(std::iter::successors(Some(loan.first), next).take(loan.segments()));
        }
        seen.sort_unstable();
        let all: Vec<u16> = (0..u16::try_from(self.pool.count()).unwrap()).collect();
        assert_eq!(seen, all);
        assert!(self.staged.wrapping_sub(self.reclaimed) <= self.ring.capacity());
    }

    /// Index behind the last slot that was published.
    pub(crate) fn position(&self) -> u16 {
        self.published
    }
}
