//! Who is at the other end of a socket.
//!
//! # Safety
//!
//! One `getsockopt` by hand: the kernel answers process 0 for a peer whose process has no number here, which `rustix`
//! cannot express and takes for an error.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Who a peer is, as the kernel says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credentials {
    /// Its process; `None` if that has no number here, as in another container.
    pub pid: Option<u32>,
    /// Its effective user, as numbered here.
    pub uid: u32,
    /// Its effective group, as numbered here.
    pub gid: u32,
}

impl Credentials {
    /// `SO_PEERCRED` of a connected socket.
    ///
    /// # Errors
    /// What `getsockopt` says: this is no such socket.
    pub fn of(socket: BorrowedFd<'_>) -> io::Result<Credentials> {
        let mut peer = libc::ucred {
            pid: 0,
            uid: 0,
            gid: 0,
        };
        let mut length = libc::socklen_t::try_from(size_of::<libc::ucred>()).unwrap_or(0);
        let (target, length) = ((&raw mut peer).cast(), &raw mut length);
        // SAFETY: `target` points to `length` writable bytes that outlive the call, and any bytes are a valid `ucred`.
        let status = unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_PEERCRED,
                target,
                length,
            )
        };
        if status != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Credentials {
            pid: u32::try_from(peer.pid).ok().filter(|&pid| pid != 0),
            uid: peer.uid,
            gid: peer.gid,
        })
    }
}
