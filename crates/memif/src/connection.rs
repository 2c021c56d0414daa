//! A connection that is there already.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use memif_wire::Limits;

use crate::control::{Allowed, Backoff, ClientWork, Hub, ServerSettings, ServerWork, Way, Work};
use crate::core::LinkCore;
use crate::error::os;
use crate::sys::SeqPacket;
use crate::{Error, Link, LinkOptions, Role};

/// Time for the handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A connected socket for one link: one end of a `socketpair`, or a socket that somebody has passed on.
///
/// The link has one epoch. With its end, or with the end of a handshake that did not succeed, it is closed.
#[derive(Debug)]
pub struct Connection {
    socket: SeqPacket,
    name: String,
    limits: Limits,
    handshake: Duration,
    wakes: Option<OwnedFd>,
}

impl Connection {
    /// A link is to run over this `AF_UNIX` socket of type `SOCK_SEQPACKET`.
    ///
    /// # Errors
    ///
    /// [`Error::Os`] when it is another sort of descriptor.
    pub fn new(socket: OwnedFd) -> Result<Self, Error> {
        let socket = SeqPacket::given(socket).map_err(os("SO_TYPE"))?;
        Ok(Self {
            socket,
            name: "memwire".to_owned(),
            limits: Limits::default(),
            handshake: HANDSHAKE,
            wakes: None,
        })
    }

    /// The application's name shown to the peer, at most 15 bytes.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        let name = name.to_owned();
        Self { name, ..self }
    }

    /// The most that a server lets its client offer.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Time for the handshake, 10 s unless set.
    #[must_use]
    pub fn handshake_deadline(self, handshake: Duration) -> Self {
        Self { handshake, ..self }
    }

    /// Wakes the peer by a byte on this stream, which it has to watch besides, and not by the eventfds of the rings: those
    /// are open files of both processes, so that either can make the other wait when it rings.
    #[must_use]
    pub fn wake_by(self, socket: OwnedFd) -> Self {
        let wakes = Some(socket);
        Self { wakes, ..self }
    }

    /// The server's side: a client will bring the memory. The kernel's word on who that is
    /// ([`Peer::credentials`](crate::Peer::credentials)) names whoever made the socket.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] when the options are impossible, [`Error::Os`] when descriptors run out, [`Error::Refused`] when
    /// nobody is at the other end any more.
    pub fn server(self, options: LinkOptions) -> Result<Link, Error> {
        let core = LinkCore::waking(options, Role::Server, self.wakes)?;
        let settings = ServerSettings {
            name: self.name,
            limits: self.limits,
            allowed: Allowed::default(),
            handshake: self.handshake,
            half_open: 1,
        };
        let socket = self.socket;
        let hub = Hub::new(|epoll, hub| {
            let work = ServerWork::given(socket, &core, settings, epoll, hub)?;
            Ok(Work::Server(work))
        })?;
        hub.start()?;
        Link::new(core, hub)
    }

    /// The client's side: it brings the memory.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] when the options are impossible, [`Error::Os`] when descriptors run out.
    pub fn client(self, options: LinkOptions) -> Result<Link, Error> {
        let core = LinkCore::waking(options, Role::Client, self.wakes)?;
        let (way, backoff) = (Way::Given(Some(self.socket)), Backoff::default());
        let hub = Hub::new(|_, hub| {
            let link = Arc::clone(&core);
            let (name, handshake) = (&self.name, self.handshake);
            Ok(Work::Client(ClientWork::new(
                way, link, name, backoff, handshake, hub,
            )?))
        })?;
        hub.start()?;
        Link::new(core, hub)
    }
}
