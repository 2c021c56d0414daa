//! Bytes that a socket has for us.

use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};

use crate::device::{Gone, News};

/// Whether a socket has something to read, as far as known.
#[derive(Debug)]
pub(crate) struct Inbox {
    readable: bool,
    /// The other end is closed: whatever is there is the last.
    ended: bool,
}

impl Inbox {
    /// Nobody has looked yet.
    pub(crate) fn new() -> Self {
        Self {
            readable: true,
            ended: false,
        }
    }

    /// There is news.
    pub(crate) fn notice(&mut self, news: News) {
        self.readable = true;
        self.ended |= news.ended;
    }

    pub(crate) fn is_readable(&self) -> bool {
        self.readable
    }

    /// Reads once. Empty when there is nothing now.
    ///
    /// # Errors
    /// [`Gone::Closed`] at the end of the stream, or what the system says.
    pub(crate) fn read<'b>(
        &mut self,
        socket: impl AsFd,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], Gone> {
        if !self.readable {
            return Ok(&[]);
        }
        loop {
            return match recv(&socket, &mut *buffer, RecvFlags::DONTWAIT) {
                Ok((0, _)) => Err(Gone::Closed),
                Ok((count, _)) => {
                    // A short read has emptied the socket; what comes later is news.
                    self.readable = self.ended || count == buffer.len();
                    Ok(&buffer[..count])
                }
                Err(Errno::AGAIN) => {
                    self.readable = false;
                    Ok(&[])
                }
                Err(Errno::INTR) => continue,
                Err(Errno::CONNRESET) => Err(Gone::Closed),
                Err(error) => Err(Gone::Os {
                    call: "recv",
                    source: error.into(),
                }),
            };
        }
    }
}
