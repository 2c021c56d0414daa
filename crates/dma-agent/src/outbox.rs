//! Bytes that wait until a socket takes them.

use std::io;
use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::net::{SendFlags, send};

/// A queue of whole records for one socket, written in as few calls as possible.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    /// Bytes of it that the socket has taken.
    sent: usize,
    /// The socket was full, and has not said that it is not.
    blocked: bool,
}

impl Outbox {
    pub(crate) fn push(&mut self, record: &[u8]) {
        self.bytes.extend_from_slice(record);
    }

    /// Bytes that the socket has not taken.
    pub(crate) fn waiting(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// Those bytes.
    pub(crate) fn unsent(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    /// The socket may have room again.
    pub(crate) fn unblock(&mut self) {
        self.blocked = false;
    }

    /// Writes as much as the socket takes.
    ///
    /// # Errors
    /// What the system says; a peer that is gone is an error too.
    pub(crate) fn flush(&mut self, socket: impl AsFd) -> io::Result<()> {
        while !self.blocked && self.waiting() > 0 {
            match send(
                &socket,
                &self.bytes[self.sent..],
                SendFlags::NOSIGNAL | SendFlags::DONTWAIT,
            ) {
                Ok(count) => self.sent += count,
                Err(Errno::AGAIN) => self.blocked = true,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.tidy();
        Ok(())
    }

    /// Forgets what was sent; moves bytes only when half of them are.
    fn tidy(&mut self) {
        if self.waiting() == 0 {
            self.bytes.clear();
            self.sent = 0;
        } else if self.sent > self.bytes.len() / 2 {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn what_a_full_socket_does_not_take_waits_in_order() {
        let (ours, mut theirs) = UnixStream::pair().expect("a pair");
        let mut outbox = Outbox::default();
        let sent: Vec<u8> = (0..100_000_u64).flat_map(u64::to_le_bytes).collect();
        outbox.push(&sent);
        let mut received = Vec::new();
        while received.len() < sent.len() {
            outbox.flush(&ours).expect("the peer lives");
            let mut piece = [0; 65_536];
            let count = theirs.read(&mut piece).expect("something is there");
            received.extend_from_slice(&piece[..count]);
            outbox.unblock();
        }
        assert_eq!(received, sent);
        assert_eq!(outbox.waiting(), 0);
    }

    #[test]
    fn a_peer_that_is_gone_is_an_error_and_no_signal() {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        drop(theirs);
        let mut outbox = Outbox::default();
        outbox.push(b"record");
        assert!(outbox.flush(&ours).is_err());
    }
}
