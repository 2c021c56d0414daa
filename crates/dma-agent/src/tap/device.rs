//! The port of a TAP interface.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use switch::{DropReason, Stamp};

use super::{Tap, TapError, TapOptions};
use crate::device::{Delivered, Device, Gone, News, Sink, Source, forward_own};
use crate::handover::Legacy;
use crate::handover::state::Behind;
use crate::interface::drop_reason;
use crate::{Frame, LARGEST_FRAME};

/// Frames taken in before others get their turn.
const BURST: usize = 128;
/// The largest frame there can be: the largest MTU, and a header with two tags.
const ROOM: usize = 65_535 + 14 + 8;

/// A TAP interface as a port: the host is what is behind it.
#[derive(Debug)]
pub struct TapDevice {
    tap: Tap,
    /// Whether there may be frames, as far as known.
    readable: bool,
    incoming: Box<[u8]>,
    outgoing: Box<[u8; LARGEST_FRAME]>,
}

impl TapDevice {
    /// Makes the interface, or takes one that was prepared, and switches it on.
    ///
    /// # Errors
    /// As [`Tap::open`].
    pub fn open(options: &TapOptions) -> Result<Self, TapError> {
        Tap::open(options).map(Self::from)
    }

    /// The interface.
    pub fn tap(&self) -> &Tap {
        &self.tap
    }
}

impl From<Tap> for TapDevice {
    fn from(tap: Tap) -> Self {
        Self {
            tap,
            readable: true,
            incoming: vec![0; ROOM].into(),
            outgoing: Box::new([0; LARGEST_FRAME]),
        }
    }
}

impl Device for TapDevice {
    fn kind(&self) -> &'static str {
        "tap"
    }

    fn watch(
        &self,
        watch: &mut dyn FnMut(Source, BorrowedFd<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        watch(Source(0), self.tap.as_fd())
    }

    fn notice(&mut self, _: News) {
        self.readable = true;
    }

    fn receive(&mut self, sink: &mut dyn Sink) -> Result<bool, Gone> {
        for _ in 0..BURST {
            if !self.readable {
                return Ok(false);
            }
            match self.tap.read(&mut self.incoming).map_err(read_failed)? {
                Some(length) => forward_own(&self.incoming[..length], sink),
                None => self.readable = false,
            }
        }
        Ok(self.readable)
    }

    fn deliver(&mut self, frame: &Frame<'_>, _: &Stamp) -> Delivered {
        let room = self.outgoing.get_mut(..frame.len());
        let room = room.ok_or(DropReason::TooLong)?;
        let length = frame.copy_to(room);
        let written = self.tap.write(&self.outgoing[..length]);
        written.map_err(|error| drop_reason(&error))
    }

    fn flush(&mut self) -> Result<(), Gone> {
        Ok(())
    }

    fn undelivered(&self) -> u64 {
        0
    }

    fn largest(&self) -> usize {
        LARGEST_FRAME
    }

    fn set_mtu(&mut self, mtu: usize) -> io::Result<()> {
        let mtu = u32::try_from(mtu).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.tap.set_mtu(mtu)
    }

    fn legacy(&self) -> Option<Legacy<'_>> {
        Some(Legacy {
            behind: Behind::Tap,
            descriptors: vec![self.tap.as_fd()],
        })
    }
}

fn read_failed(source: io::Error) -> Gone {
    Gone::Os {
        call: "read of the TAP interface",
        source,
    }
}
