//! A listening stream socket, for services beside memif.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::SocketType;

use super::{Address, BindError, ListenSocket, SocketClaim, SocketFile};

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

    /// Goes on with a socket on which another process listens: `claim` is what that one said of its
    /// file, which it keeps until [`StreamListener::keep_file`]. `None` if this is no such socket,
    /// or if that file is not at `address`.
    ///
    /// # Errors
    /// What the system says of the file's directory.
    pub fn adopt(
        socket: OwnedFd,
        address: &Address,
        claim: Option<SocketClaim>,
    ) -> Result<Option<Self>, BindError> {
        let adopted = ListenSocket::adopt(SocketType::STREAM, socket, address, claim)?;
        Ok(adopted.map(Self))
    }

    /// What another process needs, besides the descriptor, to adopt this socket: `None` for an
    /// abstract name.
    pub fn claim(&self) -> Option<SocketClaim> {
        self.0.claim()
    }

    /// The socket file is this process's from now on, and removed with this.
    pub fn keep_file(&mut self) {
        self.0.set_ours(true);
    }

    /// Listens no more in this process, and leaves the socket file to the one that has adopted it.
    pub fn leave(mut self) {
        self.0.set_ours(false);
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

    fn copy(listener: &StreamListener) -> OwnedFd {
        listener.as_fd().try_clone_to_owned().expect("a descriptor")
    }

    fn connects(place: &Place, listener: &StreamListener) {
        let _client = UnixStream::connect(&place.path).expect("connect");
        assert!(listener.accept().expect("accept").is_some());
    }

    #[test]
    fn a_successor_goes_on_with_the_socket_and_removes_its_file_at_the_end() {
        let place = Place::new();
        let first = StreamListener::bind(&place.address(), &SocketFile::default()).expect("bind");
        let waiting = UnixStream::connect(&place.path).expect("connect");
        let (socket, claim) = (copy(&first), first.claim());
        let second = StreamListener::adopt(socket, &place.address(), claim).expect("looked");
        let mut second = second.expect("it is there");
        first.leave();
        second.keep_file();
        assert!(
            second.accept().expect("accept").is_some(),
            "who came before"
        );
        drop(waiting);
        connects(&place, &second);
        drop(second);
        assert!(place.files().is_empty());
    }

    #[test]
    fn a_successor_that_ends_early_does_not_take_the_file_away() {
        let place = Place::new();
        let first = StreamListener::bind(&place.address(), &SocketFile::default()).expect("bind");
        let adopted = StreamListener::adopt(copy(&first), &place.address(), first.claim());
        drop(adopted.expect("looked").expect("it is there"));
        connects(&place, &first);
    }

    #[test]
    fn what_does_not_belong_together_is_not_adopted() {
        let (place, other) = (Place::new(), Place::new());
        let bind = |place: &Place| StreamListener::bind(&place.address(), &SocketFile::default());
        let (first, second) = (bind(&place).expect("bind"), bind(&other).expect("bind"));
        let adopt = |socket, place: &Place, claim| {
            let adopted = StreamListener::adopt(socket, &place.address(), claim);
            adopted.expect("looked").is_some()
        };
        assert!(!adopt(copy(&first), &other, first.claim()), "another file");
        assert!(!adopt(copy(&first), &place, second.claim()));
        assert!(!adopt(copy(&first), &place, None));
        let (stream, _end) = UnixStream::pair().expect("a pair");
        assert!(!adopt(stream.into(), &place, first.claim()), "no listener");
        connects(&place, &first);
        connects(&other, &second);
    }

    #[test]
    fn an_abstract_name_is_adopted_by_its_name() {
        let name =
            |what: &str| Address::Abstract(format!("adopt-{}-{what}", std::process::id()).into());
        let (here, there) = (name("here"), name("there"));
        let first = StreamListener::bind(&here, &SocketFile::default()).expect("bind");
        assert_eq!(first.claim(), None);
        let adopted = |address| StreamListener::adopt(copy(&first), address, None);
        assert!(adopted(&there).expect("looked").is_none());
        assert!(adopted(&here).expect("looked").is_some());
    }
}
