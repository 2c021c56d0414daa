//! Reading from a doorbell: bytes, and the descriptors that come with them, until a deadline.

use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, RecvMsg, SocketType, recvmsg, sockopt,
};

use crate::error::os;
use crate::{AgentFault, Error};

/// Descriptors that are taken with one byte, though one is due: so it is seen that they were more.
const MOST: usize = 16;

/// The reading end of a doorbell, for one registration.
#[derive(Debug)]
pub(crate) struct Ear<'a> {
    pub(crate) socket: BorrowedFd<'a>,
    pub(crate) deadline: Instant,
    pub(crate) patience: Duration,
    /// Waits end when this says so.
    pub(crate) given_up: &'a dyn GiveUp,
}

/// Says whether waiting makes no sense any more.
pub(crate) trait GiveUp: std::fmt::Debug {
    /// Readable when it may be so.
    fn bell(&self) -> BorrowedFd<'_>;

    /// Whether it is so.
    fn is_given_up(&self) -> bool;
}

impl Ear<'_> {
    /// Exactly `N` bytes, with no descriptors.
    pub(crate) fn bytes<const N: usize>(&self, due: &'static str) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        let mut have = 0;
        while have < N {
            let (count, descriptors) = self.read(&mut bytes[have..], due)?;
            if !descriptors.is_empty() {
                return Err(surplus(descriptors.len(), "the answer", 0));
            }
            have += count;
        }
        Ok(bytes)
    }

    /// One byte with one socket of this type.
    pub(crate) fn socket(&self, number: usize, kind: SocketType) -> Result<OwnedFd, Error> {
        let (_, mut descriptors) = self.read(&mut [0], "socket")?;
        let got = descriptors.len();
        match (descriptors.pop(), got) {
            (Some(socket), 1) => match sockopt::socket_type(&socket) {
                Ok(found) if found == kind => Ok(socket),
                _ => Err(AgentFault::NotASocket { number }.into()),
            },
            _ => Err(surplus(got, "one byte", 1)),
        }
    }

    /// Reads once, as soon as there is something.
    fn read(&self, bytes: &mut [u8], due: &'static str) -> Result<(usize, Vec<OwnedFd>), Error> {
        loop {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
            let mut control = RecvAncillaryBuffer::new(&mut space);
            let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
            let parts = &mut [IoSliceMut::new(bytes)];
            match recvmsg(self.socket, parts, &mut control, flags) {
                Ok(RecvMsg { bytes: 0, .. }) | Err(Errno::CONNRESET) => {
                    return Err(AgentFault::BrokenOff { due }.into());
                }
                Ok(read) => return Ok((read.bytes, descriptors(&mut control))),
                Err(Errno::AGAIN) => self.wait(due)?,
                Err(Errno::INTR) => {}
                Err(error) => return Err(os("recvmsg")(error)),
            }
        }
    }

    /// How long it may still take, if it makes sense to wait.
    pub(crate) fn time_left(&self, due: &'static str) -> Result<Duration, Error> {
        if self.given_up.is_given_up() {
            return Err(Error::Closed);
        }
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let millis = self.patience.as_millis();
            return Err(AgentFault::TooSlow { due, millis }.into());
        }
        Ok(left)
    }

    fn wait(&self, due: &'static str) -> Result<(), Error> {
        let left = self.time_left(due)?;
        let bell = self.given_up.bell();
        let mut watched = [
            PollFd::new(&self.socket, PollFlags::IN),
            PollFd::new(&bell, PollFlags::IN),
        ];
        match poll(&mut watched, timespec(left).as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(os("poll")(error)),
        }
    }
}

/// A time for the system; `None`, for ever, if it is too long to say.
pub(crate) fn timespec(time: Duration) -> Option<Timespec> {
    Timespec::try_from(time).ok()
}

fn descriptors(control: &mut RecvAncillaryBuffer<'_>) -> Vec<OwnedFd> {
    let mut all = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(some) = message {
            all.extend(some);
        }
    }
    all
}

fn surplus(got: usize, with: &'static str, due: usize) -> Error {
    AgentFault::Descriptors { got, with, due }.into()
}
