//! A link: one interface, joined with one peer at a time.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use crate::control::{Hangup, Hub};
use crate::core::{Failure, LinkCore};
use crate::deadline::Deadline;
use crate::details::Details;
use crate::error::os;
use crate::sys::{Epoll, Ready, Trigger};
use crate::wait::{Half, Handle};
use crate::{Ended, Error, Misuse, Peer, Role, Rx, Traffic, Tx};

/// How often a lingering close looks whether the peer has taken everything: nothing signals that.
const LINGER_STEP: Duration = Duration::from_micros(500);

const HUB: u64 = 0;
const BELL: u64 = 1;

/// One interface of a [`crate::Listener`] or [`crate::Connector`], through all its epochs.
///
/// The link stays open until the `Link` and every [`Rx`] and [`Tx`] taken from it are dropped, or until
/// [`Link::close`]. Dropped by a panic, it leaves as a killed process would: the peer is not told that all is well.
#[derive(Debug)]
pub struct Link {
    handle: Arc<Handle>,
    /// For waiting from outside; a wait of our own watches for itself, since one thread takes the news from another.
    news: Epoll,
}

impl Link {
    pub(crate) fn new(core: Arc<LinkCore>, hub: Arc<Hub>) -> Result<Self, Error> {
        let handle = Arc::new(Handle { core, hub });
        let news = watch(&handle)?;
        Ok(Self { handle, news })
    }

    /// The receiving end of a queue. Each can be taken once.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] when there is no such queue, it was taken, or the link only sends.
    pub fn rx(&mut self, queue: usize) -> Result<Rx, Error> {
        self.check_queue(queue, Traffic::Send, "send")?;
        Ok(Rx::new(Half::new(&self.handle, queue)?))
    }

    /// The sending end of a queue. Each can be taken once.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] when there is no such queue, it was taken, or the link only receives.
    pub fn tx(&mut self, queue: usize) -> Result<Tx, Error> {
        self.check_queue(queue, Traffic::Receive, "receive")?;
        Ok(Tx::new(Half::new(&self.handle, queue)?))
    }

    /// Waits until the link is up.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`]; [`Error::Refused`] once for each time that a server said no, either side broke a rule of the
    /// handshake, this process may not connect there, or has run out of descriptors or memory (the link keeps trying: call
    /// again to wait on); [`Error::Disconnected`] after a close.
    pub fn wait_up(&self, timeout: Option<Duration>) -> Result<Peer, Error> {
        self.wait_until(timeout, None, || match self.peer() {
            None => self.check_hopeless().map(|()| None),
            peer => Ok(peer),
        })
    }

    /// Waits until the link is not up.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`].
    pub fn wait_down(&self, timeout: Option<Duration>) -> Result<(), Error> {
        self.wait_until(timeout, None, || Ok((!self.is_up()).then_some(())))
    }

    /// Does all pending control work: handshakes, hang-ups, reconnects. Never blocks.
    ///
    /// # Errors
    ///
    /// [`Error::Os`] when waiting itself does not work.
    pub fn drive(&self) -> Result<(), Error> {
        look(&self.news, Some(Duration::ZERO))?;
        if let Some(session) = self.handle.core.session() {
            session.check_memory();
        }
        self.handle.hub.drive().map(drop)
    }

    /// The process at the other end, while the link is up.
    pub fn peer(&self) -> Option<Peer> {
        let session = self.handle.core.session()?;
        session.is_alive().then(|| session.peer.clone())
    }

    /// Whether the link is up, as far as known without looking.
    pub fn is_up(&self) -> bool {
        let session = self.handle.core.session();
        session.is_some_and(|session| session.is_alive())
    }

    /// Number of the latest epoch; 0 before the first.
    pub fn epoch(&self) -> u64 {
        self.handle.core.epoch()
    }

    /// Everything known of the link.
    pub fn details(&self) -> Details {
        Details::of(&self.handle.core)
    }

    /// Closes the link. Waits first, at most for `linger`, until the peer has taken everything that was sent.
    ///
    /// Returns how it ended, with the number of buffers the peer had not given back.
    pub fn close(self, linger: Duration) -> Ended {
        let core = &self.handle.core;
        let taken = || (!self.is_up() || core.in_flight() == 0).then_some(());
        // Whether all was taken, the time is over or waiting does not work: now it ends.
        let _ = self.wait_until(Some(linger), Some(LINGER_STEP), || Ok(taken()));
        let closed = self.handle.hub.close(core, &Hangup::closed("closed"));
        core.last_ended().unwrap_or(closed)
    }

    /// Drives the link until `done` says so. What nothing signals is looked at again after `step`.
    fn wait_until<T>(
        &self,
        timeout: Option<Duration>,
        step: Option<Duration>,
        done: impl Fn() -> Result<Option<T>, Error>,
    ) -> Result<T, Error> {
        let deadline = Deadline::after(timeout);
        let mut news = None;
        loop {
            self.drive()?;
            if let Some(result) = done()? {
                return Ok(result);
            }
            if deadline.passed() {
                return Err(Error::Timeout);
            }
            let news = match &mut news {
                Some(news) => news,
                none => none.insert(watch(&self.handle)?),
            };
            let left = step.map_or(deadline.left(), |step| Some(deadline.at_most(step)));
            look(news, left)?;
        }
    }

    fn check_hopeless(&self) -> Result<(), Error> {
        let core = &self.handle.core;
        if let Some(ended) = core.closed() {
            return Err(Error::Disconnected(ended));
        }
        match core.take_refusal() {
            // A server waits on for a client that does better, but not for its own system.
            Some(Failure { reason, errno, .. }) if core.role == Role::Client || errno.is_some() => {
                Err(Error::Refused { reason, errno })
            }
            _ => Ok(()),
        }
    }

    fn check_queue(&self, queue: usize, other: Traffic, word: &'static str) -> Result<(), Misuse> {
        let options = &self.handle.core.options;
        if options.traffic == other {
            return Err(Misuse::WrongDirection(word));
        }
        let queues = options.queues;
        if queue >= usize::from(queues) {
            return Err(Misuse::NoSuchQueue { queue, queues });
        }
        Ok(())
    }
}

impl AsFd for Link {
    /// Readable while [`Link::drive`] has something to do, and when the link came up or ended.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.news.as_fd()
    }
}

/// Watches for what [`Link::drive`] has to do, and for what others did.
fn watch(handle: &Handle) -> Result<Epoll, Error> {
    let news = Epoll::new().map_err(os("epoll_create1"))?;
    news.add(&*handle.hub, HUB, Trigger::Level)
        .map_err(os("epoll_ctl"))?;
    news.add(&handle.core.bell, BELL, Trigger::Edge)
        .map_err(os("epoll_ctl"))?;
    Ok(news)
}

fn look(news: &Epoll, timeout: Option<Duration>) -> Result<(), Error> {
    news.wait(&mut Ready::new(), timeout)
        .map_err(os("epoll_wait"))
        .map(drop)
}
