//! One connection to an agent, from registration to its end, as the worker drives it.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use descsock_wire::{TIERS, Tier, Violation};
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use crate::AgentFault;
use crate::doorbell::Connection;
use crate::geometry::Geometry;
use crate::inbox::Inbox;
use crate::passing::timespec;
use crate::rx_wire::RxWire;
use crate::shared::Shared;
use crate::tx_wire::TxWire;

/// Bytes that are read at once: 512 frames, or 2048 completions.
const SCRATCH: usize = 16_384;
/// What epoll calls the doorbell; below it are the RX tiers, then the TX tiers.
const DOORBELL: u64 = 2 * TIERS as u64;
/// And the bell that wakes the worker.
const BELL: u64 = DOORBELL + 1;

/// Why a connection is over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Lost {
    #[error("the agent closed the connection")]
    Closed,
    #[error("the agent broke a rule: {0}")]
    Agent(#[from] AgentFault),
    #[error("the shared file was truncated")]
    MemoryGone,
    #[error("{call} failed: {source}")]
    Os {
        call: &'static str,
        source: io::Error,
    },
}

impl Lost {
    pub(crate) fn os(call: &'static str, error: Errno) -> Self {
        let source = error.into();
        Lost::Os { call, source }
    }
}

impl From<Violation> for Lost {
    fn from(violation: Violation) -> Self {
        Lost::Agent(violation.into())
    }
}

/// The worker's side of a connection.
pub(crate) struct Session {
    epoll: OwnedFd,
    doorbell: OwnedFd,
    doorbell_inbox: Inbox,
    rx: [RxWire; TIERS],
    tx: [TxWire; TIERS],
    scratch: Vec<u8>,
}

impl Session {
    pub(crate) fn new(
        connection: Connection,
        geometry: Geometry,
        shared: &Shared,
    ) -> io::Result<Self> {
        let Connection { doorbell, sockets } = connection;
        let [rx0, rx1, rx2, rx3, tx0, tx1, tx2, tx3] = sockets;
        let [t0, t1, t2, t3] = Tier::ALL;
        let rx = [(rx0, t0), (rx1, t1), (rx2, t2), (rx3, t3)];
        let tx = [(tx0, t0), (tx1, t1), (tx2, t2), (tx3, t3)];
        let session = Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            doorbell,
            doorbell_inbox: Inbox::new(),
            rx: rx.map(|(socket, tier)| RxWire::new(socket, tier, geometry)),
            tx: tx.map(|(socket, tier)| TxWire::new(socket, tier)),
            scratch: vec![0; SCRATCH],
        };
        session.watch(shared)?;
        Ok(session)
    }

    /// Posts all buffers, so that whoever is told that there is a connection can receive by it. What goes wrong is left
    /// to [`Session::run`].
    pub(crate) fn begin(&mut self, shared: &Shared) {
        let _ = self.write(shared);
    }

    fn watch(&self, shared: &Shared) -> io::Result<()> {
        let changes = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        let rx = self.rx.iter().map(RxWire::socket);
        let sockets = rx.chain(self.tx.iter().map(TxWire::socket));
        for (number, socket) in (0..).zip(sockets) {
            epoll::add(&self.epoll, socket, EventData::new_u64(number), changes)?;
        }
        let doorbell = EventData::new_u64(DOORBELL);
        epoll::add(&self.epoll, &self.doorbell, doorbell, changes)?;
        let bell = shared.bell.as_fd();
        epoll::add(&self.epoll, bell, EventData::new_u64(BELL), EventFlags::IN)?;
        Ok(())
    }

    /// Works until the client is closed, and so much longer as what was sent needs to leave, at most `linger`.
    pub(crate) fn run(&mut self, shared: &Shared, linger: Duration) -> Result<(), Lost> {
        let mut end = None;
        loop {
            self.step(shared)?;
            if shared.is_closing() {
                let now = Instant::now();
                let end = end.get_or_insert(now + linger);
                if now >= *end || shared.tx().is_idle() {
                    return Ok(());
                }
            }
            if !self.is_busy() {
                self.sleep(shared, end)?;
            }
        }
    }

    /// Each socket once.
    fn step(&mut self, shared: &Shared) -> Result<(), Lost> {
        self.write(shared)?;
        for tier in &mut self.rx {
            tier.read(&mut self.scratch, shared)?;
        }
        for tier in &mut self.tx {
            tier.read(&mut self.scratch, shared)?;
        }
        // Nothing is due by the doorbell but its end.
        let doorbell = &mut self.doorbell_inbox;
        doorbell.read(&self.doorbell, &mut self.scratch).map(drop)
    }

    fn write(&mut self, shared: &Shared) -> Result<(), Lost> {
        let mut rx = shared.rx();
        let mut is_gone = rx.is_gone();
        self.rx.iter_mut().for_each(|tier| tier.collect(&mut rx));
        drop(rx);
        self.rx.iter_mut().try_for_each(RxWire::post)?;
        let mut tx = shared.tx();
        is_gone |= tx.is_gone();
        self.tx.iter_mut().for_each(|tier| tier.collect(&mut tx));
        drop(tx);
        self.tx.iter_mut().try_for_each(|tier| tier.write(shared))?;
        match is_gone {
            true => Err(Lost::MemoryGone),
            false => Ok(()),
        }
    }

    fn is_busy(&self) -> bool {
        self.rx.iter().any(RxWire::is_busy)
            || self.tx.iter().any(TxWire::is_busy)
            || self.doorbell_inbox.is_readable()
    }

    /// Sleeps until there is news, unless the program has left something to do meanwhile.
    fn sleep(&mut self, shared: &Shared, end: Option<Instant>) -> Result<(), Lost> {
        shared.set_asleep(true);
        let open = std::array::from_fn(|tier| self.tx[tier].is_empty());
        if !shared.rx().has_enough_freed() && !shared.tx().has_queued(open) {
            self.wait(shared, end)?;
        }
        shared.set_asleep(false);
        Ok(())
    }

    fn wait(&mut self, shared: &Shared, end: Option<Instant>) -> Result<(), Lost> {
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        // A whole millisecond more: older systems cut off what is less.
        let timeout = left.and_then(|left| timespec(left + Duration::from_millis(1)));
        let nothing = Event {
            flags: EventFlags::empty(),
            data: EventData::new_u64(0),
        };
        let mut events = [nothing; 2 * TIERS + 2];
        let count = match epoll::wait(&self.epoll, &mut events[..], timeout.as_ref()) {
            Ok(count) => count,
            Err(Errno::INTR) => 0,
            Err(error) => return Err(Lost::os("epoll_wait", error)),
        };
        for &Event { flags, data } in &events[..count] {
            let ends = EventFlags::HUP | EventFlags::RDHUP | EventFlags::ERR;
            self.notice(data.u64(), flags.intersects(ends), shared);
        }
        Ok(())
    }

    fn notice(&mut self, token: u64, has_ended: bool, shared: &Shared) {
        match usize::try_from(token) {
            Ok(tier) if tier < TIERS => self.rx[tier].notice(has_ended),
            Ok(tier) if token < DOORBELL => self.tx[tier - TIERS].notice(has_ended),
            _ if token == DOORBELL => self.doorbell_inbox.notice(has_ended),
            _ => shared.bell.clear(),
        }
    }

    /// The connection is over. Takes in what the agent has still done, and gives back what it has not. Returns how many
    /// frames it may or may not have sent.
    pub(crate) fn end(&mut self, shared: &Shared) -> u64 {
        for tier in &mut self.rx {
            tier.read_to_end(&mut self.scratch, shared);
        }
        for tier in &mut self.tx {
            tier.read_to_end(&mut self.scratch, shared);
        }
        let unsent = self.tx.each_mut().map(TxWire::take_unsent);
        shared.tx().give_up(unsent)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("doorbell", &self.doorbell)
            .finish_non_exhaustive()
    }
}
