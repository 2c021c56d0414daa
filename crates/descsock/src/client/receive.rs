//! Receiving: frames are copied out of the buffers that they came in, which the worker then posts again.

use super::{BURST, Client};
use crate::counters::count;
use crate::rx::Rx;
use crate::rx_buffers::on_wire;
use crate::{Batch, Error, Received, Wait};

impl Client {
    /// Receives a frame without CRC; waits for one as [`Options::wait`](crate::Options::wait) says.
    ///
    /// # Errors
    /// As [`Client::recv_from`].
    pub fn recv(&self, frame: &mut [u8]) -> Result<Received, Error> {
        self.recv_from(frame, self.wait)
    }

    /// Receives a frame.
    ///
    /// # Errors
    /// [`Error::BufferTooSmall`], [`Error::WouldBlock`], [`Error::Timeout`]; [`Error::NotConnected`] and
    /// [`Error::Closed`] when there is no frame any more.
    pub fn recv_from(&self, frame: &mut [u8], wait: Wait) -> Result<Received, Error> {
        self.receive(frame, wait, false)
    }

    /// Receives as much of a frame as fits; the rest is gone. [`Received::len`] is that of the whole.
    ///
    /// # Errors
    /// As [`Client::recv_from`], without [`Error::BufferTooSmall`].
    pub fn recv_truncated(&self, frame: &mut [u8], wait: Wait) -> Result<Received, Error> {
        self.receive(frame, wait, true)
    }

    fn receive(&self, frame: &mut [u8], wait: Wait, truncate: bool) -> Result<Received, Error> {
        let mut deadline = None;
        let mut rx = self.shared.rx();
        loop {
            // Also when a frame does not fit: it was perhaps taken out of a ring, where others wait for it.
            let taken = rx.take(frame, truncate);
            if !matches!(taken, Ok(None)) {
                self.shared.tell_receivers(&mut rx);
            }
            if let Some(received) = taken? {
                let has_enough = rx.has_enough_freed();
                drop(rx);
                self.received(1, on_wire(received.len), has_enough);
                return Ok(received);
            }
            self.check_receiver(&mut rx)?;
            let deadline = *deadline.get_or_insert_with(|| wait.deadline());
            rx = self.shared.wait_for_frame(rx, wait, deadline)?;
        }
    }

    /// Receives up to `most` frames without waiting, in place of those that are in `batch`. Returns how many, perhaps
    /// none.
    ///
    /// # Errors
    /// [`Error::NotConnected`] and [`Error::Closed`] when there are none and no more can come.
    pub fn recv_batch(&self, batch: &mut Batch, most: usize) -> Result<usize, Error> {
        batch.clear();
        while batch.len() < most {
            let due = BURST.min(most - batch.len());
            let mut rx = self.shared.rx();
            let before = batch.bytes();
            let frames = rx.take_batch(batch, due);
            let bytes = (batch.bytes() - before) as u64 + frames as u64 * on_wire(0);
            if batch.is_empty() {
                self.check_receiver(&mut rx)?;
            }
            self.shared.tell_receivers(&mut rx);
            let has_enough = rx.has_enough_freed();
            drop(rx);
            self.received(frames as u64, bytes, has_enough);
            if frames < due {
                break;
            }
        }
        Ok(batch.len())
    }

    /// Fails when no more frames can come. Then this is told.
    pub(super) fn check_receiver(&self, rx: &mut Rx) -> Result<(), Error> {
        let checked = rx.status.check();
        if checked.is_err() && rx.is_news {
            rx.is_news = false;
            self.shared.readable.show(|| rx.is_lit());
        }
        checked
    }

    #[inline]
    fn received(&self, frames: u64, bytes: u64, has_enough_freed: bool) {
        let counters = self.shared.tally.counters();
        let burst = (frames, bytes);
        count(&counters.rx_packets_out, &counters.rx_bytes_out, burst);
        if has_enough_freed {
            self.shared.wake_worker();
        }
    }
}
