//! The sending end of a queue.
//!
//! # Safety
//!
//! Segments are written only inside [`Half::with`], which holds the end they were reserved from and so its regions; a
//! reserved segment is nobody else's until it is staged.
#![allow(unsafe_code)]

mod room;

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use memif_ring::{PeerFault, Segment, SpanMut};

use crate::deadline::Deadline;
use crate::ends::TxEnd;
use crate::loan::Loan;
use crate::wait::Half;
use crate::{Error, Features, Misuse};

/// Sends the frames of one queue, epoch after epoch.
#[derive(Debug)]
pub struct Tx {
    half: Half<TxEnd>,
    segments: Vec<Segment>,
    /// A peer of our own was asked to say when it gives buffers back, and is not yet told that there is no need.
    asks: bool,
    nap: Duration,
}

impl Tx {
    pub(crate) fn new(half: Half<TxEnd>) -> Self {
        Self {
            half,
            segments: Vec::new(),
            asks: false,
            nap: room::FIRST_NAP,
        }
    }

    /// Copies a frame into shared memory and sends it, waiting for room and for the peer. Larger frames than a buffer are
    /// chained.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`]; [`Error::Disconnected`] once at the end of each epoch: the frame was not sent;
    /// [`Error::Misuse`] for a frame that is empty or can never fit.
    pub fn send(&mut self, frame: &[u8], timeout: Option<Duration>) -> Result<(), Error> {
        let mut deadline = None; // the clock is looked at only when there is no room
        while !self.try_send(frame)? {
            let deadline = *deadline.get_or_insert_with(|| Deadline::after(timeout));
            self.pause(frame.len() as u64, deadline)?;
        }
        Ok(())
    }

    /// Sends a frame if there is room now; false if not.
    ///
    /// # Errors
    ///
    /// As [`Tx::send`], without the timeout.
    pub fn try_send(&mut self, frame: &[u8]) -> Result<bool, Error> {
        Ok(self.send_burst(&[frame])? == 1)
    }

    /// Sends as many of these frames as there is room for now, with one index store and at most one signal; returns how
    /// many.
    ///
    /// # Errors
    ///
    /// As [`Tx::send`], without the timeout, and only when none of them was sent.
    pub fn send_burst(&mut self, frames: &[&[u8]]) -> Result<usize, Error> {
        if !self.is_connected()? {
            return Ok(0);
        }
        match self.half.with(|end| write_frames(end, frames)) {
            None => Ok(0),
            Some(Ok(0)) => {
                self.half.tick()?;
                self.none_sent(frames)
            }
            Some(Ok(sent)) => {
                self.stop_asking();
                self.half.tick().map(|()| sent)
            }
            Some(Err(Error::Peer(fault))) => Err(self.blame(&fault)),
            Some(Err(error)) => Err(error),
        }
    }

    /// Writes a frame of `len` bytes in one buffer, to go out with the next [`Tx::publish`]; false if there is no room now.
    /// What `fill` does not write is what the buffer held before.
    ///
    /// # Errors
    ///
    /// As [`Tx::send`], without the timeout. A frame that does not fit the next buffer is [`Misuse::FrameTooLarge`].
    pub fn stage(&mut self, len: usize, fill: impl FnOnce(SpanMut<'_>)) -> Result<bool, Error> {
        if !self.is_connected()? {
            return Ok(false);
        }
        // The error goes beside: a result with room for one would be written to memory and read back in other pieces,
        // which waits for all that was written before, and that is the frame, in lines that the peer's core has.
        let mut failure = None;
        let staged = self.half.with(|end| {
            let staged = fill_one(end, len as u64, fill);
            staged.map_err(|error| failure = Some(error))
        });
        if let Some(Ok(staged)) = staged {
            return Ok(staged);
        }
        match failure {
            None => Ok(false),
            Some(Error::Peer(fault)) => Err(self.blame(&fault)),
            Some(error) => Err(error),
        }
    }

    /// Makes staged frames visible, with one index store and at most one signal.
    ///
    /// # Errors
    ///
    /// [`Error::Os`] when looking after the control connection does not work.
    pub fn publish(&mut self) -> Result<(), Error> {
        self.half.with(TxEnd::publish);
        self.stop_asking();
        self.half.tick()
    }

    /// Whether a frame of `len` bytes could be sent now.
    pub fn has_room(&mut self, len: usize) -> bool {
        let room = |end: &mut TxEnd| {
            end.session.is_alive() && matches!(end.has_room(len as u64), Ok(true))
        };
        self.half.session().is_ok() && self.half.with(room).unwrap_or(false)
    }

    /// Room for a frame of `len` bytes, waiting for it and for the peer.
    ///
    /// # Errors
    ///
    /// As [`Tx::send`].
    pub fn loan(&mut self, len: usize, timeout: Option<Duration>) -> Result<Loan, Error> {
        let mut deadline = None;
        loop {
            if let Some(loan) = self.try_loan(len)? {
                return Ok(loan);
            }
            let deadline = *deadline.get_or_insert_with(|| Deadline::after(timeout));
            self.pause(len as u64, deadline)?;
        }
    }

    /// Room for a frame of `len` bytes, if there is some now.
    ///
    /// # Errors
    ///
    /// As [`Tx::send`], without the timeout.
    pub fn try_loan(&mut self, len: usize) -> Result<Option<Loan>, Error> {
        if !self.is_connected()? {
            return Ok(None);
        }
        self.half.tick()?;
        let Self { half, segments, .. } = self;
        segments.clear();
        let reserved = half.with(|end| {
            let chain = end.reserve(len as u64)?;
            if let Some(chain) = &chain {
                end.for_each_segment(chain, |segment| segments.push(segment));
            }
            Ok(chain)
        });
        match reserved {
            None => Ok(None),
            Some(Ok(Some(chain))) => {
                self.stop_asking();
                let guest = self.half.guest();
                Ok(guest.and_then(|guest| Loan::new(guest, chain, &self.segments, len)))
            }
            Some(Ok(None)) => self.check_fits(len as u64).map(|()| None),
            Some(Err(fault)) => Err(self.blame(&fault)),
        }
    }

    /// Waits until a small frame could be sent, or the epoch has ended.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`]; [`Error::Disconnected`] when the link was closed here.
    pub fn wait(&mut self, timeout: Option<Duration>) -> Result<(), Error> {
        let deadline = Deadline::after(timeout);
        while !self.is_ready(1)? {
            self.pause(1, deadline)?;
        }
        Ok(())
    }

    /// Buffers sent in this epoch that the peer has not given back.
    pub fn in_flight(&mut self) -> usize {
        self.half.with(|end| end.in_flight()).unwrap_or(0)
    }

    /// Waits until the peer has given everything back that was sent in this epoch.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`]; [`Error::Disconnected`] when the epoch ended before, with the number of buffers in
    /// question.
    pub fn flush(&mut self, timeout: Option<Duration>) -> Result<(), Error> {
        let deadline = Deadline::after(timeout);
        while self.is_connected()? && self.in_flight() > 0 {
            if deadline.passed() {
                return Err(Error::Timeout);
            }
            self.sleep(deadline, |tx| Ok(tx.in_flight() == 0))?;
        }
        self.stop_asking();
        Ok(())
    }

    /// The extras that both sides understand, in the epoch that the last loan or frame belongs to. `None` before the first
    /// epoch, and after the end of one was reported.
    pub fn features(&self) -> Option<Features> {
        self.half.features()
    }

    /// Prepares for waiting on this object's descriptor elsewhere. True when a small frame could be sent already, or an
    /// end is to be reported: then do not wait. Call it before each wait. A stranger does not say when it gives buffers
    /// back: see [`Tx::look_again`].
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] when the link was closed here.
    pub fn arm(&mut self) -> Result<bool, Error> {
        self.arm_for(1)
    }

    /// The same, for a frame of `bytes`.
    ///
    /// # Errors
    ///
    /// As [`Tx::arm`].
    pub fn arm_for(&mut self, bytes: usize) -> Result<bool, Error> {
        let bytes = bytes as u64;
        let all_done = self.half.sleep(Some(Duration::ZERO))?;
        if !all_done || self.is_ready(bytes)? {
            return Ok(true);
        }
        self.ask_for_room();
        self.is_ready(bytes)
    }

    /// Whether an epoch runs. Reports the end of one.
    fn is_connected(&mut self) -> Result<bool, Error> {
        let Some(session) = self.half.session()? else {
            self.half.tell_end()?;
            self.half.tick()?;
            return Ok(false);
        };
        if session.is_alive() {
            return Ok(true);
        }
        let undelivered = self.half.with(|end| {
            let open = end.in_flight() as u64;
            end.counters.undelivered.add(open);
            open
        });
        let undelivered = undelivered.unwrap_or(0);
        self.asks = false;
        match self.half.leave() {
            Some(ended) => Err(Error::Disconnected(crate::Ended {
                undelivered,
                ..ended
            })),
            None => Ok(false),
        }
    }

    /// Ends the epoch because the peer broke a rule; the error to return.
    fn blame(&mut self, fault: &PeerFault) -> Error {
        self.half.fail(fault);
        self.is_connected().err().unwrap_or(Error::Peer(*fault))
    }

    fn none_sent(&mut self, frames: &[&[u8]]) -> Result<usize, Error> {
        match frames.first() {
            Some(frame) => self.check_fits(frame.len() as u64).map(|()| 0),
            None => Ok(0),
        }
    }

    /// Whether a frame could ever fit.
    fn check_fits(&mut self, bytes: u64) -> Result<(), Error> {
        let Some(Ok(Some((buffer, slots)))) = self.half.with(TxEnd::room_in_all) else {
            return Ok(());
        };
        let limit = u64::from(buffer) * slots;
        if bytes > limit {
            return Err(Misuse::FrameTooLarge {
                bytes,
                buffer,
                slots,
                limit,
            }
            .into());
        }
        Ok(())
    }
}

/// Stages one frame in one buffer; false if there is no room.
#[inline(always)]
fn fill_one(end: &mut TxEnd, len: u64, fill: impl FnOnce(SpanMut<'_>)) -> Result<bool, Error> {
    if len == 0 {
        return Err(Misuse::EmptyFrame.into());
    }
    // A byte gets the next buffer, however small: looking for more is work that a peer could make without end.
    let Some(chain) = end.reserve(1)? else {
        return Ok(false);
    };
    if chain.bytes() < len {
        let buffer = u32::try_from(chain.bytes()).unwrap_or(u32::MAX);
        end.cancel(chain)?;
        return Err(Misuse::FrameTooLarge {
            bytes: len,
            buffer,
            slots: 1,
            limit: buffer.into(),
        }
        .into());
    }
    let mut fill = Some(fill);
    end.for_each_segment(&chain, |segment| {
        if let Some(fill) = fill.take() {
            let segment = segment.shortened(u32::try_from(len).unwrap_or(u32::MAX));
            // SAFETY: `end` keeps the regions, and the reserved segment is nobody else's (module doc).
            fill(unsafe { segment.span_mut() });
        }
    });
    end.stage(chain, len)?;
    Ok(true)
}

/// Copies frames while there is room and publishes them; an error only if it was in the way of the first.
fn write_frames(end: &mut TxEnd, frames: &[&[u8]]) -> Result<usize, Error> {
    let mut sent = 0;
    let mut result = Ok(true);
    for frame in frames {
        result = write_frame(end, frame);
        if !matches!(result, Ok(true)) {
            break;
        }
        sent += 1;
    }
    end.publish();
    match result {
        Err(error) if sent == 0 => Err(error),
        _ => Ok(sent),
    }
}

/// Copies a frame into a reserved chain and stages it; false if there is no room.
fn write_frame(end: &mut TxEnd, frame: &[u8]) -> Result<bool, Error> {
    if frame.is_empty() {
        return Err(Misuse::EmptyFrame.into());
    }
    let bytes = frame.len() as u64;
    let Some(chain) = end.reserve(bytes)? else {
        return Ok(false);
    };
    let mut left = frame;
    end.for_each_segment(&chain, |segment| {
        // SAFETY: `end` keeps the regions, and the reserved segment is nobody else's (module doc).
        let written = unsafe { segment.span_mut() }.copy_from(left);
        left = &left[written..];
    });
    end.stage(chain, bytes)?;
    Ok(true)
}

impl AsFd for Tx {
    /// Readable when there may be room again, after [`Tx::arm`] said false.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.half.as_fd()
    }
}
