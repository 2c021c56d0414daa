//! What an agent answers to a binary request: 280 bytes, drawn with the other messages of the doorbell.
//!
//! The client blocks until it has all 280 bytes and takes the eight sockets after that, so an answer is never shorter:
//! a CONN_RESP is followed by zeros. A refusal is an answer too; then the agent closes. A text registration is not
//! answered.
//!
//! Source: the descsock wire, doorbell socket, CONN_RESP and GET_INFO_RESP.

use crate::bytes::{ConnectAnswerBytes, HeaderBytes, InfoAnswerBytes};
use crate::header::Header;
use crate::{ANSWER_LEN, End, Extras, Socket, Svc, Version, Violation};

const CONNECT_TYPE: u32 = 2;
const INFO_TYPE: u32 = 4;
const CONNECT_LEN: u32 = 32;
const INFO_LEN: u32 = 280;
const SOCKETS: u32 = 8;

const _: () = assert!(SOCKETS as usize == Socket::ALL.len());

/// An answer of the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// CONN_RESP, to a registration.
    Connect(ConnectAnswer),
    /// GET_INFO_RESP, to GET_INFO_REQ.
    Info(InfoAnswer),
}

/// How an agent decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The eight sockets follow.
    Success = 1,
    /// Refused, or failed.
    Error = 2,
    /// Refused: nobody of this name or number is registered.
    NotRegistered = 3,
}

/// CONN_RESP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectAnswer {
    /// The request's version.
    pub version: Version,
    /// Success, or why not.
    pub code: Code,
    /// The first data mover. A claim; nothing in a client depends on it.
    pub dm_offset: u32,
    /// Data movers. A claim; nothing in a client depends on it.
    pub num_dms: u32,
    /// Sockets that follow. A claim; a client takes eight, or one if the agent takes its offer of rings.
    pub num_fds: u32,
    /// What the agent takes of that which the client has offered.
    pub extras: Extras,
}

/// GET_INFO_RESP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InfoAnswer {
    /// The request's version.
    pub version: Version,
    /// Success, or why not.
    pub code: Code,
    /// The tenant of this doorbell.
    pub tenant_id: u32,
    /// Its service: the first of 64 on the wire, the only one with a meaning.
    pub service_id: Svc,
}

impl ConnectAnswer {
    /// Accepted: one data mover, the eight sockets follow.
    pub fn accepted(version: Version) -> ConnectAnswer {
        ConnectAnswer {
            version,
            code: Code::Success,
            dm_offset: 0,
            num_dms: 1,
            num_fds: SOCKETS,
            extras: Extras::empty(),
        }
    }

    /// Takes the offer of rings: one socket follows.
    pub fn with_rings(self) -> ConnectAnswer {
        ConnectAnswer {
            num_fds: 1,
            extras: Extras::RINGS,
            ..self
        }
    }

    /// Refused: nothing follows.
    pub fn refused(version: Version, code: Code) -> ConnectAnswer {
        ConnectAnswer {
            version,
            code,
            dm_offset: 0,
            num_dms: 0,
            num_fds: 0,
            extras: Extras::empty(),
        }
    }

    /// The whole answer: behind the message the extras, if there are any, and zeros.
    pub fn encode(&self) -> [u8; ANSWER_LEN] {
        zerocopy::transmute!(ConnectAnswerBytes {
            header: header(self.version, CONNECT_TYPE, CONNECT_LEN),
            error_code: self.code.to_wire().into(),
            dm_offset: self.dm_offset.into(),
            num_dms: self.num_dms.into(),
            num_fds: self.num_fds.into(),
            extras: self.extras.to_tag(),
            padding: [0; 232],
        })
    }
}

impl InfoAnswer {
    /// The whole answer, zeros behind the first service.
    pub fn encode(&self) -> [u8; ANSWER_LEN] {
        let mut svc_ids = [0.into(); 64];
        svc_ids[0] = u32::from(self.service_id).into();
        zerocopy::transmute!(InfoAnswerBytes {
            header: header(self.version, INFO_TYPE, INFO_LEN),
            error_code: self.code.to_wire().into(),
            tenant_id: self.tenant_id.into(),
            svc_ids,
        })
    }
}

impl Answer {
    /// Reads an agent's answer. [`Records`](crate::Records) gathers its 280 bytes from the stream.
    ///
    /// # Errors
    /// The [`Violation`] of the agent: magic, version, type, length, code or service.
    pub fn decode(bytes: &[u8; ANSWER_LEN]) -> Result<Answer, Violation> {
        let raw: ConnectAnswerBytes = zerocopy::transmute!(*bytes);
        let header = Header::check(End::Agent, raw.header)?;
        match header.kind {
            CONNECT_TYPE => connect(header, &raw).map(Answer::Connect),
            INFO_TYPE => info(header, zerocopy::transmute_ref!(bytes)).map(Answer::Info),
            got => Err(Violation::AnswerType { got }),
        }
    }

    /// The whole answer as it goes over the wire.
    pub fn encode(&self) -> [u8; ANSWER_LEN] {
        match self {
            Answer::Connect(answer) => answer.encode(),
            Answer::Info(answer) => answer.encode(),
        }
    }
}

impl Code {
    /// The code behind its number, if it is known.
    pub const fn from_wire(number: u32) -> Option<Code> {
        match number {
            1 => Some(Code::Success),
            2 => Some(Code::Error),
            3 => Some(Code::NotRegistered),
            _ => None,
        }
    }

    /// The number of this code.
    pub const fn to_wire(self) -> u32 {
        self as u32
    }
}

fn connect(header: Header, bytes: &ConnectAnswerBytes) -> Result<ConnectAnswer, Violation> {
    length(header, CONNECT_LEN)?;
    Ok(ConnectAnswer {
        version: header.version,
        code: code(bytes.error_code.get())?,
        dm_offset: bytes.dm_offset.get(),
        num_dms: bytes.num_dms.get(),
        num_fds: bytes.num_fds.get(),
        extras: Extras::of_tag(bytes.extras),
    })
}

fn info(header: Header, bytes: &InfoAnswerBytes) -> Result<InfoAnswer, Violation> {
    length(header, INFO_LEN)?;
    let got = bytes.svc_ids[0].get();
    let limit = Svc::MAX.value().into();
    let refused = |_| Violation::AnswerService {
        got: got.into(),
        limit,
    };
    Ok(InfoAnswer {
        version: header.version,
        code: code(bytes.error_code.get())?,
        tenant_id: bytes.tenant_id.get(),
        service_id: Svc::new(got).map_err(refused)?,
    })
}

/// The announced length may count the message or all 280 bytes, whatever lies between.
fn length(header: Header, least: u32) -> Result<(), Violation> {
    match (least..=INFO_LEN).contains(&header.length) {
        true => Ok(()),
        false => Err(Violation::AnswerLength {
            got: header.length,
            due: least,
        }),
    }
}

fn code(got: u32) -> Result<Code, Violation> {
    Code::from_wire(got).ok_or(Violation::AnswerCode { got })
}

fn header(version: Version, kind: u32, length: u32) -> HeaderBytes {
    Header {
        version,
        kind,
        length,
    }
    .to_bytes()
}
