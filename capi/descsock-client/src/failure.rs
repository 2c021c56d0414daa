//! Why a call failed, as `errno` says it.

use std::io;

use descsock::{AgentFault, Error, FileFault, Misuse};

/// What a failed call says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure(pub(crate) i32);

impl Failure {
    /// The caller's fault.
    pub(crate) const INVALID: Self = Self(libc::EINVAL);
    /// A pointer is null.
    pub(crate) const NULL: Self = Self(libc::EFAULT);
    /// There is no connection.
    pub(crate) const NOT_OPEN: Self = Self(libc::ENOTCONN);
    /// It would have to wait.
    pub(crate) const WOULD_BLOCK: Self = Self(libc::EWOULDBLOCK);
    /// The frame is too long, or the buffer too short.
    pub(crate) const SIZE: Self = Self(libc::EMSGSIZE);
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(match error {
            Error::NotConnected | Error::Closed => libc::ENOTCONN,
            Error::WouldBlock => libc::EWOULDBLOCK,
            Error::Timeout => libc::ETIMEDOUT,
            Error::BufferTooSmall { .. } => libc::EMSGSIZE,
            Error::Misuse(misuse) => of_misuse(&misuse),
            Error::File { fault, .. } => of_file(&fault),
            Error::NoAgent { source, .. } | Error::Os { source, .. } => of_system(&source),
            Error::Refused { .. } => libc::EACCES,
            Error::Agent(fault) => of_agent(&fault),
            _ => libc::EIO,
        })
    }
}

fn of_misuse(misuse: &Misuse) -> i32 {
    match misuse {
        Misuse::FrameTooLong { .. } => libc::EMSGSIZE,
        Misuse::Registration(_) => libc::ENAMETOOLONG,
        _ => libc::EINVAL,
    }
}

fn of_file(fault: &FileFault) -> i32 {
    match fault {
        FileFault::InUse | FileFault::NoneFree => libc::EBUSY,
        FileFault::NotAFile { found } if found.contains("link") => libc::ELOOP,
        FileFault::NotAFile { .. } => libc::EINVAL,
        FileFault::NotOurs { .. } => libc::EACCES,
        FileFault::ManyNames { .. } => libc::EMLINK,
        FileFault::NoRoom { source, .. } | FileFault::Os { source, .. } => of_system(source),
        FileFault::Map(_) => libc::ENOMEM,
        _ => libc::EIO,
    }
}

fn of_agent(fault: &AgentFault) -> i32 {
    match fault {
        AgentFault::TooSlow { .. } => libc::ETIMEDOUT,
        AgentFault::BrokenOff { .. } => libc::ECONNRESET,
        _ => libc::EPROTO,
    }
}

fn of_system(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or(libc::EIO)
}

/// The result of a call, or `failed` and `errno`.
pub(crate) fn done<T: Copy>(failed: T, call: impl FnOnce() -> Result<T, Failure> + Copy) -> T {
    let failure = match capi_door::guarded(call) {
        Some(Ok(result)) => return result,
        Some(Err(failure)) => failure,
        None => Failure(libc::EIO),
    };
    set_errno(failure);
    failed
}

pub(crate) fn set_errno(Failure(errno): Failure) {
    capi_door::set_errno(errno);
}
