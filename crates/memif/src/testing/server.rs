//! A server on a raw socket: accepts, answers, and lies when told to.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::net::SocketFlags;

use super::bytes::{Datagram, kinds};
use super::datagrams::{AddRegion, AddRing, Disconnect, Hello, Init, Name, bare};
use super::mapping::Mapping;
use super::receiving::Receiving;
use super::ring::RawRing;
use super::sending::Sending;
use super::setup::ServerSetup;
use super::socket::{PATIENCE, Received, Wire, seqpacket, sockaddr, wait_readable};
use super::traffic::Regions;

/// A listening socket; its file goes away with it.
#[derive(Debug)]
pub struct RawServer {
    socket: OwnedFd,
    setup: ServerSetup,
    path: Option<PathBuf>,
}

impl RawServer {
    /// Listens at a path, or at an abstract name written `@name`.
    pub fn bind(address: impl AsRef<Path>, setup: ServerSetup) -> io::Result<RawServer> {
        let address = address.as_ref();
        let socket = seqpacket()?;
        rustix::net::bind(&socket, &sockaddr(address)?)?;
        rustix::net::listen(&socket, 64)?;
        let is_file = !address.as_os_str().as_encoded_bytes().starts_with(b"@");
        let path = is_file.then(|| address.to_owned());
        Ok(RawServer {
            socket,
            setup,
            path,
        })
    }

    /// The next client; nothing is said yet.
    pub fn accept(&self, timeout: Duration) -> io::Result<RawSession> {
        wait_readable(self.socket.as_fd(), timeout)?;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let wire = Wire::given(rustix::net::accept_with(&self.socket, flags)?);
        if self.setup.wants_credentials {
            wire.ask_for_credentials()?;
        }
        Ok(RawSession::new(wire, self.setup.clone()))
    }

    /// The next client, with the honest handshake done.
    pub fn serve(&self) -> io::Result<RawSession> {
        let mut session = self.accept(PATIENCE)?;
        session.handshake()?;
        Ok(session)
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// One accepted client. Dropped, the server is gone as a killed process would be.
#[derive(Debug)]
pub struct RawSession {
    wire: Wire,
    setup: ServerSetup,
    init: Option<Init>,
    mappings: Vec<Arc<Mapping>>,
    rings: Vec<(AddRing, OwnedFd)>,
    tx: Vec<Sending>,
    rx: Vec<Receiving>,
}

impl RawSession {
    /// A client on a socket that is connected; nothing is said yet.
    pub fn new(wire: Wire, setup: ServerSetup) -> RawSession {
        RawSession {
            wire,
            setup,
            init: None,
            mappings: Vec::new(),
            rings: Vec::new(),
            tx: Vec::new(),
            rx: Vec::new(),
        }
    }

    /// The honest handshake: HELLO, an ACK for everything, CONNECTED.
    pub fn handshake(&mut self) -> io::Result<()> {
        self.handshake_until_connect()?;
        self.send_connected()?;
        self.open_rings()
    }

    /// The honest handshake up to and with the client's CONNECT.
    pub fn handshake_until_connect(&mut self) -> io::Result<()> {
        self.send_hello(|_| ())?;
        while self.keep_next()? != kinds::CONNECT {
            self.send_ack()?;
        }
        Ok(())
    }

    /// Receives one message and keeps what it brings; its type. Nothing is answered.
    pub fn keep_next(&mut self) -> io::Result<u16> {
        let mut message = self.wire.receive(PATIENCE)?;
        let bytes = *message.datagram()?;
        let kind = message.kind().unwrap_or(0);
        self.keep(kind, &bytes, &mut message.fds)?;
        Ok(kind)
    }

    /// Sends HELLO, changed by `lie`.
    pub fn send_hello(&self, lie: impl FnOnce(&mut Hello)) -> io::Result<()> {
        let mut hello = self.setup.hello.clone();
        lie(&mut hello);
        self.wire.send(&hello.compose(&self.setup.manner), &[])
    }

    /// Sends ACK.
    pub fn send_ack(&self) -> io::Result<()> {
        self.send_bare(kinds::ACK)
    }

    /// Sends a message of any type without fields.
    pub fn send_bare(&self, kind: u16) -> io::Result<()> {
        self.wire.send(&bare(kind, &self.setup.manner), &[])
    }

    /// Sends CONNECTED.
    pub fn send_connected(&self) -> io::Result<()> {
        let name = self.setup.if_name.clone();
        let message = Name {
            kind: kinds::CONNECTED,
            name,
        };
        self.wire.send(&message.compose(&self.setup.manner), &[])
    }

    /// Sends DISCONNECT; the socket stays open.
    pub fn send_disconnect(&self, text: &str) -> io::Result<()> {
        let message = Disconnect {
            code: 0,
            text: text.into(),
        };
        self.wire.send(&message.compose(&self.setup.manner), &[])
    }

    /// Sends any bytes with any fds.
    pub fn send_bytes(&self, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        self.wire.send(bytes, fds)
    }

    /// The next message, not kept.
    pub fn receive(&self, timeout: Duration) -> io::Result<Received> {
        self.wire.receive(timeout)
    }

    /// Waits until the client has closed; the reason it gave, if any.
    pub fn left(&self, timeout: Duration) -> io::Result<Option<String>> {
        self.wire.closed(timeout)
    }

    /// Makes the rings usable that the client has announced.
    pub fn open_rings(&mut self) -> io::Result<()> {
        let regions: Regions = Arc::new(self.mappings.clone());
        for (ring, bell) in self.rings.drain(..) {
            let memory = Arc::clone(&regions[usize::from(ring.region)]);
            let at = ring.offset as usize;
            let raw = RawRing::new(memory, at, self.setup.line, ring.log2_slots, bell);
            let regions = Arc::clone(&regions);
            if ring.is_s2m() {
                raw.set_flags(0);
                self.rx.push(Receiving::server(raw, regions));
            } else {
                self.tx.push(Sending::server(raw, regions));
            }
        }
        Ok(())
    }

    /// What the client said at INIT.
    pub fn init(&self) -> Option<&Init> {
        self.init.as_ref()
    }

    /// What the client announced and [`RawSession::open_rings`] has not used yet.
    pub fn announced(&self) -> impl Iterator<Item = &AddRing> {
        self.rings.iter().map(|(ring, _)| ring)
    }

    /// The client's regions, mapped.
    pub fn mappings(&self) -> &[Arc<Mapping>] {
        &self.mappings
    }

    /// The control connection.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// The sending end of an M2S ring.
    pub fn tx(&mut self, queue: u16) -> &mut Sending {
        &mut self.tx[usize::from(queue)]
    }

    /// The receiving end of an S2M ring.
    pub fn rx(&mut self, queue: u16) -> &mut Receiving {
        &mut self.rx[usize::from(queue)]
    }

    fn keep(&mut self, kind: u16, bytes: &Datagram, fds: &mut Vec<OwnedFd>) -> io::Result<()> {
        match kind {
            kinds::INIT => self.init = Some(Init::parse(bytes)),
            kinds::ADD_REGION => {
                let len = usize::try_from(AddRegion::parse(bytes).size);
                let len = len.map_err(|_| io::ErrorKind::InvalidData)?;
                self.mappings.push(Arc::new(Mapping::new(only(fds)?, len)?));
            }
            kinds::ADD_RING => self.rings.push((AddRing::parse(bytes), only(fds)?)),
            _ => {}
        }
        Ok(())
    }
}

/// The one fd that has to come with a message.
fn only(fds: &mut Vec<OwnedFd>) -> io::Result<OwnedFd> {
    match (fds.pop(), fds.len()) {
        (Some(fd), 0) => Ok(fd),
        (last, others) => {
            let why = format!(
                "expected one fd, got {}",
                others + usize::from(last.is_some())
            );
            Err(io::Error::new(io::ErrorKind::InvalidData, why))
        }
    }
}
