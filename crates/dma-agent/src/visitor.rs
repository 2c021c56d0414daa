//! Somebody at the doorbell who has not registered yet.

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use descsock_wire::{
    ANSWER_LEN, Code, ConnectAnswer, Decoder, Form, InfoAnswer, Limits, Progress, Registration,
    Request, Svc, TIERS, Version,
};
use memif::Credentials;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags,
    SocketType, recv, send, sendmsg, socketpair,
};

use crate::admission::Refusal;

/// Time for one registration.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// One connection to a doorbell.
#[derive(Debug)]
pub(crate) struct Visitor {
    socket: OwnedFd,
    decoder: Decoder,
    pub(crate) who: Credentials,
    pub(crate) deadline: Duration,
    pub(crate) came: u64,
}

/// How to answer a registration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reply(Form);

/// The far ends of a client's sockets, to be passed to it.
#[derive(Debug)]
pub(crate) enum Ends {
    /// In the order of [`descsock_wire::Socket::ALL`].
    Sockets(Vec<OwnedFd>),
    /// For a link, by whose rings the frames go.
    Rings(OwnedFd),
}

impl Visitor {
    pub(crate) fn new(socket: OwnedFd, now: Duration, came: u64) -> Result<Self, Refusal> {
        let who = Credentials::of(socket.as_fd());
        let who = who.map_err(os("getsockopt(SO_PEERCRED)"))?;
        Ok(Self {
            socket,
            decoder: Decoder::new(Limits::default()),
            who,
            deadline: now + PATIENCE,
            came,
        })
    }

    /// Reads what has come. A registration when it is whole.
    pub(crate) fn listen(&mut self) -> Result<Option<Registration>, Refusal> {
        let mut buffer = [0; 2048];
        loop {
            let count = match recv(&self.socket, &mut buffer, RecvFlags::DONTWAIT) {
                Ok((0, _)) | Err(Errno::CONNRESET) => {
                    let bytes = self.decoder.held();
                    return Err(Refusal::BrokenOff { bytes });
                }
                Ok((count, _)) => count,
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(os("recv")(error.into())),
            };
            if let Some(registration) = self.hear(&buffer[..count])? {
                return Ok(Some(registration));
            }
        }
    }

    fn hear(&mut self, mut bytes: &[u8]) -> Result<Option<Registration>, Refusal> {
        while !bytes.is_empty() {
            let (request, used) = match self.decoder.feed(bytes)? {
                Progress::Complete { request, used } => (request, used),
                Progress::NeedMore | Progress::Discarded => return Ok(None),
            };
            bytes = &bytes[used..];
            match request {
                Request::Register(registration) => return Ok(Some(registration)),
                Request::Connect(request) => {
                    Reply(Form::Binary {
                        version: request.version,
                    })
                    .refuse(self.socket.as_fd());
                    return Err(Refusal::NoFile);
                }
                Request::Info { version } => self.inform(version)?,
            }
        }
        Ok(None)
    }

    /// Nobody is registered yet: that is the answer.
    fn inform(&self, version: Version) -> Result<(), Refusal> {
        let answer = InfoAnswer {
            version,
            code: Code::NotRegistered,
            tenant_id: 0,
            service_id: Svc::default(),
        };
        write(self.socket.as_fd(), &answer.encode())
    }

    pub(crate) fn into_socket(self) -> OwnedFd {
        self.socket
    }
}

impl AsFd for Visitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Reply {
    pub(crate) fn to(registration: &Registration) -> Self {
        Self(registration.form)
    }

    /// Says no, to a client that can hear it. It is let go of right after.
    pub(crate) fn refuse(self, socket: BorrowedFd<'_>) {
        if let Form::Binary { version } = self.0 {
            let answer = ConnectAnswer::refused(version, Code::Error);
            // Whether it hears that or not, it is let go of.
            let _ = write(socket, &answer.encode());
        }
    }

    /// Says yes, and passes the sockets on.
    pub(crate) fn accept(self, socket: BorrowedFd<'_>, ends: &Ends) -> Result<(), Refusal> {
        if let Form::Binary { version } = self.0 {
            let answer = ConnectAnswer::accepted(version);
            let answer = match ends {
                Ends::Sockets(_) => answer,
                Ends::Rings(_) => answer.with_rings(),
            };
            write(socket, &answer.encode())?;
        }
        let ends = match ends {
            Ends::Sockets(ends) => &ends[..],
            Ends::Rings(end) => std::slice::from_ref(end),
        };
        ends.iter().try_for_each(|end| pass(socket, end.as_fd()))
    }
}

impl Ends {
    /// Eight pairs of sockets for descriptors: ours, and the far ends.
    pub(crate) fn of_sockets() -> Result<([OwnedFd; 2 * TIERS], Self), Refusal> {
        let mut theirs = Vec::with_capacity(2 * TIERS);
        let mut ours = Vec::with_capacity(2 * TIERS);
        for _ in 0..2 * TIERS {
            let (own, other) = pair(SocketType::STREAM)?;
            ours.push(own);
            theirs.push(other);
        }
        match ours.try_into() {
            Ok(ours) => Ok((ours, Self::Sockets(theirs))),
            Err(_) => unreachable!("as many as were asked for"),
        }
    }

    /// One pair of sockets for a link.
    pub(crate) fn of_rings() -> Result<(OwnedFd, Self), Refusal> {
        let (own, other) = pair(SocketType::SEQPACKET)?;
        Ok((own, Self::Rings(other)))
    }
}

fn pair(kind: SocketType) -> Result<(OwnedFd, OwnedFd), Refusal> {
    let pair = socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None);
    pair.map_err(|error| os("socketpair")(error.into()))
}

/// A fresh socket has room for all that is written to it here.
fn write(socket: BorrowedFd<'_>, answer: &[u8; ANSWER_LEN]) -> Result<(), Refusal> {
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    match send(socket, answer, flags) {
        Ok(count) if count == answer.len() => Ok(()),
        Ok(_) => Err(os("send")(std::io::ErrorKind::WriteZero.into())),
        Err(error) => Err(os("send")(error.into())),
    }
}

/// One byte and one descriptor, as clients take them.
fn pass(socket: BorrowedFd<'_>, end: BorrowedFd<'_>) -> Result<(), Refusal> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let ends = [end];
    control.push(SendAncillaryMessage::ScmRights(&ends));
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    let sent = sendmsg(socket, &[IoSlice::new(&[0])], &mut control, flags);
    sent.map(drop).map_err(|error| os("sendmsg")(error.into()))
}

/// For `map_err`: this call failed.
pub(crate) fn os(call: &'static str) -> impl FnOnce(std::io::Error) -> Refusal {
    move |source| Refusal::Os { call, source }
}
