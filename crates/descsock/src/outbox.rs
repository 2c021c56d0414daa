//! Descriptors that wait until a socket takes them, written in as few calls as possible.

use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::net::{SendFlags, send};

use crate::session::Lost;

/// Bytes for one socket, in their order.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    /// How many of them the socket has taken.
    sent: usize,
    /// The socket was full, and nobody has said that it is not.
    is_blocked: bool,
}

impl Outbox {
    /// Whether everything was taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.sent == self.bytes.len()
    }

    pub(crate) fn is_blocked(&self) -> bool {
        self.is_blocked
    }

    /// The socket may have room again.
    pub(crate) fn unblock(&mut self) {
        self.is_blocked = false;
    }

    /// Takes over more bytes, and gives back room for the next ones. Only when everything was taken.
    pub(crate) fn refill(&mut self, bytes: &mut Vec<u8>) {
        debug_assert!(self.is_empty());
        self.bytes.clear();
        self.sent = 0;
        std::mem::swap(&mut self.bytes, bytes);
    }

    /// Room to put more bytes in.
    pub(crate) fn room(&mut self) -> &mut Vec<u8> {
        if self.is_empty() {
            self.bytes.clear();
            self.sent = 0;
        }
        &mut self.bytes
    }

    /// Writes as much as the socket takes, and returns that. An error that comes after some bytes is left to the next call.
    pub(crate) fn flush(&mut self, socket: impl AsFd) -> Result<&[u8], Lost> {
        let before = self.sent;
        while !self.is_blocked && !self.is_empty() {
            let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
            match send(&socket, &self.bytes[self.sent..], flags) {
                Ok(count) => self.sent += count,
                Err(Errno::AGAIN) => self.is_blocked = true,
                Err(Errno::INTR) => {}
                Err(_) if self.sent > before => break,
                Err(Errno::PIPE | Errno::CONNRESET) => return Err(Lost::Closed),
                Err(error) => return Err(Lost::os("send", error)),
            }
        }
        Ok(&self.bytes[before..self.sent])
    }

    /// The whole records that were not begun, for another socket.
    pub(crate) fn unsent(mut self, record: usize) -> Vec<u8> {
        let begun = self.sent.next_multiple_of(record);
        self.bytes.drain(..begun.min(self.bytes.len()));
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn what_a_full_socket_did_not_take_is_sent_later_and_in_order() {
        let (ours, mut theirs) = UnixStream::pair().expect("a pair");
        let mut outbox = Outbox::default();
        let sent: Vec<u8> = (0..100_000_u64).flat_map(u64::to_le_bytes).collect();
        outbox.room().extend(&sent);
        let mut received = Vec::new();
        while received.len() < sent.len() {
            outbox.flush(&ours).expect("the peer lives");
            let mut piece = [0; 65_536];
            let count = theirs.read(&mut piece).expect("something is there");
            received.extend_from_slice(&piece[..count]);
            outbox.unblock();
        }
        assert_eq!(received, sent);
        assert!(outbox.is_empty());
    }

    #[test]
    fn records_that_were_begun_are_not_for_another_socket() {
        for (sent, left) in [(0, 96), (1, 64), (32, 64), (33, 32), (95, 0), (96, 0)] {
            let mut outbox = Outbox::default();
            outbox.room().extend(0..96);
            outbox.sent = sent;
            assert_eq!(outbox.unsent(32).len(), left, "{sent}");
        }
    }

    #[test]
    fn a_peer_that_is_gone_is_an_error_and_no_signal() {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        drop(theirs);
        let mut outbox = Outbox::default();
        outbox.room().extend(b"record");
        assert!(matches!(outbox.flush(&ours), Err(Lost::Closed)));
    }
}
