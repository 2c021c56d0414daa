//! Wake-ups: an eventfd that one side rings and the other sleeps on.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, write};

/// A non-blocking eventfd. It is only ever watched edge-triggered: each ring wakes, and nobody needs to clear it.
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

    /// Takes all rings so far; says whether there were any.
    #[cfg(test)]
    pub(crate) fn clear(&self) -> io::Result<bool> {
        match rustix::io::read(&self.0, &mut [0; 8]) {
            Ok(_) => Ok(true),
            Err(Errno::AGAIN) => Ok(false),
            Err(error) => Err(error.into()),
        }
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

/// What the kernel calls an eventfd. No other file is called so: paths start with a slash, and
/// the other kinds of anonymous files have names of their own.
const KIND: &str = "anon_inode:[eventfd]";

fn verify_eventfd(fd: &OwnedFd) -> Result<(), NotABell> {
    let link = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let kind = std::fs::read_link(&link).map_err(|source| NotABell::Os {
        call: "readlink(/proc/self/fd)",
        source,
    })?;
    match kind.as_os_str() == KIND {
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

#[cfg(test)]
mod tests {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;

    fn readable(bell: &Bell) -> bool {
        let mut fds = [PollFd::new(bell, PollFlags::IN)];
        poll(&mut fds, Some(&Timespec::default())).expect("poll") == 1
    }

    fn blocking_eventfd() -> OwnedFd {
        eventfd(0, EventfdFlags::CLOEXEC).expect("eventfd")
    }

    #[test]
    fn rings_add_up_and_are_cleared_at_once() {
        let bell = Bell::new().expect("bell");
        assert!(!readable(&bell));
        bell.ring().expect("ring");
        bell.ring().expect("ring");
        assert!(readable(&bell));
        assert!(bell.clear().expect("clear"));
        assert!(!readable(&bell));
        assert!(!bell.clear().expect("clear"));
    }

    #[test]
    fn ringing_a_full_counter_succeeds_without_blocking() {
        let bell = Bell::new().expect("bell");
        write(&bell, &(u64::MAX - 1).to_ne_bytes()).expect("fill");
        bell.ring().expect("ring");
        assert!(readable(&bell));
    }

    #[test]
    fn a_peers_blocking_eventfd_is_made_non_blocking() {
        let bell = Bell::from_peer(blocking_eventfd()).expect("an eventfd");
        assert!(
            fcntl_getfl(&bell)
                .expect("flags")
                .contains(OFlags::NONBLOCK)
        );
        assert!(!bell.clear().expect("clear"));
    }

    #[test]
    fn what_is_no_eventfd_is_refused_by_name() {
        let (pipe, _other_end) = rustix::pipe::pipe().expect("pipe");
        let timer = crate::sys::Timer::new().expect("timer");
        let file = tempfile::Builder::new()
            .prefix("anon_inode:[eventfd]")
            .tempfile()
            .expect("file");
        let timer = timer.as_fd().try_clone_to_owned().expect("dup");
        for fd in [pipe, timer, file.into_file().into()] {
            let refused = Bell::from_peer(fd).expect_err("no eventfd");
            assert!(matches!(refused, NotABell::OtherFile), "{refused}");
        }
    }
}
