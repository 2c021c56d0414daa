//! Parcels: messages with descriptors over a stream socket, each end waiting for the other until a deadline.
//!
//! ```text
//!   0              4                  8
//!   | bytes, u32   | descriptors, u32 | bytes of JSON … | one byte with the descriptors, if there are any |
//! ```
//!
//! Both numbers are little-endian. A parcel has at most 16 descriptors: the kernel takes 253 in one message.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, Shutdown, recv, recvmsg, send, sendmsg, shutdown,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{HandoverError, os};

/// Bytes of one parcel at most: the frames that wait for one client take a few MiB.
pub(crate) const MOST_BYTES: usize = 64 << 20;
/// Descriptors of one parcel at most: a client has ten.
pub(crate) const MOST_DESCRIPTORS: usize = 16;
/// Bytes before the JSON.
const HEADER: usize = 8;
/// Bytes that are believed in before they have come.
const PIECE: usize = 64 << 10;

/// One end of a handover.
#[derive(Debug)]
pub(crate) struct Channel {
    socket: OwnedFd,
    patience: Duration,
    deadline: Instant,
}

impl Channel {
    /// Everything over this socket has to be done within this time.
    pub(crate) fn new(socket: OwnedFd, patience: Duration) -> Self {
        Self {
            socket,
            patience,
            deadline: Instant::now() + patience,
        }
    }

    /// Sends a parcel. A short one comes whole or not at all: it is written at once.
    pub(crate) fn send(
        &mut self,
        what: &impl Serialize,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<(), HandoverError> {
        let mut parcel = vec![0; HEADER];
        let written = serde_json::to_writer(&mut parcel, what);
        written.map_err(|error| HandoverError::Parcel(error.to_string()))?;
        let bytes = parcel.len() - HEADER;
        check("bytes", bytes, MOST_BYTES)?;
        check("descriptors", descriptors.len(), MOST_DESCRIPTORS)?;
        let numbers = [number(bytes), number(descriptors.len())];
        parcel[..HEADER].copy_from_slice(numbers.as_flattened());
        self.write(&parcel)?;
        match descriptors {
            [] => Ok(()),
            some => self.pass(some),
        }
    }

    /// The next parcel.
    pub(crate) fn receive<T: DeserializeOwned>(
        &mut self,
    ) -> Result<(T, Vec<OwnedFd>), HandoverError> {
        let bytes = self.read_number()?;
        let due = self.read_number()?;
        check("bytes", bytes, MOST_BYTES)?;
        check("descriptors", due, MOST_DESCRIPTORS)?;
        let body = self.read(bytes)?;
        let what = serde_json::from_slice(&body);
        let what = what.map_err(|error| HandoverError::Parcel(error.to_string()))?;
        let descriptors = match due {
            0 => Vec::new(),
            due => self.take(due)?,
        };
        Ok((what, descriptors))
    }

    /// The last parcel, a short one. When it is too late for it, the other end cannot send it any more: either it is
    /// received here, or sending it fails there.
    pub(crate) fn receive_last<T: DeserializeOwned>(&mut self) -> Result<T, HandoverError> {
        match self.receive() {
            Err(HandoverError::TooSlow(patience)) => {
                // It fails only when the other end is gone.
                let _ = shutdown(&self.socket, Shutdown::Read);
                // What was sent before that is here now.
                let last = self.receive();
                last.map_err(|_| HandoverError::TooSlow(patience))
            }
            other => other,
        }
        .map(|(what, _)| what)
    }

    /// Waits until the other end hangs up.
    pub(crate) fn wait_for_end(&mut self, patience: Duration) -> Result<(), HandoverError> {
        (self.patience, self.deadline) = (patience, Instant::now() + patience);
        match self.read(1) {
            Err(HandoverError::HungUp) => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Err(HandoverError::Parcel("more than was due".to_owned())),
        }
    }

    fn write(&mut self, mut bytes: &[u8]) -> Result<(), HandoverError> {
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        while !bytes.is_empty() {
            match send(&self.socket, bytes, flags) {
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(errno) => self.overcome(errno, "send", PollFlags::OUT)?,
            }
        }
        Ok(())
    }

    fn pass(&mut self, descriptors: &[BorrowedFd<'_>]) -> Result<(), HandoverError> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        loop {
            let mut control = SendAncillaryBuffer::new(&mut space);
            control.push(SendAncillaryMessage::ScmRights(descriptors));
            match sendmsg(&self.socket, &[IoSlice::new(&[0])], &mut control, flags) {
                Ok(_) => return Ok(()),
                Err(errno) => self.overcome(errno, "sendmsg", PollFlags::OUT)?,
            }
        }
    }

    fn read_number(&mut self) -> Result<usize, HandoverError> {
        let bytes = self.read(4)?;
        let bytes = bytes.first_chunk().copied().unwrap_or_default();
        Ok(u32::from_le_bytes(bytes) as usize)
    }

    fn read(&mut self, count: usize) -> Result<Vec<u8>, HandoverError> {
        let mut bytes = Vec::new();
        let mut got = 0;
        while got < count {
            bytes.resize(count.min(got + PIECE), 0);
            let room = bytes.get_mut(got..).unwrap_or_default();
            match recv(&self.socket, room, RecvFlags::DONTWAIT) {
                Ok((0, _)) => return Err(HandoverError::HungUp),
                Ok((more, _)) => got += more,
                Err(errno) => self.overcome(errno, "recv", PollFlags::IN)?,
            }
        }
        Ok(bytes)
    }

    fn take(&mut self, due: usize) -> Result<Vec<OwnedFd>, HandoverError> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
        let mut byte = [0];
        loop {
            let mut control = RecvAncillaryBuffer::new(&mut space);
            let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
            let parts = &mut [IoSliceMut::new(&mut byte)];
            match recvmsg(&self.socket, parts, &mut control, flags) {
                Ok(message) if message.bytes == 0 => return Err(HandoverError::HungUp),
                Ok(_) => {
                    let descriptors: Vec<_> = control.drain().flat_map(rights).collect();
                    let got = descriptors.len();
                    return match got == due {
                        true => Ok(descriptors),
                        false => Err(HandoverError::Descriptors { got, due }),
                    };
                }
                Err(errno) => self.overcome(errno, "recvmsg", PollFlags::IN)?,
            }
        }
    }

    /// Waits if that helps.
    fn overcome(
        &self,
        errno: Errno,
        call: &'static str,
        until: PollFlags,
    ) -> Result<(), HandoverError> {
        match errno {
            Errno::INTR => Ok(()),
            Errno::PIPE | Errno::CONNRESET => Err(HandoverError::HungUp),
            // Too many descriptors are under way: the other end has to take some first.
            Errno::TOOMANYREFS => self.wait(PollFlags::empty(), Duration::from_millis(1)),
            Errno::AGAIN => self.wait(until, self.patience),
            errno => Err(os(call)(errno)),
        }
    }

    fn wait(&self, until: PollFlags, most: Duration) -> Result<(), HandoverError> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(HandoverError::TooSlow(self.patience));
        }
        let timeout = Timespec::try_from(left.min(most)).ok();
        let socket = self.socket.as_fd();
        match poll(
            &mut [PollFd::from_borrowed_fd(socket, until)],
            timeout.as_ref(),
        ) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(errno) => Err(os("poll")(errno)),
        }
    }
}

fn rights(message: RecvAncillaryMessage<'_>) -> Vec<OwnedFd> {
    match message {
        RecvAncillaryMessage::ScmRights(descriptors) => descriptors.collect(),
        _ => Vec::new(),
    }
}

/// Both numbers of a parcel are far below 2^32.
fn number(count: usize) -> [u8; 4] {
    u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes()
}

pub(crate) fn check(what: &'static str, got: usize, most: usize) -> Result<(), HandoverError> {
    match got > most {
        true => Err(HandoverError::TooMuch { what, got, most }),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests;
