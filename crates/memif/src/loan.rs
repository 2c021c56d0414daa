//! Transmit buffers lent to the user.
//!
//! # Safety
//!
//! The segments of a loan lie in the regions of the end they were reserved from, which the loan keeps by its guest.
//! They are this loan's alone in this process: the end hands out no buffer twice.
#![allow(unsafe_code)]

use memif_ring::{Chain, Guest, Segment, SpanMut};

use crate::ends::TxEnd;
use crate::{Error, Misuse};

/// Room for one frame in shared memory. Several may be out at once; each is sent or dropped in any order, from any thread.
///
/// Its content is whatever the buffer held before: write all you send. Dropping it gives the buffers back unsent. It stays
/// valid after the link is gone; sending it then fails.
#[derive(Debug)]
pub struct Loan {
    guest: Guest<TxEnd>,
    chain: Option<Chain>,
    first: Segment,
    rest: Vec<Segment>,
    len: usize,
    capacity: usize,
}

impl Loan {
    pub(crate) fn new(
        guest: Guest<TxEnd>,
        chain: Chain,
        segments: &[Segment],
        len: usize,
    ) -> Option<Self> {
        let (&first, rest) = segments.split_first()?;
        let capacity = usize::try_from(chain.bytes()).unwrap_or(usize::MAX);
        Some(Self {
            guest,
            chain: Some(chain),
            first,
            rest: rest.to_vec(),
            len,
            capacity,
        })
    }

    /// Bytes that will be sent.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing would be sent.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes there is room for; at least what was asked for.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Sends `len` bytes instead of what was asked for.
    ///
    /// # Errors
    ///
    /// [`Misuse::LoanTooSmall`] beyond the capacity.
    pub fn set_len(&mut self, len: usize) -> Result<(), Misuse> {
        if len > self.capacity {
            return Err(Misuse::LoanTooSmall {
                bytes: len,
                capacity: self.capacity,
            });
        }
        self.len = len;
        Ok(())
    }

    /// Writes bytes at `offset`.
    ///
    /// # Errors
    ///
    /// [`Misuse::LoanTooSmall`] when they do not all fit; nothing is written then.
    pub fn write_at(&mut self, offset: usize, mut source: &[u8]) -> Result<(), Misuse> {
        let bytes = offset.saturating_add(source.len());
        if bytes > self.capacity {
            return Err(Misuse::LoanTooSmall {
                bytes,
                capacity: self.capacity,
            });
        }
        let mut offset = offset;
        for mut piece in self.segments() {
            let written = piece.write_at(offset, source);
            source = &source[written..];
            offset = offset.saturating_sub(piece.len());
        }
        Ok(())
    }

    /// The pieces of the room, in order: one, unless the frame is larger than a buffer.
    pub fn segments(&mut self) -> impl ExactSizeIterator<Item = SpanMut<'_>> {
        let (first, rest) = (self.first, &self.rest);
        let at = move |index: usize| if index == 0 { first } else { rest[index - 1] };
        // SAFETY: the guest keeps the regions, and no other span covers these bytes (module doc).
        (0..rest.len() + 1).map(move |index| unsafe { at(index).span_mut() })
    }

    /// Where the room is, when it is in one piece.
    pub fn as_mut_ptr(&mut self) -> Option<*mut u8> {
        let whole = self.rest.is_empty();
        let mut segments = self.segments();
        whole
            .then(|| segments.next().map(|mut piece| piece.as_mut_ptr()))
            .flatten()
    }

    /// Whether the peer that it was lent for is still there. Looks, with one system call: [`Loan::send`] knows only what
    /// others have found out.
    pub fn is_connected(&self) -> bool {
        let session = self.guest.with(|end| end.session.clone());
        session.look()
    }

    /// Sends the frame.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] when the epoch it belongs to has ended, also if it ends just now for a rule that the peer
    /// broke: the frame was not sent. [`Error::Misuse`] when it is empty.
    pub fn send(mut self) -> Result<(), Error> {
        if self.len == 0 {
            return Err(Misuse::EmptyFrame.into());
        }
        let Some(chain) = self.chain.take() else {
            return Ok(());
        };
        let bytes = self.len as u64;
        let (session, sent) = self
            .guest
            .with(|end| (end.session.clone(), send(end, chain, bytes)));
        if let Err(Error::Peer(fault)) = &sent {
            session.fail(fault);
            return Err(Error::Disconnected(session.ended()));
        }
        sent
    }
}

fn send(end: &mut TxEnd, chain: Chain, bytes: u64) -> Result<(), Error> {
    if !end.session.is_alive() {
        end.cancel(chain)?;
        return Err(Error::Disconnected(end.session.ended()));
    }
    end.stage(chain, bytes)?;
    end.publish();
    Ok(())
}

impl Drop for Loan {
    fn drop(&mut self) {
        let Some(chain) = self.chain.take() else {
            return;
        };
        let (session, cancelled) = self
            .guest
            .with(|end| (end.session.clone(), end.cancel(chain)));
        if let Err(fault) = cancelled {
            session.fail(&fault);
        }
    }
}
