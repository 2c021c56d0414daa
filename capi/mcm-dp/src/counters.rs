//! What a connection counts.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::abi::Stats;
use crate::end::End;

/// Counters that any thread may read. They stand for nothing but themselves: all accesses are relaxed.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    frames: AtomicU64,
    bytes: AtomicU64,
    lost: AtomicU64,
    refused: AtomicU64,
    pub(crate) copied: AtomicU64,
    pub(crate) timeouts: AtomicU64,
    pub(crate) cancelled: AtomicU64,
    connections: AtomicU64,
    connected: AtomicBool,
}

impl Counters {
    /// A frame was sent or received.
    pub(crate) fn frame(&self, bytes: usize) {
        self.frames.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Takes over what only the end knows of frames.
    pub(crate) fn losses(&self, end: &End) {
        let (lost, refused) = end.losses();
        self.lost.store(lost, Ordering::Relaxed);
        self.refused.store(refused, Ordering::Relaxed);
    }

    /// Takes over what the link knows of peers; not for every frame.
    pub(crate) fn peers(&self, end: &End) {
        self.connections
            .store(end.link().epoch(), Ordering::Relaxed);
        self.connected.store(end.link().is_up(), Ordering::Relaxed);
    }

    pub(crate) fn stats(&self, held: usize) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            frames: read(&self.frames),
            bytes: read(&self.bytes),
            lost: read(&self.lost),
            refused: read(&self.refused),
            copied: read(&self.copied),
            timeouts: read(&self.timeouts),
            cancelled: read(&self.cancelled),
            connections: read(&self.connections),
            connected: u64::from(self.connected.load(Ordering::Relaxed)),
            held: held as u64,
        }
    }
}
