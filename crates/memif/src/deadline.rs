//! How long a call waits.

use std::time::Duration;

use crate::sys::now;

/// When a call began to wait, and when it gives up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    started: Duration,
    /// `None` is never.
    end: Option<Duration>,
}

impl Deadline {
    pub(crate) fn after(timeout: Option<Duration>) -> Self {
        let started = now();
        let end = timeout.map(|span| started.saturating_add(span));
        Self { started, end }
    }

    /// Time waited so far.
    pub(crate) fn waited(self) -> Duration {
        now().saturating_sub(self.started)
    }

    /// Time left; `None` is unlimited.
    pub(crate) fn left(self) -> Option<Duration> {
        self.end.map(|end| end.saturating_sub(now()))
    }

    pub(crate) fn passed(self) -> bool {
        self.left().is_some_and(|left| left.is_zero())
    }

    /// The time left, at most `most`.
    pub(crate) fn at_most(self, most: Duration) -> Duration {
        self.left().map_or(most, |left| left.min(most))
    }
}
