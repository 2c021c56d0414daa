//! The receiving end of the link, as the command sees it.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use media::{Received, Receiver, TrailerFault, VideoFormat};
use memif::Ended;

use super::take::Payload;
use crate::link_args::{LinkArgs, Role, welcome};

/// Room for a frame of a sender that does not tell how large its frames are, when the command line
/// does not tell it either: a 2160p frame of 4 bytes per pixel. Memory is taken only as it is used.
const UNKNOWN_FRAME_BYTES: u64 = 33_177_600;

/// A receiver, and how to call the place where it looks for senders.
#[derive(Debug)]
pub(crate) struct Inlet {
    args: LinkArgs,
    receiver: Receiver,
    name: String,
    /// Whether the buffers are large enough for whoever may send.
    is_roomy: bool,
}

/// What came.
#[derive(Debug)]
pub(crate) enum Event {
    Frame(Received),
    /// Nothing within the time.
    Nothing,
    /// The sender ended, or vanished; everything it had sent has come before.
    Ended(Ended),
}

impl Inlet {
    /// Opens the link; the receiver connects unless told otherwise. A sender of our own tells how
    /// large its frames are; for another one the command line has to.
    pub(crate) fn open(args: &LinkArgs, video: Option<VideoFormat>) -> anyhow::Result<Inlet> {
        let capacity = video.map(capacity).transpose()?;
        Ok(Inlet {
            receiver: connect(args, capacity)?,
            name: args.socket.to_string(),
            is_roomy: capacity.is_some() || args.role == Some(Role::Server),
            args: args.clone(),
        })
    }

    /// Where a sender is expected.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Fails when the other end refuses us, or is something else altogether.
    pub(crate) fn check_welcome(&self) -> anyhow::Result<()> {
        welcome(self.receiver.link(), &self.name)
    }

    /// How many frames came that contradict themselves, and what was wrong with the last.
    pub(crate) fn malformed(&self) -> (u64, Option<TrailerFault>) {
        (self.receiver.totals().malformed, self.receiver.last_fault())
    }

    /// Waits for whatever comes next.
    pub(crate) fn next(&mut self, timeout: Duration) -> anyhow::Result<Event> {
        self.make_room()?;
        match self.receiver.recv(Some(timeout)) {
            Ok(frame) => Ok(Event::Frame(frame)),
            Err(error) if error.is_timeout() => Ok(Event::Nothing),
            Err(error) => match error.ended() {
                Some(ended) => Ok(Event::Ended(ended.clone())),
                None => Err(error.into()),
            },
        }
    }

    /// Connects anew, with large buffers, to a sender that is a stranger and told nothing.
    fn make_room(&mut self) -> anyhow::Result<()> {
        if !self.is_roomy
            && self
                .receiver
                .link()
                .peer()
                .is_some_and(|peer| !peer.is_ours())
        {
            self.is_roomy = true;
            self.receiver = connect(&self.args, Some(UNKNOWN_FRAME_BYTES))?;
        }
        Ok(())
    }
}

fn connect(args: &LinkArgs, capacity: Option<u64>) -> anyhow::Result<Receiver> {
    let link = args.open(Role::Client, |_| {
        let options = Receiver::options(args.id);
        match capacity {
            Some(bytes) => options.frame_capacity(bytes),
            None => options,
        }
    })?;
    Ok(Receiver::open(link)?)
}

fn capacity(format: VideoFormat) -> anyhow::Result<u64> {
    Ok(media::foreign_capacity(
        format.frame_bytes()?,
        format.width,
        format.height,
    ))
}

impl Payload for Received {
    fn len(&self) -> usize {
        self.len()
    }

    fn copy_at(&self, offset: usize, into: &mut [u8]) -> usize {
        self.copy_at(offset, into)
    }

    fn write_to(&self, file: BorrowedFd<'_>) -> io::Result<()> {
        self.write_to(file)
    }
}
