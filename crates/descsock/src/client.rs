//! A tenant's connection, as the program has it.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use descsock_wire::HEADER_LEN;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::counters::{Tally, add, count};
use crate::doorbell::{Connection, Doorbell};
use crate::error::os;
use crate::geometry::Geometry;
use crate::passing::timespec;
use crate::place::Place;
use crate::rx::{Rx, on_wire};
use crate::session::Session;
use crate::shared::{Shared, Status};
use crate::tx::Tx;
use crate::worker::{Home, Worker, pause_for};
use crate::{Batch, Error, Events, Misuse, Options, Received, Route, Statistics, Wait};

/// Frames that are copied before others get the lock.
const BURST: usize = 64;
/// Time between attempts to open.
const PAUSE: Duration = Duration::from_millis(20);

/// A connection to an agent. Closed when dropped.
///
/// As a descriptor (`AsFd`) it is readable while there is something to receive, and once after the connection was lost;
/// [`Client::room_fd`] is another one, for sending. Neither is to be read.
#[derive(Debug)]
pub struct Client {
    shared: Arc<Shared>,
    worker: Mutex<Option<JoinHandle<()>>>,
    wait: Wait,
    capacity: usize,
    /// The process that the worker is a thread of.
    owner: u32,
}

impl Client {
    /// Makes the shared file, registers with the agent, and starts the worker. What fails leaves nothing behind.
    ///
    /// # Errors
    /// [`Error::Misuse`], [`Error::File`], [`Error::NoAgent`], [`Error::Refused`], [`Error::Agent`], [`Error::Os`].
    pub fn open(options: Options) -> Result<Self, Error> {
        let [receive, send] = [options.receive_buffers, options.send_buffers];
        let geometry = Geometry::new(options.frame_capacity, receive, send)?;
        let mut home = Home {
            doorbell: Doorbell::new(&options)?,
            place: Place::new(&options.memory, &options.tenant)?,
            geometry,
            file: None,
        };
        let [rx, tx] = home.map()?;
        let (rx, tx) = (
            Rx::new(rx, geometry, options.every_tier),
            Tx::new(tx, geometry),
        );
        let capacity = tx.capacity();
        let shared = Shared::new(rx, tx, Tally::new(options.counters));
        let shared = Arc::new(shared.map_err(os("eventfd"))?);
        let connection = connect(&mut home, &shared, options.patience)?;
        let session = Session::new(connection, geometry, &shared);
        let mut session = session.map_err(os("epoll_ctl"))?;
        session.begin(&shared);
        add(&shared.tally.connections, 1);
        let worker = Worker {
            shared: Arc::clone(&shared),
            home,
            session,
            linger: options.linger,
            on_start: options.on_worker_start,
        };
        let thread = Builder::new().name("descsock".into());
        let thread = thread.spawn(move || worker.run()).map_err(os("clone"))?;
        Ok(Self {
            shared,
            worker: Mutex::new(Some(thread)),
            wait: options.wait,
            capacity,
            owner: std::process::id(),
        })
    }

    /// Sends a frame without CRC, padded to 60 bytes if it is shorter; waits for room as [`Options::wait`] says. Returns
    /// its bytes on the wire, CRC included.
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
                self.shared.writable.set(tx.is_lit());
                drop(tx);
                self.sent(1, bytes.into());
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
        self.shared.writable.set(tx.is_lit());
        drop(tx);
        self.sent(frames as u64, bytes);
        (frames, fault)
    }

    /// Receives a frame without CRC; waits for one as [`Options::wait`] says.
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
            if let Some(received) = rx.take(frame, truncate)? {
                self.shared.readable.set(rx.is_lit());
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
            let (mut frames, mut bytes) = (0, 0);
            while frames < due {
                let take = |target: &mut Vec<u8>| {
                    let received = rx.take_to(target)?;
                    bytes += on_wire(received.len);
                    Some(received)
                };
                if !batch.push(take) {
                    break;
                }
                frames += 1;
            }
            if batch.is_empty() {
                self.check_receiver(&mut rx)?;
            }
            self.shared.readable.set(rx.is_lit());
            let has_enough = rx.has_enough_freed();
            drop(rx);
            self.received(frames as u64, bytes, has_enough);
            if frames < due {
                break;
            }
        }
        Ok(batch.len())
    }

    /// What of this is the case now, at no cost. [`Events::ERR`] is always looked for.
    pub fn poll(&self, asked: Events) -> Events {
        let mut found = Events::empty();
        let mut rx = self.shared.rx();
        found.set(Events::IN, !rx.is_empty());
        if self.check_receiver(&mut rx).is_err() {
            found |= Events::ERR;
        }
        drop(rx);
        if asked.contains(Events::OUT) {
            let mut tx = self.shared.tx();
            let is_up = self.check_sender(&mut tx).is_ok();
            found.set(Events::OUT, is_up && tx.has_room());
        }
        found & (asked | Events::ERR)
    }

    /// Waits until some of this, which has to have IN or OUT, is the case; `None` being for ever. Nothing when the time
    /// is over.
    ///
    /// # Errors
    /// [`Error::Misuse`], [`Error::Os`].
    pub fn wait(&self, asked: Events, timeout: Option<Duration>) -> Result<Events, Error> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let (readable, writable) = (self.as_fd(), self.room_fd());
        let mut watched = [
            PollFd::new(&readable, PollFlags::IN),
            PollFd::new(&writable, PollFlags::IN),
        ];
        // A descriptor that is readable for something else would not let anybody sleep.
        let watched = match (asked.contains(Events::IN), asked.contains(Events::OUT)) {
            (true, false) => &mut watched[..1],
            (true, true) => &mut watched[..],
            (false, true) => &mut watched[1..],
            (false, false) => return Err(Misuse::NothingAsked.into()),
        };
        loop {
            let found = self.poll(asked);
            let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
            if !found.is_empty() || left.is_some_and(|left| left.is_zero()) {
                return Ok(found);
            }
            match poll(watched, left.and_then(timespec).as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(os("poll")(error)),
            }
        }
    }

    /// A descriptor that is readable while there is room to send.
    pub fn room_fd(&self) -> BorrowedFd<'_> {
        let tx = self.shared.tx();
        self.shared.writable.watch(tx.is_lit());
        self.shared.writable.as_fd()
    }

    /// The longest frame, in bytes without CRC.
    pub fn frame_capacity(&self) -> usize {
        self.capacity
    }

    /// Whether there is an agent now.
    pub fn is_connected(&self) -> bool {
        self.shared.rx().status == Status::Up
    }

    /// What was counted so far.
    pub fn statistics(&self) -> Statistics {
        self.shared.tally.statistics()
    }

    /// Closes the connection, once what was sent has left. Calls that wait in other threads end with
    /// [`Error::Closed`]. In a child of the process this lets go of the connection, which goes on in the parent.
    ///
    /// # Errors
    /// [`Error::Closed`] if it was closed before.
    pub fn close(&self) -> Result<(), Error> {
        if self.owner != std::process::id() {
            return Ok(()); // the worker is not here, and may have been holding any lock
        }
        let is_first = self.shared.close();
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(worker) = worker.take() {
            // A worker that panicked has closed everything just as well.
            let _ = worker.join();
        }
        match is_first {
            true => Ok(()),
            false => Err(Error::Closed),
        }
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

    /// Fails when no more frames can come. Then this is told.
    fn check_receiver(&self, rx: &mut Rx) -> Result<(), Error> {
        let checked = rx.status.check();
        if checked.is_err() && rx.is_news {
            rx.is_news = false;
            self.shared.readable.set(rx.is_lit());
        }
        checked
    }

    /// Fails when no frames can go. Then this is told.
    #[inline]
    fn check_sender(&self, tx: &mut Tx) -> Result<(), Error> {
        let checked = tx.status.check();
        if checked.is_err() && tx.is_news {
            tx.is_news = false;
            self.shared.writable.set(tx.is_lit());
        }
        checked
    }

    #[inline]
    fn sent(&self, frames: u64, bytes: u64) {
        let counters = self.shared.tally.counters();
        let burst = (frames, bytes);
        count(&counters.tx_packets_in, &counters.tx_bytes_in, burst);
        self.shared.wake_worker();
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

impl AsFd for Client {
    fn as_fd(&self) -> BorrowedFd<'_> {
        let rx = self.shared.rx();
        self.shared.readable.watch(rx.is_lit());
        self.shared.readable.as_fd()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // Closed before, perhaps.
        let _ = self.close();
    }
}

/// Connects for the first time, once there is an agent.
fn connect(home: &mut Home, shared: &Shared, patience: Duration) -> Result<Connection, Error> {
    let start = Instant::now();
    loop {
        match home.connect(shared) {
            Err(Error::NoAgent { .. }) if start.elapsed() < patience => pause_for(PAUSE, shared),
            other => return other,
        }
    }
}
