//! One control connection: datagrams of 128 bytes, each with at most one file descriptor.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::cmsg_space;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, connect,
    recvmsg, sendmsg, socket_with, sockopt,
};

use super::{Address, Credentials};

/// The length of every message.
const MESSAGE_LEN: usize = 128;

/// The most descriptors that the kernel passes with one datagram (`SCM_MAX_FD`).
const MOST_FDS: usize = 253;

/// The control buffer: all the descriptors a peer can send, so that they are ours to close, and
/// its credentials.
const CONTROL_LEN: usize = cmsg_space!(ScmRights(MOST_FDS), ScmCredentials(1));

/// A connected `AF_UNIX` `SOCK_SEQPACKET` socket, non-blocking and closed on exec.
#[derive(Debug)]
pub(crate) struct SeqPacket(OwnedFd);

impl SeqPacket {
    /// Connects to a server.
    ///
    /// # Errors
    /// `WouldBlock`: the server's backlog is full, try again soon. `NotFound` and
    /// `ConnectionRefused`: nobody listens there yet. `InvalidInput`: the address is none.
    pub(crate) fn connect(address: &Address) -> io::Result<SeqPacket> {
        let target = address.to_sockaddr().map_err(invalid_input)?;
        let socket = SeqPacket(unconnected(SocketType::SEQPACKET)?);
        connect(&socket.0, &target)?;
        Ok(socket)
    }

    /// Sends one message, and a descriptor with it. All of it or nothing.
    ///
    /// # Errors
    /// `WouldBlock`: the peer does not read. `BrokenPipe` and `ConnectionReset`: it has gone;
    /// what it sent before can still be received.
    pub(crate) fn send(
        &self,
        message: &[u8; MESSAGE_LEN],
        fd: Option<BorrowedFd<'_>>,
    ) -> io::Result<()> {
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if let Some(fd) = &fd {
            // The space is that of one descriptor, so this one fits.
            control.push(SendAncillaryMessage::ScmRights(std::slice::from_ref(fd)));
        }
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        rustix::io::retry_on_intr(|| {
            sendmsg(&self.0, &[IoSlice::new(message)], &mut control, flags)
        })?;
        Ok(())
    }

    /// Takes the next datagram, if there is one. Never blocks.
    ///
    /// # Errors
    /// What `recvmsg` says. A connection that the peer reset is no error: what it sent before is
    /// delivered, then [`Incoming::Closed`].
    pub(crate) fn receive(&self) -> io::Result<Incoming> {
        loop {
            match self.receive_once() {
                // A peer that closes with our messages unread sets this error ahead of its own
                // last messages; reading it clears it.
                Err(Errno::INTR | Errno::CONNRESET) => continue,
                Err(Errno::AGAIN) => return Ok(Incoming::Nothing),
                other => return Ok(other?),
            }
        }
    }

    /// Who connected, or who listens: the process as it was at that moment.
    ///
    /// # Errors
    /// What `getsockopt` says; nothing is known that makes it fail here.
    pub(crate) fn credentials(&self) -> io::Result<Credentials> {
        Credentials::of(self.0.as_fd())
    }

    /// Whether the peer has closed its end, or is dead. Messages may still be waiting here.
    pub(crate) fn hung_up(&self) -> bool {
        let mut fds = [PollFd::new(&self.0, PollFlags::RDHUP)];
        // A signal cannot interrupt a poll that does not sleep.
        let _ = poll(&mut fds, Some(&Timespec::default()));
        fds[0]
            .revents()
            .intersects(PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR)
    }

    /// Two ends of a connection, for tests.
    #[cfg(test)]
    pub(crate) fn pair() -> (SeqPacket, SeqPacket) {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let (one, other) =
            rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)
                .expect("socketpair");
        (SeqPacket(one), SeqPacket(other))
    }

    /// Takes over a socket that somebody else has connected.
    ///
    /// # Errors
    /// `InvalidInput`: it is no such socket. What `fcntl` says.
    pub(crate) fn given(socket: OwnedFd) -> io::Result<SeqPacket> {
        let is_one = sockopt::socket_type(&socket)? == SocketType::SEQPACKET
            && sockopt::socket_domain(&socket)? == AddressFamily::UNIX;
        if !is_one {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
        Ok(SeqPacket(socket)) // each call says itself that it does not wait
    }

    /// Takes over a descriptor that `accept` made.
    pub(super) fn from_accepted(fd: OwnedFd) -> SeqPacket {
        SeqPacket(fd)
    }

    fn receive_once(&self) -> rustix::io::Result<Incoming> {
        let mut bytes = [0; MESSAGE_LEN];
        let mut space = [MaybeUninit::uninit(); CONTROL_LEN];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
        let buffers = &mut [IoSliceMut::new(&mut bytes)];
        let got = recvmsg(&self.0, buffers, &mut control, flags)?;

        let (fd, surplus_fds) = first_fd(&mut control);
        // End of file looks like an empty datagram, which a peer can send too.
        if got.bytes == 0 && fd.is_none() && self.hung_up() {
            return Ok(Incoming::Closed);
        }
        Ok(Incoming::Datagram {
            bytes,
            len: got.bytes,
            truncated: got.flags.contains(ReturnFlags::TRUNC),
            fd,
            surplus_fds,
            lost_fds: got.flags.contains(ReturnFlags::CTRUNC),
        })
    }
}

impl AsFd for SeqPacket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// What [`SeqPacket::receive`] found.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// No datagram is waiting.
    Nothing,
    /// The peer has closed its end and all it sent was received.
    Closed,
    /// A datagram, of any length a peer likes to send.
    Datagram {
        /// Its bytes, from the start; zero behind `len`.
        bytes: [u8; MESSAGE_LEN],
        /// How many of `bytes` are the peer's: at most 128.
        len: usize,
        /// It was longer than 128 bytes; the rest is gone.
        truncated: bool,
        /// The first descriptor that came with it.
        fd: Option<OwnedFd>,
        /// How many more came. They are closed.
        surplus_fds: usize,
        /// Descriptors came that this process had no room for: it has too many open.
        lost_fds: bool,
    },
}

/// A socket as `connect` and `bind` want it.
pub(super) fn unconnected(kind: SocketType) -> rustix::io::Result<OwnedFd> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    socket_with(AddressFamily::UNIX, kind, flags, None)
}

/// Keeps the first descriptor, closes and counts the others.
fn first_fd(control: &mut RecvAncillaryBuffer<'_>) -> (Option<OwnedFd>, usize) {
    let mut fds = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(fds) => Some(fds),
        _ => None,
    });
    let mut first = None;
    let mut surplus = 0;
    for fd in fds.by_ref().flatten() {
        match first {
            None => first = Some(fd),
            Some(_) => surplus += 1,
        }
    }
    (first, surplus)
}

fn invalid_input(error: super::AddressError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}

#[cfg(test)]
mod tests;
