//! The ends of one queue, whichever role this process has.

use std::sync::Arc;

use memif_ring::{
    Chain, ClientConsumer, ClientProducer, Counters, Drain, MappedRing, PeerFault, Segment,
    ServerConsumer, ServerProducer, SharedRing, Signals,
};

use crate::core::LinkCore;
use crate::session::Session;
use crate::slot::Slot;
use crate::sys::{Bell, Waker};

/// An end of a queue: [`RxEnd`] or [`TxEnd`].
pub(crate) trait End: Sized {
    /// Where new ones of a queue arrive.
    fn slot(core: &LinkCore, queue: usize) -> &Slot<Self>;
    /// The epoch it belongs to.
    fn session(&self) -> &Arc<Session>;
    /// What the peer rings when there is news for this end.
    fn news(&self) -> Option<&Arc<Bell>>;
    /// Whether a user can do anything with it but hear that its epoch is over.
    fn is_useful(&self) -> bool;
}

/// The consumer of one ring, with all it needs to run without its [`crate::Rx`].
#[derive(Debug)]
pub(crate) struct RxEnd {
    pub(crate) ring: Consumer,
    /// Rung by the producer when it has published.
    pub(crate) bell: Arc<Bell>,
    /// Where a peer of our own says that it waits for room, and what wakes it.
    pub(crate) room: Option<(MappedRing, Waker)>,
    pub(crate) counters: Arc<Counters>,
    /// Its epoch; also keeps the memory of held frames and loans.
    pub(crate) session: Arc<Session>,
}

#[derive(Debug)]
pub(crate) enum Consumer {
    Server(ServerConsumer<MappedRing>),
    Client(ClientConsumer<MappedRing>),
}

impl End for RxEnd {
    fn slot(core: &LinkCore, queue: usize) -> &Slot<Self> {
        &core.rx[queue]
    }

    fn session(&self) -> &Arc<Session> {
        &self.session
    }

    fn news(&self) -> Option<&Arc<Bell>> {
        Some(&self.bell)
    }

    /// Frames of an ended epoch are still received.
    fn is_useful(&self) -> bool {
        self.session.is_alive() || self.has_frames()
    }
}

impl RxEnd {
    pub(crate) fn take(&mut self, max: usize, frames: &mut Vec<Chain>) {
        match &mut self.ring {
            Consumer::Server(ring) => ring.take(max, frames, &self.counters),
            Consumer::Client(ring) => ring.take(max, frames, &self.counters),
        }
    }

    pub(crate) fn has_frames(&self) -> bool {
        match &self.ring {
            Consumer::Server(ring) => ring.has_frames(),
            Consumer::Client(ring) => ring.has_frames(),
        }
    }

    /// Gives frames back and wakes a peer that waits for that.
    pub(crate) fn give_back(&mut self, frames: impl IntoIterator<Item = Chain>) {
        match &mut self.ring {
            Consumer::Server(ring) => ring.give_back(frames),
            Consumer::Client(ring) => ring.give_back(frames),
        }
        if let Some((reverse, waker)) = &self.room
            && reverse.room_wanted()
        {
            waker.wake();
        }
    }

    /// Calls `each` with the pieces of a taken frame, in order.
    pub(crate) fn for_each_segment(&self, frame: &Chain, each: impl FnMut(Segment)) {
        match &self.ring {
            Consumer::Server(ring) => ring.segments(frame).for_each(each),
            Consumer::Client(ring) => ring.segments(frame).for_each(each),
        }
    }

    pub(crate) fn shared(&self) -> &MappedRing {
        match &self.ring {
            Consumer::Server(ring) => ring.ring(),
            Consumer::Client(ring) => ring.ring(),
        }
    }
}

/// The producer of one ring, with all it needs to run without its [`crate::Tx`].
#[derive(Debug)]
pub(crate) struct TxEnd {
    pub(crate) ring: Producer,
    /// Wakes the peer when something was published.
    pub(crate) waker: Waker,
    /// Where to say to a peer of our own that we wait for room, and the bell it rings then.
    pub(crate) room: Option<(MappedRing, Arc<Bell>)>,
    pub(crate) counters: Arc<Counters>,
    /// Its epoch; also keeps the memory of held frames and loans.
    pub(crate) session: Arc<Session>,
}

#[derive(Debug)]
pub(crate) enum Producer {
    Server(ServerProducer<MappedRing>),
    Client(ClientProducer<MappedRing>),
}

impl End for TxEnd {
    fn slot(core: &LinkCore, queue: usize) -> &Slot<Self> {
        &core.tx[queue]
    }

    fn session(&self) -> &Arc<Session> {
        &self.session
    }

    fn news(&self) -> Option<&Arc<Bell>> {
        self.room.as_ref().map(|(_, bell)| bell)
    }

    fn is_useful(&self) -> bool {
        self.session.is_alive()
    }
}

impl TxEnd {
    pub(crate) fn reserve(&mut self, bytes: u64) -> Result<Option<Chain>, PeerFault> {
        match &mut self.ring {
            Producer::Server(ring) => ring.reserve(bytes),
            Producer::Client(ring) => ring.reserve(bytes),
        }
    }

    /// Calls `each` with the buffers of a reserved frame, in order.
    pub(crate) fn for_each_segment(&self, chain: &Chain, each: impl FnMut(Segment)) {
        match &self.ring {
            Producer::Server(ring) => ring.segments(chain).for_each(each),
            Producer::Client(ring) => ring.segments(chain).for_each(each),
        }
    }

    pub(crate) fn stage(&mut self, chain: Chain, bytes: u64) -> Result<(), PeerFault> {
        match &mut self.ring {
            Producer::Server(ring) => ring.stage(chain, bytes, &self.counters),
            Producer::Client(ring) => {
                ring.stage(chain, bytes, &self.counters);
                Ok(())
            }
        }
    }

    /// Gives an unsent loan back; frames that waited for it go out.
    pub(crate) fn cancel(&mut self, chain: Chain) -> Result<(), PeerFault> {
        match &mut self.ring {
            Producer::Server(ring) => {
                ring.cancel(chain);
                ring.settle()?;
            }
            Producer::Client(ring) => ring.cancel(chain),
        }
        self.publish();
        Ok(())
    }

    /// Makes staged frames visible, and signals the peer if it wants that.
    pub(crate) fn publish(&mut self) {
        let (any, shared) = match &mut self.ring {
            Producer::Server(ring) => (ring.publish(), ring.ring()),
            Producer::Client(ring) => (ring.publish(), ring.ring()),
        };
        if any && shared.wants_signal() {
            self.counters.signals.add(1);
            self.waker.wake();
        }
    }

    pub(crate) fn has_room(&mut self, bytes: u64) -> Result<bool, PeerFault> {
        match &mut self.ring {
            Producer::Server(ring) => ring.has_room(bytes),
            Producer::Client(ring) => ring.has_room(bytes),
        }
    }

    pub(crate) fn in_flight(&self) -> usize {
        match &self.ring {
            Producer::Server(ring) => ring.in_flight(),
            Producer::Client(ring) => ring.in_flight(),
        }
    }

    pub(crate) fn drain(&self) -> Drain<MappedRing> {
        match &self.ring {
            Producer::Server(ring) => ring.drain(),
            Producer::Client(ring) => ring.drain(),
        }
    }

    /// Bytes of one buffer, as far as known, and buffers there can be.
    pub(crate) fn room_in_all(&mut self) -> Result<Option<(u32, u64)>, PeerFault> {
        Ok(match &mut self.ring {
            Producer::Server(ring) => {
                let slots = u64::from(ring.ring().capacity());
                ring.buffer_size()?.map(|size| (size, slots))
            }
            Producer::Client(ring) => Some((ring.buffer_size(), ring.buffers() as u64)),
        })
    }
}
