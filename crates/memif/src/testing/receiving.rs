//! The receiving end of a ring, honest: M2S for a client, S2M for a server.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use super::layout::Layout;
use super::ring::{Descriptor, NEXT, RawRing};
use super::traffic::{End, Regions, Role};

/// The receiving end of a ring, honest.
#[derive(Debug)]
pub struct Receiving(End);

impl Receiving {
    pub(super) fn client(ring: RawRing, regions: Regions, layout: Layout, position: u16) -> Self {
        let role = Role::Client { layout, position };
        let next = 0;
        Receiving(End {
            ring,
            regions,
            role,
            next,
        })
    }

    pub(super) fn server(ring: RawRing, regions: Regions) -> Self {
        let role = Role::Server;
        let next = ring.tail();
        Receiving(End {
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

    /// Where the next frame is expected.
    pub fn position(&self) -> u16 {
        self.0.next
    }

    /// Slots that wait to be read.
    pub fn waiting(&self) -> u16 {
        let ring = &self.0.ring;
        match self.0.role {
            Role::Client { .. } => ring.tail().wrapping_sub(self.0.next),
            Role::Server => ring.head().wrapping_sub(self.0.next),
        }
    }

    /// Offers the first `count` empty buffers; only a client has any.
    pub fn post(&self, count: u16) {
        for index in 0..count {
            self.0.ring.set_descriptor(index, self.0.empty(index));
        }
        self.0.ring.set_head(count);
    }

    /// One frame if one waits, its buffers given back. `InvalidData` when the
    /// sender left a chain without an end or took more slots than there are.
    pub fn try_recv(&mut self) -> io::Result<Option<Vec<u8>>> {
        let waiting = self.waiting();
        if waiting > self.0.ring.slots() {
            let why = format!("{waiting} waiting in {} slots", self.0.ring.slots());
            return Err(io::Error::new(ErrorKind::InvalidData, why));
        }
        let mut frame = Vec::new();
        for used in 0..waiting {
            let descriptor = self.0.ring.descriptor(self.0.next.wrapping_add(used));
            self.append(descriptor, &mut frame);
            if descriptor.flags & NEXT == 0 {
                self.release(used + 1);
                return Ok(Some(frame));
            }
        }
        match waiting {
            0 => Ok(None),
            _ => Err(io::Error::new(
                ErrorKind::InvalidData,
                "a chain without an end",
            )),
        }
    }

    /// The next frame; `TimedOut` when none came.
    pub fn recv(&mut self, timeout: Duration) -> io::Result<Vec<u8>> {
        let deadline = Instant::now() + timeout;
        loop {
            self.0.ring.clear()?;
            if let Some(frame) = self.try_recv()? {
                return Ok(frame);
            }
            if Instant::now() >= deadline {
                return Err(ErrorKind::TimedOut.into());
            }
            // The bound covers senders that may miss us in the moment we fall asleep.
            let _ = self.0.ring.wait_bell(Duration::from_millis(1));
        }
    }

    fn append(&self, descriptor: Descriptor, frame: &mut Vec<u8>) {
        let start = frame.len();
        frame.resize(start + descriptor.length as usize, 0);
        let bytes = self.0.bytes(descriptor.region);
        bytes.read(descriptor.offset as usize, &mut frame[start..]);
    }

    /// Gives back the next `count` slots.
    fn release(&mut self, count: u16) {
        let old = self.0.next;
        self.0.next = old.wrapping_add(count);
        match self.0.role {
            Role::Server => self.0.ring.set_tail(self.0.next),
            Role::Client { .. } => self.repost(old, count),
        }
    }

    /// Puts the buffers just read at the same slots again, with flags zero.
    fn repost(&self, from: u16, count: u16) {
        for ahead in 0..count {
            let index = from.wrapping_add(ahead);
            self.0.ring.set_descriptor(index, self.0.empty(index));
        }
        let head = self.0.ring.head();
        self.0.ring.set_head(head.wrapping_add(count));
    }
}
