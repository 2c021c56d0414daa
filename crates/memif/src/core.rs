//! What a link is between its control connection and its queues: the meeting point of hub, [`crate::Rx`] and [`crate::Tx`].

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use memif_ring::{Counters, Drain, MappedRing};

use crate::ends::{RxEnd, TxEnd};
use crate::error::os;
use crate::session::Session;
use crate::sys::Bell;
use crate::{Ended, Error, LinkOptions, Role, Side};

/// Ends of earlier epochs that a receiver may still have to drain; beyond, the oldest is given up.
const UNDRAINED_EPOCHS: usize = 4;

#[derive(Debug)]
pub(crate) struct LinkCore {
    pub(crate) options: LinkOptions,
    pub(crate) role: Role,
    pub(crate) rx: Box<[Slot<RxEnd>]>,
    pub(crate) tx: Box<[Slot<TxEnd>]>,
    /// Rung when an epoch begins or ends.
    pub(crate) bell: Bell,
    epochs: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    session: Option<Arc<Session>>,
    drains: Vec<Drain<MappedRing>>,
    last_ended: Option<Ended>,
    last_failure: Option<Failure>,
    failures: u64,
    closed: Option<Ended>,
}

/// A handshake that did not succeed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) reason: String,
    /// Whether the other end said no, rather than just not being there.
    pub(crate) refused: bool,
}

/// Where one queue's end of a new epoch waits until its user takes it over.
#[derive(Debug)]
pub(crate) struct Slot<E> {
    fresh: Mutex<VecDeque<E>>,
    waiting: AtomicUsize,
    taken: AtomicBool,
    /// Rung when there is one, and when the current epoch ends.
    pub(crate) bell: Bell,
    pub(crate) counters: Arc<Counters>,
}

impl LinkCore {
    pub(crate) fn new(options: LinkOptions, role: Role) -> Result<Arc<Self>, Error> {
        options.check()?;
        let queues = options.queues;
        Ok(Arc::new(Self {
            rx: (0..queues).map(|_| Slot::new()).collect::<Result<_, _>>()?,
            tx: (0..queues).map(|_| Slot::new()).collect::<Result<_, _>>()?,
            bell: Bell::new().map_err(os("eventfd"))?,
            epochs: AtomicU64::new(0),
            state: Mutex::default(),
            options,
            role,
        }))
    }

    /// The number for the next epoch.
    pub(crate) fn next_epoch(&self) -> u64 {
        self.epochs.load(Ordering::Relaxed) + 1
    }

    /// Number of the latest epoch; 0 before the first.
    pub(crate) fn epoch(&self) -> u64 {
        self.epochs.load(Ordering::Acquire)
    }

    /// An epoch begins: hands its ends to the queues and wakes everybody.
    pub(crate) fn up(&self, session: Arc<Session>, rx: Vec<RxEnd>, tx: Vec<TxEnd>) {
        let mut state = self.state();
        state.drains = tx.iter().map(TxEnd::drain).collect();
        self.epochs.store(session.epoch, Ordering::Release);
        state.session = Some(session);
        state.last_failure = None;
        drop(state);
        self.rx
            .iter()
            .zip(rx)
            .for_each(|(slot, end)| slot.put(end, keep_rx));
        self.tx
            .iter()
            .zip(tx)
            .for_each(|(slot, end)| slot.put(end, keep_tx));
        self.wake();
    }

    /// The epoch ended: notes it, lets go of what nobody will use, and wakes everybody, so that they notice.
    pub(crate) fn down(&self, ended: Ended) {
        let mut state = self.state();
        let current = |session: &Arc<Session>| session.epoch == ended.epoch;
        if state.session.as_ref().is_some_and(current) {
            let undelivered = in_flight(&state.drains) as u64;
            state.session = None;
            state.drains.clear();
            state.last_ended = Some(Ended {
                undelivered,
                ..ended
            });
        }
        drop(state);
        self.rx.iter().for_each(|slot| slot.retain(keep_rx));
        self.tx.iter().for_each(|slot| slot.retain(keep_tx));
        self.wake();
    }

    /// A handshake failed.
    pub(crate) fn note_failure(&self, reason: String, refused: bool) {
        let mut state = self.state();
        state.failures += 1;
        state.last_failure = Some(Failure { reason, refused });
        drop(state);
        let _ = self.bell.ring();
    }

    /// The link is closed for good.
    pub(crate) fn close(&self, reason: &str) -> Ended {
        let epoch = self.epoch();
        let closed = Ended {
            epoch,
            by: Side::Us,
            clean: true,
            reason: reason.to_owned(),
            undelivered: 0,
        };
        let closed = self.state().closed.get_or_insert(closed).clone();
        self.wake();
        closed
    }

    pub(crate) fn closed(&self) -> Option<Ended> {
        self.state().closed.clone()
    }

    pub(crate) fn session(&self) -> Option<Arc<Session>> {
        self.state().session.clone()
    }

    pub(crate) fn last_ended(&self) -> Option<Ended> {
        self.state().last_ended.clone()
    }

    pub(crate) fn last_failure(&self) -> Option<Failure> {
        self.state().last_failure.clone()
    }

    /// A refusal that nobody has been told of yet.
    pub(crate) fn take_refusal(&self) -> Option<String> {
        let mut state = self.state();
        let failure = state
            .last_failure
            .as_mut()
            .filter(|failure| failure.refused)?;
        failure.refused = false;
        Some(failure.reason.clone())
    }

    pub(crate) fn failures(&self) -> u64 {
        self.state().failures
    }

    /// Slots sent in this epoch and not taken by the peer.
    pub(crate) fn in_flight(&self) -> usize {
        in_flight(&self.state().drains)
    }

    fn wake(&self) {
        // Ringing an eventfd of our own cannot fail.
        let _ = self.bell.ring();
        self.rx.iter().for_each(|slot| drop(slot.bell.ring()));
        self.tx.iter().for_each(|slot| drop(slot.bell.ring()));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Frames of an ended epoch are still received.
fn keep_rx(end: &RxEnd) -> bool {
    end.session.is_alive() || end.has_frames()
}

/// Nothing can be sent in an ended epoch.
fn keep_tx(end: &TxEnd) -> bool {
    end.session.is_alive()
}

fn in_flight(drains: &[Drain<MappedRing>]) -> usize {
    drains.iter().map(Drain::in_flight).sum()
}

impl<E> Slot<E> {
    fn new() -> Result<Self, Error> {
        Ok(Self {
            fresh: Mutex::default(),
            waiting: AtomicUsize::new(0),
            taken: AtomicBool::new(false),
            bell: Bell::new().map_err(os("eventfd"))?,
            counters: Arc::default(),
        })
    }

    /// Claims the slot for its one user; false if somebody has it.
    pub(crate) fn claim(&self) -> bool {
        !self.taken.swap(true, Ordering::Relaxed)
    }

    fn retain(&self, keep: impl Fn(&E) -> bool) {
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        fresh.retain(keep);
        self.waiting.store(fresh.len(), Ordering::Release);
    }

    fn put(&self, end: E, keep: impl Fn(&E) -> bool) {
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        fresh.retain(keep);
        if fresh.len() == UNDRAINED_EPOCHS || !self.taken.load(Ordering::Relaxed) {
            fresh.pop_front();
        }
        fresh.push_back(end);
        self.waiting.store(fresh.len(), Ordering::Release);
    }

    /// The oldest end not taken over yet.
    pub(crate) fn take(&self) -> Option<E> {
        // Acquire pairs with the release in `put`; without it this is only a cheaper look.
        if self.waiting.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        let end = fresh.pop_front();
        self.waiting.store(fresh.len(), Ordering::Release);
        end
    }
}
