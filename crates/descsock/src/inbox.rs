//! Bytes that a socket has for us.

use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};

use crate::session::Lost;

/// Whether a socket has something to read, as far as known.
#[derive(Debug)]
pub(crate) struct Inbox {
    is_readable: bool,
    /// The other end is closed: it stays readable to the end.
    has_ended: bool,
}

impl Inbox {
    /// Nobody has looked yet.
    pub(crate) fn new() -> Self {
        Self {
            is_readable: true,
            has_ended: false,
        }
    }

    /// There is news, perhaps the last.
    pub(crate) fn notice(&mut self, has_ended: bool) {
        self.is_readable = true;
        self.has_ended |= has_ended;
    }

    pub(crate) fn is_readable(&self) -> bool {
        self.is_readable
    }

    /// Reads once, if there may be something. Nothing is nothing now.
    pub(crate) fn read<'b>(
        &mut self,
        socket: impl AsFd,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], Lost> {
        while self.is_readable {
            match recv(&socket, &mut *buffer, RecvFlags::DONTWAIT) {
                Ok((0, _)) | Err(Errno::CONNRESET) => return Err(Lost::Closed),
                Ok((count, _)) => {
                    // A short read has emptied the socket; what comes later is news.
                    self.is_readable = self.has_ended || count == buffer.len();
                    return Ok(&buffer[..count]);
                }
                Err(Errno::AGAIN) => self.is_readable = false,
                Err(Errno::INTR) => {}
                Err(error) => return Err(Lost::os("recv", error)),
            }
        }
        Ok(&[])
    }
}
