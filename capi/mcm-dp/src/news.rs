//! Sleeping until a descriptor has news.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::io::Errno;
use rustix::time::Timespec;

use crate::failure::Failure;

/// A flag that threads can sleep on.
#[derive(Debug)]
pub(crate) struct Flag(OwnedFd);

impl Flag {
    pub(crate) fn new() -> Result<Self, Failure> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let fd = eventfd(0, flags).map_err(|error| Failure::os("eventfd", &error.into()))?;
        Ok(Self(fd))
    }

    pub(crate) fn set(&self) {
        // Fails only when it has been set 2^64 times.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    pub(crate) fn clear(&self) {
        // Fails only when it is not set.
        let _ = rustix::io::read(&self.0, &mut [0_u8; 8]);
    }
}

impl AsFd for Flag {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Sleeps until one of these is readable, at most for `time`, `None` being for ever; which one, or
/// `None` when the time is over or a signal was handled.
pub(crate) fn sleep(
    watched: &mut [PollFd<'_>],
    time: Option<Duration>,
) -> Result<Option<usize>, Failure> {
    let time = time.and_then(|time| Timespec::try_from(time).ok());
    match poll(watched, time.as_ref()) {
        Ok(_) => Ok(watched.iter().position(|fd| !fd.revents().is_empty())),
        Err(Errno::INTR) => Ok(None),
        Err(error) => Err(Failure::os("ppoll", &error.into())),
    }
}

/// For [`sleep`]: watches for news to read.
pub(crate) fn readable(fd: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::from_borrowed_fd(fd, PollFlags::IN)
}
