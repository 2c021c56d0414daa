//! One epoll instance, one timer, one lock: everything that can happen on one socket.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::{ClientWork, Hangup, ServerWork};
use crate::core::LinkCore;
use crate::error::os;
use crate::sys::{Epoll, Ready, Timer, Trigger, now};
use crate::{Ended, Error, Misuse};

/// Token of the timer. Work uses tokens from 1 on.
const TIMER: u64 = 0;
/// Rounds of events handled in one call, so that a noisy peer cannot keep a caller here.
const ROUNDS: usize = 8;

/// See the module documentation of [`super`].
#[derive(Debug)]
pub(crate) struct Hub {
    epoll: Epoll,
    timer: Timer,
    work: Mutex<Work>,
}

/// What the hub works on.
#[derive(Debug)]
pub(crate) enum Work {
    Server(ServerWork),
    Client(ClientWork),
}

impl Hub {
    pub(crate) fn new(
        work: impl FnOnce(&Epoll, Weak<Self>) -> Result<Work, Error>,
    ) -> Result<Arc<Self>, Error> {
        let epoll = Epoll::new().map_err(os("epoll_create1"))?;
        let timer = Timer::new().map_err(os("timerfd_create"))?;
        epoll
            .add(&timer, TIMER, Trigger::Level)
            .map_err(os("epoll_ctl"))?;
        let mut failed = None;
        let hub = Arc::new_cyclic(|weak| {
            let work = work(&epoll, weak.clone()).unwrap_or_else(|error| {
                failed = Some(error);
                Work::Client(ClientWork::nothing())
            });
            Self {
                epoll,
                timer,
                work: Mutex::new(work),
            }
        });
        match failed {
            None => Ok(hub),
            Some(error) => Err(error),
        }
    }

    /// Does what is pending; false if there is more than one call does. Never blocks.
    pub(crate) fn drive(&self) -> Result<bool, Error> {
        let mut work = self.work();
        let mut ready = Ready::new();
        for _ in 0..ROUNDS {
            if !self
                .epoll
                .wait(&mut ready, Some(Duration::ZERO))
                .map_err(os("epoll_wait"))?
            {
                return Ok(true);
            }
            for token in ready.tokens().filter(|&token| token != TIMER) {
                work.handle(&self.epoll, token);
            }
            work.expire(&self.epoll, now());
            self.set_timer(&work)?;
        }
        Ok(false)
    }

    /// Serves another link.
    pub(crate) fn add(&self, link: &Arc<LinkCore>) -> Result<(), Misuse> {
        match &mut *self.work() {
            Work::Server(server) => server.add(link),
            Work::Client(_) => Ok(()),
        }
    }

    /// Tells the peer of this connection that it is over, and why.
    pub(crate) fn hang_up(&self, connection: u64, ended: &Ended) {
        let mut work = self.work();
        match &mut *work {
            Work::Server(server) => server.hang_up(&self.epoll, connection, &ended.reason),
            Work::Client(client) => client.hang_up(&self.epoll, connection, &ended.reason),
        }
        self.reschedule(&work);
    }

    /// Ends a link for good.
    pub(crate) fn close(&self, link: &Arc<LinkCore>, hangup: &Hangup) -> Ended {
        let closed = link.close(hangup);
        let mut work = self.work();
        match &mut *work {
            Work::Server(server) => server.remove(&self.epoll, link, hangup),
            Work::Client(client) => client.close(&self.epoll, hangup),
        }
        self.reschedule(&work);
        closed
    }

    /// Begins: the first attempt to connect, and the first deadline.
    pub(crate) fn start(&self) -> Result<(), Error> {
        let mut work = self.work();
        work.expire(&self.epoll, now());
        self.set_timer(&work)
    }

    fn reschedule(&self, work: &Work) {
        if let Err(error) = self.set_timer(work) {
            tracing::warn!(%error, "deadlines are not kept");
        }
    }

    fn set_timer(&self, work: &Work) -> Result<(), Error> {
        let due = work.next_deadline().map(|due| due.saturating_sub(now()));
        self.timer.set(due).map_err(os("timerfd_settime"))
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsFd for Hub {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

impl Work {
    fn handle(&mut self, epoll: &Epoll, token: u64) {
        match self {
            Self::Server(server) => server.handle(epoll, token),
            Self::Client(client) => client.handle(epoll, token),
        }
    }

    fn expire(&mut self, epoll: &Epoll, now: Duration) {
        match self {
            Self::Server(server) => server.expire(epoll, now),
            Self::Client(client) => client.expire(epoll, now),
        }
    }

    fn next_deadline(&self) -> Option<Duration> {
        match self {
            Self::Server(server) => server.next_deadline(),
            Self::Client(client) => client.next_deadline(),
        }
    }
}
