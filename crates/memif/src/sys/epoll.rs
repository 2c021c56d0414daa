//! Waiting for several descriptors at once.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::clock::{now, timespec};

/// How many ready descriptors one call reports; the others are reported by the next.
const BATCH: usize = 16;

/// The longest single sleep: what fits the kernel's count of milliseconds.
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// When a descriptor is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// By every wait, for as long as it is readable or hung up.
    Level,
    /// Once for each change: the reader drains it then, or is not woken again.
    Edge,
}

/// An epoll instance. It watches for input, end of file, hang-up and errors; it is itself
/// readable while anything it watches is, so it nests in a caller's own loop.
#[derive(Debug)]
pub(crate) struct Epoll(OwnedFd);

impl Epoll {
    /// An instance that watches nothing yet.
    ///
    /// # Errors
    /// What `epoll_create1` says: out of descriptors or memory.
    pub(crate) fn new() -> io::Result<Epoll> {
        Ok(Epoll(epoll::create(CreateFlags::CLOEXEC)?))
    }

    /// Watches `fd` from now on and reports it as `token`.
    ///
    /// # Errors
    /// What `epoll_ctl` says: the descriptor is watched already, or cannot be watched.
    pub(crate) fn add(&self, fd: impl AsFd, token: u64, trigger: Trigger) -> io::Result<()> {
        let when = match trigger {
            Trigger::Level => EventFlags::empty(),
            Trigger::Edge => EventFlags::ET,
        };
        let events = EventFlags::IN | EventFlags::RDHUP | when;
        Ok(epoll::add(&self.0, fd, EventData::new_u64(token), events)?)
    }

    /// Stops watching `fd`. Closing a descriptor does the same only if no duplicate of it lives
    /// on, and peers hold duplicates of theirs: always remove before closing.
    ///
    /// # Errors
    /// What `epoll_ctl` says: the descriptor is not watched.
    pub(crate) fn remove(&self, fd: impl AsFd) -> io::Result<()> {
        Ok(epoll::delete(&self.0, fd)?)
    }

    /// Sleeps until something is ready or `timeout` has passed, `None` being for ever, and fills
    /// `ready`. Says whether anything is. Signals neither end nor lengthen the wait.
    ///
    /// # Errors
    /// What `epoll_wait` says; nothing is known that makes it fail here.
    pub(crate) fn wait(&self, ready: &mut Ready, timeout: Option<Duration>) -> io::Result<bool> {
        let deadline = timeout
            .filter(|span| !span.is_zero())
            .map(|span| now().saturating_add(span));
        let mut left = timeout;
        loop {
            ready.len = self.sleep(&mut ready.events, left)?;
            if ready.len > 0 || left == Some(Duration::ZERO) {
                return Ok(ready.len > 0);
            }
            left = deadline.map(|end| end.saturating_sub(now())).or(left);
        }
    }

    /// One sleep of at most `left`, possibly shorter: the caller looks at the clock.
    ///
    /// `epoll_wait` counts in milliseconds and `epoll_pwait2` needs Linux 5.11, so whole
    /// milliseconds are slept here and what is below one, last of all, in `ppoll`.
    fn sleep(&self, events: &mut [Event], left: Option<Duration>) -> io::Result<usize> {
        let whole = left.map(|left| left.min(LONGEST)).map(whole_milliseconds);
        if let (Some(left), Some(Duration::ZERO)) = (left, whole)
            && !left.is_zero()
        {
            uninterrupted(poll(
                &mut [PollFd::new(&self.0, PollFlags::IN)],
                Some(&timespec(left)),
            ))?;
        }
        uninterrupted(epoll::wait(&self.0, events, whole.map(timespec).as_ref()))
    }
}

impl AsFd for Epoll {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// What a wait found: a small buffer, used again by each wait.
pub(crate) struct Ready {
    events: [Event; BATCH],
    len: usize,
}

impl Ready {
    /// An empty buffer.
    pub(crate) fn new() -> Ready {
        let nothing = Event {
            flags: EventFlags::empty(),
            data: EventData::new_u64(0),
        };
        Ready {
            events: [nothing; BATCH],
            len: 0,
        }
    }

    /// The tokens of what is ready, at most [`BATCH`] of them.
    pub(crate) fn tokens(&self) -> impl ExactSizeIterator<Item = u64> + '_ {
        self.events[..self.len]
            .iter()
            .map(|event| { event.data }.u64())
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.tokens()).finish()
    }
}

/// `span` without what is below a millisecond.
fn whole_milliseconds(span: Duration) -> Duration {
    span - Duration::from_nanos(u64::from(span.subsec_nanos() % 1_000_000))
}

/// A sleep that a signal cut short is a sleep that found nothing.
fn uninterrupted(result: rustix::io::Result<usize>) -> io::Result<usize> {
    match result {
        Err(Errno::INTR) => Ok(0),
        other => Ok(other?),
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::{Pid, Signal, kill_process};

    use super::super::{Bell, SeqPacket, harness};
    use super::*;

    const LONG: Option<Duration> = Some(Duration::from_secs(10));
    const NO_TIME: Option<Duration> = Some(Duration::ZERO);

    fn tokens(epoll: &Epoll, timeout: Option<Duration>) -> Vec<u64> {
        let mut ready = Ready::new();
        let any = epoll.wait(&mut ready, timeout).expect("wait");
        let mut tokens: Vec<u64> = ready.tokens().collect();
        tokens.sort_unstable();
        assert_eq!(any, !tokens.is_empty());
        tokens
    }

    fn watching(bells: &[Bell], trigger: Trigger) -> Epoll {
        let epoll = Epoll::new().expect("epoll");
        for (token, bell) in (0..).zip(bells) {
            epoll.add(bell, token, trigger).expect("add");
        }
        epoll
    }

    fn bells(count: usize) -> Vec<Bell> {
        (0..count).map(|_| Bell::new().expect("bell")).collect()
    }

    #[test]
    fn a_wait_reports_the_tokens_of_what_is_ready() {
        let bells = bells(3);
        let epoll = watching(&bells, Trigger::Level);
        assert!(tokens(&epoll, NO_TIME).is_empty());
        bells[0].ring().expect("ring");
        bells[2].ring().expect("ring");
        assert_eq!(tokens(&epoll, LONG), [0, 2]);
        epoll.remove(&bells[0]).expect("remove");
        assert_eq!(tokens(&epoll, None), [2]);
    }

    #[test]
    fn level_reports_until_cleared_and_edge_once_per_ring() {
        let bells = bells(1);
        let level = watching(&bells, Trigger::Level);
        let edge = watching(&bells, Trigger::Edge);
        for _ in 0..2 {
            bells[0].ring().expect("ring");
            assert_eq!(tokens(&level, LONG), [0]);
            assert_eq!(tokens(&level, LONG), [0]);
            assert_eq!(tokens(&edge, LONG), [0]);
            assert!(tokens(&edge, NO_TIME).is_empty());
        }
        bells[0].clear().expect("clear");
        assert!(tokens(&level, NO_TIME).is_empty());
    }

    #[test]
    fn more_than_one_batch_is_reported_by_several_waits() {
        let bells = bells(BATCH + 4);
        for trigger in [Trigger::Level, Trigger::Edge] {
            let epoll = watching(&bells, trigger);
            bells.iter().for_each(|bell| bell.ring().expect("ring"));
            let mut seen = tokens(&epoll, LONG);
            seen.extend(tokens(&epoll, LONG));
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), bells.len(), "{trigger:?}");
        }
    }

    #[test]
    fn a_peer_that_leaves_is_reported() {
        let (ours, theirs) = SeqPacket::pair();
        let epoll = Epoll::new().expect("epoll");
        epoll.add(&ours, 7, Trigger::Level).expect("add");
        assert!(tokens(&epoll, NO_TIME).is_empty());
        drop(theirs);
        assert_eq!(tokens(&epoll, LONG), [7]);
    }

    #[test]
    fn a_timeout_is_kept_to_well_below_a_millisecond() {
        let epoll = Epoll::new().expect("epoll");
        for asked in [Duration::from_micros(250), Duration::from_micros(2250)] {
            let late = (0..50).map(|_| {
                let start = now();
                assert!(tokens(&epoll, Some(asked)).is_empty());
                (now() - start).checked_sub(asked).expect("not early")
            });
            // The best of many: the others are what a busy machine adds.
            assert!(late.min() < Some(Duration::from_micros(500)), "{asked:?}");
        }
    }

    /// A process that is stopped and continued finds its sleeps interrupted, even those that no
    /// handler of a signal interrupts.
    #[test]
    fn signals_neither_end_nor_lengthen_a_wait() {
        let name = "signals_neither_end_nor_lengthen_a_wait";
        let Some(mut child) = harness::again(module_path!(), name) else {
            let asked = Duration::from_micros(400_500);
            let start = now();
            let epoll = watching(&bells(1), Trigger::Level);
            assert!(tokens(&epoll, Some(asked)).is_empty());
            let waited = now() - start;
            assert!(
                waited >= asked && waited < Duration::from_secs(3),
                "{waited:?}"
            );
            return;
        };
        let pid = Pid::from_child(&child);
        let end = now() + Duration::from_secs(5);
        while now() < end && child.try_wait().expect("wait").is_none() {
            kill_process(pid, Signal::STOP).expect("stop");
            kill_process(pid, Signal::CONT).expect("continue");
            std::thread::sleep(Duration::from_millis(5));
        }
        harness::passes(child);
    }
}
