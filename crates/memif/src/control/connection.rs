//! One client of a server: on its way in, then the link's peer.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Weak};

use memif_wire::{Admit, Init, MESSAGE_LEN, Name, Refusal, Server, ServerEvent, State, Terms};

use super::admission::Arrival;
use super::assemble::begin_epoch;
use super::client::after_connected;
use super::hangup::{Hangup, say_goodbye, send};
use super::hub::Hub;
use crate::core::{Failure, LinkCore};
use crate::session::Session;
use crate::sys::{Credentials, SeqPacket};

/// See the module documentation.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) socket: SeqPacket,
    credentials: Option<Credentials>,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Handshake(Box<Arrival>),
    Up {
        link: Arc<LinkCore>,
        session: Arc<Session>,
    },
}

/// The links of a socket, by id.
pub(super) type Links = HashMap<u32, Arc<LinkCore>>;

impl Connection {
    /// A client that has just connected and been greeted.
    pub(super) fn arriving(
        socket: SeqPacket,
        credentials: Option<Credentials>,
        machine: Server,
    ) -> Self {
        let phase = Phase::Handshake(Box::new(Arrival::new(machine)));
        Self {
            socket,
            credentials,
            phase,
        }
    }

    /// Its handshake, while that goes on.
    pub(super) fn arrival(&self) -> Option<&Arrival> {
        match &self.phase {
            Phase::Handshake(arrival) => Some(arrival),
            Phase::Up { .. } => None,
        }
    }

    /// Whether its next message may be INIT.
    pub(super) fn may_ask_for_a_link(&self) -> bool {
        let state = |arrival: &Arrival| arrival.machine.state();
        self.arrival().map(state) == Some(State::AwaitingInit)
    }

    /// Whether it belongs to this link, or is about to.
    pub(super) fn is_of(&self, link: &Arc<LinkCore>) -> bool {
        match &self.phase {
            Phase::Handshake(arrival) => arrival.is_for(link),
            Phase::Up { link: served, .. } => Arc::ptr_eq(served, link),
        }
    }

    /// Judges one message; the client's interface name when it has offered everything.
    pub(super) fn message(
        &mut self,
        bytes: &[u8; MESSAGE_LEN],
        len: usize,
        fd: Option<OwnedFd>,
        links: &Links,
    ) -> Result<Option<Name>, Hangup> {
        let Phase::Handshake(arrival) = &mut self.phase else {
            return Err(after_connected(&bytes[..len]));
        };
        let mut registry = Registry { links, asked: None };
        let step = arrival
            .machine
            .receive(&bytes[..len], fd.is_some(), &mut registry);
        arrival.link = registry.asked.or(arrival.link.take());
        let step = step?;
        match step.event {
            Some(ServerEvent::Established { peer_if_name }) => {
                arrival.keep_answer(step.reply);
                return Ok(Some(peer_if_name));
            }
            Some(ServerEvent::Disconnected(disconnect)) => return Err(Hangup::said(&disconnect)),
            Some(event) => arrival.keep(event, fd)?,
            None => {}
        }
        match step.reply {
            Some(reply) => send(&self.socket, &reply, None).map(|()| None),
            None => Ok(None),
        }
    }

    /// The client has offered everything: the epoch begins, unless another client was faster.
    pub(super) fn establish(
        &mut self,
        peer_if_name: &Name,
        token: u64,
        hub: Weak<Hub>,
    ) -> Result<(), Hangup> {
        let Phase::Handshake(arrival) = &mut self.phase else {
            return Ok(());
        };
        let link = arrival.link.clone();
        let link = link.ok_or_else(|| Hangup::ours("established without a link"))?;
        let (id, epoch) = (link.options.id, link.next_epoch());
        if link.session().is_some() {
            return Err(Hangup::fault(Refusal::IdInUse { id }));
        }
        let parts = arrival.parts()?;
        let peer = arrival.peer(peer_if_name, self.credentials);
        let session = Arc::new(Session::new(epoch, peer, arrival.regions(), hub, token));
        let connected = arrival
            .connected()
            .ok_or_else(|| Hangup::ours("no answer to CONNECT"))?;
        // Before CONNECTED goes out: then everything is in place when the client's first frame comes.
        begin_epoch(&link, &session, parts);
        tracing::info!(id, epoch, peer = %session.peer.name, "connected");
        self.phase = Phase::Up { link, session };
        send(&self.socket, &connected, None)
    }

    /// The end, whatever its state. Who failed to get in and why, if so.
    pub(super) fn leave(self, hangup: Hangup) -> Option<String> {
        let hangup = hangup.or_last_words(&self.socket);
        if hangup.worth_saying() {
            say_goodbye(&self.socket, &hangup.reason);
        }
        match self.phase {
            Phase::Up { link, session } => {
                let ended = session.end(hangup.by, hangup.clean, hangup.reason);
                let (id, epoch) = (link.options.id, ended.epoch);
                tracing::info!(id, epoch, reason = ended.reason, "link ended");
                link.down(ended);
                None
            }
            Phase::Handshake(arrival) => {
                let failed = format!("{}: {}", describe(self.credentials), hangup.reason);
                if let Some(link) = arrival.link {
                    link.note_failure(Failure::of(&hangup, ""));
                }
                hangup.refused.then_some(failed)
            }
        }
    }
}

/// The links of this socket, as the handshake asks for them.
struct Registry<'a> {
    links: &'a Links,
    /// The one it asked for, also if its client is not let in.
    asked: Option<Arc<LinkCore>>,
}

impl Admit for Registry<'_> {
    fn admit(&mut self, init: &Init) -> Result<Terms, Refusal> {
        let id = init.id;
        let link = self.links.get(&id).ok_or(Refusal::UnknownId { id })?;
        self.asked = Some(Arc::clone(link));
        if link.session().is_some() {
            return Err(Refusal::IdInUse { id });
        }
        let options = &link.options;
        let if_name = options.tagged_name(&options.name).unwrap_or_default();
        let (rings_s2m, rings_m2s) = (options.queues, options.queues);
        Ok(Terms {
            mode: options.mode,
            secret: options.secret,
            rings_s2m,
            rings_m2s,
            if_name,
        })
    }
}

/// Who a client is, for a log.
pub(super) fn describe(credentials: Option<Credentials>) -> String {
    match credentials {
        Some(Credentials {
            pid: Some(pid),
            uid,
            ..
        }) => format!("process {pid} of user {uid}"),
        Some(Credentials { uid, .. }) => format!("a process of user {uid}"),
        None => "an unknown process".to_owned(),
    }
}
