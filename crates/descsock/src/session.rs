//! One connection to an agent, from registration to its end, as the worker drives it.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use descsock_wire::{TIERS, Violation};
use memif::Link;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use crate::counters::add;
use crate::doorbell::{Connection, Passed};
use crate::error::os;
use crate::inbox::Inbox;
use crate::passing::timespec;
use crate::rings::{Rings, fault};
use crate::rx::Source;
use crate::rx_buffers::RxBuffers;
use crate::rx_rings::RxRings;
use crate::shared::Shared;
use crate::sockets::Sockets;
use crate::tx::Sink;
use crate::tx_buffers::TxBuffers;
use crate::tx_rings::TxRings;
use crate::worker::Home;
use crate::{AgentFault, Error};

/// Bytes that are read at once: 512 frames, or 2048 completions.
const SCRATCH: usize = 16_384;
/// What epoll calls all that belongs to rings; descriptor sockets have the numbers below the doorbell.
const RINGS: u64 = 0;
/// What it calls the doorbell.
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
    #[error("the agent ended the link: {reason}")]
    Link { reason: String },
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

impl From<memif::Error> for Lost {
    fn from(error: memif::Error) -> Self {
        match error {
            memif::Error::Os { call, source } => Lost::Os { call, source },
            error => Lost::Link {
                reason: error.to_string(),
            },
        }
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
    wire: Wire,
    scratch: Vec<u8>,
}

/// How frames come and go.
#[derive(Debug)]
enum Wire {
    Sockets(Box<Sockets>),
    Rings(Rings),
}

impl Session {
    /// Begins a connection: whoever is told of it can send and receive by it.
    pub(crate) fn begin(
        connection: Connection,
        home: &mut Home,
        shared: &Shared,
    ) -> Result<Self, Error> {
        let Connection { doorbell, passed } = connection;
        let (wire, source, sink) = match passed {
            Passed::Sockets(sockets) => by_sockets(sockets, home)?,
            Passed::Rings(link) => by_rings(link, home, shared)?,
        };
        let mut session = Self {
            epoll: epoll::create(CreateFlags::CLOEXEC).map_err(os("epoll_create1"))?,
            doorbell,
            doorbell_inbox: Inbox::new(),
            wire,
            scratch: vec![0; SCRATCH],
        };
        let watched = session.watch(shared, &source, &sink);
        watched.map_err(os("epoll_ctl"))?;
        shared.rx().connect(source);
        add(&shared.tally.tx_lost, shared.tx().connect(sink));
        add(&shared.tally.connections, 1);
        if let Wire::Sockets(sockets) = &mut session.wire {
            // Posts all buffers. What goes wrong is left to `run`.
            let _ = sockets.write(shared);
        }
        Ok(session)
    }

    fn watch(&self, shared: &Shared, source: &Source, sink: &Sink) -> io::Result<()> {
        let changes = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        let watch = |number: u64, fd: BorrowedFd<'_>| {
            epoll::add(&self.epoll, fd, EventData::new_u64(number), changes)
        };
        if let Wire::Sockets(sockets) = &self.wire {
            sockets.watch(|number, socket| Ok(watch(number, socket)?))?;
        }
        if let (Wire::Rings(rings), Source::Rings(rx), Sink::Rings(tx)) = (&self.wire, source, sink)
        {
            let all = rx.descriptors().chain(tx.descriptors());
            let mut all = all.chain([rings.as_fd()]);
            all.try_for_each(|fd| watch(RINGS, fd))?;
        }
        // Not for room: there is some each time that the agent has read a byte by which it was woken.
        let (doorbell, news) = (EventData::new_u64(DOORBELL), changes - EventFlags::OUT);
        epoll::add(&self.epoll, self.doorbell.as_fd(), doorbell, news)?;
        let (bell, input) = (EventData::new_u64(BELL), EventFlags::IN);
        Ok(epoll::add(&self.epoll, shared.bell.as_fd(), bell, input)?)
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

    fn step(&mut self, shared: &Shared) -> Result<(), Lost> {
        // Nothing is due by the doorbell but its end, and bytes that wake: read before that is done which they wake for.
        let doorbell = &mut self.doorbell_inbox;
        let heard = doorbell.read(&self.doorbell, &mut self.scratch).map(drop);
        match &mut self.wire {
            Wire::Sockets(sockets) => sockets.step(&mut self.scratch, shared)?,
            Wire::Rings(rings) => rings.step(shared)?,
        }
        heard
    }

    fn is_busy(&self) -> bool {
        let is_busy = matches!(&self.wire, Wire::Sockets(sockets) if sockets.is_busy());
        is_busy || self.doorbell_inbox.is_readable()
    }

    /// Sleeps until there is news, unless the program has left something to do meanwhile.
    fn sleep(&mut self, shared: &Shared, end: Option<Instant>) -> Result<(), Lost> {
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        shared.set_asleep(true);
        match &self.wire {
            Wire::Sockets(sockets) if sockets.has_work(shared) => {}
            Wire::Sockets(_) => self.wait(shared, left)?,
            Wire::Rings(rings) => {
                let nap = rings.nap(shared);
                self.wait(shared, nap.into_iter().chain(left).min())?;
            }
        }
        shared.set_asleep(false);
        Ok(())
    }

    fn wait(&mut self, shared: &Shared, time: Option<Duration>) -> Result<(), Lost> {
        // A whole millisecond more: older systems cut off what is less.
        let timeout = time.and_then(|time| timespec(time + Duration::from_millis(1)));
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
        match (token, &mut self.wire) {
            (DOORBELL, _) => self.doorbell_inbox.notice(has_ended),
            (BELL, _) => shared.bell.clear(),
            (number, Wire::Sockets(sockets)) => {
                sockets.notice(usize::try_from(number).unwrap_or(usize::MAX), has_ended);
            }
            (_, Wire::Rings(_)) => {} // looking is what finds out what is new
        }
    }

    /// The connection is over. Takes in what the agent has still done, and keeps what it has not. Returns how many frames
    /// it may or may not have sent.
    pub(crate) fn end(&mut self, shared: &Shared) -> u64 {
        let begun = match &mut self.wire {
            Wire::Sockets(sockets) => sockets.end(&mut self.scratch, shared),
            Wire::Rings(_) => 0,
        };
        let left = shared.rx().disconnect();
        add(&shared.tally.rx_lost, left.vanished);
        add(&shared.tally.counters().rx_fc_drops, left.dropped);
        begun + shared.tx().disconnect()
    }
}

fn by_sockets(
    sockets: [OwnedFd; 2 * TIERS],
    home: &mut Home,
) -> Result<(Wire, Source, Sink), Error> {
    let geometry = home.geometry;
    let [rx, tx] = home.map()?;
    let wire = Wire::Sockets(Box::new(Sockets::new(sockets, geometry)));
    let source = RxBuffers::new(rx, geometry, home.every_tier);
    let sink = TxBuffers::new(tx, geometry);
    Ok((
        wire,
        Source::Buffers(Box::new(source)),
        Sink::Buffers(Box::new(sink)),
    ))
}

fn by_rings(
    mut link: Link,
    home: &mut Home,
    shared: &Shared,
) -> Result<(Wire, Source, Sink), Error> {
    home.empty();
    let (tally, capacity) = (&shared.tally, home.geometry.capacity());
    let rx = RxRings::new(&mut link, home.every_tier, capacity, tally).map_err(fault)?;
    let tx = TxRings::new(&mut link, capacity, tally).map_err(fault)?;
    let wire = Wire::Rings(Rings::new(link));
    Ok((wire, Source::Rings(Box::new(rx)), Sink::Rings(Box::new(tx))))
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("doorbell", &self.doorbell)
            .finish_non_exhaustive()
    }
}
