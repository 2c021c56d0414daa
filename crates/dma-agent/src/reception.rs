//! The doorbells, and those who have rung and not registered yet.

mod handover;

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use descsock_wire::Registration;
use memif::unix::StreamListener;
use memif::{Address, Credentials};

use crate::admission::{Admission, Refusal};
use crate::reactor::{Reactor, Token};
use crate::refusal_log::RefusalLog;
use crate::visitor::{PATIENCE, Visitor};

/// How many may be registering at once; one more, and the first of them goes.
const MOST_VISITORS: usize = 256;
/// Connections taken from one doorbell before others get their turn.
const BURST: usize = 64;

/// Where clients come in.
#[derive(Debug)]
pub(crate) struct Reception {
    pub(crate) admission: Admission,
    doorbells: Vec<Option<Doorbell>>,
    visitors: Vec<Option<Visitor>>,
    came: u64,
    refusals: u64,
    log: RefusalLog,
}

#[derive(Debug)]
struct Doorbell {
    listener: StreamListener,
    address: Address,
    /// Nobody could come in the last time that somebody tried. It is not watched then, and was told of.
    is_shut: bool,
}

impl Reception {
    pub(crate) fn new(admission: Admission) -> Self {
        Self {
            admission,
            doorbells: Vec::new(),
            visitors: Vec::new(),
            came: 0,
            refusals: 0,
            log: RefusalLog::default(),
        }
    }

    /// Opens a doorbell.
    pub(crate) fn add(
        &mut self,
        listener: StreamListener,
        address: &Address,
        watch: impl FnOnce(BorrowedFd<'_>, Token) -> io::Result<()>,
    ) -> io::Result<()> {
        let free = self.doorbells.iter().position(Option::is_none);
        let place = free.unwrap_or(self.doorbells.len());
        let index = u32::try_from(place).unwrap_or(u32::MAX);
        watch(listener.as_fd(), Token::Doorbell(index))?;
        if place == self.doorbells.len() {
            self.doorbells.push(None);
        }
        let address = address.clone();
        self.doorbells[place] = Some(Doorbell {
            listener,
            address,
            is_shut: false,
        });
        Ok(())
    }

    /// Closes a doorbell. Who came by it stays.
    pub(crate) fn remove(&mut self, address: &Address) {
        for doorbell in &mut self.doorbells {
            doorbell.take_if(|doorbell| doorbell.address == *address);
        }
    }

    /// Takes connections from a doorbell.
    pub(crate) fn answer(&mut self, index: u32, now: Duration, reactor: &Reactor) {
        for _ in 0..BURST {
            let Some(Some(doorbell)) = self.doorbells.get_mut(index as usize) else {
                return;
            };
            let socket = match doorbell.listener.accept() {
                Ok(Some(socket)) => socket,
                Ok(None) => return,
                Err(error) => return doorbell.shut(&error, reactor),
            };
            doorbell.is_shut = false;
            self.came += 1;
            let entered = Visitor::new(socket, now, self.came).map(|visitor| self.place(visitor));
            if let Ok(at) = entered
                && let Some(Some(visitor)) = self.visitors.get(at)
            {
                let token = Token::Visitor(u32::try_from(at).unwrap_or(u32::MAX));
                if reactor.watch_input(visitor.as_fd(), token).is_err() {
                    self.visitors[at] = None;
                }
            }
        }
    }

    /// Has those tried again by which nobody could come in.
    pub(crate) fn retry(&self, reactor: &Reactor) {
        for (index, doorbell) in (0..).zip(&self.doorbells) {
            if let Some(doorbell) = doorbell.as_ref().filter(|one| one.is_shut) {
                // It fails for one that is watched already.
                let _ = reactor.watch_input(doorbell.listener.as_fd(), Token::Doorbell(index));
            }
        }
    }

    /// Hears somebody who is registering. Who is done is out of here.
    pub(crate) fn listen(&mut self, index: u32) -> Option<(Visitor, Registration)> {
        let place = self.visitors.get_mut(index as usize)?;
        match place.as_mut()?.listen() {
            Ok(None) => None,
            Ok(Some(registration)) => place.take().map(|visitor| (visitor, registration)),
            Err(refusal) => {
                let visitor = place.take()?;
                self.note(visitor.who, &refusal);
                None
            }
        }
    }

    /// Lets go of those who take too long, and sums up what was refused again and again.
    pub(crate) fn expire(&mut self, now: Duration) {
        let seconds = PATIENCE.as_secs();
        for at in 0..self.visitors.len() {
            let late = self.visitors[at].take_if(|visitor| visitor.deadline <= now);
            if let Some(visitor) = late {
                self.note(visitor.who, &Refusal::TooSlow { seconds });
            }
        }
        self.log.expire(now);
    }

    /// Counts that somebody was not let in, and logs it unless that is nothing new.
    pub(crate) fn note(&mut self, who: Credentials, why: &Refusal) {
        self.refusals += 1;
        self.log.note(who, why);
    }

    pub(crate) fn refusals(&self) -> u64 {
        self.refusals
    }

    /// Finds a place, if need be that of whoever came first.
    fn place(&mut self, visitor: Visitor) -> usize {
        if let Some(free) = self.visitors.iter().position(Option::is_none) {
            self.visitors[free] = Some(visitor);
            return free;
        }
        if self.visitors.len() < MOST_VISITORS {
            self.visitors.push(Some(visitor));
            return self.visitors.len() - 1;
        }
        let came = |place: &Option<Visitor>| place.as_ref().map_or(0, |visitor| visitor.came);
        let places = self.visitors.iter().enumerate();
        let first = places.min_by_key(|(_, place)| came(place));
        let first = first.map_or(0, |(at, _)| at);
        if let Some(oldest) = self.visitors[first].replace(visitor) {
            let most = MOST_VISITORS - 1;
            self.note(oldest.who, &Refusal::Crowded { most });
        }
        first
    }
}

impl Doorbell {
    /// Somebody is at the door and cannot come in, most often because this process has no descriptor left. Said once, and
    /// not looked at for a while: whoever waits there stays news.
    fn shut(&mut self, error: &io::Error, reactor: &Reactor) {
        // It fails only for what is not watched.
        let _ = reactor.forget(self.listener.as_fd());
        if !std::mem::replace(&mut self.is_shut, true) {
            tracing::warn!(doorbell = %self.address, %error, "nobody can come in");
        }
    }
}
