//! The sending end of a stream.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use memif::{Details, Ended, Features, Link, LinkOptions, Peer, Traffic, Tx};

use crate::caps_line::CapsLine;
use crate::loan::{FrameLoan, Numbering};
use crate::{Caps, Error, TRAILER_ROOM, capacity};

/// Sends the frames of one stream over queue 0 of a link, to one receiver after another.
///
/// Receivers of our own get metadata behind each frame; strangers get the bare payload.
#[derive(Debug)]
pub struct Sender {
    link: Link,
    tx: Tx,
    caps: Arc<str>,
    numbering: Arc<Numbering>,
}

impl Sender {
    /// Link options for a stream whose frames have up to `frame_bytes` bytes: 16 slots, only the
    /// sending direction, metadata understood. Change what you like and make the [`Link`] from them.
    pub fn options(id: u32, frame_bytes: u64) -> LinkOptions {
        capacity::options(id, Traffic::Send).frame_capacity(capacity::frame_capacity(frame_bytes))
    }

    /// Takes a link over, in either role.
    ///
    /// # Errors
    /// [`memif::Error::Misuse`] when the link only receives, or its sending end was taken before.
    pub fn open(mut link: Link) -> Result<Self, Error> {
        let tx = link.tx(0)?;
        Ok(Self {
            link,
            tx,
            caps: Arc::from(""),
            numbering: Arc::default(),
        })
    }

    /// Describes the frames that are lent from now on.
    ///
    /// # Errors
    /// [`Error::Caps`] when the text is longer than [`MAX_CAPS`](crate::MAX_CAPS) bytes.
    pub fn set_caps(&mut self, caps: &Caps) -> Result<(), Error> {
        self.caps = Arc::from(CapsLine::new(caps)?.text());
        Ok(())
    }

    /// Room for a payload of `len` bytes, waiting for it and for a receiver.
    ///
    /// Several may be out at once; each is sent or dropped in any order, from any thread.
    ///
    /// # Errors
    /// [`Error::is_timeout`]; [`Error::is_disconnected`] once for each receiver that went away, and
    /// then the next call waits for the next one; [`memif::Error::Misuse`] when it can never fit.
    pub fn loan(&mut self, len: usize, timeout: Option<Duration>) -> Result<FrameLoan, Error> {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let mut left = timeout;
        loop {
            let room = self.trailer_room();
            let loan = self.tx.loan(len.saturating_add(room), left)?;
            // Not so only for the first frame to each receiver, who was not known before.
            if self.trailer_room() == room {
                let (caps, numbering) = (Arc::clone(&self.caps), Arc::clone(&self.numbering));
                return Ok(FrameLoan::new(loan, len, room, caps, numbering));
            }
            left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
        }
    }

    /// Copies a frame into shared memory and sends it; returns its sequence number.
    ///
    /// # Errors
    /// As [`Sender::loan`] and [`FrameLoan::send`].
    pub fn send(
        &mut self,
        payload: &[u8],
        timestamp: u64,
        timeout: Option<Duration>,
    ) -> Result<u64, Error> {
        let mut loan = self.loan(payload.len(), timeout)?;
        loan.write_at(0, payload)?;
        loan.send(timestamp)
    }

    /// Waits for a receiver.
    ///
    /// # Errors
    /// [`Error::is_timeout`]; [`memif::Error::Refused`] when the other side says no.
    pub fn wait_up(&self, timeout: Option<Duration>) -> Result<Peer, Error> {
        Ok(self.link.wait_up(timeout)?)
    }

    /// Waits until the receiver has given back everything that was sent.
    ///
    /// # Errors
    /// [`Error::is_timeout`]; [`Error::is_disconnected`] when the receiver went away before.
    pub fn flush(&mut self, timeout: Option<Duration>) -> Result<(), Error> {
        Ok(self.tx.flush(timeout)?)
    }

    /// Prepares for waiting on this object's descriptor elsewhere; see [`Tx::arm`].
    ///
    /// # Errors
    /// [`Error::is_disconnected`] when the link was closed here.
    pub fn arm(&mut self) -> Result<bool, Error> {
        Ok(self.tx.arm()?)
    }

    /// The same, for a payload of `len` bytes.
    ///
    /// # Errors
    /// As [`Sender::arm`].
    pub fn arm_for(&mut self, len: usize) -> Result<bool, Error> {
        let room = self.trailer_room();
        Ok(self.tx.arm_for(len.saturating_add(room))?)
    }

    /// When to look for room again although there was no news; see [`Tx::look_again`].
    pub fn look_again(&mut self) -> Option<Duration> {
        self.tx.look_again()
    }

    /// The number that the next frame gets.
    pub fn next_sequence(&self) -> u64 {
        self.numbering.next()
    }

    /// The link, to look after.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Everything known of the link. Its counters include the trailers.
    pub fn details(&self) -> Details {
        self.link.details()
    }

    /// Ends the stream: the receiver hears of it after the last frame. Waits first, at most for
    /// `linger`, until the receiver has taken everything.
    pub fn close(self, linger: Duration) -> Ended {
        let Self { link, tx, .. } = self;
        drop(tx);
        link.close(linger)
    }

    /// Bytes to ask for behind the payload.
    fn trailer_room(&self) -> usize {
        let features = self.tx.features().unwrap_or_default();
        if features.contains(Features::TRAILER) {
            TRAILER_ROOM
        } else {
            0
        }
    }
}

impl AsFd for Sender {
    /// Readable when there may be room again, after [`Sender::arm`] said false.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.tx.as_fd()
    }
}
