//! Waiting for several descriptors at once.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::clock::{now, timespec};

/// How many ready descriptors one call reports; the others are reported by the next.
const BATCH: usize = 16;

/// The longest single sleep: what fits the kernel's count of milliseconds.
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// When a descriptor is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// By every wait, for as long as it is readable or hung up.
    Level,
    /// Once for each change: the reader drains it then, or is not woken again.
    Edge,
}

/// An epoll instance. It watches for input, end of file, hang-up and errors; it is itself
/// readable while anything it watches is, so it nests in a caller's own loop.
#[derive(Debug)]
pub(crate) struct Epoll(OwnedFd);

impl Epoll {
    /// An instance that watches nothing yet.
    ///
    /// # Errors
    /// What `epoll_create1` says: out of descriptors or memory.
    pub(crate) fn new() -> io::Result<Epoll> {
        Ok(Epoll(epoll::create(CreateFlags::CLOEXEC)?))
    }

    /// Watches `fd` from now on and reports it as `token`.
    ///
    /// # Errors
    /// What `epoll_ctl` says: the descriptor is watched already, or cannot be watched.
    pub(crate) fn add(&self, fd: impl AsFd, token: u64, trigger: Trigger) -> io::Result<()> {
        let when = match trigger {
            Trigger::Level => EventFlags::empty(),
            Trigger::Edge => EventFlags::ET,
        };
        let events = EventFlags::IN | EventFlags::RDHUP | when;
        Ok(epoll::add(&self.0, fd, EventData::new_u64(token), events)?)
    }

    /// Stops watching `fd`. Closing a descriptor does the same only if no duplicate of it lives
    /// on, and peers hold duplicates of theirs: always remove before closing.
    ///
    /// # Errors
    /// What `epoll_ctl` says: the descriptor is not watched.
    pub(crate) fn remove(&self, fd: impl AsFd) -> io::Result<()> {
        Ok(epoll::delete(&self.0, fd)?)
    }

    /// Sleeps until something is ready or `timeout` has passed, `None` being for ever, and fills
    /// `ready`. Says whether anything is. Signals neither end nor lengthen the wait.
    ///
    /// # Errors
    /// What `epoll_wait` says; nothing is known that makes it fail here.
    pub(crate) fn wait(&self, ready: &mut Ready, timeout: Option<Duration>) -> io::Result<bool> {
        let deadline = timeout
            .filter(|span| !span.is_zero())
            .map(|span| now().saturating_add(span));
        let mut left = timeout;
        loop {
            ready.len = self.sleep(&mut ready.events, left)?;
            if ready.len > 0 || left == Some(Duration::ZERO) {
                return Ok(ready.len > 0);
            }
            left = deadline.map(|end| end.saturating_sub(now())).or(left);
        }
    }

    /// One sleep of at most `left`, possibly shorter: the caller looks at the clock.
    ///
    /// `epoll_wait` counts in milliseconds and `epoll_pwait2` needs Linux 5.11, so whole
    /// milliseconds are slept here and what is below one, last of all, in `ppoll`.
    fn sleep(&self, events: &mut [Event], left: Option<Duration>) -> io::Result<usize> {
        let whole = left.map(|left| left.min(LONGEST)).map(whole_milliseconds);
        if let (Some(left), Some(Duration::ZERO)) = (left, whole)
            && !left.is_zero()
        {
            uninterrupted(poll(
                &mut [PollFd::new(&self.0, PollFlags::IN)],
                Some(&timespec(left)),
            ))?;
        }
        uninterrupted(epoll::wait(&self.0, events, whole.map(timespec).as_ref()))
    }
}

impl AsFd for Epoll {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// What a wait found: a small buffer, used again by each wait.
pub(crate) struct Ready {
    events: [Event; BATCH],
    len: usize,
}

impl Ready {
    /// An empty buffer.
    pub(crate) fn new() -> Ready {
        let nothing = Event {
            flags: EventFlags::empty(),
            data: EventData::new_u64(0),
        };
        Ready {
            events: [nothing; BATCH],
            len: 0,
        }
    }

    /// The tokens of what is ready, at most [`BATCH`] of them.
    pub(crate) fn tokens(&self) -> impl ExactSizeIterator<Item = u64> + '_ {
        self.events[..self.len]
            .iter()
            .map(|event| { event.data }.u64())
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.tokens()).finish()
    }
}

/// `span` without what is below a millisecond.
fn whole_milliseconds(span: Duration) -> Duration {
    span - Duration::from_nanos(u64::from(span.subsec_nanos() % 1_000_000))
}

/// A sleep that a signal cut short is a sleep that found nothing.
fn uninterrupted(result: rustix::io::Result<usize>) -> io::Result<usize> {
    match result {
        Err(Errno::INTR) => Ok(0),
        other => Ok(other?),
    }
}

#[cfg(test)]
mod tests;
