//! Waiting for room or a frame, for the end of the connection, and for what the program is told by signals.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use super::Connection;
use crate::end::{End, Offer};
use crate::failure::Failure;
use crate::news::{readable, sleep};
use crate::signals::Endings;

/// How long a wait looks at the rings before it sleeps.
const SPIN: Duration = Duration::from_micros(20);

/// Shorter waits do not listen for signals, which costs as much as a frame.
const SHORT: Duration = Duration::from_millis(50);

impl Connection {
    /// Waits for room or a frame; `None` when the time is over.
    pub(super) fn obtain(
        &self,
        end: &mut End,
        deadline: Option<Instant>,
        endings: &mut Option<Endings>,
    ) -> Result<Option<Offer>, Failure> {
        let listens = deadline.is_none_or(|end| end > Instant::now() + SHORT);
        loop {
            let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
            let spin = left.map_or(SPIN, |left| left.min(SPIN));
            if let Some(offer) = end.attempt(spin)? {
                return Ok(Some(offer));
            }
            let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(None);
            }
            if end.arm()? {
                // Somebody may want this to end, however much there seems to be.
                self.sleep(end, Some(Duration::ZERO), endings.as_ref())?;
                continue;
            }
            if listens && endings.is_none() {
                *endings = Endings::watch();
            }
            let nap = [end.look_again(), left].into_iter().flatten().min();
            self.counters.peers(end);
            self.end.doze(true);
            let slept = self.sleep(end, nap, endings.as_ref());
            self.end.doze(false);
            slept?;
        }
    }

    /// Sleeps until there is news of the end.
    fn sleep(
        &self,
        end: &End,
        time: Option<Duration>,
        endings: Option<&Endings>,
    ) -> Result<(), Failure> {
        let (quit, end) = (readable(self.quit.as_fd()), readable(end.as_fd()));
        let first = match endings {
            Some(endings) => sleep(&mut [quit, readable(endings.as_fd()), end], time)?,
            None => sleep(&mut [quit, end], time)?,
        };
        match first {
            Some(0) => Err(Failure::destroyed()),
            Some(1) if endings.is_some() => Err(Failure::interrupted()),
            _ => Ok(()),
        }
    }
}
