//! A line per second for somebody who watches.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use crate::report::Talk;

const SECOND: Duration = Duration::from_secs(1);

/// Speaks once a second, on a terminal only.
#[derive(Debug)]
pub(crate) struct Ticker {
    watched: bool,
    next: Duration,
}

impl Ticker {
    /// The first line comes a second after `now`.
    pub(crate) fn new(now: Duration) -> Ticker {
        Ticker {
            watched: io::stderr().is_terminal(),
            next: now + SECOND,
        }
    }

    /// Says a line if it is time.
    pub(crate) fn tick(
        &mut self,
        now: Duration,
        talk: &Talk,
        line: impl FnOnce(Duration) -> String,
    ) {
        if self.watched && now >= self.next {
            self.next = (self.next + SECOND).max(now);
            talk.note(line(now));
        }
    }
}
