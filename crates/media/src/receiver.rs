//! The receiving end of a stream.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use memif::{Details, Ended, Features, Frame, Link, LinkOptions, Peer, Rx, Traffic};

use crate::description::Descriptions;
use crate::received::Received;
use crate::{Error, FOOTER_LEN, Footer, MAX_CAPS, TrailerFault, capacity};

/// Receives the frames of a stream over queue 0 of a link, from one sender after another.
///
/// Frames from senders of our own come with metadata; those from strangers are all payload.
#[derive(Debug)]
pub struct Receiver {
    link: Link,
    rx: Rx,
    descriptions: Descriptions,
    run: Run,
    totals: ReceiverTotals,
    last_fault: Option<TrailerFault>,
}

/// What a receiver has seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceiverTotals {
    /// Frames received.
    pub frames: u64,
    /// Bytes of payload in them.
    pub bytes: u64,
    /// Frames that are missing between the first and the last number of each sender's run.
    pub lost: u64,
    /// Frames dropped because their trailer contradicted them.
    pub malformed: u64,
}

/// The numbers of the frames from one sender.
#[derive(Debug, Default)]
struct Run {
    epoch: u64,
    next: u64,
}

impl Receiver {
    /// Link options: 16 slots, only the receiving direction, metadata understood. A sender of our
    /// own that listens tells how large its frames are; for a stranger add
    /// [`LinkOptions::frame_capacity`] with [`frame_capacity`](crate::frame_capacity).
    pub fn options(id: u32) -> LinkOptions {
        capacity::options(id, Traffic::Receive)
    }

    /// Takes a link over, in either role.
    ///
    /// # Errors
    /// [`memif::Error::Misuse`] when the link only sends, or its receiving end was taken before.
    pub fn open(mut link: Link) -> Result<Self, Error> {
        let rx = link.rx(0)?;
        Ok(Self {
            link,
            rx,
            descriptions: Descriptions::default(),
            run: Run::default(),
            totals: ReceiverTotals::default(),
            last_fault: None,
        })
    }

    /// The next frame, waiting for it. A frame whose trailer contradicts it is counted and passed
    /// over.
    ///
    /// # Errors
    /// [`Error::is_timeout`]; [`Error::is_disconnected`] once for each sender that ended, after all
    /// its frames, and then the next call waits for the next one.
    pub fn recv(&mut self, timeout: Option<Duration>) -> Result<Received, Error> {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let mut left = timeout;
        loop {
            let frame = self.rx.recv(left)?;
            match self.accept(frame) {
                Ok(received) => return Ok(received),
                Err(fault) => {
                    self.totals.malformed += 1;
                    self.last_fault = Some(fault);
                }
            }
            left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
        }
    }

    /// Waits for a sender.
    ///
    /// # Errors
    /// [`Error::is_timeout`]; [`memif::Error::Refused`] when the other side says no.
    pub fn wait_up(&self, timeout: Option<Duration>) -> Result<Peer, Error> {
        Ok(self.link.wait_up(timeout)?)
    }

    /// Prepares for waiting on this object's descriptor elsewhere; see [`Rx::arm`].
    ///
    /// # Errors
    /// [`Error::is_disconnected`] when the link was closed here.
    pub fn arm(&mut self) -> Result<bool, Error> {
        Ok(self.rx.arm()?)
    }

    /// What was received so far, from all senders.
    pub fn totals(&self) -> ReceiverTotals {
        self.totals
    }

    /// What was wrong with the last frame that was dropped for its trailer.
    pub fn last_fault(&self) -> Option<TrailerFault> {
        self.last_fault
    }

    /// The link, to look after.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Everything known of the link. Its counters include the trailers.
    pub fn details(&self) -> Details {
        self.link.details()
    }

    /// Closes the link. Frames that are held stay valid.
    pub fn close(self) -> Ended {
        let Self { link, rx, .. } = self;
        drop(rx);
        link.close(Duration::ZERO)
    }

    fn accept(&mut self, frame: Frame) -> Result<Received, TrailerFault> {
        let features = self.rx.features().unwrap_or_default();
        let received = if features.contains(Features::TRAILER) {
            self.read_trailer(frame)?
        } else {
            Received::bare(frame)
        };
        self.totals.frames += 1;
        self.totals.bytes += received.len() as u64;
        Ok(received)
    }

    fn read_trailer(&mut self, frame: Frame) -> Result<Received, TrailerFault> {
        let footer = read_footer(&frame)?;
        // The footer's lengths make up the frame, so both are within it.
        let len = usize::try_from(footer.payload_len()).unwrap_or(usize::MAX);
        let mut text = [0; MAX_CAPS];
        let text = &mut text[..footer.caps_len()];
        frame.copy_at(len, text);
        let description = self.descriptions.look_up(text)?;
        let metadata = footer.metadata();
        self.totals.lost = self
            .run
            .lost(frame.epoch(), metadata.sequence, self.totals.lost);
        Ok(Received::described(frame, len, metadata, description))
    }
}

impl Run {
    /// The number of lost frames after this one, of `lost` before. One that comes late, because it
    /// was overtaken, had been counted.
    fn lost(&mut self, epoch: u64, sequence: u64, lost: u64) -> u64 {
        if self.epoch != epoch {
            self.epoch = epoch;
            self.next = sequence;
        }
        if sequence < self.next {
            return lost.saturating_sub(1);
        }
        let missing = sequence - self.next;
        self.next = sequence.saturating_add(1);
        lost.saturating_add(missing)
    }
}

fn read_footer(frame: &Frame) -> Result<Footer, TrailerFault> {
    let len = frame.len() as u64;
    let mut bytes = [0; FOOTER_LEN];
    let at = usize::try_from(Footer::offset(len)?).unwrap_or(usize::MAX);
    frame.copy_at(at, &mut bytes);
    Footer::decode(&bytes, len)
}

impl AsFd for Receiver {
    /// Readable when there may be something to receive, after [`Receiver::arm`] said false.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.rx.as_fd()
    }
}
