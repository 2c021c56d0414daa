//! One epoch of a link: from CONNECTED to the end.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{OnceLock, Weak};

use memif_ring::Regions;

use crate::control::Hub;
use crate::{Ended, Peer, Side};

const TRUNCATED: &str = "the peer truncated its shared memory";

/// What both halves of a link know of the running epoch.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) epoch: u64,
    pub(crate) peer: Peer,
    pub(crate) regions: Regions,
    alive: AtomicBool,
    ended: OnceLock<Ended>,
    hub: Weak<Hub>,
    connection: u64,
}

impl Session {
    pub(crate) fn new(
        epoch: u64,
        peer: Peer,
        regions: Regions,
        hub: Weak<Hub>,
        connection: u64,
    ) -> Self {
        let (alive, ended) = (AtomicBool::new(true), OnceLock::new());
        Self {
            epoch,
            peer,
            regions,
            alive,
            ended,
            hub,
            connection,
        }
    }

    /// Whether the epoch goes on. Read it *before* looking at a ring: what the peer published before its end is then seen.
    pub(crate) fn is_alive(&self) -> bool {
        // Acquire pairs with the release in `end`: the reason is in place.
        self.alive.load(Ordering::Acquire)
    }

    /// The same, having looked whether the peer is still there.
    pub(crate) fn look(&self) -> bool {
        if let Some(hub) = self.hub.upgrade() {
            // What does not work is told by the next wait.
            let _ = hub.drive();
        }
        self.is_alive()
    }

    /// Ends the epoch; the first reason counts.
    pub(crate) fn end(&self, by: Side, clean: bool, reason: String) -> Ended {
        let ended = Ended {
            epoch: self.epoch,
            by,
            clean,
            reason,
            undelivered: 0,
        };
        let ended = self.ended.get_or_init(|| ended).clone();
        self.alive.store(false, Ordering::Release);
        ended
    }

    /// Ends the epoch for a fault of the peer, and hangs up. Memory that vanished looks like any other fault at first.
    pub(crate) fn fail(&self, fault: &impl Display) {
        let reason = if self.regions.any_gone() {
            TRUNCATED.to_owned()
        } else {
            fault.to_string()
        };
        let ended = self.end(Side::Peer, false, reason);
        if let Some(hub) = self.hub.upgrade() {
            hub.hang_up(self.connection, &ended);
        }
    }

    /// How the epoch ended; meaningful once it is no longer alive.
    pub(crate) fn ended(&self) -> Ended {
        let unknown = || Ended {
            epoch: self.epoch,
            by: Side::Peer,
            clean: false,
            reason: "the connection ended".to_owned(),
            undelivered: 0,
        };
        self.ended.get().cloned().unwrap_or_else(unknown)
    }

    /// Ends the epoch if the peer took memory away from under us.
    pub(crate) fn check_memory(&self) {
        if self.is_alive() && self.regions.any_gone() {
            self.fail(&TRUNCATED);
        }
    }
}
