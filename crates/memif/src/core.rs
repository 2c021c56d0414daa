//! What a link is between its control connection and its queues: the meeting point of hub, [`crate::Rx`] and [`crate::Tx`].

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use memif_ring::{Drain, MappedRing};

use crate::control::Hangup;
use crate::ends::{RxEnd, TxEnd};
use crate::error::os;
use crate::session::Session;
use crate::slot::Slot;
use crate::sys::{Bell, Waker};
use crate::{Ended, Error, LinkOptions, Role};

#[derive(Debug)]
pub(crate) struct LinkCore {
    pub(crate) options: LinkOptions,
    pub(crate) role: Role,
    pub(crate) rx: Box<[Slot<RxEnd>]>,
    pub(crate) tx: Box<[Slot<TxEnd>]>,
    /// Rung when an epoch begins or ends, and when a handshake failed: everybody who waits looks again.
    pub(crate) bell: Bell,
    /// What wakes the peer in place of the rings' bells.
    wakes: Option<Arc<OwnedFd>>,
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
    /// The system's error number, if the system said no.
    pub(crate) errno: Option<i32>,
}

impl Failure {
    /// A handshake that got stuck.
    pub(crate) fn of(hangup: &Hangup, who: &str) -> Self {
        Self {
            reason: format!("{who}{}", hangup.reason),
            refused: hangup.refused,
            errno: hangup.errno,
        }
    }
}

impl LinkCore {
    pub(crate) fn new(options: LinkOptions, role: Role) -> Result<Arc<Self>, Error> {
        Self::waking(options, role, None)
    }

    /// One that wakes its peer by this socket, if there is one.
    pub(crate) fn waking(
        options: LinkOptions,
        role: Role,
        wakes: Option<OwnedFd>,
    ) -> Result<Arc<Self>, Error> {
        options.check()?;
        let queues = options.queues;
        Ok(Arc::new(Self {
            rx: (0..queues).map(|_| Slot::default()).collect(),
            tx: (0..queues).map(|_| Slot::default()).collect(),
            bell: Bell::new().map_err(os("eventfd"))?,
            wakes: wakes.map(Arc::new),
            epochs: AtomicU64::new(0),
            state: Mutex::default(),
            options,
            role,
        }))
    }

    /// What wakes the peer, whose ring has this bell.
    pub(crate) fn waker(&self, bell: Arc<Bell>) -> Waker {
        match &self.wakes {
            None => Waker::Bell(bell),
            Some(socket) => Waker::Socket(Arc::clone(socket)),
        }
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
        // Under the lock: whoever sees the link up finds its queues up.
        self.rx.iter().zip(rx).for_each(|(slot, end)| slot.put(end));
        self.tx.iter().zip(tx).for_each(|(slot, end)| slot.put(end));
        drop(state);
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
        self.rx.iter().for_each(Slot::settle);
        self.tx.iter().for_each(Slot::settle);
        self.wake();
    }

    /// A handshake failed; whether for another reason than the last.
    pub(crate) fn note_failure(&self, failure: Failure) -> bool {
        let mut state = self.state();
        let last = state.last_failure.as_ref();
        let is_news = last.is_none_or(|last| last.reason != failure.reason);
        state.failures += 1;
        state.last_failure = Some(failure);
        drop(state);
        self.wake();
        is_news
    }

    /// The link is closed for good.
    pub(crate) fn close(&self, hangup: &Hangup) -> Ended {
        let closed = Ended {
            epoch: self.epoch(),
            by: hangup.by,
            clean: hangup.clean,
            reason: hangup.reason.clone(),
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
    pub(crate) fn take_refusal(&self) -> Option<Failure> {
        let mut state = self.state();
        let failure = state
            .last_failure
            .as_mut()
            .filter(|failure| failure.refused)?;
        failure.refused = false;
        Some(failure.clone())
    }

    pub(crate) fn failures(&self) -> u64 {
        self.state().failures
    }

    /// Slots sent in this epoch and not taken by the peer.
    pub(crate) fn in_flight(&self) -> usize {
        in_flight(&self.state().drains)
    }

    fn wake(&self) {
        let _ = self.bell.ring(); // cannot fail on an eventfd of our own
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn in_flight(drains: &[Drain<MappedRing>]) -> usize {
    drains.iter().map(Drain::in_flight).sum()
}
