//! What the program's threads and the worker share: two halves with a lock each, and the ways to wake each other.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::counters::Tally;
use crate::light::{Bell, Light};
use crate::passing::GiveUp;
use crate::rx::Rx;
use crate::tx::Tx;
use crate::{Error, Wait};

/// How a client stands with its agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Up,
    Down,
    Closed,
}

impl Status {
    pub(crate) fn check(self) -> Result<(), Error> {
        match self {
            Status::Up => Ok(()),
            Status::Down => Err(Error::NotConnected),
            Status::Closed => Err(Error::Closed),
        }
    }
}

/// A client, as its worker and the program's threads see it.
#[derive(Debug)]
pub(crate) struct Shared {
    rx: Mutex<Rx>,
    arrived: Condvar,
    /// Lit while there is something to receive, or to be told.
    pub(crate) readable: Light,
    tx: Mutex<Tx>,
    room: Condvar,
    /// Lit while there is room.
    pub(crate) writable: Light,
    pub(crate) tally: Arc<Tally>,
    /// Wakes the worker.
    pub(crate) bell: Bell,
    /// The worker sleeps, or is about to: it looks at both halves after it has said so.
    is_asleep: AtomicBool,
    is_closing: AtomicBool,
}

impl Shared {
    pub(crate) fn new(rx: Rx, tx: Tx, tally: Tally) -> io::Result<Self> {
        Ok(Self {
            rx: Mutex::new(rx),
            arrived: Condvar::new(),
            readable: Light::new()?,
            tx: Mutex::new(tx),
            room: Condvar::new(),
            writable: Light::new()?,
            tally: Arc::new(tally),
            bell: Bell::new()?,
            is_asleep: AtomicBool::new(false),
            is_closing: AtomicBool::new(false),
        })
    }

    #[inline]
    pub(crate) fn rx(&self) -> MutexGuard<'_, Rx> {
        self.rx.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    pub(crate) fn tx(&self) -> MutexGuard<'_, Tx> {
        self.tx.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something to be received, or to be told. Fails when the time is over.
    pub(crate) fn wait_for_frame<'a>(
        &self,
        mut rx: MutexGuard<'a, Rx>,
        wait: Wait,
        deadline: Option<Instant>,
    ) -> Result<MutexGuard<'a, Rx>, Error> {
        if wait == Wait::Never {
            return Err(Error::WouldBlock);
        }
        rx.listen();
        if !rx.is_empty() {
            return Ok(rx);
        }
        rx.waiting += 1;
        let (mut rx, is_over) = sleep(&self.arrived, rx, deadline);
        rx.waiting -= 1;
        match is_over {
            true => Err(Error::Timeout),
            false => Ok(rx),
        }
    }

    /// Waits for room, or for something to be told. Fails when the time is over.
    pub(crate) fn wait_for_room<'a>(
        &self,
        mut tx: MutexGuard<'a, Tx>,
        wait: Wait,
        deadline: Option<Instant>,
    ) -> Result<MutexGuard<'a, Tx>, Error> {
        if wait == Wait::Never {
            return Err(Error::WouldBlock);
        }
        tx.listen();
        if tx.has_room() {
            return Ok(tx);
        }
        tx.waiting += 1;
        let (mut tx, is_over) = sleep(&self.room, tx, deadline);
        tx.waiting -= 1;
        match is_over {
            true => Err(Error::Timeout),
            false => Ok(tx),
        }
    }

    /// Something may have changed for receivers: whoever waits learns of it, and of what comes next.
    #[inline]
    pub(crate) fn tell_receivers(&self, rx: &mut Rx) {
        if rx.waiting > 0 || self.readable.is_watched() {
            rx.listen();
        }
        self.readable.show(|| rx.is_lit());
        if rx.waiting > 0 && (rx.is_lit() || rx.status != Status::Up) {
            self.arrived.notify_all();
        }
    }

    /// Something may have changed for senders: whoever waits learns of it, and of what comes next.
    #[inline]
    pub(crate) fn tell_senders(&self, tx: &mut Tx) {
        if tx.waiting > 0 || self.writable.is_watched() {
            tx.listen();
        }
        self.writable.show(|| tx.is_lit());
        if tx.waiting > 0 && (tx.is_lit() || tx.status != Status::Up) {
            self.room.notify_all();
        }
    }

    /// Whether somebody waits for room in rings.
    pub(crate) fn awaits_room(&self) -> bool {
        let mut tx = self.tx();
        let is_awaited = tx.waiting > 0 || self.writable.is_watched();
        is_awaited && tx.is_by_rings() && !tx.has_room()
    }

    /// Changes how both halves stand, at once, unless the client is closed.
    pub(crate) fn set_status(&self, status: Status) {
        let (mut rx, mut tx) = (self.rx(), self.tx());
        if rx.status != Status::Closed {
            (rx.status, tx.status) = (status, status);
            rx.is_news = status == Status::Down;
            tx.is_news = status == Status::Down;
        }
        self.tell_receivers(&mut rx);
        self.tell_senders(&mut tx);
    }

    /// The worker is to do something. Call it after the lock is given back.
    #[inline]
    pub(crate) fn wake_worker(&self) {
        // Relaxed is enough to look: the lock that was just given back orders this after the worker's look, or the
        // worker's look after what was queued.
        if self.is_asleep.load(Ordering::Relaxed) && self.is_asleep.swap(false, Ordering::Relaxed) {
            self.bell.ring();
        }
    }

    /// The worker is about to sleep; it has to look at both halves once more before it does.
    pub(crate) fn set_asleep(&self, is_asleep: bool) {
        self.is_asleep.store(is_asleep, Ordering::Relaxed);
    }

    /// Ends everything. False if somebody else did before.
    pub(crate) fn close(&self) -> bool {
        let is_first = !self.is_closing.swap(true, Ordering::AcqRel);
        self.set_status(Status::Closed);
        self.bell.ring();
        is_first
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }
}

impl GiveUp for Shared {
    fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    fn is_given_up(&self) -> bool {
        self.bell.clear();
        self.is_closing()
    }
}

/// Waits to be notified, and says whether the time was over instead.
fn sleep<'a, T>(
    condition: &Condvar,
    guard: MutexGuard<'a, T>,
    deadline: Option<Instant>,
) -> (MutexGuard<'a, T>, bool) {
    let Some(deadline) = deadline else {
        let waited = condition.wait(guard);
        return (waited.unwrap_or_else(PoisonError::into_inner), false);
    };
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return (guard, true);
    }
    let waited = condition.wait_timeout(guard, left);
    (waited.unwrap_or_else(PoisonError::into_inner).0, false)
}
