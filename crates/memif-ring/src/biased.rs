//! Exclusive access for one owner and many guests, nearly free while there are no guests.
//!
//! The user of a ring end ([`Biased::owner`]) works on it per burst; frames that outlive a burst are *guests*, which
//! return their buffers from any thread. With no guest alive the owner needs no lock: only the owner makes guests, so
//! a count of zero cannot grow behind its back.
//!
//! # Safety
//!
//! The value is reached (a) by the owner with the lock held, (b) by the owner without the lock when the guest count
//! was zero, (c) by a guest with the lock held. Each guest counts from before it exists (made by the owner) until after
//! its last access. So (b) excludes (c): a guest alive then would be counted. (a) and (c) exclude each other by the lock.
//! There is one owner, because `owner` takes `&mut self` and `Biased` is not Clone.
#![allow(unsafe_code)]

use std::sync::PoisonError;

use crate::sync::{Arc, AtomicUsize, Mutex, Ordering, UnsafeCell};

/// The owner's handle.
#[derive(Debug)]
pub struct Biased<T>(Arc<Inner<T>>);

/// A guest's handle.
#[derive(Debug)]
pub struct Guest<T>(Arc<Inner<T>>);

#[derive(Debug)]
struct Inner<T> {
    value: UnsafeCell<T>,
    guests: AtomicUsize,
    lock: Mutex<()>,
}

// SAFETY: the protocol in the module doc gives exclusive access to one thread at a time, so T: Send suffices.
unsafe impl<T: Send> Sync for Inner<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Inner<T> {}

impl<T> Biased<T> {
    /// Puts a value under the protocol.
    pub fn new(value: T) -> Self {
        Self(Arc::new(Inner {
            value: UnsafeCell::new(value),
            guests: AtomicUsize::new(0),
            lock: Mutex::new(()),
        }))
    }

    /// The owner's access: without a lock while no guest is alive.
    pub fn owner<R>(&mut self, work: impl FnOnce(&mut T) -> R) -> R {
        // Acquire pairs with the release in Guest's drop: all a past guest did is visible.
        if self.0.guests.load(Ordering::Acquire) == 0 {
            // SAFETY: case (b): no guest exists, only the owner (who is here, by &mut self) can make one.
            return self.0.value.with_mut(|value| work(unsafe { &mut *value }));
        }
        self.0.locked(work)
    }

    /// Makes a guest.
    pub fn guest(&mut self) -> Guest<T> {
        // Relaxed: the guest reaches another thread only by a synchronising hand-over.
        self.0.guests.fetch_add(1, Ordering::Relaxed);
        Guest(Arc::clone(&self.0))
    }

    /// Number of guests alive.
    pub fn guests(&self) -> usize {
        self.0.guests.load(Ordering::Acquire)
    }
}

impl<T> Guest<T> {
    /// A guest's access, under the lock.
    pub fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        self.0.locked(work)
    }
}

impl<T> Inner<T> {
    fn locked<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        // A panic inside `work` leaves the value in some valid state; counting on is better than dying.
        let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: cases (a) and (c): the lock is held, and the caller is a guest or an owner that saw a guest alive.
        self.value.with_mut(|value| work(unsafe { &mut *value }))
    }
}

impl<T> Drop for Guest<T> {
    fn drop(&mut self) {
        // Release pairs with the owner's acquire of a zero count.
        self.0.guests.fetch_sub(1, Ordering::Release);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn owner_and_guests_never_overlap() {
        let mut cell = Biased::new(0u64);
        for round in 0..200 {
            let guests: Vec<_> = (0..4).map(|_| cell.guest()).collect();
            std::thread::scope(|scope| {
                for guest in guests {
                    scope.spawn(move || (0..50).for_each(|_| guest.with(|sum| *sum += 1)));
                }
                (0..50).for_each(|_| cell.owner(|sum| *sum += 1));
            });
            assert_eq!(cell.owner(|sum| *sum), (round + 1) * 250);
            assert_eq!(cell.guests(), 0);
        }
    }
}
