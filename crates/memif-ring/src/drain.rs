//! How far a peer has come with what was sent to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::SharedRing;

/// Watches a ring we produce into, apart from the producer.
///
/// It reads our own index from shared memory, where a hostile peer could change it: good enough to decide how long to
/// linger, and used for nothing else.
#[derive(Clone, Debug)]
pub struct Drain<R> {
    ring: R,
    /// On M2S: the most buffers the client ever had posted. All taken means: as many are posted again.
    posted_most: Option<Arc<AtomicU16>>,
}

impl<R: SharedRing> Drain<R> {
    pub(crate) fn of_client(ring: R) -> Self {
        Self {
            ring,
            posted_most: None,
        }
    }

    pub(crate) fn of_server(ring: R, posted_most: Arc<AtomicU16>) -> Self {
        Self {
            ring,
            posted_most: Some(posted_most),
        }
    }

    /// Slots published and, as far as the peer shows, not taken.
    pub fn in_flight(&self) -> usize {
        let between = self.ring.head().wrapping_sub(self.ring.tail());
        let open = match &self.posted_most {
            None => between.min(self.ring.capacity()),
            Some(most) => most.load(Ordering::Relaxed).saturating_sub(between),
        };
        usize::from(open)
    }
}
