//! The sending end of the link, as the command sees it.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use media::{Caps, FrameLoan, Sender, Stamp};
use memif::Ended;

use crate::link_args::{LinkArgs, Role, welcome};
use crate::source::Fill;

/// A sender, and how to call the place where it waits for receivers.
#[derive(Debug)]
pub(crate) struct Outlet {
    sender: Sender,
    name: String,
    frame_bytes: usize,
}

/// What came of asking for room for a frame.
#[derive(Debug)]
pub(crate) enum Room {
    Ready(FrameLoan),
    /// No receiver, or one that is busy.
    NotYet,
    /// The receiver went away.
    Gone(Ended),
}

impl Outlet {
    /// Opens the link; the sender listens unless told otherwise.
    pub(crate) fn open(args: &LinkArgs, frame_bytes: usize) -> anyhow::Result<Outlet> {
        let link = args.open(Role::Server, |_| {
            Sender::options(args.id, frame_bytes as u64)
        })?;
        let (sender, name) = (Sender::open(link)?, args.socket.to_string());
        Ok(Outlet {
            sender,
            name,
            frame_bytes,
        })
    }

    /// Where receivers are expected.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether a receiver is there.
    pub(crate) fn is_up(&self) -> bool {
        self.sender.link().is_up()
    }

    /// Fails when the other end refuses us, or is something else altogether.
    pub(crate) fn check_welcome(&self) -> anyhow::Result<()> {
        welcome(self.sender.link(), &self.name)
    }

    /// Sees to connections that come and go.
    pub(crate) fn drive(&self) -> anyhow::Result<()> {
        Ok(self.sender.link().drive()?)
    }

    /// Lets time pass and sees to connections meanwhile; returns early when the receiver goes away.
    pub(crate) fn rest(&self, time: Duration) -> anyhow::Result<()> {
        match self.sender.link().wait_down(Some(time)) {
            Ok(()) | Err(memif::Error::Timeout) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Room for the next frame.
    pub(crate) fn room(&mut self, timeout: Duration) -> anyhow::Result<Room> {
        match self.sender.loan(self.frame_bytes, Some(timeout)) {
            Ok(loan) => Ok(Room::Ready(loan)),
            Err(error) if error.is_timeout() => Ok(Room::NotYet),
            Err(error) => match error.ended() {
                Some(ended) => Ok(Room::Gone(ended.clone())),
                None => Err(error.into()),
            },
        }
    }

    /// How many peers did not get through the handshake, and why the last did not. None when we are
    /// the one that connects: then it is no news that there is nobody yet.
    pub(crate) fn turned_away(&self) -> Option<(u64, String)> {
        let details = self.sender.details();
        let reason = details
            .last_failure
            .filter(|_| details.role == memif::Role::Server)?;
        Some((details.failures, reason))
    }

    /// Ends the link when the receiver has everything, or has gone, or after this time.
    pub(crate) fn close(self, linger: Duration) -> Ended {
        self.sender.close(linger)
    }
}

/// Sends a frame that has been filled; false if its receiver has gone meanwhile, or was found to
/// break the rules. The next question for room tells more of that.
pub(crate) fn send(
    loan: FrameLoan,
    sequence: u64,
    at: Duration,
    caps: &Caps,
) -> anyhow::Result<bool> {
    let timestamp = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
    let stamp = Stamp {
        timestamp,
        sequence: Some(sequence),
        caps: Some(caps),
    };
    match loan.send_as(stamp) {
        Ok(_) => Ok(true),
        Err(error) if error.is_disconnected() => Ok(false),
        Err(media::Error::Link(memif::Error::Peer(_))) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

impl Fill for FrameLoan {
    fn put(&mut self, offset: usize, bytes: &[u8]) -> anyhow::Result<()> {
        Ok(self.write_at(offset, bytes)?)
    }

    fn read(&mut self, mut offset: usize, most: usize, file: BorrowedFd<'_>) -> io::Result<usize> {
        for mut piece in self.segments() {
            if offset < piece.len() {
                return piece.read_from(offset, most, file);
            }
            offset -= piece.len();
        }
        Ok(0)
    }
}
