//! Waiting for everything at once.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

/// Events taken from the system at once.
const BATCH: usize = 256;

/// Whom news is for: a kind, a number, and a number of the owner's choosing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// Something of a port's device, by the port's index.
    Port(u32, u16),
    /// A doorbell that clients ring, by its index.
    Doorbell(u32),
    /// Somebody who is registering.
    Visitor(u32),
    /// Whatever the program around the agent watches.
    Other(u32),
}

/// What is new.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Happening {
    pub(crate) token: Token,
    /// The other end is closed.
    pub(crate) ended: bool,
}

/// An epoll instance.
#[derive(Debug)]
pub(crate) struct Reactor {
    epoll: OwnedFd,
}

impl Reactor {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
        })
    }

    /// Watches for changes of a descriptor: something to read, room to write, its end.
    pub(crate) fn watch_changes(&self, fd: BorrowedFd<'_>, token: Token) -> io::Result<()> {
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        Ok(epoll::add(
            &self.epoll,
            fd,
            EventData::new_u64(token.to_u64()),
            flags,
        )?)
    }

    /// Watches a descriptor for as long as it has something to read.
    pub(crate) fn watch_input(&self, fd: BorrowedFd<'_>, token: Token) -> io::Result<()> {
        let flags = EventFlags::IN | EventFlags::RDHUP;
        Ok(epoll::add(
            &self.epoll,
            fd,
            EventData::new_u64(token.to_u64()),
            flags,
        )?)
    }

    /// Stops watching.
    pub(crate) fn forget(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        Ok(epoll::delete(&self.epoll, fd)?)
    }

    /// Waits at most for `timeout`, and adds what is new.
    pub(crate) fn wait(&self, timeout: Duration, news: &mut Vec<Happening>) -> io::Result<()> {
        let mut events = [const { MaybeUninit::<Event>::uninit() }; BATCH];
        let timeout = Timespec::try_from(round_up(timeout)).ok();
        let found = match epoll::wait(&self.epoll, &mut events, timeout.as_ref()) {
            Ok((found, _)) => found,
            Err(Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let ends = EventFlags::HUP | EventFlags::RDHUP | EventFlags::ERR;
        news.extend(found.iter().filter_map(|event| {
            Some(Happening {
                token: Token::from_u64({ event.data }.u64())?,
                ended: { event.flags }.intersects(ends),
            })
        }));
        Ok(())
    }
}

/// To whole milliseconds, in which older systems count.
fn round_up(timeout: Duration) -> Duration {
    let part = timeout.subsec_nanos() % 1_000_000;
    match part {
        0 => timeout,
        part => timeout + Duration::from_nanos(u64::from(1_000_000 - part)),
    }
}

impl Token {
    /// `kind << 56 | index << 16 | source`.
    fn to_u64(self) -> u64 {
        let (kind, index, source) = match self {
            Self::Port(index, source) => (1, index, source),
            Self::Doorbell(index) => (2, index, 0),
            Self::Visitor(index) => (3, index, 0),
            Self::Other(index) => (4, index, 0),
        };
        kind << 56 | u64::from(index) << 16 | u64::from(source)
    }

    fn from_u64(number: u64) -> Option<Self> {
        let index = u32::try_from(number >> 16 & 0xffff_ffff).ok()?;
        let source = u16::try_from(number & 0xffff).ok()?;
        match number >> 56 {
            1 => Some(Self::Port(index, source)),
            2 => Some(Self::Doorbell(index)),
            3 => Some(Self::Visitor(index)),
            4 => Some(Self::Other(index)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_the_kernel() {
        for token in [
            Token::Port(u32::MAX, u16::MAX),
            Token::Port(0, 7),
            Token::Doorbell(3),
            Token::Visitor(u32::MAX),
            Token::Other(1),
        ] {
            assert_eq!(Token::from_u64(token.to_u64()), Some(token));
        }
    }

    #[test]
    fn waits_are_never_cut_short() {
        assert_eq!(round_up(Duration::from_micros(1)), Duration::from_millis(1));
        assert_eq!(round_up(Duration::from_millis(7)), Duration::from_millis(7));
    }
}
