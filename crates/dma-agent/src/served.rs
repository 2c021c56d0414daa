//! Connections to the agent itself, beside those of clients: bounded in number, in bytes and in time.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use crate::device::{Gone, News, Source};
use crate::inbox::Inbox;
use crate::outbox::Outbox;
use crate::reactor::{Reactor, Token};

/// Bytes read at once.
const READ: usize = 4096;

/// One connection: what it has said, and what it has not taken yet.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: OwnedFd,
    inbox: Inbox,
    pub(crate) input: Vec<u8>,
    pub(crate) outbox: Outbox,
    /// When it is let go of, unless something happens.
    pub(crate) deadline: Option<Duration>,
    /// The other end says no more.
    pub(crate) has_ended: bool,
    /// It is let go of when it has taken what it is owed.
    pub(crate) is_closing: bool,
}

impl Connection {
    pub(crate) fn new(socket: OwnedFd, deadline: Duration) -> Self {
        Self {
            socket,
            inbox: Inbox::new(),
            input: Vec::new(),
            outbox: Outbox::default(),
            deadline: Some(deadline),
            has_ended: false,
            is_closing: false,
        }
    }

    pub(crate) fn notice(&mut self, ended: bool) {
        let source = Source(0);
        self.inbox.notice(News { source, ended });
        self.outbox.unblock();
    }

    /// Reads what has come, as long as what waits to be looked at is below `most` bytes.
    ///
    /// # Errors
    /// Why it cannot be used any more.
    pub(crate) fn read(&mut self, most: usize) -> Result<(), Gone> {
        let mut buffer = [0; READ];
        while !self.has_ended && self.inbox.is_readable() && self.input.len() <= most {
            match self.inbox.read(&self.socket, &mut buffer) {
                Ok(bytes) => self.input.extend_from_slice(bytes),
                Err(Gone::Closed) => self.has_ended = true,
                Err(gone) => return Err(gone),
            }
        }
        Ok(())
    }

    /// The connection, for something else.
    pub(crate) fn into_socket(self) -> OwnedFd {
        self.socket
    }

    /// Writes what the other end takes. False when the connection is over.
    pub(crate) fn flush(&mut self) -> bool {
        let alive = self.outbox.flush(&self.socket).is_ok();
        alive && !(self.is_closing && self.outbox.waiting() == 0)
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Who has news besides ports and clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    /// Somebody wants to ask.
    ControlDoor,
    /// Somebody wants to take over.
    Heir,
    /// Somebody asks.
    Caller(usize),
    /// Somebody wants metrics.
    MetricsDoor,
    /// Somebody reads metrics.
    Scraper(usize),
}

impl Party {
    pub(crate) fn token(self) -> Token {
        let number = |index: usize| u32::try_from(index).unwrap_or(u32::MAX >> 2);
        Token::Other(match self {
            Party::ControlDoor => 0,
            Party::MetricsDoor => 1,
            Party::Heir => 4,
            Party::Caller(index) => number(index) << 2 | 2,
            Party::Scraper(index) => number(index) << 2 | 3,
        })
    }

    pub(crate) fn of(number: u32) -> Self {
        let index = (number >> 2) as usize;
        match number & 3 {
            0 if index == 0 => Party::ControlDoor,
            0 => Party::Heir,
            1 => Party::MetricsDoor,
            2 => Party::Caller(index),
            _ => Party::Scraper(index),
        }
    }
}

/// Connections by number, so many at most.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    slots: Vec<Option<T>>,
    most: usize,
}

impl<T> Slots<T> {
    pub(crate) fn new(most: usize) -> Self {
        let slots = Vec::new();
        Self { slots, most }
    }

    /// A free number, unless all are taken.
    pub(crate) fn free(&mut self) -> Option<usize> {
        if let Some(free) = self.slots.iter().position(Option::is_none) {
            return Some(free);
        }
        (self.slots.len() < self.most).then(|| {
            self.slots.push(None);
            self.slots.len() - 1
        })
    }

    pub(crate) fn put(&mut self, index: usize, one: T) {
        if let Some(slot) = self.slots.get_mut(index) {
            *slot = Some(one);
        }
    }

    pub(crate) fn take(&mut self, index: usize) -> Option<T> {
        self.slots.get_mut(index)?.take()
    }

    /// Takes all out that are unwanted.
    pub(crate) fn take_if(&mut self, unwanted: impl Fn(&T) -> bool) -> Vec<T> {
        let slots = self.slots.iter_mut();
        slots
            .filter_map(|slot| slot.take_if(|one| unwanted(one)))
            .collect()
    }

    /// The numbers of those that are picked.
    pub(crate) fn which(&self, picked: impl Fn(&T) -> bool) -> Vec<usize> {
        let slots = self.slots.iter().enumerate();
        let picked = slots.filter(|(_, slot)| slot.as_ref().is_some_and(&picked));
        picked.map(|(index, _)| index).collect()
    }
}

/// Watches a connection that came in.
pub(crate) fn watch(reactor: &Reactor, connection: &Connection, party: Party) -> io::Result<()> {
    reactor.watch_changes(connection.as_fd(), party.token())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_survives_its_token() {
        for party in [
            Party::ControlDoor,
            Party::MetricsDoor,
            Party::Heir,
            Party::Caller(0),
            Party::Caller(31),
            Party::Scraper(7),
        ] {
            let Token::Other(number) = party.token() else {
                panic!("not one of ours")
            };
            assert_eq!(Party::of(number), party);
        }
    }

    #[test]
    fn there_are_only_so_many() {
        let mut slots = Slots::new(2);
        for one in ["a", "b"] {
            let free = slots.free().expect("a place");
            slots.put(free, one);
        }
        assert_eq!(slots.free(), None);
        assert_eq!(slots.take(0), Some("a"));
        assert_eq!(slots.free(), Some(0));
    }
}
