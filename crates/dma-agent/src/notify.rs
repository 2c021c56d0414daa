//! Telling the service manager how the agent is: the datagrams that `sd_notify(3)` describes.

use std::io;

use memif::Address;
use rustix::net::{
    AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType, sendto, socket_with,
};
use rustix::time::{ClockId, clock_gettime};

/// Whom to tell. Nobody, unless the environment names a socket.
#[derive(Clone, Debug, Default)]
pub struct Notify(Option<SocketAddrUnix>);

impl Notify {
    /// Tells whoever NOTIFY_SOCKET names: a path, or `@NAME`.
    pub fn from_environment() -> Self {
        let named = std::env::var_os("NOTIFY_SOCKET");
        let named = named.filter(|name| !name.is_empty());
        let address = named.and_then(|name| Address::parse(name).ok());
        address
            .and_then(|address| Self::to(&address))
            .unwrap_or_default()
    }

    /// Tells whoever has this socket. `None` for an address that no socket can have.
    pub fn to(address: &Address) -> Option<Self> {
        let address = match address {
            Address::Path(path) => SocketAddrUnix::new(path),
            Address::Abstract(name) => SocketAddrUnix::new_abstract_name(name),
        };
        address.ok().map(|address| Self(Some(address)))
    }

    /// The agent serves.
    pub fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}"));
    }

    /// A reload has begun; [`Notify::ready`] ends it.
    pub fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let micros = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
    }

    /// Another process is the service from now on.
    pub(crate) fn main_process(&self, pid: u32) {
        self.tell(&format!("MAINPID={pid}"));
    }

    /// The agent is about to end.
    pub fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    fn tell(&self, text: &str) {
        if let Some(address) = &self.0
            && let Err(error) = send(address, text)
        {
            tracing::warn!(%error, "the service manager cannot be told");
        }
    }
}

fn send(address: &SocketAddrUnix, text: &str) -> io::Result<()> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None)?;
    sendto(&socket, text.as_bytes(), SendFlags::NOSIGNAL, address)?;
    Ok(())
}
