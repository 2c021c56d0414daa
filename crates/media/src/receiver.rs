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

/// The numbers of the frames from one sender, and of those before.
#[derive(Debug, Default)]
struct Run {
    epoch: u64,
    next: u64,
    missing: u64,
    missing_before: u64,
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

    /// When to look for frames again although there was no news; see [`Rx::look_again`].
    pub fn look_again(&mut self) -> Option<Duration> {
        self.rx.look_again()
    }

    /// What was received so far, from all senders.
    pub fn totals(&self) -> ReceiverTotals {
        let lost = self.run.missing();
        ReceiverTotals {
            lost,
            ..self.totals
        }
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
        self.run.note(frame.epoch(), metadata.sequence);
        Ok(Received::described(frame, len, metadata, description))
    }
}

impl Run {
    /// Notes the number of a received frame. One that comes late, because it was overtaken, had been
    /// counted as missing.
    fn note(&mut self, epoch: u64, sequence: u64) {
        if self.epoch != epoch {
            let missing_before = self.missing();
            *self = Self {
                epoch,
                next: sequence,
                missing: 0,
                missing_before,
            };
        }
        if let Some(skipped) = sequence.checked_sub(self.next) {
            self.missing = self.missing.saturating_add(skipped);
            self.next = sequence.saturating_add(1);
        } else {
            self.missing = self.missing.saturating_sub(1);
        }
    }

    fn missing(&self) -> u64 {
        self.missing_before.saturating_add(self.missing)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(numbers: &[(u64, u64)]) -> u64 {
        let mut run = Run::default();
        for (epoch, sequence) in numbers {
            run.note(*epoch, *sequence);
        }
        run.missing()
    }

    #[test]
    fn gaps_count_within_a_run_and_not_between_runs() {
        assert_eq!(missing(&[(1, 10), (1, 11), (1, 14)]), 2);
        assert_eq!(missing(&[(1, 10), (1, 12), (2, 0), (2, 3), (3, 100)]), 3);
    }

    #[test]
    fn an_overtaken_frame_is_not_missing() {
        assert_eq!(missing(&[(1, 0), (1, 2), (1, 1), (1, 3)]), 0);
    }

    #[test]
    fn numbers_that_make_no_sense_take_nothing_from_earlier_runs() {
        assert_eq!(missing(&[(1, 0), (1, 5), (2, 9), (2, 0), (2, 0)]), 4);
        assert_eq!(missing(&[(1, 0), (1, u64::MAX), (1, 0)]), u64::MAX - 2);
        assert_eq!(missing(&[(1, 0), (1, u64::MAX), (2, 0), (2, 9)]), u64::MAX);
    }
}
