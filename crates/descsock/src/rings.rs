//! The wire between our own, as the worker looks after it: the program's threads look at the rings themselves, the worker
//! hears of news for those that sleep, and of the agent's end.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use descsock_wire::{Laden, TIERS};
use memif::{Connection, Link, LinkOptions};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::error::os;
use crate::geometry::Geometry;
use crate::passing::{Ear, timespec};
use crate::rx::Rx;
use crate::session::Lost;
use crate::shared::Shared;
use crate::{AgentFault, Error};

/// How often the worker looks for room that somebody waits for: a signal may be missing.
const LOOK: Duration = Duration::from_millis(20);
/// How often it looks whether all has left, when the client closes: nothing signals that.
const CLOSING_LOOK: Duration = Duration::from_micros(500);
/// How often at most it takes in what has come for a program that does not look, so that the counters move.
const COUNTING: Duration = Duration::from_millis(100);

/// See the module documentation.
#[derive(Debug)]
pub(crate) struct Rings {
    link: Link,
    /// When to count again.
    due: Instant,
    /// Frames counted by then.
    counted: u64,
    /// Nothing has come since; what comes will wake the worker.
    is_quiet: bool,
}

impl Rings {
    pub(crate) fn new(link: Link) -> Self {
        Self {
            link,
            due: Instant::now(),
            counted: 0,
            is_quiet: false,
        }
    }

    /// Looks after the link, and on behalf of those who wait.
    pub(crate) fn step(&mut self, shared: &Shared) -> Result<(), Lost> {
        self.link.drive()?;
        if !self.link.is_up() {
            let ended = self.link.details().last_ended;
            let reason = ended.map(|ended| ended.reason).unwrap_or_default();
            return Err(Lost::Link { reason });
        }
        let mut rx = shared.rx();
        self.count(&mut rx, shared);
        shared.tell_receivers(&mut rx);
        drop(rx);
        shared.tell_senders(&mut shared.tx());
        Ok(())
    }

    /// Counts what has come, now and then as long as something does.
    fn count(&mut self, rx: &mut Rx, shared: &Shared) {
        self.is_quiet = false;
        let now = Instant::now();
        if now < self.due {
            return;
        }
        self.due = now + COUNTING;
        rx.look_at_all();
        let came = &shared.tally.counters().rx_packets_in;
        let came = came.load(Ordering::Relaxed);
        if came == self.counted {
            self.is_quiet = !rx.arm();
        }
        self.counted = came;
    }

    /// How long the worker may sleep without news.
    pub(crate) fn nap(&self, shared: &Shared) -> Option<Duration> {
        if shared.is_closing() {
            return Some(CLOSING_LOOK);
        }
        let room = shared.awaits_room().then_some(LOOK);
        let count = self.due.saturating_duration_since(Instant::now());
        let count = (!self.is_quiet).then_some(count);
        room.into_iter().chain(count).min()
    }
}

impl AsFd for Rings {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.link.as_fd()
    }
}

/// Makes the link for which an agent has passed this socket.
pub(crate) fn join(socket: OwnedFd, geometry: &Geometry, ear: &Ear<'_>) -> Result<Link, Error> {
    let doorbell = ear.socket.try_clone_to_owned().map_err(os("dup"))?;
    let left = ear.deadline.saturating_duration_since(Instant::now());
    let queues = u16::try_from(TIERS).unwrap_or(u16::MAX);
    let largest = Laden::RING_HEADER + geometry.capacity();
    let options = LinkOptions::new(0)
        .name("descsock")
        .queues(queues)
        .slots(geometry.slots())
        .buffer_size(u32::try_from(largest).unwrap_or(u32::MAX));
    // The agent watches the doorbell, and so does the worker: an agent that means harm makes no thread of the program wait.
    let connection = Connection::new(socket).map_err(fault)?.wake_by(doorbell);
    let link = connection.handshake_deadline(left).client(options);
    let link = link.map_err(fault)?;
    while !link.is_up() {
        wait(&link, ear)?;
        match link.wait_up(Some(Duration::ZERO)) {
            Ok(_) | Err(memif::Error::Timeout) => {}
            Err(error) => return Err(fault(error)),
        }
    }
    Ok(link)
}

fn wait(link: &Link, ear: &Ear<'_>) -> Result<(), Error> {
    let left = ear.time_left("link")?;
    let bell = ear.given_up.bell();
    let mut watched = [
        PollFd::new(link, PollFlags::IN),
        PollFd::new(&bell, PollFlags::IN),
    ];
    match poll(&mut watched, timespec(left).as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(os("poll")(error)),
    }
}

/// What went wrong with a link.
pub(crate) fn fault(error: memif::Error) -> Error {
    match error {
        memif::Error::Os { call, source } => Error::Os { call, source },
        error => AgentFault::NoLink {
            reason: error.to_string(),
        }
        .into(),
    }
}
