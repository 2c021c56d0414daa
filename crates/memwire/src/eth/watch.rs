//! Who is at the other end of a link: what is said of those who come and go, and how many there were.

use memif::{Ended, Link};
use serde::Serialize;

use crate::report::{Talk, grouped};

/// Tells of every peer that comes and goes, once.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Whether the latest connection is up, as far as noticed.
    pub(crate) up: bool,
    /// Whether the peer is one of our own.
    pub(crate) ours: bool,
    /// Buffers that were sent, and not taken when their connection ended.
    pub(crate) undelivered: u64,
    /// The latest connection that was told.
    greeted: u64,
    /// The latest connection whose end was told.
    ended: u64,
    /// The last thing said.
    told: String,
}

/// Who came and went.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Peers {
    /// Connections that came up.
    connections: u64,
    /// Connections after the first.
    reconnects: u64,
    /// Buffers that had been sent, and not taken when their connection ended.
    undelivered: u64,
}

impl Watch {
    /// Tells of a new peer, if there is one.
    pub(crate) fn greet(&mut self, link: &Link, talk: &Talk) {
        let epoch = link.epoch();
        if epoch == self.greeted {
            return;
        }
        let Some(peer) = link.peer() else { return };
        self.greeted = epoch;
        self.up = true;
        self.ours = peer.is_ours();
        let name = &peer.name;
        match peer.credentials.and_then(|who| who.pid) {
            Some(pid) => self.tell(format!("connected to {name}, process {pid}"), talk),
            None => self.tell(format!("connected to {name}"), talk),
        }
    }

    /// Takes note of the end of a connection; true if it had not been told before.
    pub(crate) fn end(&mut self, ended: &Ended, talk: &Talk) -> bool {
        self.undelivered += ended.undelivered;
        if ended.epoch >= self.greeted {
            self.up = false;
        }
        if ended.epoch <= self.ended {
            return false;
        }
        self.ended = ended.epoch;
        self.tell(format!("{ended}; waiting for the next peer"), talk);
        true
    }

    /// Says something, unless it was the last thing said.
    pub(crate) fn tell(&mut self, text: String, talk: &Talk) {
        if self.told != text {
            talk.note(&text);
            self.told = text;
        }
    }

    /// The counts, after so many connections.
    pub(crate) fn peers(&self, connections: u64) -> Peers {
        Peers {
            connections,
            reconnects: connections.saturating_sub(1),
            undelivered: self.undelivered,
        }
    }
}

impl Peers {
    pub(crate) fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![("reconnects", grouped(self.reconnects))];
        if self.undelivered > 0 {
            rows.push(("undelivered", grouped(self.undelivered)));
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches as _};
    use memif::Side;

    use super::*;
    use crate::cli::Common;

    fn quiet() -> Talk {
        let command = Common::augment_args(Command::new("test"));
        let matches = command.get_matches_from(["test", "--quiet"]);
        Talk::new(&Common::from_arg_matches(&matches).expect("valid"), false)
    }

    fn ended(epoch: u64, undelivered: u64) -> Ended {
        Ended {
            epoch,
            by: Side::Peer,
            clean: false,
            reason: "gone".to_owned(),
            undelivered,
        }
    }

    #[test]
    fn an_end_that_every_queue_reports_is_told_once() {
        let (mut watch, talk) = (Watch::default(), quiet());
        assert!(watch.end(&ended(1, 0), &talk));
        assert!(!watch.end(&ended(1, 5), &talk));
        assert!(!watch.end(&ended(1, 7), &talk));
        assert!(watch.end(&ended(2, 0), &talk));
        assert_eq!(watch.undelivered, 12);
    }

    #[test]
    fn a_late_report_of_an_old_end_does_not_take_the_new_peer_down() {
        let mut watch = Watch {
            up: true,
            greeted: 2,
            ended: 1,
            ..Watch::default()
        };
        watch.end(&ended(1, 3), &quiet());
        assert!(watch.up);
        watch.end(&ended(2, 0), &quiet());
        assert!(!watch.up);
    }
}
