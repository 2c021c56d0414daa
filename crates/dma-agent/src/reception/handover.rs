//! Doorbells that pass from one agent to the next: whoever rings meanwhile waits, and nobody is turned away.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use memif::Address;
use memif::unix::StreamListener;

use super::Reception;
use crate::reactor::Token;

impl Reception {
    /// Lets nobody in for now: whoever rings waits.
    pub(crate) fn pause(&self, forget: impl Fn(BorrowedFd<'_>) -> io::Result<()>) {
        for doorbell in self.doorbells.iter().flatten() {
            // It fails only for what is not watched.
            let _ = forget(doorbell.listener.as_fd());
        }
    }

    /// Lets people in again.
    pub(crate) fn resume(&self, watch: impl Fn(BorrowedFd<'_>, Token) -> io::Result<()>) {
        for (index, doorbell) in (0..).zip(&self.doorbells) {
            let Some(doorbell) = doorbell else {
                continue;
            };
            match watch(doorbell.listener.as_fd(), Token::Doorbell(index)) {
                Ok(()) => {}
                // It was made meanwhile.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    tracing::error!(doorbell = %doorbell.address, %error, "nobody can come in");
                }
            }
        }
    }

    /// Whether nobody is registering.
    pub(crate) fn is_quiet(&self) -> bool {
        self.visitors.iter().all(Option::is_none)
    }

    /// The doorbells, for a successor.
    pub(crate) fn doorbells(&self) -> impl Iterator<Item = (&Address, &StreamListener)> {
        let doorbells = self.doorbells.iter().flatten();
        doorbells.map(|doorbell| (&doorbell.address, &doorbell.listener))
    }

    /// The doorbells of a predecessor are this agent's own from now on.
    pub(crate) fn keep_files(&mut self) {
        for doorbell in self.doorbells.iter_mut().flatten() {
            doorbell.listener.keep_file();
        }
    }

    /// Leaves the doorbells to the successor that has them.
    pub(crate) fn leave(&mut self) {
        for doorbell in self.doorbells.drain(..).flatten() {
            doorbell.listener.leave();
        }
    }

    /// Counts on from what a predecessor has counted.
    pub(crate) fn restore(&mut self, refusals: u64) {
        self.refusals = refusals;
    }
}
