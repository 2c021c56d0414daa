//! The server's side: accept, let clients in, keep one session per link.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use memif_wire::{Limits, Name, Tag};

use super::connection::{Connection, Links, describe};
use super::hangup::{Hangup, receive, say_goodbye, send};
use super::hub::Hub;
use crate::core::{Failure, LinkCore};
use crate::error::os;
use crate::sys::{Credentials, Epoll, ListenSocket, SeqPacket, Trigger, now};
use crate::{Error, Misuse};

/// Token of the listening socket; connections count on from here.
const LISTEN: u64 = 1;
/// Connections accepted, or messages handled, before others get their turn.
const BURST: usize = 16;
/// How long to stop accepting when descriptors or memory ran out.
const PAUSE: Duration = Duration::from_millis(100);

/// Who may connect; an empty list allows everybody whom the socket file's permissions allow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allowed {
    pub(crate) uids: Vec<u32>,
    pub(crate) gids: Vec<u32>,
}

impl Allowed {
    fn permits(&self, who: Credentials) -> bool {
        let nobody_named = self.uids.is_empty() && self.gids.is_empty();
        nobody_named || self.uids.contains(&who.uid) || self.gids.contains(&who.gid)
    }
}

/// What holds for all clients of one socket.
#[derive(Clone, Debug)]
pub(crate) struct ServerSettings {
    pub(crate) name: String,
    pub(crate) limits: Limits,
    pub(crate) allowed: Allowed,
    /// Time for one handshake.
    pub(crate) handshake: Duration,
    /// Handshakes going on at once; one more ends the oldest.
    pub(crate) half_open: usize,
}

/// All links and clients of one listening socket; or one link for one client, which somebody else has connected.
#[derive(Debug)]
pub(crate) struct ServerWork {
    /// `None`: the first client is the last.
    listen: Option<ListenSocket>,
    settings: ServerSettings,
    hub: Weak<Hub>,
    links: Links,
    connections: BTreeMap<u64, Connection>,
    last_token: u64,
    paused_until: Option<Duration>,
    /// The last client that did not get in, and why.
    last_failure: String,
}

impl ServerWork {
    pub(crate) fn new(
        listen: ListenSocket,
        settings: ServerSettings,
        epoll: &Epoll,
        hub: Weak<Hub>,
    ) -> Result<Self, Error> {
        epoll
            .add(&listen, LISTEN, Trigger::Level)
            .map_err(os("epoll_ctl"))?;
        Ok(Self::with(Some(listen), settings, hub))
    }

    /// A server of this link for this client.
    pub(crate) fn given(
        socket: SeqPacket,
        link: &Arc<LinkCore>,
        settings: ServerSettings,
        epoll: &Epoll,
        hub: Weak<Hub>,
    ) -> Result<Self, Error> {
        let mut work = Self::with(None, settings, hub);
        work.add(link)?;
        match work.greet(epoll, socket) {
            Ok(()) => Ok(work),
            Err(Hangup { reason, errno, .. }) => Err(Error::Refused { reason, errno }),
        }
    }

    fn with(listen: Option<ListenSocket>, settings: ServerSettings, hub: Weak<Hub>) -> Self {
        Self {
            listen,
            settings,
            hub,
            links: Links::new(),
            connections: BTreeMap::new(),
            last_token: LISTEN,
            paused_until: None,
            last_failure: String::new(),
        }
    }

    pub(crate) fn add(&mut self, link: &Arc<LinkCore>) -> Result<(), Misuse> {
        let id = link.options.id;
        if self.links.contains_key(&id) {
            return Err(Misuse::IdTaken { id });
        }
        self.links.insert(id, Arc::clone(link));
        Ok(())
    }

    /// Ends a link: its client, if there is one, and its id.
    pub(crate) fn remove(&mut self, epoll: &Epoll, link: &Arc<LinkCore>, hangup: &Hangup) {
        let id = link.options.id;
        if self
            .links
            .get(&id)
            .is_some_and(|current| Arc::ptr_eq(current, link))
        {
            self.links.remove(&id);
        }
        let of_link = |(_, connection): &(&u64, &Connection)| connection.is_of(link);
        let connections: Vec<_> = self.connections.iter().filter(of_link).collect();
        let tokens: Vec<u64> = connections.into_iter().map(|(&token, _)| token).collect();
        for token in tokens {
            self.end(epoll, token, hangup.clone());
        }
    }

    pub(crate) fn handle(&mut self, epoll: &Epoll, token: u64) {
        if token == LISTEN {
            return self.accept(epoll);
        }
        let connection = self.connections.get(&token);
        if connection.is_some_and(Connection::may_ask_for_a_link) {
            self.bury_the_dead(epoll);
        }
        for _ in 0..BURST {
            match self.one_message(token) {
                Ok(true) => {}
                Ok(false) => return,
                Err(hangup) => return self.end(epoll, token, hangup),
            }
        }
    }

    pub(crate) fn expire(&mut self, epoll: &Epoll, now: Duration) {
        if self.paused_until.is_some_and(|until| until <= now) {
            self.paused_until = None;
            self.listen_again(epoll, now);
        }
        let late = |(&token, connection): (&u64, &Connection)| {
            Some((token, connection.arrival()?.machine.expire(now).err()?))
        };
        let late: Vec<_> = self.connections.iter().filter_map(late).collect();
        for (token, violation) in late {
            self.end(epoll, token, Hangup::fault(violation));
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        let deadline = |connection: &Connection| connection.arrival()?.machine.deadline();
        self.connections
            .values()
            .filter_map(deadline)
            .chain(self.paused_until)
            .min()
    }

    pub(crate) fn hang_up(&mut self, epoll: &Epoll, connection: u64, reason: &str) {
        self.end(epoll, connection, Hangup::fault(reason));
    }

    fn accept(&mut self, epoll: &Epoll) {
        for _ in 0..BURST {
            let Some(listen) = &self.listen else {
                return;
            };
            match listen.accept() {
                Ok(Some(socket)) => {
                    if let Err(hangup) = self.greet(epoll, socket)
                        && hangup.refused
                    {
                        self.note_failure(hangup.reason);
                    }
                }
                Ok(None) => return,
                Err(error) => {
                    let _ = epoll.remove(listen);
                    self.nobody_comes(&error);
                    self.paused_until = Some(now() + PAUSE);
                    return;
                }
            }
        }
    }

    /// Those who wait for their client learn that it is not the client's fault.
    fn nobody_comes(&mut self, error: &io::Error) {
        let hangup = Hangup::os("accept", error);
        let waiting = self.links.values().filter(|link| link.session().is_none());
        waiting.for_each(|link| {
            link.note_failure(Failure::of(&hangup, ""));
        });
        self.note_failure(format!("{}; next attempt in {PAUSE:?}", hangup.reason));
    }

    fn listen_again(&mut self, epoll: &Epoll, now: Duration) {
        let Some(listen) = &self.listen else {
            return;
        };
        if epoll.add(listen, LISTEN, Trigger::Level).is_err() {
            self.paused_until = Some(now + PAUSE);
        }
    }

    /// A client that comes back must find its link free: ends sessions whose client is gone but not yet heard of.
    fn bury_the_dead(&mut self, epoll: &Epoll) {
        let gone = |(_, connection): &(&u64, &Connection)| {
            connection.arrival().is_none() && connection.socket.hung_up()
        };
        let gone: Vec<u64> = self
            .connections
            .iter()
            .filter(gone)
            .map(|(&token, _)| token)
            .collect();
        gone.into_iter().for_each(|token| self.handle(epoll, token));
    }

    /// Says HELLO to a client that has just connected.
    fn greet(&mut self, epoll: &Epoll, socket: SeqPacket) -> Result<(), Hangup> {
        let credentials = socket.credentials().ok();
        if !credentials.is_some_and(|who| self.settings.allowed.permits(who)) {
            let reason = format!("{} may not connect here", describe(credentials));
            say_goodbye(&socket, &reason);
            return Err(Hangup::fault(reason));
        }
        self.make_way(epoll);
        let machine = memif_wire::Server::new(
            self.hello_name(),
            self.settings.limits,
            self.settings.handshake,
            now(),
        );
        send(&socket, &machine.hello(), None)?;
        self.last_token += 1;
        let watched = epoll.add(&socket, self.last_token, Trigger::Level);
        watched.map_err(|error| Hangup::os("epoll_ctl", &error))?;
        let connection = Connection::arriving(socket, credentials, machine);
        self.connections.insert(self.last_token, connection);
        Ok(())
    }

    /// Ends the oldest handshake when there are too many: one that takes its time makes way for one that may not.
    fn make_way(&mut self, epoll: &Epoll) {
        let mut waiting = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.arrival().is_some())
            .map(|(&token, _)| token);
        let oldest = waiting.next();
        if let Some(token) = oldest
            && waiting.count() + 1 >= self.settings.half_open
        {
            self.end(
                epoll,
                token,
                Hangup::fault("too many half-open connections, this one is the oldest"),
            );
        }
    }

    /// Our name, tagged with the largest frame that any link here will send.
    fn hello_name(&self) -> Name {
        let largest = self.links.values().map(|link| link.options.tag());
        let features = largest
            .clone()
            .map(|tag| tag.features)
            .reduce(|all, one| all | one)
            .unwrap_or_default();
        let frame_capacity = largest.map(|tag| tag.frame_capacity).max().unwrap_or(0);
        let name = Name::new(&self.settings.name).unwrap_or_default();
        name.with_tag(Tag {
            features,
            frame_capacity,
        })
        .unwrap_or(name)
    }

    /// Handles one message; false when there is none.
    fn one_message(&mut self, token: u64) -> Result<bool, Hangup> {
        let Some(connection) = self.connections.get_mut(&token) else {
            return Ok(false);
        };
        let Some((bytes, len, fd)) = receive(&connection.socket)? else {
            return Ok(false);
        };
        if let Some(peer_if_name) = connection.message(&bytes, len, fd, &self.links)? {
            connection.establish(&peer_if_name, token, self.hub.clone())?;
        }
        Ok(true)
    }

    /// Leaves a client, whatever its state.
    fn end(&mut self, epoll: &Epoll, token: u64, hangup: Hangup) {
        if let Some(connection) = self.connections.remove(&token) {
            let _ = epoll.remove(&connection.socket); // closed right after in any case
            if self.listen.is_none() {
                // Nobody else will come.
                self.links
                    .values()
                    .for_each(|link| drop(link.close(&hangup)));
            }
            if let Some(failed) = connection.leave(hangup) {
                self.note_failure(failed);
            }
        }
    }

    /// A client did not get in. One that tries again and again is not worth a line each time.
    fn note_failure(&mut self, failed: String) {
        if self.last_failure != failed {
            tracing::warn!("client not let in: {failed}");
            self.last_failure = failed;
        }
    }
}
