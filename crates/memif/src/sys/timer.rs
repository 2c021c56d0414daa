//! A deadline as a pollable descriptor.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use super::clock::timespec;

/// The longest the timer sleeps, 136 years: above some 292 years the kernel's nanoseconds overflow.
const LONGEST: Duration = Duration::from_secs(u32::MAX as u64);

/// A one-shot `timerfd` on `CLOCK_MONOTONIC`. Its descriptor is readable from the moment it
/// expires until it is [set](Timer::set) again.
#[derive(Debug)]
pub(crate) struct Timer(OwnedFd);

impl Timer {
    /// A timer that is not running.
    ///
    /// # Errors
    /// What `timerfd_create` says: out of descriptors or memory.
    pub(crate) fn new() -> io::Result<Timer> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        Ok(Timer(timerfd_create(TimerfdClockId::Monotonic, flags)?))
    }

    /// Expires `after` from now, once, at the earliest at once; `None` stops it. Either way an
    /// expiry nobody looked at is forgotten.
    ///
    /// # Errors
    /// What `timerfd_settime` says; nothing is known that makes it fail here.
    pub(crate) fn set(&self, after: Option<Duration>) -> io::Result<()> {
        // A zero would stop the timer instead of firing it.
        let after = after.map(|span| span.clamp(Duration::from_nanos(1), LONGEST));
        let setting = Itimerspec {
            it_interval: Timespec::default(),
            it_value: after.map(timespec).unwrap_or_default(),
        };
        timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &setting)?;
        Ok(())
    }
}

impl AsFd for Timer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use rustix::event::{PollFd, PollFlags, poll};

    use super::*;
    use crate::sys::now;

    fn readable(timer: &Timer, within: Duration) -> bool {
        let mut fds = [PollFd::new(timer, PollFlags::IN)];
        poll(&mut fds, Some(&timespec(within))).expect("poll") == 1
    }

    #[test]
    fn a_set_timer_becomes_readable_no_earlier_than_asked() {
        let timer = Timer::new().expect("timer");
        let start = now();
        timer.set(Some(Duration::from_millis(5))).expect("set");
        assert!(readable(&timer, Duration::from_secs(10)));
        assert!(now() - start >= Duration::from_millis(5));
    }

    #[test]
    fn stopping_or_setting_again_forgets_an_expiry() {
        let timer = Timer::new().expect("timer");
        timer.set(Some(Duration::ZERO)).expect("set");
        assert!(readable(&timer, Duration::from_secs(10)));
        timer.set(None).expect("stop");
        assert!(!readable(&timer, Duration::ZERO));
        timer.set(Some(Duration::MAX)).expect("set for ever");
        assert!(!readable(&timer, Duration::ZERO));
    }
}
