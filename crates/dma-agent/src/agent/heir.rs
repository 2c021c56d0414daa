//! Somebody who wants to take over: agreed with, awaited, and let go of.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use memif::Credentials;

use super::Agent;
use super::answer::failure;
use crate::control::{Code, Failure, Reply};
use crate::handover::FORMAT;
use crate::served::{Connection, Party};

/// Time until an heir says that it is ready, and until registrations that have begun are done.
const PATIENCE: Duration = Duration::from_secs(10);

/// A successor that was told that it may take over.
#[derive(Debug)]
pub(super) struct Heir {
    pub(super) socket: OwnedFd,
    /// Its process, if it has a number here.
    pub(super) pid: Option<u32>,
    /// It has said something: that it is ready.
    is_ready: bool,
    deadline: Duration,
}

impl Agent {
    /// Whether a successor waits, and everything is quiet enough for it: then call [`Agent::hand_over`].
    pub fn is_asked_to_hand_over(&self) -> bool {
        let is_ready = self.heir.as_ref().is_some_and(|heir| heir.is_ready);
        is_ready && self.reception.is_quiet()
    }

    /// Whether that successor can take over.
    pub(super) fn agree(&self, formats: &[u32], version: &str) -> Result<Reply, Failure> {
        if self.heir.is_some() {
            return Err(failure(Code::Busy, "another one is taking over"));
        }
        let own = env!("CARGO_PKG_VERSION");
        if !formats.contains(&FORMAT) {
            let text = format!(
                "agent {own} hands over in format {FORMAT}, and successor {version:?} understands only {formats:?}: \
                 end the one and start the other"
            );
            return Err(failure(Code::Version, text));
        }
        let (format, version) = (FORMAT, own.to_owned());
        Ok(Reply::TakeOver { format, version })
    }

    /// Serves on until this successor is ready, and lets nobody else in meanwhile: who rings now is the successor's.
    pub(super) fn expect(&mut self, connection: Connection, now: Duration) {
        let socket = connection.into_socket();
        // It was watched as a caller's.
        let _ = self.reactor.forget(socket.as_fd());
        let pid = Credentials::of(socket.as_fd()).ok().and_then(|who| who.pid);
        let watched = self
            .reactor
            .watch_input(socket.as_fd(), Party::Heir.token());
        if let Err(error) = watched {
            return tracing::warn!(%error, "a successor cannot be watched");
        }
        tracing::info!(successor = pid, "asked to hand over");
        let reactor = &self.reactor;
        self.reception.pause(|fd| reactor.forget(fd));
        self.heir = Some(Heir {
            socket,
            pid,
            is_ready: false,
            deadline: now + PATIENCE,
        });
    }

    pub(super) fn hear_heir(&mut self, ended: bool) {
        let Some(heir) = &mut self.heir else {
            return;
        };
        if ended {
            return self.disown("it has ended");
        }
        heir.is_ready = true;
        // What it has said is read when there is time for it.
        let _ = self.reactor.forget(heir.socket.as_fd());
    }

    pub(super) fn expire_heir(&mut self, now: Duration) {
        if self.heir.as_ref().is_some_and(|heir| heir.deadline <= now) {
            self.disown("it took too long");
        }
    }

    fn disown(&mut self, why: &str) {
        // Closing its socket ends the watching.
        if let Some(Heir { pid, .. }) = self.heir.take() {
            self.serve_on(pid, why);
        }
    }

    /// Serves on as if nobody had asked.
    pub(super) fn serve_on(&mut self, successor: Option<u32>, why: &str) {
        tracing::warn!(successor, why, "not handed over, serving on");
        let reactor = &self.reactor;
        self.reception
            .resume(|fd, token| reactor.watch_input(fd, token));
    }
}
