//! The socket a server listens on.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use rustix::io::Errno;
use rustix::net::{
    SocketAddrUnix, SocketFlags, SocketType, accept_with, bind, getsockname, listen, sockopt,
};

use super::claim::{SocketClaim, SocketNode};
use super::seqpacket::unconnected;
use super::{Address, AddressError, SeqPacket};

/// A listening `AF_UNIX` `SOCK_SEQPACKET` socket, non-blocking and closed on exec. Dropping it
/// removes its socket file, unless another file has taken its place.
#[derive(Debug)]
pub(crate) struct ListenSocket {
    /// Dropped before `socket`: see [`SocketNode`].
    node: Option<SocketNode>,
    socket: OwnedFd,
}

impl ListenSocket {
    /// Listens on `address`.
    ///
    /// A socket file that a dead server left is replaced; a live server's is not, nor anything
    /// that is no socket. Whether a server lives is asked by connecting to it. While this goes
    /// on, the empty file `.NAME.bind-lock` beside the socket `NAME` is locked, so that of
    /// several binders one wins; it is gone afterwards.
    ///
    /// # Errors
    /// See [`BindError`].
    pub(crate) fn bind(address: &Address, file: &SocketFile) -> Result<ListenSocket, BindError> {
        Self::bind_as(SocketType::SEQPACKET, address, file)
    }

    /// The same, for a socket of another kind.
    pub(super) fn bind_as(
        kind: SocketType,
        address: &Address,
        file: &SocketFile,
    ) -> Result<ListenSocket, BindError> {
        let target = address.to_sockaddr()?;
        let os = |action| move |errno: Errno| os_error(action, address, errno);
        let socket = unconnected(kind).map_err(os("create a socket for"))?;
        let node = match address {
            Address::Path(path) => Some(SocketNode::create(path, &target, file, socket.as_fd())?),
            Address::Abstract(_) => {
                file.check_abstract(address)?;
                bind(&socket, &target).map_err(os("bind"))?;
                listen(&socket, file.backlog).map_err(os("listen on"))?;
                None
            }
        };
        Ok(ListenSocket { node, socket })
    }

    /// Goes on with a socket on which another process listens, whose file stays that one's. `None`
    /// if this is no such socket, or if that file is not at `address`.
    pub(super) fn adopt(
        kind: SocketType,
        socket: OwnedFd,
        address: &Address,
        claim: Option<SocketClaim>,
    ) -> Result<Option<ListenSocket>, BindError> {
        let listens = sockopt::socket_acceptconn(&socket) == Ok(true);
        if !listens || sockopt::socket_type(&socket) != Ok(kind) {
            return Ok(None);
        }
        let node = match (address, claim) {
            (Address::Path(path), Some(claim)) => match SocketNode::adopt(path, claim)? {
                Some(node) => Some(node),
                None => return Ok(None),
            },
            (Address::Abstract(name), None) if is_called(&socket, name) => None,
            _ => return Ok(None),
        };
        Ok(Some(ListenSocket { node, socket }))
    }

    /// What another process needs to adopt the socket's file, if it has one.
    pub(super) fn claim(&self) -> Option<SocketClaim> {
        Some(self.node.as_ref()?.claim())
    }

    /// Whether the file, if there is one, is removed with this.
    pub(super) fn set_ours(&mut self, is_ours: bool) {
        if let Some(node) = &mut self.node {
            node.set_ours(is_ours);
        }
    }

    /// The next client; `None` if none is waiting. Never blocks.
    ///
    /// # Errors
    /// What `accept` says: out of descriptors or memory. The client keeps waiting.
    pub(crate) fn accept(&self) -> io::Result<Option<SeqPacket>> {
        Ok(self.accept_fd()?.map(SeqPacket::from_accepted))
    }

    /// The same, for a socket of another kind.
    pub(super) fn accept_fd(&self) -> io::Result<Option<OwnedFd>> {
        loop {
            let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
            match accept_with(&self.socket, flags) {
                Ok(fd) => return Ok(Some(fd)),
                Err(Errno::INTR | Errno::CONNABORTED) => continue,
                Err(Errno::AGAIN) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl AsFd for ListenSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// How a server's socket file is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketFile {
    /// Its permission bits, whatever the umask. Connecting takes write permission.
    pub mode: u32,
    /// Its user and group, if they should not be those of this process; `u32::MAX` leaves one
    /// as it is. A user other than this one takes `CAP_CHOWN`.
    pub owner: Option<(u32, u32)>,
    /// How many clients may wait to be accepted.
    pub backlog: i32,
}

impl SocketFile {
    /// An abstract name has nothing to carry a mode or an owner: saying nothing would leave the
    /// caller with less protection than they asked for.
    fn check_abstract(&self, address: &Address) -> Result<(), BindError> {
        let default = SocketFile::default();
        if (self.mode, self.owner) == (default.mode, default.owner) {
            return Ok(());
        }
        Err(BindError::NoPermissions {
            address: address.to_string(),
        })
    }
}

impl Default for SocketFile {
    /// For this user only: mode 0600. 128 clients may wait.
    fn default() -> SocketFile {
        SocketFile {
            mode: 0o600,
            owner: None,
            backlog: 128,
        }
    }
}

/// Why a server cannot listen on an address, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The address is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A live server listens there.
    #[error("{address} is in use: a live server listens there; stop it or choose another address")]
    InUse {
        /// The address, as users write it.
        address: String,
    },
    /// Another process has been binding this path all the time.
    #[error(
        "{} is being bound by another process: try again; if that one hangs, remove {}",
        path.display(), lock.display()
    )]
    Busy {
        /// The path.
        path: PathBuf,
        /// The file that the other process has locked.
        lock: PathBuf,
    },
    /// Something else has that name. It is left as it is.
    #[error(
        "{} is {found}, not a socket: it stays as it is; remove it or choose another path",
        path.display()
    )]
    NotASocket {
        /// The path.
        path: PathBuf,
        /// What is there, with an article.
        found: &'static str,
    },
    /// The directory that should hold the socket does not exist.
    #[error("the directory {} does not exist: create it first", path.display())]
    NoParentDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// This process may not do what it takes.
    #[error(
        "not allowed to {action} {} ({source}): choose another directory, \
         or run as a user who is",
        path.display()
    )]
    PermissionDenied {
        /// What was tried, as a verb.
        action: &'static str,
        /// What it was tried on.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A mode or an owner is asked for with an abstract name.
    #[error(
        "{address} is an abstract name, which can have neither mode nor owner: \
         use a path, or check the credentials of clients"
    )]
    NoPermissions {
        /// The address, as users write it.
        address: String,
    },
    /// Any other failure of the system.
    #[error("cannot {action} {address}: {source}")]
    Os {
        /// What was tried, as a verb.
        action: &'static str,
        /// What it was tried on.
        address: String,
        /// What the system said.
        source: io::Error,
    },
}

fn is_called(socket: &OwnedFd, name: &[u8]) -> bool {
    let address = getsockname(socket).and_then(SocketAddrUnix::try_from);
    address.is_ok_and(|address| address.abstract_name() == Some(name))
}

fn os_error(action: &'static str, address: &Address, errno: Errno) -> BindError {
    let address = address.to_string();
    match errno {
        Errno::ADDRINUSE => BindError::InUse { address },
        errno => BindError::Os {
            action,
            address,
            source: errno.into(),
        },
    }
}

#[cfg(test)]
mod tests;
