//! The server's socket, which many links may share.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use memif_wire::Limits;

use crate::control::{Allowed, Hub, ServerSettings, ServerWork, Work};
use crate::core::LinkCore;
use crate::sys::{ListenSocket, SocketFile};
use crate::{Address, Error, Link, LinkOptions, Role};

/// Time for one handshake. A client needs well under a millisecond, but seconds if it prefaults gigabytes.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Handshakes going on at once.
const HALF_OPEN: usize = 128;

/// A listening socket. Clones are the same socket; it is removed when the last clone and the last link of it are gone.
#[derive(Clone, Debug)]
pub struct Listener {
    hub: Arc<Hub>,
    address: Address,
}

/// Settings of a [`Listener`], to be finished with [`ListenerBuilder::bind`].
#[derive(Clone, Debug)]
pub struct ListenerBuilder {
    address: Address,
    file: SocketFile,
    settings: ServerSettings,
}

impl Listener {
    /// Listens on `address`, for processes of this user only (file mode 0600).
    ///
    /// # Errors
    ///
    /// [`Error::Bind`] when the address is in use by a live server, is not a socket, or may not be made.
    pub fn bind(address: &Address) -> Result<Self, Error> {
        Self::builder(address).bind()
    }

    /// Settings other than the usual ones.
    pub fn builder(address: &Address) -> ListenerBuilder {
        ListenerBuilder {
            address: address.clone(),
            file: SocketFile::default(),
            settings: ServerSettings {
                name: "memwire".to_owned(),
                limits: Limits::default(),
                allowed: Allowed::default(),
                handshake: HANDSHAKE,
                half_open: HALF_OPEN,
            },
        }
    }

    /// A link that waits for its client on this socket. Returns at once.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] when the id is taken or the options are impossible.
    pub fn link(&self, options: LinkOptions) -> Result<Link, Error> {
        let core = LinkCore::new(options, Role::Server)?;
        self.hub.add(&core)?;
        Link::new(core, Arc::clone(&self.hub))
    }

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Does all pending work of all its links. Never blocks.
    ///
    /// # Errors
    ///
    /// [`Error::Os`] when waiting itself does not work.
    pub fn drive(&self) -> Result<(), Error> {
        self.hub.drive().map(drop)
    }
}

impl AsFd for Listener {
    /// Readable while [`Listener::drive`] has something to do.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.hub.as_fd()
    }
}

impl ListenerBuilder {
    /// Permission bits of the socket file; connecting needs write permission. Without effect on abstract names.
    #[must_use]
    pub fn file_mode(mut self, mode: u32) -> Self {
        self.file.mode = mode;
        self
    }

    /// Owner and group of the socket file.
    #[must_use]
    pub fn owner(mut self, uid: u32, gid: u32) -> Self {
        self.file.owner = Some((uid, gid));
        self
    }

    /// Lets only named users and groups in, this user among them. May be repeated.
    #[must_use]
    pub fn allow_uid(mut self, uid: u32) -> Self {
        self.settings.allowed.uids.push(uid);
        self
    }

    /// Lets only named users and groups in, this group among them. May be repeated.
    #[must_use]
    pub fn allow_gid(mut self, gid: u32) -> Self {
        self.settings.allowed.gids.push(gid);
        self
    }

    /// The most a client may offer.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// Time for one handshake, 10 s unless set.
    #[must_use]
    pub fn handshake_deadline(mut self, allowed: Duration) -> Self {
        self.settings.handshake = allowed;
        self
    }

    /// Handshakes going on at once, 128 unless set; one more ends the oldest.
    #[must_use]
    pub fn half_open(mut self, most: usize) -> Self {
        self.settings.half_open = most.max(1);
        self
    }

    /// The application's name shown to clients, at most 15 bytes; longer ones are cut.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        let end = (0..=name.len().min(15))
            .rev()
            .find(|&end| name.is_char_boundary(end))
            .unwrap_or(0);
        self.settings.name = name[..end].to_owned();
        self
    }

    /// Listens.
    ///
    /// # Errors
    ///
    /// As [`Listener::bind`].
    pub fn bind(self) -> Result<Listener, Error> {
        let Self {
            address,
            file,
            settings,
        } = self;
        let listen = ListenSocket::bind(&address, &file)?;
        let hub = Hub::new(|epoll, hub| {
            Ok(Work::Server(ServerWork::new(listen, settings, epoll, hub)?))
        })?;
        Ok(Listener { hub, address })
    }
}
