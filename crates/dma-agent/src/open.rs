//! From the configuration of a port to what is behind it.

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;

use memif::{Address, Connector, LinkOptions, Listener, Secret};
use switch::Mac;

use crate::config::{DeviceConfig, PortConfig};
use crate::device::Device;
use crate::memif_port::MemifDevice;
use crate::packet::{PacketDevice, PacketError};
use crate::pcap::{DumpDevice, PcapError, ReplayDevice, ReplayOptions};
use crate::tap::{Tap, TapDevice, TapError, TapOptions};

/// The longest secret that the wire of memif carries.
const SECRET_BYTES: usize = 24;

/// Why what is behind a port cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each says it itself")]
pub enum OpenError {
    #[error("{0}")]
    Tap(#[from] TapError),
    #[error("{0}")]
    Packet(#[from] PacketError),
    #[error("{0}")]
    Memif(#[from] memif::Error),
    #[error("{0}")]
    Bind(#[from] memif::BindError),
    #[error("{0}")]
    Pcap(#[from] PcapError),
    #[error("secret {path}: {source}")]
    Secret { path: String, source: io::Error },
}

/// The sockets of memif servers: one for all links there.
#[derive(Debug, Default)]
pub(crate) struct Listeners(Vec<Shared>);

#[derive(Debug)]
struct Shared {
    address: Address,
    mode: u32,
    listener: Listener,
}

impl Listeners {
    /// Opens what is behind a port.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub(crate) fn open(&mut self, port: &PortConfig) -> Result<Box<dyn Device>, OpenError> {
        Ok(match &port.device {
            DeviceConfig::Tap {
                interface,
                mac,
                address,
            } => {
                let options = tap_options(port, interface, *mac, *address);
                Box::new(TapDevice::open(&options)?)
            }
            DeviceConfig::Packet {
                interface,
                promiscuous,
            } => Box::new(PacketDevice::open(interface, *promiscuous)?),
            DeviceConfig::MemifServer {
                socket,
                mode,
                id,
                secret_file,
            } => {
                let options = options(port, *id, secret_file.as_deref())?;
                Box::new(MemifDevice::server(self.listener(socket, *mode)?, options)?)
            }
            DeviceConfig::MemifClient {
                socket,
                id,
                secret_file,
            } => {
                let options = options(port, *id, secret_file.as_deref())?;
                Box::new(MemifDevice::client(&Connector::new(socket), options)?)
            }
            DeviceConfig::Replay { path, pace, repeat } => {
                let (pace, repeat) = (*pace, *repeat);
                Box::new(ReplayDevice::open(path, ReplayOptions { pace, repeat })?)
            }
            DeviceConfig::Dump { path } | DeviceConfig::Mirror { path } => {
                Box::new(DumpDevice::create(path)?)
            }
        })
    }

    /// Opens what is behind a port that a predecessor had, and goes on where that is possible.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub(crate) fn open_again(
        &mut self,
        port: &PortConfig,
        tap: Option<Tap>,
    ) -> Result<Box<dyn Device>, OpenError> {
        match (tap, &port.device) {
            (
                Some(tap),
                DeviceConfig::Tap {
                    interface,
                    mac,
                    address,
                },
            ) => {
                tap.adapt(&tap_options(port, interface, *mac, *address))?;
                Ok(Box::new(TapDevice::from(tap)))
            }
            (_, DeviceConfig::Dump { path } | DeviceConfig::Mirror { path }) => {
                Ok(Box::new(DumpDevice::append(path)?))
            }
            _ => self.open(port),
        }
    }

    /// Closes the sockets that none of these ports uses.
    pub(crate) fn keep<'p>(&mut self, ports: impl Iterator<Item = &'p PortConfig>) {
        let used: Vec<_> = ports
            .filter_map(|port| match &port.device {
                DeviceConfig::MemifServer { socket, .. } => Some(socket),
                _ => None,
            })
            .collect();
        self.0.retain(|shared| used.contains(&&shared.address));
    }

    /// The socket with this address; the first port there says with which mode.
    fn listener(&mut self, address: &Address, mode: u32) -> Result<&Listener, OpenError> {
        let found = self.0.iter().position(|shared| shared.address == *address);
        let at = match found {
            Some(at) => at,
            None => {
                let builder = Listener::builder(address);
                let listener = match address {
                    Address::Path(_) => builder.file_mode(mode).bind()?,
                    Address::Abstract(_) => builder.bind()?,
                };
                let address = address.clone();
                self.0.push(Shared {
                    address,
                    mode,
                    listener,
                });
                self.0.len() - 1
            }
        };
        let shared = &self.0[at];
        if shared.mode != mode {
            tracing::warn!(%address, "several modes for one socket: the first one holds");
        }
        Ok(&shared.listener)
    }
}

fn tap_options(
    port: &PortConfig,
    interface: &str,
    mac: Option<Mac>,
    address: Option<(Ipv4Addr, Ipv4Addr)>,
) -> TapOptions {
    TapOptions {
        name: interface.to_owned(),
        mac,
        mtu: port.mtu.and_then(|mtu| u32::try_from(mtu).ok()),
        address,
    }
}

fn options(port: &PortConfig, id: u32, secret: Option<&Path>) -> Result<LinkOptions, OpenError> {
    let options = LinkOptions::new(id).name(&port.name);
    Ok(match secret {
        Some(path) => options.secret(read_secret(path)?),
        None => options,
    })
}

/// Up to 24 bytes; one newline at the end does not count.
fn read_secret(path: &Path) -> Result<Secret, OpenError> {
    let wrong = |source: io::Error| OpenError::Secret {
        path: path.display().to_string(),
        source,
    };
    let text = crate::config::places::read_text(path, SECRET_BYTES as u64 + 1).map_err(wrong)?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Secret::new(text.as_bytes()).map_err(|error| wrong(io::Error::other(error)))
}
