//! The descriptor that a program waits on in a loop of its own.
//!
//! # Safety
//!
//! Unsafe code here borrows the descriptor of a connection's end, which another thread may be using.
//! The end keeps it until the connection is destroyed, and a program must not do that during a call.
#![allow(unsafe_code)]

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use crate::end::End;
use crate::failure::Failure;
use crate::news::Flag;

/// An epoll instance that is readable when a dequeue may have something to say.
///
/// It watches the end itself, a flag for what the end has ready without further news, and a timer for
/// strangers, who do not tell all.
#[derive(Debug)]
pub(crate) struct Notifier {
    epoll: OwnedFd,
    ready: Flag,
    timer: OwnedFd,
}

impl Notifier {
    /// Readable at first: nobody has looked yet.
    pub(crate) fn new(end: RawFd) -> Result<Self, Failure> {
        let failed =
            |call: &'static str| move |error: rustix::io::Errno| Failure::os(call, &error.into());
        let epoll = epoll::create(CreateFlags::CLOEXEC).map_err(failed("epoll_create1"))?;
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer =
            timerfd_create(TimerfdClockId::Monotonic, flags).map_err(failed("timerfd_create"))?;
        // SAFETY: see the module.
        let end = unsafe { BorrowedFd::borrow_raw(end) };
        let ready = Flag::new()?;
        ready.set();
        for fd in [end, ready.as_fd(), timer.as_fd()] {
            epoll::add(&epoll, fd, EventData::new_u64(0), EventFlags::IN)
                .map_err(failed("epoll_ctl"))?;
        }
        Ok(Self {
            epoll,
            ready,
            timer,
        })
    }

    pub(crate) fn descriptor(&self) -> RawFd {
        self.epoll.as_raw_fd()
    }

    /// After a dequeue: readable from now on if there is more, or else when there is news.
    pub(crate) fn renew(&self, end: &mut End) {
        if end.arm().unwrap_or(true) {
            return self.ready.set();
        }
        self.ready.clear();
        self.remind(end.look_again());
    }

    /// Becomes readable after this time, too; this also takes back an earlier reminder.
    fn remind(&self, time: Option<Duration>) {
        let value = time.and_then(|time| Timespec::try_from(time).ok());
        let none = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let when = Itimerspec {
            it_interval: none,
            it_value: value.unwrap_or(none),
        };
        // Cannot fail: the times are valid.
        let _ = timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &when);
    }
}
