//! `[[port]]`: ports that are there without a client.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use memif::Address;
use switch::{Did, Mac, Nti, NtiSet};

use crate::pcap::Pace;

/// One port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortConfig {
    /// Its name, which no other has.
    pub name: String,
    /// How descriptors name it; `None` for one that is free.
    pub did: Option<Did>,
    /// The domain of frames that ask for none.
    pub nti: Nti,
    /// Its domains.
    pub ntis: NtiSet,
    /// The largest payload in bytes; `None` for 1500, or for files what they take.
    pub mtu: Option<usize>,
    /// What it is to the others.
    pub role: PortRole,
    /// Whether it exchanges no frames with other isolated ports.
    pub isolated: bool,
    /// How many addresses may be learned behind it.
    pub learn_cap: usize,
    /// What is behind it.
    pub device: DeviceConfig,
}

/// What a port is to the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortRole {
    /// A port of this host.
    Local,
    /// The way out.
    Uplink,
    /// Gets copies.
    Mirror(Watched),
}

/// Of whose frames a mirror gets copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watched {
    /// Of every port's.
    All,
    /// Of those of these ports.
    Ports(Vec<String>),
}

/// What is behind a port, by its `type`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceConfig {
    /// `"tap"`: an interface of this host's network, made for it.
    Tap {
        /// What it is called.
        interface: String,
        /// The address that the host has there.
        mac: Option<Mac>,
        /// The address of IPv4 that the host has there, and the mask of its network.
        address: Option<(Ipv4Addr, Ipv4Addr)>,
    },
    /// `"packet"`: an interface that exists.
    Packet {
        /// What it is called.
        interface: String,
        /// Whether frames for other hosts are wanted.
        promiscuous: bool,
    },
    /// `"memif-server"`: a link that somebody connects to.
    MemifServer {
        /// Where.
        socket: Address,
        /// Permissions of the socket's file.
        mode: u32,
        /// Which of the links there.
        id: u32,
        /// The file with the secret.
        secret_file: Option<PathBuf>,
    },
    /// `"memif-client"`: a link to somebody who listens.
    MemifClient {
        /// Where.
        socket: Address,
        /// Which of the links there.
        id: u32,
        /// The file with the secret.
        secret_file: Option<PathBuf>,
    },
    /// `"replay"`: frames from a capture file.
    Replay {
        /// The file.
        path: PathBuf,
        /// How fast.
        pace: Pace,
        /// Whether it starts again at the end.
        repeat: bool,
    },
    /// `"dump"`: frames for this port, into a capture file.
    Dump {
        /// The file.
        path: PathBuf,
    },
    /// `"mirror"`: copies of other ports' frames, into a capture file.
    Mirror {
        /// The file.
        path: PathBuf,
    },
}

impl DeviceConfig {
    /// What the device that it makes calls itself.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            DeviceConfig::Tap { .. } => "tap",
            DeviceConfig::Packet { .. } => "packet",
            DeviceConfig::MemifServer { .. } | DeviceConfig::MemifClient { .. } => "memif",
            DeviceConfig::Replay { .. } => "replay",
            DeviceConfig::Dump { .. } | DeviceConfig::Mirror { .. } => "dump",
        }
    }
}
