//! Times on a machine that may be busy with other things.
//!
//! What may never be early is never early; what should not be late is not late in the best of several
//! tries. A library that is late by design is late in all of them.

use std::time::Duration;

/// How often is measured at most.
const TRIES: usize = 40;

/// The shortest time of several tries; no more of them than it takes to be within `enough`.
pub(crate) fn at_best(enough: Duration, mut measure: impl FnMut() -> Duration) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..TRIES {
        best = best.min(measure());
        if best < enough {
            break;
        }
    }
    best
}

/// Each of several waits takes all its time, and the best one no more than `slack` beyond it.
#[track_caller]
pub(crate) fn exact(time: Duration, slack: Duration, mut wait: impl FnMut() -> Duration) {
    let mut checked = || {
        let took = wait();
        assert!(took >= time, "{took:?} instead of {time:?}");
        took
    };
    for _ in 0..4 {
        checked();
    }
    let best = at_best(time + slack, checked);
    assert!(best < time + slack, "at best {best:?} instead of {time:?}");
}
