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

/// Both ends of a client's eight sockets.
#[derive(Debug)]
pub(crate) struct Pairs {
    pub(crate) ours: [OwnedFd; 2 * TIERS],
    theirs: Vec<OwnedFd>,
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
    pub(crate) fn accept(self, socket: BorrowedFd<'_>, pairs: &mut Pairs) -> Result<(), Refusal> {
        if let Form::Binary { version } = self.0 {
            write(socket, &ConnectAnswer::accepted(version).encode())?;
        }
        for end in pairs.theirs.drain(..) {
            pass(socket, end.as_fd())?;
        }
        Ok(())
    }
}

impl Pairs {
    pub(crate) fn new() -> Result<Self, Refusal> {
        let mut theirs = Vec::with_capacity(2 * TIERS);
        let mut ours = Vec::with_capacity(2 * TIERS);
        for _ in 0..2 * TIERS {
            let (kind, flags) = (SocketType::STREAM, SocketFlags::CLOEXEC);
            let pair = socketpair(AddressFamily::UNIX, kind, flags, None);
            let (own, other) = pair.map_err(|error| os("socketpair")(error.into()))?;
            ours.push(own);
            theirs.push(other);
        }
        match ours.try_into() {
            Ok(ours) => Ok(Self { ours, theirs }),
            Err(_) => unreachable!("as many as were asked for"),
        }
    }
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
