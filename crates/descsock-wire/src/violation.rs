//! What either end can do wrong, each rule with its numbers. The texts begin with the end at fault.

use core::fmt;

use crate::{ANSWER_LEN, BUF_SIZE, MAGIC};

/// A rule of the wire that the other end broke.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "the fields are the numbers in the text above them"
)]
pub enum Violation {
    /// What came is neither text nor a binary message.
    #[error("{from} sent a message with magic {got:#x}, descsock has {MAGIC:#x}")]
    Magic { from: End, got: u32 },
    /// A version nobody has seen.
    #[error("{from} speaks descsock version {got}, known are 1 and 2")]
    Version { from: End, got: u32 },
    /// A type that is no request.
    #[error("client sent a message of type {got}, requests are 1, 3 and 5")]
    RequestType { got: u32 },
    /// A request whose length is not that of its type.
    #[error("client announced {got} bytes for a message of type {kind}, which has {due}")]
    RequestLength { kind: u32, got: u32, due: usize },
    /// A text registration without its blank line.
    #[error("client's text registration has no blank line within {limit} bytes")]
    EndlessText { limit: usize },
    /// A line of a text registration is missing, or another one stands in its place.
    #[error("client's text registration lacks `{due}=` in line {}", due.line())]
    MissingField { due: TextField },
    /// A text registration goes on after its last field.
    #[error("client's text registration goes on after `svc_ids=`, its last field")]
    SurplusLine,
    /// A number without digits.
    #[error("client left `{field}=` empty")]
    NoDigits { field: TextField },
    /// A number with something else in it.
    #[error("client sent byte {byte:#04x} in the decimal number of `{field}=`")]
    NotDecimal { field: TextField, byte: u8 },
    /// A number larger than its field.
    #[error("client sent a number above {limit} as `{field}=`")]
    NumberTooLarge { field: TextField, limit: u64 },
    /// No path to the shared file.
    #[error("client sent an empty path")]
    EmptyPath,
    /// A mapping without bytes.
    #[error("client announced a mapping of 0 bytes")]
    EmptyMapping,
    /// A mapping larger than allowed.
    #[error("client announced a mapping of {got} bytes, the limit is {limit}")]
    MappingTooLong { got: u64, limit: u64 },
    /// A mapping whose end no descriptor can name.
    #[error("client's mapping of {length} bytes at {base:#x} leaves the 48 bits of an address")]
    MappingBeyondAddresses { base: u64, length: u64 },
    /// More endpoints than there are.
    #[error("client asked for {got} endpoints, the limit is {limit}")]
    Endpoints { got: u32, limit: u32 },
    /// A service that no descriptor can name.
    #[error("client asked for service {got}, the largest is {limit}")]
    Service { got: u64, limit: u64 },
    /// A second registration on one doorbell connection.
    #[error("client registered a second time on one connection")]
    SecondRegistration,
    /// A type that is no answer.
    #[error("agent sent a message of type {got}, answers are 2 and 4")]
    AnswerType { got: u32 },
    /// An answer whose length is not that of its type, nor of the whole.
    #[error("agent announced {got} bytes for its answer, it has {due} to {ANSWER_LEN}")]
    AnswerLength { got: u32, due: u32 },
    /// An answer with an unknown code.
    #[error("agent answered with code {got}, known are 1, 2 and 3")]
    AnswerCode { got: u32 },
    /// An answer with a service that no descriptor can name.
    #[error("agent answered with service {got}, the largest is {limit}")]
    AnswerService { got: u64, limit: u64 },
    /// The first descriptor to send follows neither layout.
    #[error("client's first descriptor has {got:#04x} in byte 8, known are 0x1a and 0x62")]
    Layout { got: u8 },
    /// A descriptor of the wrong type for its socket.
    #[error("{from} sent a descriptor of type {got}, its type here is {due}")]
    DescriptorType { from: End, got: u8, due: u8 },
    /// A frame in several descriptors, or a piece of one.
    #[error("{from} split a frame: start of packet {sop}, end of packet {eop}, both must be set")]
    SplitFrame { from: End, sop: bool, eop: bool },
    /// A frame too short to have a header and a CRC, or too long for a buffer.
    #[error("{from} sent a frame of {got} bytes with CRC, allowed are {least} to {BUF_SIZE}")]
    FrameLength { from: End, got: u16, least: u16 },
    /// A buffer of no bytes.
    #[error("client sent a buffer of 0 bytes at {address:#x}")]
    EmptyBuffer { address: u64 },
    /// A buffer before the mapping.
    #[error("client sent a buffer at {address:#x}, its mapping begins at {base:#x}")]
    BelowMapping { address: u64, base: u64 },
    /// A buffer that ends behind the mapping.
    #[error("client sent a buffer of {len} bytes at offset {offset}, its mapping has {length}")]
    BeyondMapping { offset: u64, len: u16, length: u64 },
}

/// Who sent what broke a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The tenant process.
    Client,
    /// The DMA Agent.
    Agent,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            End::Client => "client",
            End::Agent => "agent",
        })
    }
}

/// The lines of a text registration, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextField {
    /// Path of the shared file.
    Path,
    /// Address of the mapping in the client.
    Base,
    /// Bytes of the mapping.
    Length,
    /// Endpoints asked for.
    NumSep,
    /// The client's process id, as it sees itself.
    Pid,
    /// The service.
    SvcIds,
}

impl TextField {
    /// The word before the equals sign.
    pub const fn word(self) -> &'static str {
        match self {
            TextField::Path => "path",
            TextField::Base => "base",
            TextField::Length => "length",
            TextField::NumSep => "num_sep",
            TextField::Pid => "pid",
            TextField::SvcIds => "svc_ids",
        }
    }

    /// The line it stands in, from 1.
    pub const fn line(self) -> usize {
        self as usize + 1
    }
}

impl fmt::Display for TextField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
