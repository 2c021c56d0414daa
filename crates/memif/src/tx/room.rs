//! Waiting for room.

use std::time::Duration;

use memif_ring::Signals;

use super::Tx;
use crate::Error;
use crate::deadline::Deadline;
use crate::ends::TxEnd;

/// Sleep between looks for room when nothing will wake us: doubling from the first to the last.
pub(super) const FIRST_NAP: Duration = Duration::from_micros(50);
const LAST_NAP: Duration = Duration::from_millis(1);
/// The same beside a peer of our own, which wakes us.
const HINTED_NAP: Duration = Duration::from_millis(20);

impl Tx {
    /// Whether a frame of `bytes` could be sent, or an end is to be reported.
    pub(super) fn is_ready(&mut self, bytes: u64) -> Result<bool, Error> {
        let Some(session) = self.half.session()? else {
            return self.half.has_end();
        };
        let alive = session.is_alive();
        // A fault counts as ready: the next call runs into it and reports it.
        Ok(!alive
            || self
                .half
                .with(|end| end.has_room(bytes).unwrap_or(true))
                .unwrap_or(false))
    }

    /// Spins or sleeps a while, as the link was told to.
    pub(super) fn pause(&mut self, bytes: u64, deadline: Deadline) -> Result<(), Error> {
        if deadline.passed() {
            Err(Error::Timeout)
        } else if !self.half.is_in_epoch() {
            self.half.sleep(deadline.left()).map(drop)
        } else if self.half.spins(deadline) {
            self.half.spin(|end| end.has_room(bytes).unwrap_or(true))
        } else {
            self.sleep(deadline, |tx| tx.is_ready(bytes))
        }
    }

    /// Says that we wait for buffers, looks once more, and sleeps.
    pub(super) fn sleep(
        &mut self,
        deadline: Deadline,
        look: impl FnOnce(&mut Self) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        self.ask_for_room();
        if look(self)? {
            return Ok(());
        }
        let nap = self.look_again().map(|nap| deadline.at_most(nap));
        self.half.sleep(nap.or_else(|| deadline.left())).map(drop)
    }

    /// When to look again, whether something woke us or not: a stranger does not say when it gives buffers back. `None` if
    /// all news wakes.
    pub fn look_again(&mut self) -> Option<Duration> {
        if !self.half.is_in_epoch() {
            return None;
        }
        if self.asks {
            return Some(HINTED_NAP);
        }
        let nap = self.nap;
        self.nap = (nap * 2).min(LAST_NAP);
        Some(nap)
    }

    /// Asks a peer of our own to say when it gives buffers back.
    pub(super) fn ask_for_room(&mut self) {
        let ask = |end: &mut TxEnd| match &end.room {
            Some((reverse, _)) => {
                reverse.ask_for_room();
                true
            }
            None => false,
        };
        self.asks = self.half.with(ask).unwrap_or(false);
    }

    /// There is room: no need to be told until we ask again.
    pub(super) fn stop_asking(&mut self) {
        self.nap = FIRST_NAP;
        if std::mem::take(&mut self.asks) {
            self.half.with(|end| {
                if let Some((reverse, _)) = &end.room {
                    reverse.no_need_of_room();
                }
            });
        }
    }
}
