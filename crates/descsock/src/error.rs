//! Why something did not work, and whose fault that is.

use std::io;
use std::path::PathBuf;

use descsock_wire::Violation;
use memif_ring::MapError;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no agent. The client connects again by itself when there is one.
    #[error("the agent is gone; connecting again")]
    NotConnected,
    /// The client was closed.
    #[error("the client is closed")]
    Closed,
    /// Nothing to receive, or no room to send, and the call was not to wait.
    #[error("it would have to wait")]
    WouldBlock,
    /// The time to wait was over.
    #[error("the time is over")]
    Timeout,
    /// The frame to receive is longer than the buffer. It is still there to be received.
    #[error("the next frame has {len} bytes, the buffer {room}")]
    BufferTooSmall {
        /// Bytes of the frame.
        len: usize,
        /// Bytes of the buffer.
        room: usize,
    },
    /// The program's fault.
    #[error("{0}")]
    Misuse(#[from] Misuse),
    /// The shared file cannot be made.
    #[error("{}: {fault}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        fault: FileFault,
    },
    /// Nobody answers the doorbell.
    #[error("no agent at {}: {source}", path.display())]
    NoAgent {
        /// The doorbell.
        path: PathBuf,
        /// What `connect` says.
        source: io::Error,
    },
    /// The agent said no. Its log says why.
    #[error("the agent refused the registration (code {code})")]
    Refused {
        /// The code in its answer.
        code: u32,
    },
    /// The agent broke a rule.
    #[error("the agent broke a rule: {0}")]
    Agent(#[from] AgentFault),
    /// The system refused.
    #[error("{call} failed: {source}")]
    Os {
        /// The call.
        call: &'static str,
        /// Its error.
        source: io::Error,
    },
}

/// What the program asked for that cannot be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// Less than an Ethernet header.
    #[error("a frame of {len} bytes has no Ethernet header, which takes {least}")]
    FrameTooShort {
        /// Bytes of the frame.
        len: usize,
        /// Bytes of a header.
        least: usize,
    },
    /// More than a buffer holds.
    #[error("a frame of {len} bytes is too long: at most {most}, without CRC")]
    FrameTooLong {
        /// Bytes of the frame.
        len: usize,
        /// Bytes that fit.
        most: usize,
    },
    /// A frame capacity that no agent has.
    #[error("a frame capacity of {got} bytes: {least} to {most} are possible")]
    FrameCapacity {
        /// What was asked for.
        got: u16,
        /// The least.
        least: u16,
        /// The most.
        most: u16,
    },
    /// Too few or too many buffers.
    #[error("{got} buffers: {least} to {most} are possible")]
    Buffers {
        /// What was asked for.
        got: u32,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// No descriptor can name this service.
    #[error("{0}")]
    Service(#[from] descsock_wire::OutOfRange),
    /// A tenant's name that is no file's.
    #[error("the tenant name {name:?} has a character that no file's name has")]
    TenantName {
        /// The name.
        name: PathBuf,
    },
    /// A wait for nothing.
    #[error("to wait, ask for frames to receive, for room to send, or for both")]
    NothingAsked,
    /// The registration cannot express the path or the name.
    #[error("{0}")]
    Registration(#[from] descsock_wire::Misuse),
}

/// Why there is no shared file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    /// Another client uses it.
    #[error("another client uses this file")]
    InUse,
    /// All numbers of the directory are taken.
    #[error("no number is free in this directory")]
    NoneFree,
    /// It is something else.
    #[error("this is {found}, not a regular file")]
    NotAFile {
        /// What it is, with an article.
        found: &'static str,
    },
    /// It is somebody else's.
    #[error("the file belongs to uid {owner}, we are uid {us}")]
    NotOurs {
        /// Whose it is.
        owner: u32,
        /// Who we are.
        us: u32,
    },
    /// It has another name, too.
    #[error("the file has {links} names")]
    ManyNames {
        /// How many.
        links: u64,
    },
    /// There is no room for it.
    #[error("there is no room for {bytes} bytes: {source}")]
    NoRoom {
        /// Bytes needed.
        bytes: u64,
        /// What the system says.
        source: io::Error,
    },
    /// It cannot be mapped.
    #[error("{0}")]
    Map(#[from] MapError),
    /// The system refused.
    #[error("{call} failed: {source}")]
    Os {
        /// The call.
        call: &'static str,
        /// Its error.
        source: io::Error,
    },
}

/// What an agent did that none may do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentFault {
    /// What it wrote is not of the protocol.
    #[error("{0}")]
    Violation(#[from] Violation),
    /// It answered another question.
    #[error("it answered a registration with GET_INFO_RESP")]
    WrongAnswer,
    /// It took too long.
    #[error("no {due} within {millis} ms")]
    TooSlow {
        /// What was due.
        due: &'static str,
        /// The time there was.
        millis: u128,
    },
    /// It closed the doorbell.
    #[error("it closed the doorbell, {due} being due")]
    BrokenOff {
        /// What was due.
        due: &'static str,
    },
    /// Descriptors came with bytes that are to have none, or more or fewer than one.
    #[error("{got} descriptors came with {with}, {due} being due")]
    Descriptors {
        /// How many came.
        got: usize,
        /// With what.
        with: &'static str,
        /// How many were due.
        due: usize,
    },
    /// A descriptor is no socket, or of another type than is due.
    #[error("descriptor {number} is not the socket that is due")]
    NotASocket {
        /// Which one, from 1 on.
        number: usize,
    },
    /// It has taken the offer of rings, and there are none.
    #[error("no link for the rings: {reason}")]
    NoLink {
        /// What was wrong, or missing.
        reason: String,
    },
    /// A frame came for which no buffer was posted.
    #[error("a frame came on tier {tier}, where no buffer was posted")]
    Unposted {
        /// The tier.
        tier: u16,
    },
    /// A frame is longer than its buffer.
    #[error("a frame of {got} bytes came in a buffer of {room}")]
    Overlong {
        /// Bytes with CRC.
        got: u16,
        /// Bytes of the buffer.
        room: u16,
    },
    /// More frames were completed than sent.
    #[error("a frame was completed on tier {tier} that was never sent")]
    Uncalled {
        /// The tier.
        tier: u16,
    },
}

/// For `map_err`: this call failed.
pub(crate) fn os<E: Into<io::Error>>(call: &'static str) -> impl FnOnce(E) -> Error {
    move |source| Error::Os {
        call,
        source: source.into(),
    }
}
