//! What [`crate::Rx`] and [`crate::Tx`] have in common: the running epoch's end of a queue, and waiting for news of it.

use std::hint::spin_loop;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use memif_ring::{Biased, Guest, PeerFault};

use crate::control::{Hangup, Hub};
use crate::core::LinkCore;
use crate::deadline::Deadline;
use crate::ends::End;
use crate::error::os;
use crate::session::Session;
use crate::slot::Unseen;
use crate::sys::{Bell, Epoll, Ready, Trigger, coarse_now};
use crate::{Ended, Error, Features, Misuse, Wait};

/// The control connection is looked after at least this often by calls that never sleep.
const TICK: Duration = Duration::from_millis(4);

/// Looks at a ring between two looks at the clock.
const SPINS: usize = 64;

const HUB: u64 = 0;
const BELL: u64 = 1;
const RING: u64 = 2;

/// Keeps a link open; the last one closes it.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) core: Arc<LinkCore>,
    pub(crate) hub: Arc<Hub>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        let hangup = if std::thread::panicking() {
            Hangup::broken("a thread panicked")
        } else {
            Hangup::closed("closed")
        };
        self.hub.close(&self.core, &hangup);
    }
}

/// One queue's end, through all epochs.
#[derive(Debug)]
pub(crate) struct Half<E: End> {
    pub(crate) handle: Arc<Handle>,
    pub(crate) queue: usize,
    current: Option<Current<E>>,
    /// An epoch that was over before its end could be taken over; to be told of.
    missed: Option<Ended>,
    epoll: Epoll,
    last_tick: Duration,
}

#[derive(Debug)]
struct Current<E> {
    end: Biased<E>,
    session: Arc<Session>,
    news: Option<Arc<Bell>>,
}

impl<E: End> Half<E> {
    /// Takes a queue for its one user.
    pub(crate) fn new(handle: &Arc<Handle>, queue: usize) -> Result<Self, Error> {
        let epoll = Epoll::new().map_err(os("epoll_create1"))?;
        epoll
            .add(&*handle.hub, HUB, Trigger::Level)
            .map_err(os("epoll_ctl"))?;
        epoll
            .add(&handle.core.bell, BELL, Trigger::Edge)
            .map_err(os("epoll_ctl"))?;
        if !E::slot(&handle.core, queue).claim() {
            return Err(Misuse::QueueTaken { queue }.into());
        }
        Ok(Self {
            handle: Arc::clone(handle),
            queue,
            current: None,
            missed: None,
            epoll,
            last_tick: Duration::ZERO,
        })
    }

    /// The session of the current epoch; takes over the next one if there is none. After `None`, see
    /// [`Self::tell_end`].
    pub(crate) fn session(&mut self) -> Result<Option<&Arc<Session>>, Error> {
        if self.current.is_none() && self.missed.is_none() {
            self.renew()?;
        }
        Ok(self.current.as_ref().map(|current| &current.session))
    }

    /// Whether an epoch was taken over and not left.
    pub(crate) fn is_in_epoch(&self) -> bool {
        self.current.is_some()
    }

    /// Whether the peer of the current epoch is one of our own.
    pub(crate) fn is_beside_ours(&self) -> bool {
        let current = self.current.as_ref();
        current.is_some_and(|current| current.session.peer.is_ours())
    }

    /// The extras that both sides have; `None` outside of an epoch.
    pub(crate) fn features(&self) -> Option<Features> {
        let theirs = self.current.as_ref()?.session.peer.tag;
        let theirs = theirs.map_or(Features::default(), |tag| tag.features);
        let ours = self.handle.core.options.tag().features;
        Some(ours.intersection(theirs))
    }

    /// Works on the end; `None` outside of an epoch.
    pub(crate) fn with<R>(&mut self, work: impl FnOnce(&mut E) -> R) -> Option<R> {
        self.current.as_mut().map(|current| current.end.owner(work))
    }

    /// Shared access to the end, for something that outlives the call.
    pub(crate) fn guest(&mut self) -> Option<Guest<E>> {
        self.current.as_mut().map(|current| current.end.guest())
    }

    /// Ends the running epoch, in which the peer broke a rule.
    pub(crate) fn fail(&self, fault: &PeerFault) {
        if let Some(current) = &self.current {
            current.session.fail(fault);
        }
    }

    /// Leaves the running epoch, which has ended.
    pub(crate) fn leave(&mut self) -> Option<Ended> {
        let current = self.current.take()?;
        if let Some(bell) = &current.news {
            let _ = self.epoll.remove(&**bell); // watched since `renew`
        }
        Some(current.session.ended())
    }

    /// Between epochs: the end of one that nobody was told of, or why there will be no further one.
    pub(crate) fn tell_end(&mut self) -> Result<(), Error> {
        match self.missed.take().or_else(|| self.handle.core.closed()) {
            Some(ended) => Err(Error::Disconnected(ended)),
            None => Ok(()),
        }
    }

    /// Between epochs: whether there is an end to be told of, which a wait leaves to the next call.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] when the link was closed here.
    pub(crate) fn has_end(&self) -> Result<bool, Error> {
        match (&self.missed, self.handle.core.closed()) {
            (None, Some(ended)) => Err(Error::Disconnected(ended)),
            (missed, _) => Ok(missed.is_some()),
        }
    }

    /// Whether a call that has waited this long looks again at once, rather than sleeps.
    pub(crate) fn spins(&self, deadline: Deadline) -> bool {
        match self.handle.core.options.wait {
            Wait::Poll => true,
            Wait::Interrupt => false,
            Wait::Adaptive(span) => deadline.waited() < span,
        }
    }

    /// Looks at the end a few times; looks after the control connection if there was nothing.
    pub(crate) fn spin(&mut self, look: impl Fn(&mut E) -> bool) -> Result<(), Error> {
        let looks = |end: &mut E| {
            (0..SPINS).any(|_| {
                spin_loop();
                look(end)
            })
        };
        match self.with(looks) {
            Some(true) => Ok(()),
            _ => self.tick(),
        }
    }

    /// From calls that may never sleep: looks after the control connection now and then.
    pub(crate) fn tick(&mut self) -> Result<(), Error> {
        let now = coarse_now();
        if now.saturating_sub(self.last_tick) < TICK {
            return Ok(());
        }
        self.last_tick = now;
        self.check_memory();
        self.handle.hub.drive().map(drop)
    }

    /// Sleeps until there is news from the peer or of the link, at most for `timeout`. False if there is so much of it that
    /// not all was dealt with.
    pub(crate) fn sleep(&mut self, timeout: Option<Duration>) -> Result<bool, Error> {
        self.check_memory(); // the look at the ring that led here may have touched what is gone
        let mut ready = Ready::new();
        self.epoll
            .wait(&mut ready, timeout)
            .map_err(os("epoll_wait"))?;
        if ready.tokens().any(|token| token == HUB) {
            return self.handle.hub.drive();
        }
        Ok(true)
    }

    fn check_memory(&self) {
        if let Some(current) = &self.current {
            current.session.check_memory();
        }
    }

    fn renew(&mut self) -> Result<(), Error> {
        let slot = E::slot(&self.handle.core, self.queue);
        let end = match slot.take() {
            Some(Unseen::Useful(end)) => end,
            Some(Unseen::Over(ended)) => {
                self.missed = Some(ended);
                return Ok(());
            }
            None => return Ok(()),
        };
        let (session, news) = (Arc::clone(end.session()), end.news().cloned());
        let watched = match &news {
            Some(bell) => self.epoll.add(&**bell, RING, Trigger::Edge),
            None => Ok(()),
        };
        if let Err(error) = watched {
            slot.put_back(end);
            return Err(os("epoll_ctl")(error));
        }
        self.current = Some(Current {
            end: Biased::new(end),
            session,
            news,
        });
        Ok(())
    }
}

impl<E: End> Drop for Half<E> {
    fn drop(&mut self) {
        E::slot(&self.handle.core, self.queue).abandon();
    }
}

impl<E: End> AsFd for Half<E> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}
