//! Where epochs wait for the user of a queue.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use memif_ring::Counters;

use crate::Ended;
use crate::ends::End;

/// Epochs that a user may not have looked at yet; beyond, the oldest is given up.
const UNSEEN_EPOCHS: usize = 4;

/// One queue of a link, in one direction: its counters, and the epochs its user has not seen yet.
#[derive(Debug)]
pub(crate) struct Slot<E> {
    pub(crate) counters: Arc<Counters>,
    inbox: Mutex<Inbox<E>>,
    /// Number of epochs in the inbox.
    waiting: AtomicUsize,
}

#[derive(Debug)]
struct Inbox<E> {
    epochs: VecDeque<Unseen<E>>,
    user: User,
}

/// An epoch that the user of a queue has not seen yet.
#[derive(Debug)]
pub(crate) enum Unseen<E> {
    /// It goes on, or left something to be received.
    Useful(E),
    /// It is over, and its memory gone.
    Over(Ended),
}

/// Who uses a queue: nobody yet, the one it was given to, or nobody any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum User {
    NotYet,
    One,
    Gone,
}

impl<E> Default for Slot<E> {
    fn default() -> Self {
        let inbox = Inbox {
            epochs: VecDeque::new(),
            user: User::NotYet,
        };
        Self {
            counters: Arc::default(),
            inbox: Mutex::new(inbox),
            waiting: AtomicUsize::new(0),
        }
    }
}

impl<E: End> Slot<E> {
    /// Takes the queue for its one user; false if somebody has it, or had.
    pub(crate) fn claim(&self) -> bool {
        let user = &mut self.lock().user;
        let free = *user == User::NotYet;
        if free {
            *user = User::One;
        }
        free
    }

    /// Its user is gone, and nobody will come.
    pub(crate) fn abandon(&self) {
        self.change(|inbox| {
            inbox.user = User::Gone;
            inbox.epochs.clear();
        });
    }

    /// An epoch has begun.
    pub(crate) fn put(&self, end: E) {
        self.change(|inbox| {
            inbox.settle();
            match inbox.user {
                User::NotYet => inbox.epochs.clear(),
                User::One if inbox.epochs.len() == UNSEEN_EPOCHS => inbox.give_up_one(),
                User::One => {}
                User::Gone => return,
            }
            inbox.epochs.push_back(Unseen::Useful(end));
        });
    }

    /// An epoch has ended: lets go of memory that nobody has a use for.
    pub(crate) fn settle(&self) {
        self.change(Inbox::settle);
    }

    /// The oldest epoch not seen yet.
    pub(crate) fn take(&self) -> Option<Unseen<E>> {
        // Acquire pairs with the release in `change`; without it this is only a cheaper look.
        if self.waiting.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.change(|inbox| inbox.epochs.pop_front())
    }

    /// Its user cannot take the oldest epoch over now.
    pub(crate) fn put_back(&self, end: E) {
        self.change(|inbox| inbox.epochs.push_front(Unseen::Useful(end)));
    }

    fn change<R>(&self, change: impl FnOnce(&mut Inbox<E>) -> R) -> R {
        let mut inbox = self.lock();
        let result = change(&mut inbox);
        self.waiting.store(inbox.epochs.len(), Ordering::Release);
        result
    }

    fn lock(&self) -> MutexGuard<'_, Inbox<E>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: End> Inbox<E> {
    /// Of epochs that ended and left nothing, a user is only told.
    fn settle(&mut self) {
        for epoch in &mut self.epochs {
            if let Unseen::Useful(end) = epoch
                && !end.is_useful()
            {
                *epoch = Unseen::Over(end.session().ended());
            }
        }
        if self.user == User::NotYet {
            self.epochs
                .retain(|epoch| matches!(epoch, Unseen::Useful(_)));
        }
    }

    /// Makes room: rather for an end not told of than for frames not received.
    fn give_up_one(&mut self) {
        let over = |epoch: &Unseen<E>| matches!(epoch, Unseen::Over(_));
        if let Some(place) = self.epochs.iter().position(over) {
            self.epochs.remove(place);
        } else if let Some(Unseen::Useful(end)) = self.epochs.pop_front() {
            let epoch = end.session().epoch;
            tracing::warn!(
                epoch,
                "frames lost: not received for {UNSEEN_EPOCHS} epochs"
            );
        }
    }
}
