//! Why a call failed: the number that the API returns, `errno`, and words.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int};
use std::io;

use memif::{BindError, Ended, Misuse, Side};

/// `mcm_dp_error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Code {
    /// The time was over while receiving.
    Success = 0,
    InvalidParam = 1,
    ConnectionFailed = 2,
    Timeout = 3,
    MemoryAllocation = 4,
    Unknown = -1,
}

/// What a failed call says.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) errno: i32,
    pub(crate) text: Cow<'static, CStr>,
}

impl Failure {
    /// A failure with words made for it.
    pub(crate) fn new(code: Code, errno: i32, text: impl ToString) -> Self {
        let mut bytes = text.to_string().into_bytes();
        bytes.retain(|&byte| byte != 0);
        let text = Cow::Owned(CString::new(bytes).unwrap_or_default());
        Self { code, errno, text }
    }

    /// A failure that may come often, and costs nothing.
    pub(crate) const fn fixed(code: Code, errno: i32, text: &'static CStr) -> Self {
        Self {
            code,
            errno,
            text: Cow::Borrowed(text),
        }
    }

    /// The caller's fault.
    pub(crate) fn invalid(text: impl ToString) -> Self {
        Self::new(Code::InvalidParam, libc::EINVAL, text)
    }

    /// A call of the system failed.
    pub(crate) fn os(call: &str, error: &io::Error) -> Self {
        let errno = error.raw_os_error().unwrap_or(libc::EIO);
        Self::new(
            of_errno(errno, Code::Unknown),
            errno,
            format!("{call} failed: {error}"),
        )
    }

    /// The connection was destroyed by another thread.
    pub(crate) const fn destroyed() -> Self {
        const TEXT: &CStr = c"the connection was destroyed while this call was waiting";
        Self::fixed(Code::ConnectionFailed, libc::ECANCELED, TEXT)
    }

    /// The frame's receiver went before the frame was sent.
    pub(crate) const fn receiver_gone() -> Self {
        const TEXT: &CStr = c"the receiver that the buffer was meant for is gone: it was not sent";
        Self::fixed(Code::ConnectionFailed, libc::ECONNRESET, TEXT)
    }

    /// SIGINT or SIGTERM came while waiting.
    pub(crate) const fn interrupted() -> Self {
        const TEXT: &CStr = c"SIGINT or SIGTERM ended the wait";
        Self::fixed(Code::Unknown, libc::EINTR, TEXT)
    }

    /// The buffer is none that the connection has handed out.
    pub(crate) const fn not_held() -> Self {
        const TEXT: &CStr =
            c"this buffer is not held: it is none of this connection's, or was enqueued before";
        Self::fixed(Code::InvalidParam, libc::EINVAL, TEXT)
    }

    fn ended(ended: &Ended) -> Self {
        let errno = match (ended.by, ended.clean) {
            (Side::Us, true) => libc::ECANCELED,
            (Side::Peer, true) => libc::ENOTCONN,
            (_, false) => libc::ECONNRESET,
        };
        Self::new(Code::ConnectionFailed, errno, ended)
    }
}

impl From<media::Error> for Failure {
    fn from(error: media::Error) -> Self {
        match error {
            media::Error::Link(error) => error.into(),
            other => Self::invalid(other),
        }
    }
}

impl From<memif::Error> for Failure {
    fn from(error: memif::Error) -> Self {
        use memif::Error as E;
        let (code, errno) = match &error {
            E::Disconnected(ended) => return Self::ended(ended),
            E::Os { call, source } => return Self::os(call, source),
            E::Bind(bind) => return Self::from(bind),
            E::Timeout => (Code::Timeout, libc::ETIMEDOUT),
            E::Refused { errno, .. } => {
                let errno = errno.unwrap_or(libc::ECONNREFUSED);
                (of_errno(errno, Code::ConnectionFailed), errno)
            }
            E::Violation(_) | E::Peer(_) => (Code::ConnectionFailed, libc::EPROTO),
            E::Misuse(Misuse::IdTaken { .. }) => (Code::ConnectionFailed, libc::EADDRINUSE),
            E::Memory(_) => (Code::MemoryAllocation, libc::ENOMEM),
            E::Address(_) | E::Misuse(_) => (Code::InvalidParam, libc::EINVAL),
            _ => (Code::Unknown, libc::EIO),
        };
        Self::new(code, errno, error)
    }
}

impl From<&BindError> for Failure {
    fn from(error: &BindError) -> Self {
        use BindError as B;
        let errno = match error {
            B::InUse { .. } | B::Busy { .. } => libc::EADDRINUSE,
            B::NotASocket { .. } => libc::ENOTSOCK,
            B::NoParentDirectory { .. } => libc::ENOENT,
            B::PermissionDenied { .. } => libc::EACCES,
            B::Address(_) => libc::EINVAL,
            B::Os { source, .. } => source.raw_os_error().unwrap_or(libc::EIO),
            _ => libc::EIO,
        };
        Self::new(Code::ConnectionFailed, errno, error)
    }
}

fn of_errno(errno: i32, otherwise: Code) -> Code {
    match errno {
        libc::ENOMEM | libc::EMFILE | libc::ENFILE => Code::MemoryAllocation,
        _ => otherwise,
    }
}

thread_local! {
    static LAST: RefCell<Cow<'static, CStr>> = const { RefCell::new(Cow::Borrowed(c"")) };
}

/// Notes a failure for `mcm_last_error` and sets `errno`; the number for the caller.
pub(crate) fn report(failure: Failure) -> c_int {
    let Failure { code, errno, text } = failure;
    tracing::debug!(code = code as i32, errno, text = ?text, "call failed");
    // A thread that is ending has no place for words any more.
    let _ = LAST.try_with(|last| last.replace(text));
    capi_door::set_errno(errno);
    code as c_int
}

/// The words of the last failure of this thread.
pub(crate) fn last() -> *const c_char {
    LAST.try_with(|last| last.borrow().as_ptr())
        .unwrap_or(c"".as_ptr())
}
