//! What the agent was configured to be, and is: the other side of every reload.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use switch::{Did, PortId};

use crate::config::{AliasTo, ConfigError, ConfigSource, DeviceConfig, PortConfig, SocketAt};
use crate::lost::Lost;
use crate::notify::Notify;
use crate::open::{Listeners, OpenError};
use crate::schedule::Scheduling;

/// What was set up by configuration.
#[derive(Debug, Default)]
pub(crate) struct Setup {
    pub(crate) source: ConfigSource,
    pub(crate) doorbells: Vec<SocketAt>,
    /// How classes share what they compete for, at every port.
    pub(crate) scheduling: Scheduling,
    pub(crate) aliases: BTreeMap<Did, AliasTo>,
    /// The ports that are there, by name.
    pub(crate) ports: BTreeMap<String, Placed>,
    pub(crate) control: Option<SocketAt>,
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) notify: Notify,
    /// Those of them that have no device now.
    pub(crate) lost: Lost,
    /// Sockets that ports share.
    pub(crate) listeners: Listeners,
    /// Reloads that worked.
    pub(crate) reloads: u64,
}

/// A port that was configured and is there.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) id: PortId,
    pub(crate) config: PortConfig,
}

/// Why a configuration was not put into effect.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// It is wrong.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// What is behind a port cannot be opened.
    #[error("port {name}: {source}")]
    Open {
        /// The port.
        name: String,
        /// Why.
        source: OpenError,
    },
    /// A doorbell or the control socket cannot be made.
    #[error("{0}")]
    Bind(#[from] memif::BindError),
    /// The address for metrics is taken, or not this host's.
    #[error("metrics at {address}: {source}")]
    Metrics {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// Nobody has said where.
    #[error(
        "no place for a doorbell: XDG_RUNTIME_DIR is not set; name one with --doorbell PATH or in a configuration"
    )]
    NoPlace,
    /// The agent itself.
    #[error("{0}")]
    Agent(#[from] crate::Error),
}

impl Setup {
    /// The agent without a configuration knows one alias.
    pub(crate) fn new() -> Self {
        Self {
            aliases: crate::config::Config::default().aliases,
            ..Self::default()
        }
    }

    /// A port is gone.
    pub(crate) fn forget(&mut self, id: PortId) {
        self.ports.retain(|_, placed| placed.id != id);
        self.lost.forget(id);
    }

    /// How a port was configured, if it was.
    pub(crate) fn config_of(&self, id: PortId) -> Option<&PortConfig> {
        let mut ports = self.ports.values();
        ports
            .find(|placed| placed.id == id)
            .map(|placed| &placed.config)
    }

    /// The name under which this very device is there, for a port that is only called something else now.
    pub(crate) fn same_device(&self, device: &DeviceConfig) -> Option<&str> {
        let mut ports = self.ports.iter();
        let found = ports.find(|(_, placed)| placed.config.device == *device);
        found.map(|(name, _)| name.as_str())
    }
}
