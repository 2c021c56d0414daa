//! What [`crate::Rx`] and [`crate::Tx`] have in common: the running epoch's end of a queue, and waiting for news of it.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use memif_ring::{Biased, Guest, PeerFault};

use crate::control::Hub;
use crate::core::{LinkCore, Slot};
use crate::ends::{RxEnd, TxEnd};
use crate::error::os;
use crate::session::Session;
use crate::sys::{Bell, Epoll, Ready, Trigger, coarse_now};
use crate::{Ended, Error, Features};

/// The control connection is looked after at least this often by calls that never sleep.
const TICK: Duration = Duration::from_millis(4);

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
        self.hub.close(&self.core, "closed");
    }
}

/// An end of a queue: [`RxEnd`] or [`TxEnd`].
pub(crate) trait End: Sized {
    /// Where new ones of a queue arrive.
    fn slot(core: &LinkCore, queue: usize) -> &Slot<Self>;
    /// The epoch it belongs to.
    fn session(&self) -> &Arc<Session>;
    /// What the peer rings when there is news for this end.
    fn news(&self) -> Option<&Arc<Bell>>;
}

impl End for RxEnd {
    fn slot(core: &LinkCore, queue: usize) -> &Slot<Self> {
        &core.rx[queue]
    }

    fn session(&self) -> &Arc<Session> {
        &self.session
    }

    fn news(&self) -> Option<&Arc<Bell>> {
        Some(&self.bell)
    }
}

impl End for TxEnd {
    fn slot(core: &LinkCore, queue: usize) -> &Slot<Self> {
        &core.tx[queue]
    }

    fn session(&self) -> &Arc<Session> {
        &self.session
    }

    fn news(&self) -> Option<&Arc<Bell>> {
        self.room.as_ref().map(|(_, bell)| bell)
    }
}

/// One queue's end, through all epochs.
#[derive(Debug)]
pub(crate) struct Half<E: End> {
    pub(crate) handle: Arc<Handle>,
    pub(crate) queue: usize,
    current: Option<Current<E>>,
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
    pub(crate) fn new(handle: &Arc<Handle>, queue: usize) -> Result<Self, Error> {
        let epoll = Epoll::new().map_err(os("epoll_create1"))?;
        epoll
            .add(&*handle.hub, HUB, Trigger::Level)
            .map_err(os("epoll_ctl"))?;
        let bell = &E::slot(&handle.core, queue).bell;
        epoll
            .add(bell, BELL, Trigger::Edge)
            .map_err(os("epoll_ctl"))?;
        let handle = Arc::clone(handle);
        Ok(Self {
            handle,
            queue,
            current: None,
            epoll,
            last_tick: Duration::ZERO,
        })
    }

    /// The session of the running epoch; takes over a new one if none runs.
    pub(crate) fn session(&mut self) -> Result<Option<&Arc<Session>>, Error> {
        if self.current.is_none() {
            self.renew()?;
        }
        Ok(self.current.as_ref().map(|current| &current.session))
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

    /// Why there will be no further epoch, if so.
    pub(crate) fn check_closed(&self) -> Result<(), Error> {
        self.handle
            .core
            .closed()
            .map_or(Ok(()), |ended| Err(Error::Disconnected(ended)))
    }

    /// From calls that may never sleep: looks after the control connection now and then.
    pub(crate) fn tick(&mut self) -> Result<(), Error> {
        let now = coarse_now();
        if now.saturating_sub(self.last_tick) < TICK {
            return Ok(());
        }
        self.last_tick = now;
        self.check_memory();
        self.handle.hub.drive()
    }

    /// Sleeps until there is news from the peer or of the link, at most for `timeout`.
    pub(crate) fn sleep(&mut self, timeout: Option<Duration>) -> Result<(), Error> {
        self.check_memory(); // the look at the ring that led here may have touched what is gone
        let mut ready = Ready::new();
        self.epoll
            .wait(&mut ready, timeout)
            .map_err(os("epoll_wait"))?;
        if ready.tokens().any(|token| token == HUB) {
            self.handle.hub.drive()?;
        }
        Ok(())
    }

    fn check_memory(&self) {
        if let Some(current) = &self.current {
            current.session.check_memory();
        }
    }

    fn renew(&mut self) -> Result<(), Error> {
        let Some(end) = E::slot(&self.handle.core, self.queue).take() else {
            return Ok(());
        };
        let (session, news) = (Arc::clone(end.session()), end.news().cloned());
        if let Some(bell) = &news {
            self.epoll
                .add(&**bell, RING, Trigger::Edge)
                .map_err(os("epoll_ctl"))?;
        }
        self.current = Some(Current {
            end: Biased::new(end),
            session,
            news,
        });
        Ok(())
    }
}

impl<E: End> AsFd for Half<E> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}
