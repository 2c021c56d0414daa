//! From regions, rings and bells to the ends of all queues.

use std::sync::Arc;

use memif_ring::{
    Binding, ClientConsumer, ClientProducer, MappedRing, Pool, ServerConsumer, ServerProducer,
    Signals,
};
use memif_wire::{Direction, Features};

use crate::core::LinkCore;
use crate::ends::{Consumer, Producer, RxEnd, TxEnd};
use crate::session::Session;
use crate::sys::{Bell, Waker};
use crate::{Role, Wait};

/// One ring of a finished handshake.
#[derive(Debug)]
pub(super) struct RingParts {
    pub(super) direction: Direction,
    pub(super) index: u16,
    pub(super) ring: MappedRing,
    pub(super) bell: Arc<Bell>,
    /// On a client: the ring's buffers.
    pub(super) pool: Option<Pool>,
}

/// Builds all ends of an epoch and starts it.
pub(super) fn begin_epoch(link: &LinkCore, session: &Arc<Session>, mut rings: Vec<RingParts>) {
    rings.sort_by_key(|parts| parts.index);
    let produced = match link.role {
        Role::Server => Direction::M2s,
        Role::Client => Direction::S2m,
    };
    let (ours, theirs): (Vec<_>, Vec<_>) = rings
        .into_iter()
        .partition(|parts| parts.direction == produced);
    let views = |rings: &[RingParts]| -> Vec<_> {
        rings
            .iter()
            .map(|parts| (parts.ring.clone(), Arc::clone(&parts.bell)))
            .collect()
    };
    let (our_views, their_views) = (views(&ours), views(&theirs));
    let hints = session.peer.understands(Features::ROOM_HINT);
    let room = |views: &[(MappedRing, Arc<Bell>)], queue: usize| {
        views.get(queue).filter(|_| hints).cloned()
    };
    let rx = theirs.into_iter().enumerate().map(|(queue, parts)| {
        set_mask(&parts.ring, link.options.wait);
        let room = room(&our_views, queue).map(|(ring, bell)| (ring, link.waker(bell)));
        rx_end(link, session, parts, queue, room)
    });
    let rx = rx.collect();
    let tx = ours.into_iter().enumerate();
    let tx = tx
        .map(|(queue, parts)| tx_end(link, session, parts, queue, room(&their_views, queue)))
        .collect();
    link.up(Arc::clone(session), rx, tx);
}

/// Until its user sleeps for the first time, a ring is polled, unless interrupts were asked for.
fn set_mask(ring: &MappedRing, wait: Wait) {
    match wait {
        Wait::Interrupt => ring.unmask(),
        Wait::Poll | Wait::Adaptive(_) => ring.mask(),
    }
}

fn binding(session: &Session) -> Binding {
    let any = session.peer.understands(Features::ANY_BUFFER);
    if any { Binding::Any } else { Binding::InPlace }
}

fn rx_end(
    link: &LinkCore,
    session: &Arc<Session>,
    parts: RingParts,
    queue: usize,
    room: Option<(MappedRing, Waker)>,
) -> RxEnd {
    let regions = session.regions.clone();
    let ring = match parts.pool {
        None => Consumer::Server(ServerConsumer::new(
            parts.ring,
            regions.clone(),
            binding(session),
        )),
        Some(pool) => {
            let mut ring = ClientConsumer::new(parts.ring, pool, binding(session));
            ring.post();
            Consumer::Client(ring)
        }
    };
    let counters = Arc::clone(&link.rx[queue].counters);
    RxEnd {
        ring,
        bell: parts.bell,
        room,
        counters,
        session: Arc::clone(session),
    }
}

fn tx_end(
    link: &LinkCore,
    session: &Arc<Session>,
    parts: RingParts,
    queue: usize,
    room: Option<(MappedRing, Arc<Bell>)>,
) -> TxEnd {
    let regions = session.regions.clone();
    let ring = match parts.pool {
        None => Producer::Server(ServerProducer::new(
            parts.ring,
            regions.clone(),
            binding(session),
        )),
        Some(pool) => Producer::Client(ClientProducer::new(parts.ring, pool, binding(session))),
    };
    let counters = Arc::clone(&link.tx[queue].counters);
    TxEnd {
        ring,
        waker: link.waker(parts.bell),
        room,
        counters,
        session: Arc::clone(session),
    }
}
