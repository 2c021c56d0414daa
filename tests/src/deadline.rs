//! Conditions that have to come true in time.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// How long anything may take that should be done at once, on a busy machine.
pub const SOON: Duration = Duration::from_secs(10);

/// Polls until `condition` gives something; panics with `what` when `timeout` is over.
pub fn eventually<T>(what: &str, timeout: Duration, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + timeout;
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {timeout:?}: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Polls until both are equal; panics with both when they stay different.
pub fn becomes<T: PartialEq + Debug>(what: &str, expected: &T, mut actual: impl FnMut() -> T) {
    let deadline = Instant::now() + SOON;
    loop {
        let now = actual();
        if now == *expected {
            return;
        }
        if Instant::now() >= deadline {
            assert_eq!(now, *expected, "{what}, after {SOON:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// CLOCK_MONOTONIC: the same in all processes of this machine.
pub fn monotonic() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let seconds = u64::try_from(time.tv_sec).expect("after boot");
    let nanoseconds = u32::try_from(time.tv_nsec).expect("less than a second");
    Duration::new(seconds, nanoseconds)
}
