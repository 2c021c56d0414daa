//! Sender and receiver in one process, on a socket of their own.
#![allow(dead_code)] // each test binary uses a part of it

use std::time::{Duration, Instant};

use media::{Caps, Receiver, Sender};
use memif::{Address, Connector, Link, LinkOptions, Listener};

/// Longer than anything takes, also on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const SOON: Option<Duration> = Some(PATIENCE);
pub(crate) const NOT_LONG: Option<Duration> = Some(Duration::from_millis(20));

/// Which end listens; the other one connects and brings the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listens {
    Sender,
    Receiver,
}

pub(crate) const EITHER: [Listens; 2] = [Listens::Sender, Listens::Receiver];

/// A socket that nobody else uses.
pub(crate) struct Place {
    _dir: tempfile::TempDir,
    pub(crate) address: Address,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let address = Address::parse(dir.path().join("media.sock")).unwrap();
        Self { _dir: dir, address }
    }

    pub(crate) fn listen(&self, options: LinkOptions) -> Link {
        Listener::bind(&self.address)
            .unwrap()
            .link(options)
            .unwrap()
    }

    pub(crate) fn connect(&self, options: LinkOptions) -> Link {
        Connector::new(&self.address).link(options).unwrap()
    }

    /// The sender's link, in the role that `listens` leaves it.
    pub(crate) fn sending(&self, listens: Listens, options: LinkOptions) -> Link {
        match listens {
            Listens::Sender => self.listen(options),
            Listens::Receiver => self.connect(options),
        }
    }

    /// The receiver's link, in the role that `listens` leaves it.
    pub(crate) fn receiving(&self, listens: Listens, options: LinkOptions) -> Link {
        match listens {
            Listens::Sender => self.connect(options),
            Listens::Receiver => self.listen(options),
        }
    }

    /// Both links, joined.
    pub(crate) fn joined(
        &self,
        listens: Listens,
        sending: LinkOptions,
        receiving: LinkOptions,
    ) -> (Link, Link) {
        let sending = self.sending(listens, sending);
        let receiving = self.receiving(listens, receiving);
        join(&sending, &receiving);
        (sending, receiving)
    }

    /// A sender and a receiver, joined.
    pub(crate) fn stream(
        &self,
        listens: Listens,
        sending: LinkOptions,
        receiving: LinkOptions,
    ) -> (Sender, Receiver) {
        let (sending, receiving) = self.joined(listens, sending, receiving);
        (
            Sender::open(sending).unwrap(),
            Receiver::open(receiving).unwrap(),
        )
    }

    /// The same for frames of up to so many bytes, with the usual options.
    pub(crate) fn usual(&self, listens: Listens, frame_bytes: u64) -> (Sender, Receiver) {
        self.stream(
            listens,
            Sender::options(0, frame_bytes),
            Receiver::options(0),
        )
    }
}

/// Both ends live in one thread: each gets its turn until both are up.
pub(crate) fn join(one: &Link, other: &Link) {
    let deadline = Instant::now() + PATIENCE;
    while !(one.is_up() && other.is_up()) {
        one.drive().unwrap();
        other.drive().unwrap();
        assert!(
            Instant::now() < deadline,
            "{:?} {:?}",
            one.details(),
            other.details()
        );
    }
}

pub(crate) fn caps(text: &str) -> Caps {
    text.parse().unwrap()
}

/// Bytes that differ from their neighbours, so that a shifted copy shows.
pub(crate) fn bytes(len: usize, seed: usize) -> Vec<u8> {
    (0..len)
        .map(|at| u8::try_from((at * 7 + seed) % 251).unwrap())
        .collect()
}
