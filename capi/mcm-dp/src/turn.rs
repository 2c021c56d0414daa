//! One thing that threads use in turn, with a limit to the waiting.

use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What keeps threads from using the thing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoTurn {
    /// Another thread used it until the time was over.
    Busy,
    /// It was taken away for good.
    Gone,
}

/// A thing for one thread at a time.
#[derive(Debug)]
pub(crate) struct Turns<T> {
    state: Mutex<State<T>>,
    freed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    /// Here, unless a thread uses it or it is gone. Boxed: it changes hands with each call.
    thing: Option<Box<T>>,
    is_gone: bool,
    /// Whoever has the turn sleeps: those who do not want to wait need not wait for the end of that.
    dozes: bool,
    waiting: usize,
}

/// The right to use the thing; given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a, T> {
    turns: &'a Turns<T>,
    thing: Option<Box<T>>,
}

impl<T> Turns<T> {
    pub(crate) fn new(thing: T) -> Self {
        let state = State {
            thing: Some(Box::new(thing)),
            is_gone: false,
            dozes: false,
            waiting: 0,
        };
        Self {
            state: Mutex::new(state),
            freed: Condvar::new(),
        }
    }

    /// Waits for a turn until `deadline`, `None` being for ever; and, whatever the deadline, for whoever has the turn and
    /// does not [`doze`](Self::doze).
    pub(crate) fn take(&self, deadline: Option<Instant>) -> Result<Turn<'_, T>, NoTurn> {
        let mut state = self.state();
        loop {
            if state.is_gone {
                return Err(NoTurn::Gone);
            }
            if let Some(thing) = state.thing.take() {
                let thing = Some(thing);
                return Ok(Turn { turns: self, thing });
            }
            let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
            if state.dozes && left.is_some_and(|left| left.is_zero()) {
                return Err(NoTurn::Busy);
            }
            let left = left.filter(|left| !left.is_zero());
            state.waiting += 1;
            state = match left {
                Some(left) => {
                    let waited = self.freed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let waited = self.freed.wait(state);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
            };
            state.waiting -= 1;
        }
    }

    /// Says whether the one who has the turn sleeps from now on.
    pub(crate) fn doze(&self, dozes: bool) {
        let mut state = self.state();
        state.dozes = dozes;
        if dozes && state.waiting > 0 {
            self.freed.notify_all();
        }
    }

    /// Takes the thing away for good, when whoever uses it is done. Nobody gets a turn from now on.
    pub(crate) fn end(&self) -> Option<T> {
        let mut state = self.state();
        let is_first = !std::mem::replace(&mut state.is_gone, true);
        self.freed.notify_all();
        while is_first && state.thing.is_none() {
            state.waiting += 1;
            let waited = self.freed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        state.thing.take().map(|thing| *thing)
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        let mut state = self.turns.state();
        state.thing = self.thing.take();
        state.dozes = false;
        let (waiting, is_gone) = (state.waiting, state.is_gone);
        drop(state);
        match (waiting, is_gone) {
            (0, _) => {}
            (_, false) => self.turns.freed.notify_one(),
            (_, true) => self.turns.freed.notify_all(),
        }
    }
}

impl<T> Deref for Turn<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.thing.as_ref().expect("here until the turn is over")
    }
}

impl<T> DerefMut for Turn<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.thing.as_mut().expect("here until the turn is over")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_turn_is_waited_for_until_the_deadline() {
        let turns = Turns::new(7);
        let mine = turns.take(None).expect("free");
        turns.doze(true);
        let soon = Some(Instant::now() + Duration::from_millis(5));
        assert_eq!(turns.take(soon).map(|_| ()), Err(NoTurn::Busy));
        drop(mine);
        assert_eq!(turns.take(soon).map(|turn| *turn), Ok(7));
    }

    #[test]
    fn who_does_not_want_to_wait_waits_for_the_busy_but_not_for_the_dozing() {
        let turns = Turns::new(7);
        let mine = turns.take(None).expect("free");
        std::thread::scope(|scope| {
            let other = scope.spawn(|| turns.take(Some(Instant::now())).map(|turn| *turn));
            drop(mine);
            assert_eq!(other.join().expect("no panic"), Ok(7));
        });
        let mine = turns.take(None).expect("free");
        turns.doze(true);
        assert_eq!(
            turns.take(Some(Instant::now())).map(|_| ()),
            Err(NoTurn::Busy)
        );
        drop(mine);
    }

    #[test]
    fn the_end_waits_for_whose_turn_it_is_and_sends_the_others_away() {
        let turns = Turns::new(7);
        let mine = turns.take(None).expect("free");
        std::thread::scope(|scope| {
            let other = scope.spawn(|| turns.take(None).map(|_| ()));
            let end = scope.spawn(|| turns.end());
            assert_eq!(other.join().expect("no panic"), Err(NoTurn::Gone));
            drop(mine);
            assert_eq!(end.join().expect("no panic"), Some(7));
        });
    }

    #[test]
    fn turns_go_round_among_threads() {
        let turns = Turns::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        *turns.take(None).expect("not gone") += 1;
                    }
                });
            }
        });
        assert_eq!(turns.end(), Some(4000));
    }
}
