//! Wake-ups: an eventfd that one side rings and the other sleeps on.

use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, ReadWriteFlags, preadv2, read, write};

/// A non-blocking eventfd. Rings add up in a counter of 64 bits; clearing takes them all at once.
///
/// A bell that came [from a peer](Bell::from_peer) is one open file in two processes, and
/// `O_NONBLOCK` belongs to the file: a malicious peer can take it away again. [`Bell::clear`]
/// does not depend on it (from Linux 5.8 on). [`Bell::ring`] has to: the kernel knows no write to
/// an eventfd that is non-blocking by itself. It would block only on a counter the peer filled to
/// the brim, and the first signal to the thread ends it.
#[derive(Debug)]
pub(crate) struct Bell(OwnedFd);

impl Bell {
    /// A new bell that nobody has rung.
    ///
    /// # Errors
    /// What `eventfd` says: out of descriptors or memory.
    pub(crate) fn new() -> io::Result<Bell> {
        let flags = EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC;
        Ok(Bell(eventfd(0, flags)?))
    }

    /// Takes over a descriptor that a peer claims is an eventfd, after checking that it is one.
    /// Makes it non-blocking if it is not.
    ///
    /// # Errors
    /// [`NotABell::OtherFile`] is the peer's fault, [`NotABell::Os`] is nobody's.
    pub(crate) fn from_peer(fd: OwnedFd) -> Result<Bell, NotABell> {
        verify_eventfd(&fd)?;
        let flags = fcntl_getfl(&fd).map_err(os("fcntl(F_GETFL)"))?;
        if !flags.contains(OFlags::NONBLOCK) {
            fcntl_setfl(&fd, flags | OFlags::NONBLOCK).map_err(os("fcntl(F_SETFL)"))?;
        }
        Ok(Bell(fd))
    }

    /// Wakes whoever sleeps on the bell. A full counter is as good: it wakes them just the same.
    ///
    /// # Errors
    /// What `write` says; nothing is known that makes it fail on an eventfd.
    pub(crate) fn ring(&self) -> io::Result<()> {
        match write(&self.0, &1u64.to_ne_bytes()) {
            // INTR: a write that slept, so the counter was full, on a bell made blocking.
            Ok(_) | Err(Errno::AGAIN | Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes all rings so far, so that the descriptor is readable only after the next one. Says
    /// whether there were any.
    ///
    /// # Errors
    /// What `read` says; nothing is known that makes it fail on an eventfd.
    pub(crate) fn clear(&self) -> io::Result<bool> {
        let mut count = [0; 8];
        let mut result = self.read_nowait(&mut count);
        if let Err(Errno::OPNOTSUPP | Errno::NOSYS) = result {
            result = read(&self.0, &mut count);
        }
        match result {
            Ok(_) => Ok(true),
            Err(Errno::AGAIN | Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// A read that does not block whatever the flags of the file say.
    fn read_nowait(&self, count: &mut [u8; 8]) -> rustix::io::Result<usize> {
        let here = u64::MAX; // -1: no offset, the file has none
        let buffers = &mut [IoSliceMut::new(count)];
        preadv2(&self.0, buffers, here, ReadWriteFlags::NOWAIT)
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Why a peer's descriptor was not taken as a bell.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotABell {
    /// It is something else.
    #[error("the descriptor that came with the ring is no eventfd")]
    OtherFile,
    /// It could not be examined.
    #[error("{call}: {source}")]
    Os {
        /// The failed call.
        call: &'static str,
        /// What it said.
        source: io::Error,
    },
}

/// Only eventfds describe themselves with `eventfd-count:` in `/proc`.
fn verify_eventfd(fd: &OwnedFd) -> Result<(), NotABell> {
    let path = format!("/proc/self/fdinfo/{}", fd.as_raw_fd());
    let info = std::fs::read(path).map_err(|source| NotABell::Os {
        call: "reading /proc/self/fdinfo",
        source,
    })?;
    let mut lines = info.split(|&byte| byte == b'\n');
    match lines.any(|line| line.starts_with(b"eventfd-count:")) {
        true => Ok(()),
        false => Err(NotABell::OtherFile),
    }
}

fn os(call: &'static str) -> impl FnOnce(Errno) -> NotABell {
    move |errno| NotABell::Os {
        call,
        source: errno.into(),
    }
}
