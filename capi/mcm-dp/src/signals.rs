//! SIGINT and SIGTERM, which ask a program to end, while it waits.
//!
//! Other signals never break a wait. These two do where the program handles them, because its handler
//! sets a flag that it looks at only after the call. They are blocked in this thread while it waits, so
//! that a descriptor can tell of them, and delivered when the wait has ended.
//!
//! # Safety
//!
//! Unsafe code here passes valid pointers to calls that fill them or read them, and makes an owner for
//! a new descriptor.
#![allow(unsafe_code)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::{null, null_mut};

/// Blocks the two signals, where they are handled, until dropped.
#[derive(Debug)]
pub(crate) struct Endings {
    fd: OwnedFd,
    before: libc::sigset_t,
}

impl Endings {
    /// `None` when the program handles neither, or blocks them itself.
    pub(crate) fn watch() -> Option<Self> {
        let handled =
            [libc::SIGINT, libc::SIGTERM].map(|signal| is_handled(signal).then_some(signal));
        if handled == [None, None] {
            return None;
        }
        let mut wanted = empty();
        for signal in handled.into_iter().flatten() {
            // SAFETY: `wanted` is a set that sigemptyset has made.
            unsafe { libc::sigaddset(&raw mut wanted, signal) };
        }
        let fd = descriptor(&wanted).ok()?;
        let mut before = empty();
        // SAFETY: both are sets.
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const wanted, &raw mut before) };
        Some(Self { fd, before })
    }
}

impl AsFd for Endings {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for Endings {
    fn drop(&mut self) {
        // SAFETY: `before` was filled by the same call. A pending signal is delivered here.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, null_mut()) };
    }
}

/// Whether the program has a handler for the signal, and lets it come in this thread.
fn is_handled(signal: i32) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: a null action asks only.
    let asked = unsafe { libc::sigaction(signal, null(), action.as_mut_ptr()) };
    // SAFETY: zeroes are a value of the structure, and the call has filled it if it succeeded.
    let action = unsafe { action.assume_init() };
    let is_set = ![libc::SIG_DFL, libc::SIG_IGN].contains(&action.sa_sigaction);
    asked == 0 && is_set && !is_blocked(signal)
}

fn is_blocked(signal: i32) -> bool {
    let mut blocked = empty();
    // SAFETY: a null set asks only.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, null(), &raw mut blocked) };
    // SAFETY: `blocked` is a set.
    unsafe { libc::sigismember(&raw const blocked, signal) == 1 }
}

fn empty() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset makes a set of it.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: it just did.
    unsafe { set.assume_init() }
}

fn descriptor(signals: &libc::sigset_t) -> io::Result<OwnedFd> {
    let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
    // SAFETY: `signals` is a set; -1 asks for a new descriptor.
    let fd = unsafe { libc::signalfd(-1, signals, flags) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is new, and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
