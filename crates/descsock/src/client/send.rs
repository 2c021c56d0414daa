//! Sending: frames are copied to their buffers here, and sent by the worker, or by the ring that they are in.

use descsock_wire::HEADER_LEN;

use super::{BURST, Client};
use crate::counters::count;
use crate::tx::Tx;
use crate::{Error, Misuse, Route, Wait};

impl Client {
    /// Sends a frame without CRC, padded to 60 bytes if it is shorter; waits for room as
    /// [`Options::wait`](crate::Options::wait) says. Returns its bytes on the wire, CRC included.
    ///
    /// # Errors
    /// As [`Client::send_to`].
    pub fn send(&self, frame: &[u8]) -> Result<usize, Error> {
        self.send_to(frame, &Route::default(), self.wait)
    }

    /// Sends a frame on a route of its own.
    ///
    /// # Errors
    /// [`Error::Misuse`] for a frame too short or too long, [`Error::WouldBlock`], [`Error::Timeout`],
    /// [`Error::NotConnected`], [`Error::Closed`].
    pub fn send_to(&self, frame: &[u8], route: &Route, wait: Wait) -> Result<usize, Error> {
        self.check(frame)?;
        let mut deadline = None;
        let mut tx = self.shared.tx();
        loop {
            self.check_sender(&mut tx)?;
            if let Some(bytes) = tx.push(frame, route) {
                let needs_worker = tx.flush();
                self.shared.tell_senders(&mut tx);
                drop(tx);
                self.sent(1, bytes.into(), needs_worker);
                return Ok(bytes.into());
            }
            let deadline = *deadline.get_or_insert_with(|| wait.deadline());
            tx = self.shared.wait_for_room(tx, wait, deadline)?;
        }
    }

    /// Sends as many of these frames as there is room for, from the first on, without waiting. Returns how many.
    ///
    /// # Errors
    /// As [`Client::send_to`], if already the first cannot be sent for another reason than room.
    pub fn send_batch<F: AsRef<[u8]>>(&self, frames: &[F], route: &Route) -> Result<usize, Error> {
        let mut sent = 0;
        for burst in frames.chunks(BURST) {
            let (frames, fault) = self.send_burst(burst, route);
            sent += frames;
            match fault {
                Some(fault) if sent == 0 => return Err(fault),
                _ if frames < burst.len() => break,
                _ => {}
            }
        }
        Ok(sent)
    }

    fn send_burst<F: AsRef<[u8]>>(&self, burst: &[F], route: &Route) -> (usize, Option<Error>) {
        let mut tx = self.shared.tx();
        let (mut frames, mut bytes) = (0, 0);
        let mut fault = self.check_sender(&mut tx).err();
        for frame in burst.iter().map(AsRef::as_ref) {
            fault = fault.or_else(|| self.check(frame).err().map(Error::Misuse));
            let pushed = match fault {
                None => tx.push(frame, route),
                Some(_) => None,
            };
            let Some(len) = pushed else { break };
            frames += 1;
            bytes += u64::from(len);
        }
        let needs_worker = tx.flush();
        self.shared.tell_senders(&mut tx);
        drop(tx);
        self.sent(frames as u64, bytes, needs_worker);
        (frames, fault)
    }

    #[inline]
    fn check(&self, frame: &[u8]) -> Result<(), Misuse> {
        let (len, least, most) = (frame.len(), usize::from(HEADER_LEN), self.capacity);
        if len < least {
            return Err(Misuse::FrameTooShort { len, least });
        }
        match len > most {
            true => Err(Misuse::FrameTooLong { len, most }),
            false => Ok(()),
        }
    }

    /// Fails when no frames can go. Then this is told.
    #[inline]
    pub(super) fn check_sender(&self, tx: &mut Tx) -> Result<(), Error> {
        let checked = tx.status.check();
        if checked.is_err() && tx.is_news {
            tx.is_news = false;
            self.shared.writable.show(|| tx.is_lit());
        }
        checked
    }

    #[inline]
    fn sent(&self, frames: u64, bytes: u64, needs_worker: bool) {
        let counters = self.shared.tally.counters();
        let burst = (frames, bytes);
        count(&counters.tx_packets_in, &counters.tx_bytes_in, burst);
        if needs_worker {
            self.shared.wake_worker();
        }
    }
}
