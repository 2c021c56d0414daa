//! A listening stream socket, for services beside memif.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::SocketType;

use super::{Address, BindError, ListenSocket, SocketFile};

/// A listening `AF_UNIX` `SOCK_STREAM` socket, non-blocking and closed on exec. Dropping it removes
/// its socket file, unless another file has taken its place.
#[derive(Debug)]
pub struct StreamListener(ListenSocket);

impl StreamListener {
    /// Listens on `address`. A socket file that a dead server left is replaced; a live server's is
    /// not, nor anything that is no socket.
    ///
    /// # Errors
    /// See [`BindError`].
    pub fn bind(address: &Address, file: &SocketFile) -> Result<Self, BindError> {
        ListenSocket::bind_as(SocketType::STREAM, address, file).map(Self)
    }

    /// The next connection, non-blocking and closed on exec; `None` if none is waiting. Never
    /// blocks.
    ///
    /// # Errors
    /// What `accept` says: out of descriptors or memory. Whoever connects keeps waiting.
    pub fn accept(&self) -> io::Result<Option<OwnedFd>> {
        self.0.accept_fd()
    }
}

impl AsFd for StreamListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::super::harness::Place;
    use super::*;

    #[test]
    fn a_stream_is_accepted_and_a_second_server_is_not() {
        let place = Place::new();
        let file = SocketFile::default();
        let listener = StreamListener::bind(&place.address(), &file).expect("bind");
        assert!(listener.accept().expect("nobody yet").is_none());
        let refused = StreamListener::bind(&place.address(), &file).expect_err("in use");
        assert!(matches!(refused, BindError::InUse { .. }), "{refused}");
        let mut client = UnixStream::connect(&place.path).expect("connect");
        let mut accepted = UnixStream::from(listener.accept().expect("one").expect("one"));
        client.write_all(b"ring").expect("write");
        let mut bytes = [0; 4];
        accepted.read_exact(&mut bytes).expect("read");
        assert_eq!(&bytes, b"ring");
    }
}
