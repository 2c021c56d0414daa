//! Counters of one ring end: written by its one user at a time, read by anybody.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that one thread at a time adds to and any thread may read.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `count`. Only one thread at a time may add; a plain load and store is all it costs.
    #[inline]
    pub fn add(&self, count: u64) {
        let sum = self.0.load(Ordering::Relaxed).wrapping_add(count);
        self.0.store(sum, Ordering::Relaxed);
    }

    /// The value at some recent moment.
    pub fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What happened on one ring end, over all epochs of its link.
#[derive(Debug, Default)]
pub struct Counters {
    /// Frames sent or received.
    pub frames: Counter,
    /// Bytes of payload in them.
    pub bytes: Counter,
    /// Frames dropped because a descriptor of theirs was malformed.
    pub malformed: Counter,
    /// Frames skipped because the peer wrote over slots that we had not given back.
    pub overrun: Counter,
    /// Frames sent that the peer had not taken when its link ended.
    pub undelivered: Counter,
    /// Signals written to the peer.
    pub signals: Counter,
}

/// A copy of [`Counters`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Frames sent or received.
    pub frames: u64,
    /// Bytes of payload in them.
    pub bytes: u64,
    /// Frames dropped as malformed.
    pub malformed: u64,
    /// Frames lost to an overrun by the peer.
    pub overrun: u64,
    /// Frames sent, and not taken when the link ended.
    pub undelivered: u64,
    /// Signals written to the peer.
    pub signals: u64,
}

impl Counters {
    /// The values at some recent moment.
    pub fn totals(&self) -> Totals {
        Totals {
            frames: self.frames.read(),
            bytes: self.bytes.read(),
            malformed: self.malformed.read(),
            overrun: self.overrun.read(),
            undelivered: self.undelivered.read(),
            signals: self.signals.read(),
        }
    }
}
