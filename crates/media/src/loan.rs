//! A frame on its way to be sent: room in shared memory, and what is said about it.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use memif::{Loan, Misuse, SpanMut};

use crate::caps_line::CapsLine;
use crate::clock::now;
use crate::{Caps, Error, FOOTER_LEN, Footer, Metadata};

/// Room for one frame in shared memory, from [`Sender::loan`](crate::Sender::loan).
///
/// Its content is whatever the buffer held before: write all you send. Dropping it gives the room
/// back unsent.
#[derive(Debug)]
pub struct FrameLoan {
    loan: Loan,
    /// Bytes of payload.
    len: usize,
    /// Bytes behind the payload that belong to the trailer; none towards a stranger.
    room: usize,
    caps: Arc<str>,
    numbering: Arc<Numbering>,
}

/// What a sender says about one frame, where it differs from the usual.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stamp<'a> {
    /// The time of the picture or sound on the media clock, in the stream's own unit.
    pub timestamp: u64,
    /// Its number; the frames after it count on from there. Without one, the next in turn.
    pub sequence: Option<u64>,
    /// What the frame is, in place of [`Sender::set_caps`](crate::Sender::set_caps).
    pub caps: Option<&'a Caps>,
}

/// Counts the frames of a stream in the order of sending.
#[derive(Debug, Default)]
pub(crate) struct Numbering(AtomicU64);

impl FrameLoan {
    pub(crate) fn new(
        loan: Loan,
        len: usize,
        room: usize,
        caps: Arc<str>,
        numbering: Arc<Numbering>,
    ) -> Self {
        Self {
            loan,
            len,
            room,
            caps,
            numbering,
        }
    }

    /// Bytes of payload that will be sent.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no payload would be sent.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of payload there is room for; at least what was asked for.
    pub fn capacity(&self) -> usize {
        self.loan.capacity() - self.room
    }

    /// Sends `len` bytes instead of what was asked for.
    ///
    /// # Errors
    /// [`Misuse::LoanTooSmall`] beyond the capacity.
    pub fn set_len(&mut self, len: usize) -> Result<(), Error> {
        self.check_fits(len)?;
        self.len = len;
        Ok(())
    }

    /// Writes payload at `offset`.
    ///
    /// # Errors
    /// [`Misuse::LoanTooSmall`] when it does not all fit; nothing is written then.
    pub fn write_at(&mut self, offset: usize, source: &[u8]) -> Result<(), Error> {
        self.check_fits(offset.saturating_add(source.len()))?;
        Ok(self.loan.write_at(offset, source)?)
    }

    /// The pieces of the payload, in order: one, unless the frame is larger than a buffer.
    pub fn segments(&mut self) -> impl Iterator<Item = SpanMut<'_>> {
        let mut left = self.len;
        let payload = self.loan.segments().map(move |span| {
            let span = span.first(left);
            left -= span.len();
            span
        });
        payload.filter(|span| !span.is_empty())
    }

    /// Where the payload is, when all of it is in one piece.
    pub fn as_mut_ptr(&mut self) -> Option<*mut u8> {
        self.loan.as_mut_ptr()
    }

    /// Reads payload from a file, pipe or socket straight into shared memory, from `offset` on until
    /// the payload is full; returns how many bytes came. Fewer than fit means the end of the file, or
    /// of what a non-blocking one has for now.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::WouldBlock`] only when nothing came at all.
    pub fn fill_from(&mut self, offset: usize, file: impl AsFd) -> io::Result<usize> {
        let file = file.as_fd();
        let (mut start, mut at) = (0, offset);
        for mut piece in self.segments() {
            let end = start + piece.len();
            while at < end {
                match piece.read_from(at - start, usize::MAX, file) {
                    Ok(0) => return Ok(at - offset),
                    Ok(count) => at += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock && at > offset => {
                        return Ok(at - offset);
                    }
                    Err(error) => return Err(error),
                }
            }
            start = end;
        }
        Ok(at - offset)
    }

    /// Whether the receiver that it was lent for is still there; see [`memif::Loan::is_connected`].
    pub fn is_connected(&self) -> bool {
        self.loan.is_connected()
    }

    /// Sends the frame, with the time on the media clock that belongs to it; returns its sequence
    /// number.
    ///
    /// # Errors
    /// As [`FrameLoan::send_as`].
    pub fn send(self, timestamp: u64) -> Result<u64, Error> {
        self.send_as(Stamp {
            timestamp,
            ..Stamp::default()
        })
    }

    /// Sends the frame, and says about it what the stamp has; returns its sequence number.
    ///
    /// # Errors
    /// [`Error::is_disconnected`] when the receiver it was lent for is gone: it was not sent.
    /// [`Error::Caps`] when the stamp's caps are too long; [`Misuse::EmptyFrame`] when there is no
    /// payload and the receiver is a stranger.
    pub fn send_as(mut self, stamp: Stamp<'_>) -> Result<u64, Error> {
        let sequence = if self.room > 0 {
            self.append_trailer(stamp)?
        } else {
            self.loan.set_len(self.len)?;
            self.numbering.take(stamp.sequence)
        };
        self.loan.send()?;
        Ok(sequence)
    }

    fn append_trailer(&mut self, stamp: Stamp<'_>) -> Result<u64, Error> {
        let line;
        let caps = match stamp.caps {
            Some(caps) => {
                line = CapsLine::new(caps)?;
                line.text()
            }
            None => &self.caps,
        };
        let sequence = self.numbering.take(stamp.sequence);
        let metadata = Metadata {
            sequence,
            timestamp: stamp.timestamp,
            sent_at: now(),
        };
        let footer = Footer::new(metadata, self.len as u64, caps)?;
        let end = self.len + caps.len();
        self.loan.write_at(self.len, caps.as_bytes())?;
        self.loan.write_at(end, &footer.encode())?;
        self.loan.set_len(end + FOOTER_LEN)?;
        Ok(sequence)
    }

    fn check_fits(&self, bytes: usize) -> Result<(), Misuse> {
        let capacity = self.capacity();
        if bytes > capacity {
            return Err(Misuse::LoanTooSmall { bytes, capacity });
        }
        Ok(())
    }
}

impl Numbering {
    /// The number of the next frame.
    pub(crate) fn next(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// A number for a frame: this one, or the next.
    fn take(&self, wanted: Option<u64>) -> u64 {
        let Some(number) = wanted else {
            return self.0.fetch_add(1, Ordering::Relaxed);
        };
        self.0.store(number.wrapping_add(1), Ordering::Relaxed);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_from_the_one_that_was_given() {
        let numbering = Numbering::default();
        let wanted = [None, None, Some(90), None, Some(5), None];
        let given = wanted.map(|wanted| numbering.take(wanted));
        assert_eq!(given, [0, 1, 90, 91, 5, 6]);
        assert_eq!(numbering.next(), 7);
    }
}
