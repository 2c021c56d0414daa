//! A tenant's connection, as the program has it.

mod receive;
mod send;

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::counters::Tally;
use crate::doorbell::{Connection, Doorbell};
use crate::error::os;
use crate::geometry::Geometry;
use crate::light::Light;
use crate::passing::timespec;
use crate::place::Place;
use crate::rx::Rx;
use crate::session::Session;
use crate::shared::{Shared, Status};
use crate::tx::Tx;
use crate::worker::{Home, Worker, pause_for};
use crate::{Error, Events, Misuse, Options, Statistics, Wait};

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
            every_tier: options.every_tier,
        };
        let tally = Tally::new(options.counters);
        let shared = Shared::new(Rx::new(receive), Tx::new(), tally);
        let shared = Arc::new(shared.map_err(os("eventfd"))?);
        let connection = connect(&mut home, &shared, options.patience)?;
        let session = Session::begin(connection, &mut home, &shared)?;
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
            capacity: geometry.capacity(),
            owner: std::process::id(),
        })
    }

    /// What of this is the case now, at no cost. [`Events::ERR`] is always looked for.
    pub fn poll(&self, asked: Events) -> Events {
        let mut found = Events::empty();
        let mut rx = self.shared.rx();
        rx.look();
        found.set(Events::IN, !rx.is_empty());
        if self.check_receiver(&mut rx).is_err() {
            found |= Events::ERR;
        }
        self.shared.tell_receivers(&mut rx);
        drop(rx);
        if asked.contains(Events::OUT) {
            let mut tx = self.shared.tx();
            let is_up = self.check_sender(&mut tx).is_ok();
            found.set(Events::OUT, is_up && tx.has_room());
            self.shared.tell_senders(&mut tx);
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
        let Shared {
            readable, writable, ..
        } = &*self.shared;
        let mut watched = [
            PollFd::new(readable, PollFlags::IN),
            PollFd::new(writable, PollFlags::IN),
        ];
        // A descriptor that is readable for something else would not let anybody sleep.
        let (watched, lights) = match (asked.contains(Events::IN), asked.contains(Events::OUT)) {
            (true, false) => (&mut watched[..1], [Some(readable), None]),
            (true, true) => (&mut watched[..], [Some(readable), Some(writable)]),
            (false, true) => (&mut watched[1..], [None, Some(writable)]),
            (false, false) => return Err(Misuse::NothingAsked.into()),
        };
        let mut watches = None;
        loop {
            let found = self.poll(asked);
            let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
            if !found.is_empty() || left.is_some_and(|left| left.is_zero()) {
                return Ok(found);
            }
            if watches.is_none() {
                // Only now: lights cost something when they are watched. Then what is the case is looked at once more.
                watches = Some(lights.map(|light| light.map(Light::watch)));
                continue;
            }
            match poll(watched, left.and_then(timespec).as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(os("poll")(error)),
            }
        }
    }

    /// A descriptor that is readable while there is room to send.
    pub fn room_fd(&self) -> BorrowedFd<'_> {
        self.shared.writable.watch_always();
        self.shared.tell_senders(&mut self.shared.tx());
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
        let mut rx = self.shared.rx();
        rx.look_at_all();
        self.shared.tell_receivers(&mut rx);
        drop(rx);
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
}

impl AsFd for Client {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.readable.watch_always();
        self.shared.tell_receivers(&mut self.shared.rx());
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
