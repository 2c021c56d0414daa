//! The client's side: connect, offer memory, come back after the server was gone.

use std::fmt;
use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use memif_wire::{
    Attach, Client, ClientConfig, ClientEvent, MESSAGE_LEN, Message, Name, Outgoing, Violation,
};

use super::assemble::begin_epoch;
use super::hangup::{Hangup, receive, say_goodbye, send};
use super::hub::Hub;
use super::memory::Memory;
use crate::core::{Failure, LinkCore};
use crate::session::Session;
use crate::sys::{Address, Epoll, SeqPacket, Trigger, now};
use crate::{Error, Peer, Side};

/// Messages handled for one readable socket before others get their turn.
const BURST: usize = 16;

/// How long to wait between attempts to connect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(2),
            longest: Duration::from_millis(100),
        }
    }
}

/// How a client comes by its connections.
#[derive(Debug)]
pub(crate) enum Way {
    /// It connects, again and again.
    To(Address),
    /// Somebody else has connected this one, and it is the only one.
    Given(Option<SeqPacket>),
}

impl Way {
    fn open(&mut self) -> io::Result<SeqPacket> {
        match self {
            Self::To(address) => SeqPacket::connect(address),
            Self::Given(socket) => socket.take().ok_or(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::To(address) => address.fmt(f),
            Self::Given(_) => f.write_str("a given socket"),
        }
    }
}

/// One link that connects, and all it needs to do so again.
#[derive(Debug)]
pub(crate) struct ClientWork(Option<Connecting>);

#[derive(Debug)]
struct Connecting {
    way: Way,
    config: ClientConfig,
    backoff: Backoff,
    allowed: Duration,
    link: Arc<LinkCore>,
    hub: Weak<Hub>,
    phase: Phase,
    pause: Duration,
    attempts: u64,
}

#[derive(Debug)]
enum Phase {
    Waiting {
        until: Duration,
    },
    Handshake {
        socket: SeqPacket,
        machine: Box<Client>,
        memory: Option<Box<Memory>>,
        server: Name,
    },
    Up {
        socket: SeqPacket,
        session: Arc<Session>,
    },
    Closed,
}

impl ClientWork {
    pub(crate) fn new(
        way: Way,
        link: Arc<LinkCore>,
        name: &str,
        backoff: Backoff,
        allowed: Duration,
        hub: Weak<Hub>,
    ) -> Result<Self, Error> {
        let options = &link.options;
        let config = ClientConfig {
            id: options.id,
            mode: options.mode,
            secret: options.secret,
            name: options.tagged_name(name)?,
            if_name: options.tagged_name(&options.name)?,
            rings_s2m: options.queues,
            rings_m2s: options.queues,
            log2_slots: options.log2_slots(),
        };
        let phase = Phase::Waiting {
            until: Duration::ZERO,
        };
        let pause = backoff.first;
        Ok(Self(Some(Connecting {
            way,
            config,
            backoff,
            allowed,
            link,
            hub,
            phase,
            pause,
            attempts: 0,
        })))
    }

    /// Work that is never done: a placeholder.
    pub(crate) fn nothing() -> Self {
        Self(None)
    }

    pub(crate) fn handle(&mut self, epoll: &Epoll, token: u64) {
        if let Some(work) = &mut self.0
            && token == work.attempts
        {
            work.readable(epoll);
        }
    }

    pub(crate) fn expire(&mut self, epoll: &Epoll, now: Duration) {
        if let Some(work) = &mut self.0 {
            work.expire(epoll, now);
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        match &self.0.as_ref()?.phase {
            Phase::Waiting { until } => Some(*until),
            Phase::Handshake { machine, .. } => machine.deadline(),
            Phase::Up { .. } | Phase::Closed => None,
        }
    }

    pub(crate) fn hang_up(&mut self, epoll: &Epoll, connection: u64, reason: &str) {
        if let Some(work) = &mut self.0
            && connection == work.attempts
        {
            work.end(epoll, Hangup::fault(reason));
        }
    }

    pub(crate) fn close(&mut self, epoll: &Epoll, hangup: &Hangup) {
        if let Some(work) = &mut self.0 {
            work.end(epoll, hangup.clone());
            work.phase = Phase::Closed;
        }
    }
}

impl Connecting {
    fn expire(&mut self, epoll: &Epoll, now: Duration) {
        let late = match &self.phase {
            Phase::Waiting { until } if *until <= now => return self.connect(epoll, now),
            Phase::Handshake { machine, .. } => machine.expire(now).err(),
            _ => None,
        };
        if let Some(violation) = late {
            self.end(epoll, Hangup::fault(violation));
        }
    }

    fn connect(&mut self, epoll: &Epoll, now: Duration) {
        self.attempts += 1;
        let opened = self.way.open().and_then(|socket| {
            epoll
                .add(&socket, self.attempts, Trigger::Level)
                .map(|()| socket)
        });
        match opened {
            Ok(socket) => {
                let machine = Box::new(Client::new(self.config.clone(), self.allowed, now));
                self.phase = Phase::Handshake {
                    socket,
                    machine,
                    memory: None,
                    server: Name::default(),
                };
            }
            Err(error) => {
                self.phase = Phase::Closed;
                self.fail(Failure {
                    reason: format!("connecting to {} failed: {error}", self.way),
                    refused: is_hopeless(&error),
                    errno: error.raw_os_error(),
                });
                self.go_on(now, &Hangup::os("epoll_ctl", &error));
            }
        }
    }

    /// Plans the next attempt, if there is to be one.
    fn go_on(&mut self, now: Duration, hangup: &Hangup) {
        if self.is_last() {
            self.link.close(hangup);
            return;
        }
        self.phase = Phase::Waiting {
            until: now + self.pause,
        };
        self.pause = (self.pause * 2).min(self.backoff.longest);
    }

    /// Whether there is no connection to come.
    fn is_last(&self) -> bool {
        matches!(self.way, Way::Given(None))
    }

    fn readable(&mut self, epoll: &Epoll) {
        for _ in 0..BURST {
            match self.one_message() {
                Ok(true) => {}
                Ok(false) => return,
                Err(hangup) => return self.end(epoll, hangup),
            }
        }
    }

    /// Handles one message; false when there is none.
    fn one_message(&mut self) -> Result<bool, Hangup> {
        let (Phase::Handshake { socket, .. } | Phase::Up { socket, .. }) = &self.phase else {
            return Ok(false);
        };
        let Some((bytes, len, fd)) = receive(socket)? else {
            return Ok(false);
        };
        self.message(&bytes, len, fd.is_some())?;
        Ok(true)
    }

    fn message(
        &mut self,
        bytes: &[u8; MESSAGE_LEN],
        len: usize,
        has_fd: bool,
    ) -> Result<(), Hangup> {
        let Phase::Handshake {
            socket,
            machine,
            memory,
            server,
        } = &mut self.phase
        else {
            return Err(after_connected(&bytes[..len]));
        };
        let step = machine.receive(&bytes[..len], has_fd)?;
        match step.event {
            Some(ClientEvent::Hello(negotiated)) => {
                let made = Memory::new(&self.link.options, &negotiated)?;
                machine.offer(made.offer()).map_err(Hangup::ours)?;
                *server = negotiated.peer;
                *memory = Some(Box::new(made));
            }
            Some(ClientEvent::Established { peer_if_name }) => {
                return self.established(&peer_if_name);
            }
            Some(ClientEvent::Disconnected(disconnect)) => return Err(Hangup::said(&disconnect)),
            None => {}
        }
        match step.send {
            Some(outgoing) => send_with(socket, &outgoing, memory.as_deref()),
            None => Ok(()),
        }
    }

    fn established(&mut self, peer_if_name: &Name) -> Result<(), Hangup> {
        let Phase::Handshake {
            socket,
            memory,
            server,
            ..
        } = std::mem::replace(&mut self.phase, Phase::Closed)
        else {
            return Ok(());
        };
        let memory = memory.ok_or_else(|| Hangup::ours("connected without memory"))?;
        let peer = Peer::new(&server, peer_if_name, socket.credentials().ok());
        let (epoch, regions, hub) = (self.link.next_epoch(), memory.regions(), self.hub.clone());
        let session = Arc::new(Session::new(epoch, peer, regions, hub, self.attempts));
        let parts = memory.into_parts()?;
        self.phase = Phase::Up {
            socket,
            session: Arc::clone(&session),
        };
        self.pause = self.backoff.first;
        begin_epoch(&self.link, &session, parts);
        tracing::info!(id = self.config.id, epoch, peer = %session.peer.name, "connected");
        Ok(())
    }

    /// Leaves the current connection, whatever its state, and plans the next attempt.
    fn end(&mut self, epoll: &Epoll, hangup: Hangup) {
        let phase = std::mem::replace(&mut self.phase, Phase::Closed);
        let (Phase::Handshake { socket, .. } | Phase::Up { socket, .. }) = &phase else {
            self.phase = phase;
            return;
        };
        let hangup = hangup.or_last_words(socket);
        if hangup.worth_saying() {
            say_goodbye(socket, &hangup.reason);
        }
        let _ = epoll.remove(socket); // closed right after in any case
        if self.is_last() {
            self.link.close(&hangup);
        }
        match &phase {
            Phase::Up { session, .. } => {
                let ended = session.end(hangup.by, hangup.clean, hangup.reason.clone());
                tracing::info!(
                    id = self.config.id,
                    epoch = ended.epoch,
                    reason = ended.reason,
                    "link ended"
                );
                self.link.down(ended);
            }
            _ => {
                let who = if hangup.clean && hangup.by == Side::Peer {
                    "the server refused: "
                } else {
                    ""
                };
                self.fail(Failure::of(&hangup, who));
            }
        }
        self.go_on(now(), &hangup);
    }

    /// An attempt failed. Those that fail in the same way again and again are not worth a line each.
    fn fail(&self, failure: Failure) {
        let (id, text) = (self.config.id, failure.reason.clone());
        if self.link.note_failure(failure) {
            tracing::info!(id, reason = text, "not connected, trying on");
        }
    }
}

/// Whether an attempt to connect failed for more than that nobody listens yet.
fn is_hopeless(error: &io::Error) -> bool {
    let errno = error.raw_os_error().unwrap_or_default();
    let runs_out = [libc::EMFILE, libc::ENFILE, libc::ENOMEM].contains(&errno);
    let may_not = error.kind() == io::ErrorKind::PermissionDenied;
    runs_out || may_not || errno == libc::EPROTOTYPE
}

fn send_with(
    socket: &SeqPacket,
    outgoing: &Outgoing,
    memory: Option<&Memory>,
) -> Result<(), Hangup> {
    let descriptor = |attach: Attach| memory.and_then(|memory| memory.descriptor(attach));
    send(socket, &outgoing.message, outgoing.fd.and_then(descriptor))
}

/// What a message after CONNECTED means: only DISCONNECT is legal.
pub(super) fn after_connected(datagram: &[u8]) -> Hangup {
    match Message::decode(datagram) {
        Ok(Message::Disconnect(disconnect)) => Hangup::said(&disconnect),
        Ok(other) => Hangup::fault(Violation::Late { got: other.kind() }),
        Err(violation) => Hangup::fault(violation),
    }
}
