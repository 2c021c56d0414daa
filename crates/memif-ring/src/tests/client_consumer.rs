//! Looks inside a [`ClientConsumer`].

use super::*;

impl<R: SharedRing> ClientConsumer<R> {
    /// Begins at `index` instead of 0.
    pub(crate) fn start_at(&mut self, index: u16) {
        (self.next, self.head) = (index, index);
    }

    /// Asserts that each buffer is free, posted or in one of these frames, and in one place only.
    pub(crate) fn audit(&self, held: &[Chain]) {
        let mut seen: Vec<u16> = self.pool.free_buffers().to_vec();
        let mut at = self.next;
        while at != self.head {
            let buffer = self.in_slot[self.slot(at)];
            let record = self.buffers[usize::from(buffer)];
            assert!(record.posted && record.index == at, "{record:?} at {at}");
            seen.push(buffer);
            at = at.wrapping_add(1);
        }
        assert_eq!(
            self.buffers.iter().filter(|record| record.posted).count(),
            seen.len() - self.pool.free()
        );
        for frame in held {
            let next = |&buffer: &u16| Some(self.buffers[usize::from(buffer)].next);
            seen.extend(std::iter::successors(Some(frame.first), next).take(frame.segments()));
        }
        seen.sort_unstable();
        let all: Vec<u16> = (0..u16::try_from(self.pool.count()).unwrap()).collect();
        assert_eq!(seen, all);
        assert!(self.head.wrapping_sub(self.next) <= self.ring.capacity());
    }

    /// Asserts that every slot still names the buffer that was posted in it.
    pub(crate) fn audit_slots(&self) {
        let mut at = self.next;
        while self.binding == Binding::InPlace && at != self.head {
            let buffer = self.in_slot[self.slot(at)];
            let descriptor = self.ring.fetch(at);
            assert!(
                self.pool.is_at(buffer, descriptor),
                "slot {at} names another buffer"
            );
            at = at.wrapping_add(1);
        }
    }

    /// Writes anew what is posted; returns the index from which on it is.
    pub(crate) fn repost(&self) -> u16 {
        for step in 0..self.head.wrapping_sub(self.next) {
            let index = self.next.wrapping_add(step);
            let buffer = self.in_slot[self.slot(index)];
            let whole = self.pool.descriptor(buffer, self.pool.capacity(), 0);
            self.ring.store(index, whole);
        }
        self.ring.publish_head(self.head);
        self.next
    }
}
