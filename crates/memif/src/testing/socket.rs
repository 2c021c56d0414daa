//! The control channel: one `SOCK_SEQPACKET` connection that may say anything.

use std::ffi::OsStr;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags, SocketType,
};

use super::bytes::{Datagram, MESSAGE_LEN, kinds};
use super::datagrams::Disconnect;

/// How long an honest step waits for its answer.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// The most fds the kernel passes with one message.
const MAX_FDS: usize = 253;

/// One control connection.
#[derive(Debug)]
pub struct Wire(OwnedFd);

impl Wire {
    /// Connects to a path, or to an abstract name written `@name`; retries for
    /// [`PATIENCE`] while the backlog is full.
    pub fn connect(address: impl AsRef<Path>) -> io::Result<Wire> {
        let address = sockaddr(address.as_ref())?;
        let socket = seqpacket()?;
        let give_up = Instant::now() + PATIENCE;
        loop {
            match rustix::net::connect(&socket, &address) {
                Err(rustix::io::Errno::AGAIN) if Instant::now() < give_up => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                other => return other.map(|()| Wire(socket)).map_err(io::Error::from),
            }
        }
    }

    /// Somebody else has connected the socket.
    pub fn given(socket: OwnedFd) -> Wire {
        Wire(socket)
    }

    /// Sends one datagram of any length with up to 253 fds.
    pub fn send(&self, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
            return Err(ErrorKind::InvalidInput.into());
        }
        let parts = [IoSlice::new(bytes)];
        rustix::net::sendmsg(&self.0, &parts, &mut control, SendFlags::NOSIGNAL)?;
        Ok(())
    }

    /// The next datagram. `TimedOut` when none came, `UnexpectedEof` when the
    /// peer has closed.
    pub fn receive(&self, timeout: Duration) -> io::Result<Received> {
        wait_readable(self.0.as_fd(), timeout)?;
        let mut bytes = vec![0; 2 * MESSAGE_LEN];
        let mut space =
            [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS), ScmCredentials(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [IoSliceMut::new(&mut bytes)];
        let got = rustix::net::recvmsg(&self.0, &mut parts, &mut control, RecvFlags::CMSG_CLOEXEC)
            .map_err(reset_is_eof)?;
        let mut fds = Vec::new();
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(passed) = message {
                fds.extend(passed);
            }
        }
        if got.bytes == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        bytes.truncate(got.bytes);
        Ok(Received {
            bytes,
            fds,
            truncated: got
                .flags
                .intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC),
        })
    }

    /// The next datagram, which has to be of this type.
    pub fn expect(&self, kind: u16, timeout: Duration) -> io::Result<Received> {
        let message = self.receive(timeout)?;
        if message.kind() == Some(kind) {
            return Ok(message);
        }
        let why = format!("expected message type {kind}, got {}", message.describe());
        Err(io::Error::new(ErrorKind::InvalidData, why))
    }

    /// Reads until the peer has closed; the text of its DISCONNECT if it sent
    /// one. `TimedOut` when it keeps the connection.
    pub fn closed(&self, timeout: Duration) -> io::Result<Option<String>> {
        let deadline = Instant::now() + timeout;
        let mut reason = None;
        loop {
            match self.receive(deadline.saturating_duration_since(Instant::now())) {
                Ok(message) => reason = message.disconnect_text().or(reason),
                Err(end) if end.kind() == ErrorKind::UnexpectedEof => return Ok(reason),
                Err(other) => return Err(other),
            }
        }
    }

    /// Has credentials come with every message, as C servers do.
    pub fn ask_for_credentials(&self) -> io::Result<()> {
        Ok(rustix::net::sockopt::set_socket_passcred(&self.0, true)?)
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// One datagram that came in, of whatever length, with whatever fds.
#[derive(Debug)]
pub struct Received {
    /// As it came.
    pub bytes: Vec<u8>,
    /// Passed along; closed when dropped.
    pub fds: Vec<OwnedFd>,
    /// The kernel had to cut bytes or fds.
    pub truncated: bool,
}

impl Received {
    /// The message type, if the datagram is long enough to have one.
    pub fn kind(&self) -> Option<u16> {
        let head = self.bytes.first_chunk()?;
        Some(u16::from_le_bytes(*head))
    }

    /// The datagram if it has the length every message has.
    pub fn datagram(&self) -> io::Result<&Datagram> {
        <&Datagram>::try_from(self.bytes.as_slice()).map_err(|_| {
            let why = format!("a message of {} bytes", self.bytes.len());
            io::Error::new(ErrorKind::InvalidData, why)
        })
    }

    /// The text, if this is a DISCONNECT.
    pub fn disconnect_text(&self) -> Option<String> {
        let bytes = self.datagram().ok()?;
        let is_disconnect = self.kind() == Some(kinds::DISCONNECT);
        is_disconnect.then(|| String::from_utf8_lossy(&Disconnect::parse(bytes).text).into_owned())
    }

    fn describe(&self) -> String {
        match self.disconnect_text() {
            Some(text) => format!("DISCONNECT \"{text}\""),
            None => format!("type {:?}, {} bytes", self.kind(), self.bytes.len()),
        }
    }
}

/// Waits until `fd` can be read; `TimedOut` otherwise.
pub(super) fn wait_readable(fd: BorrowedFd<'_>, timeout: Duration) -> io::Result<()> {
    let deadline = Instant::now() + timeout;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(|_| ErrorKind::InvalidInput)?;
        match poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&left)) {
            Ok(0) => return Err(ErrorKind::TimedOut.into()),
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(other) => return Err(other.into()),
        }
    }
}

/// A new socket of the kind memif talks over.
pub(super) fn seqpacket() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let kind = SocketType::SEQPACKET;
    Ok(rustix::net::socket_with(
        AddressFamily::UNIX,
        kind,
        flags,
        None,
    )?)
}

/// A path, or `@name` for an abstract one.
pub(super) fn sockaddr(address: &Path) -> io::Result<SocketAddrUnix> {
    let address: &OsStr = address.as_os_str();
    Ok(match address.as_bytes().split_first() {
        Some((b'@', name)) => SocketAddrUnix::new_abstract_name(name)?,
        _ => SocketAddrUnix::new(address)?,
    })
}

/// A peer that closes with our message unread resets; to a test both are "closed".
fn reset_is_eof(error: rustix::io::Errno) -> io::Error {
    match error {
        rustix::io::Errno::CONNRESET => ErrorKind::UnexpectedEof.into(),
        other => other.into(),
    }
}
