//! Registering with an agent: the doorbell, its answer, and eight sockets, or one for a link between our own.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use descsock_wire::{
    Answer, Code, Extras, Form, Registration, Socket, Svc, TIERS, Text, Version, Violation,
};
use memif::Link;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, send, socket_with,
};

use crate::error::os;
use crate::file::SharedFile;
use crate::geometry::Geometry;
use crate::passing::{Ear, GiveUp};
use crate::{AgentFault, Error, Misuse, Options, rings};

/// Whom to register with, and as what.
#[derive(Debug)]
pub(crate) struct Doorbell {
    path: PathBuf,
    service: Svc,
    tenant: Text,
    answer: Duration,
    /// What is offered besides the wire of all agents.
    offer: Extras,
}

/// What a registration has led to.
#[derive(Debug)]
pub(crate) struct Connection {
    /// As long as it is open, we live.
    pub(crate) doorbell: OwnedFd,
    pub(crate) passed: Passed,
}

/// What the agent has passed, for frames to come and go by.
#[derive(Debug)]
pub(crate) enum Passed {
    /// In the order of [`Socket::ALL`].
    Sockets([OwnedFd; 2 * TIERS]),
    /// A link that is up.
    Rings(Link),
}

impl Doorbell {
    pub(crate) fn new(options: &Options) -> Result<Self, Misuse> {
        Ok(Self {
            path: options.doorbell.clone(),
            service: Svc::new(options.service)?,
            tenant: Text::new(options.tenant.as_bytes()),
            answer: options.answer,
            offer: match options.rings {
                true => Extras::RINGS,
                false => Extras::empty(),
            },
        })
    }

    /// What is asked of the agent, as bytes.
    pub(crate) fn registration(&self, file: &SharedFile) -> Result<[u8; 1356], Misuse> {
        let mapping = Geometry::mapping(file.bytes());
        let registration = Registration {
            form: Form::Binary {
                version: Version::V2,
            },
            path: Text::new(file.path().as_os_str().as_bytes()),
            mapping: mapping.ok_or(descsock_wire::Misuse::MappingTooLong {
                length: file.bytes(),
            })?,
            num_sep: 1,
            pid: std::process::id(),
            service_id: self.service,
            service_name: self.tenant.clone(),
            extras: self.offer,
        };
        Ok(registration.encode_system()?)
    }

    /// Registers.
    pub(crate) fn ring(
        &self,
        registration: &[u8],
        geometry: &Geometry,
        given_up: &dyn GiveUp,
    ) -> Result<Connection, Error> {
        let doorbell = self.connect()?;
        say(&doorbell, registration)?;
        let ear = Ear {
            socket: doorbell.as_fd(),
            deadline: Instant::now() + self.answer,
            patience: self.answer,
            given_up,
        };
        let taken = accepted(&ear.bytes("answer")?)?;
        let passed = match (taken & self.offer).contains(Extras::RINGS) {
            true => {
                let socket = ear.socket(1, SocketType::SEQPACKET)?;
                Passed::Rings(rings::join(socket, geometry, &ear)?)
            }
            false => Passed::Sockets(sockets(&ear)?),
        };
        Ok(Connection { doorbell, passed })
    }

    fn connect(&self) -> Result<OwnedFd, Error> {
        let (kind, flags) = (
            SocketType::STREAM,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        );
        let socket = socket_with(AddressFamily::UNIX, kind, flags, None).map_err(os("socket"))?;
        let connected = address(&self.path).and_then(|address| connect(&socket, &address));
        match connected {
            Ok(()) => Ok(socket),
            Err(error) => Err(Error::NoAgent {
                path: self.path.clone(),
                source: error.into(),
            }),
        }
    }
}

fn sockets(ear: &Ear<'_>) -> Result<[OwnedFd; 2 * TIERS], Error> {
    let mut sockets = Vec::with_capacity(Socket::ALL.len());
    for number in 1..=Socket::ALL.len() {
        sockets.push(ear.socket(number, SocketType::STREAM)?);
    }
    match sockets.try_into() {
        Ok(sockets) => Ok(sockets),
        Err(_) => unreachable!("as many as were asked for"),
    }
}

/// `@NAME` is an abstract name, everything else a path.
fn address(path: &Path) -> Result<SocketAddrUnix, Errno> {
    let bytes = path.as_os_str().as_bytes();
    match bytes.strip_prefix(b"@") {
        Some(name) => SocketAddrUnix::new_abstract_name(name),
        None if bytes.is_empty() => Err(Errno::NOENT),
        None => SocketAddrUnix::new(OsStr::from_bytes(bytes)),
    }
}

/// A fresh socket has room for all that is said.
fn say(doorbell: &OwnedFd, registration: &[u8]) -> Result<(), Error> {
    match send(doorbell, registration, SendFlags::NOSIGNAL) {
        Ok(count) if count == registration.len() => Ok(()),
        Ok(_) => Err(os("send")(std::io::Error::from(
            std::io::ErrorKind::WriteZero,
        ))),
        Err(Errno::PIPE | Errno::CONNRESET) => Err(AgentFault::BrokenOff { due: "answer" }.into()),
        Err(error) => Err(os("send")(error)),
    }
}

/// What the agent takes of the offer, if it says yes.
fn accepted(answer: &[u8; descsock_wire::ANSWER_LEN]) -> Result<Extras, Error> {
    let answer = Answer::decode(answer).map_err(fault)?;
    match answer {
        Answer::Connect(answer) if answer.code == Code::Success => Ok(answer.extras),
        Answer::Connect(answer) => Err(Error::Refused {
            code: answer.code.to_wire(),
        }),
        Answer::Info(_) => Err(AgentFault::WrongAnswer.into()),
    }
}

/// For `map_err`: the agent has broken this rule.
pub(crate) fn fault(violation: Violation) -> Error {
    AgentFault::Violation(violation).into()
}
