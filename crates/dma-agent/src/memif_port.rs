//! The port of a memif link: VPP, DPDK, or another process with shared memory of ours.
//!
//! ```text
//!   peer ── ring ──► Rx::burst ──► forwarded out of the ring, then given back
//!   peer ◄── ring ── Tx::try_send ◄── a delivered frame, published at once
//! ```
//!
//! A frame that goes out is put together in memory of our own first: for frames of up to 9600 bytes that costs less than
//! the bookkeeping of a loan.
//!
//! One descriptor stands for all news: the receiving end's, which sees the ring's signals as well as what the control
//! connection has to do. It is watched for changes, so the end is armed each time that nothing more was found: a frame
//! published before that is found then, one published after it is news. Strangers may miss that we wait for signals;
//! beside them we look again by time.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use memif::{Connector, Error, Link, LinkOptions, Listener, Misuse, Packet, Rx, Tx};
use switch::{DropReason, PEEK_BYTES, Stamp};

use crate::device::{Delivered, Device, Gone, Incoming, News, Sink, Source};
use crate::{Frame, LARGEST_FRAME};

/// Frames taken in before others get their turn.
const BURST: usize = 256;

/// A memif link as a port. It waits for its peer, now and whenever that was gone.
#[derive(Debug)]
pub struct MemifDevice {
    link: Link,
    rx: Rx,
    tx: Tx,
    /// For frames that go out, and for those that come in several buffers.
    whole: Box<[u8; LARGEST_FRAME]>,
}

impl MemifDevice {
    /// The server's side of a link: a client will bring the memory.
    ///
    /// # Errors
    /// [`Error::Misuse`] when the id is taken or the options are impossible.
    pub fn server(listener: &Listener, options: LinkOptions) -> Result<Self, Error> {
        Self::new(listener.link(options)?)
    }

    /// The client's side of a link: it connects, now and again after the server was gone. Returns at once.
    ///
    /// # Errors
    /// [`Error::Misuse`] when the options are impossible, [`Error::Os`] when descriptors run out.
    pub fn client(connector: &Connector, options: LinkOptions) -> Result<Self, Error> {
        Self::new(connector.link(options)?)
    }

    fn new(mut link: Link) -> Result<Self, Error> {
        let (rx, tx) = (link.rx(0)?, link.tx(0)?);
        Ok(Self {
            link,
            rx,
            tx,
            whole: Box::new([0; LARGEST_FRAME]),
        })
    }

    /// The link, to be asked for its details.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Sends the first bytes of `whole`.
    fn send(&mut self, length: usize) -> Delivered {
        // The first call after an epoch tells of its end; the next one has taken over the next.
        for _ in 0..2 {
            match self.tx.try_send(&self.whole[..length]) {
                Ok(true) => return Ok(()),
                Ok(false) if self.link.is_up() => return Err(DropReason::QueueFull),
                Ok(false) => return Err(DropReason::LinkDown),
                Err(Error::Disconnected(_)) => {}
                Err(Error::Misuse(Misuse::FrameTooLarge { .. })) => {
                    return Err(DropReason::TooLong);
                }
                Err(_) => return Err(DropReason::DeviceRefused),
            }
        }
        Err(DropReason::LinkDown)
    }

    /// The epoch is over: lets go of its memory at both ends.
    fn part(&mut self, ended: &memif::Ended) {
        let lost = match self.tx.send_burst(&[]) {
            Err(Error::Disconnected(ended)) => ended.undelivered,
            _ => 0, // the sending end has noticed before
        };
        tracing::info!(epoch = ended.epoch, %ended, lost, "memif link");
    }
}

impl Device for MemifDevice {
    fn kind(&self) -> &'static str {
        "memif"
    }

    fn watch(
        &self,
        watch: &mut dyn FnMut(Source, BorrowedFd<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        watch(Source(0), self.rx.as_fd())
    }

    fn notice(&mut self, _: News) {
        // Looking is what finds out what is new.
    }

    fn receive(&mut self, sink: &mut dyn Sink) -> Result<bool, Gone> {
        let Self { rx, whole, .. } = self;
        let ended = match rx.burst(BURST) {
            Ok(burst) if burst.is_empty() => None,
            Ok(burst) => {
                burst
                    .iter()
                    .for_each(|packet| take_in(&packet, whole, sink));
                return Ok(true);
            }
            Err(Error::Disconnected(ended)) => Some(ended),
            Err(error) => return Err(error.into()),
        };
        if let Some(ended) = ended {
            self.part(&ended);
            return Ok(true);
        }
        Ok(self.rx.arm()?)
    }

    fn deliver(&mut self, frame: &Frame<'_>, _: &Stamp) -> Delivered {
        let room = self.whole.get_mut(..frame.len());
        let length = frame.copy_to(room.ok_or(DropReason::TooLong)?);
        self.send(length)
    }

    fn flush(&mut self) -> Result<(), Gone> {
        Ok(())
    }

    /// What is in the ring is the peer's.
    fn undelivered(&self) -> u64 {
        0
    }

    fn largest(&self) -> usize {
        LARGEST_FRAME
    }

    fn look_again(&mut self) -> Option<Duration> {
        self.rx.look_again()
    }
}

fn take_in(packet: &Packet<'_>, whole: &mut [u8; LARGEST_FRAME], sink: &mut dyn Sink) {
    if packet.len() > LARGEST_FRAME {
        return sink.refuse(DropReason::TooLong);
    }
    let mut segments = packet.segments();
    let mut head = [0; PEEK_BYTES];
    let frame = match (segments.len(), segments.next()) {
        (1, Some(only)) => Frame::shared(only, &mut head),
        _ => {
            let length = packet.copy_to(whole);
            Frame::own(&whole[..length])
        }
    };
    sink.forward(Incoming::plain(frame));
}
