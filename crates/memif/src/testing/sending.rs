//! The sending end of a ring, honest: S2M for a client, M2S for a server.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use super::layout::Layout;
use super::ring::{Descriptor, NEXT, RawRing};
use super::traffic::{End, Regions, Role};

/// The sending end of a ring, honest.
#[derive(Debug)]
pub struct Sending(End);

impl Sending {
    pub(super) fn client(ring: RawRing, regions: Regions, layout: Layout, position: u16) -> Self {
        let role = Role::Client { layout, position };
        let next = 0;
        Sending(End {
            ring,
            regions,
            role,
            next,
        })
    }

    pub(super) fn server(ring: RawRing, regions: Regions) -> Self {
        let role = Role::Server;
        let next = ring.tail();
        Sending(End {
            ring,
            regions,
            role,
            next,
        })
    }

    /// The ring, to lie with.
    pub fn raw(&self) -> &RawRing {
        &self.0.ring
    }

    /// Where the next frame goes.
    pub fn position(&self) -> u16 {
        self.0.next
    }

    /// Continues elsewhere, after the index was moved by hand.
    pub fn set_position(&mut self, next: u16) {
        self.0.next = next;
    }

    /// Slots that can be filled now.
    pub fn room(&self) -> u16 {
        let ring = &self.0.ring;
        match self.0.role {
            Role::Client { .. } => {
                let out = self.0.next.wrapping_sub(ring.tail());
                ring.slots().saturating_sub(out)
            }
            Role::Server => ring.head().wrapping_sub(self.0.next),
        }
    }

    /// Sends one frame, chained if it is larger than a buffer. `false`, and
    /// nothing sent, when there is no room for all of it.
    pub fn try_send(&mut self, frame: &[u8]) -> io::Result<bool> {
        assert!(!frame.is_empty(), "an honest peer sends no empty frame");
        let room = self.room();
        let mut left = frame;
        let mut used = 0;
        while !left.is_empty() {
            if used == room {
                return Ok(false);
            }
            left = self.fill(self.0.next.wrapping_add(used), left);
            used += 1;
        }
        self.publish(used)?;
        Ok(true)
    }

    /// Sends one frame as soon as there is room; `TimedOut` otherwise.
    pub fn send(&mut self, frame: &[u8], timeout: Duration) -> io::Result<()> {
        let deadline = Instant::now() + timeout;
        while !self.try_send(frame)? {
            if Instant::now() >= deadline {
                return Err(ErrorKind::TimedOut.into());
            }
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Makes the next `count` slots the peer's, and wakes it unless it sleeps
    /// with the mask set.
    pub fn publish(&mut self, count: u16) -> io::Result<()> {
        self.0.next = self.0.next.wrapping_add(count);
        match self.0.role {
            Role::Client { .. } => self.0.ring.set_head(self.0.next),
            Role::Server => self.0.ring.set_tail(self.0.next),
        }
        self.0.ring.ring_unless_masked()
    }

    /// The descriptor an honest peer would put at `ahead` slots from here, for a
    /// frame of `length` bytes; a start for lies.
    pub fn honest_descriptor(&self, ahead: u16, length: u32) -> Descriptor {
        let empty = self.0.empty(self.0.next.wrapping_add(ahead));
        Descriptor { length, ..empty }
    }

    /// Puts as much as fits in the buffer at `index`; what is left.
    fn fill<'a>(&self, index: u16, frame: &'a [u8]) -> &'a [u8] {
        let mut descriptor = self.0.empty(index);
        let (now, later) = frame.split_at(frame.len().min(descriptor.length as usize));
        let bytes = self.0.bytes(descriptor.region);
        bytes.write(descriptor.offset as usize, now);
        descriptor.length = u32::try_from(now.len()).expect("no more than a u32 of capacity");
        descriptor.flags = if later.is_empty() { 0 } else { NEXT };
        self.0.ring.set_descriptor(index, descriptor);
        later
    }
}
