//! Devices that die: what becomes of their ports, and how those that are configured get another one.

use std::time::Duration;

use switch::{Flush, PortId};

use super::Agent;
use crate::admission::Refusal;
use crate::config::{DeviceConfig, PortConfig};
use crate::device::{Device, Gone};
use crate::lost::Absent;

impl Agent {
    /// The device of a port cannot be used any more: the port goes, unless it is configured. A client that has not come all
    /// the way is one refused.
    pub(super) fn part_with(&mut self, id: PortId, gone: &Gone) {
        if let Gone::NoLink { reason } = gone
            && let Some(who) = self.clients.who(id)
        {
            let reason = reason.clone();
            self.reception.note(who, &Refusal::NoLink { reason });
        }
        match self.setup.config_of(id).map(comes_back) {
            Some(tries) => self.lose(id, gone, tries),
            None => self.remove_port(id, &gone.to_string()),
        }
    }

    /// The port stays without a device. Nobody is behind it until then.
    fn lose(&mut self, id: PortId, gone: &Gone, tries: bool) {
        let now = self.origin.elapsed();
        let is_news = self.setup.lost.note(id, gone.to_string(), now, tries);
        self.naps.set(id, None);
        self.flush_fdb(Flush::Port(id));
        let Some(port) = self.ports.get_mut(id) else {
            return;
        };
        if is_news {
            tracing::warn!(port = port.name, why = %gone, tries, "port lost");
        }
        let absent = port.device.as_ref().map(|device| Absent {
            kind: device.kind(),
            largest: device.largest(),
        });
        if let Some(absent) = absent {
            port.exchange(Box::new(absent));
        }
    }

    /// Tries to open what was lost, where it is time for that.
    pub(super) fn revive(&mut self, now: Duration) {
        for id in self.setup.lost.due(now) {
            let Some(config) = self.setup.config_of(id).cloned() else {
                continue;
            };
            let opened = self.setup.listeners.open(&config);
            let failed = match opened {
                Ok(device) => self.come_back(id, device, now).err(),
                Err(error) => Some(error.to_string()),
            };
            if let Some(why) = failed {
                tracing::debug!(port = config.name, why, "still lost");
                self.setup.lost.failed(id, why, now);
            }
        }
    }

    fn come_back(
        &mut self,
        id: PortId,
        device: Box<dyn Device>,
        now: Duration,
    ) -> Result<(), String> {
        self.occupy(id, device)?;
        if let Some(port) = self.ports.get(id) {
            tracing::info!(port = port.name, "port is back");
        }
        self.setup.lost.found(id, now);
        Ok(())
    }

    /// Puts a device behind a port that is there.
    pub(super) fn occupy(&mut self, id: PortId, mut device: Box<dyn Device>) -> Result<(), String> {
        device.schedule_by(self.setup.scheduling);
        let watched = self.watch_device(id, device.as_ref());
        watched.map_err(|error| error.to_string())?;
        if let Some(port) = self.ports.get_mut(id) {
            port.exchange(device);
        }
        self.busy(id);
        Ok(())
    }

    /// A port that a predecessor had has nothing behind it here, as yet.
    pub(super) fn miss(&mut self, id: PortId, why: String) {
        let now = self.origin.elapsed();
        let config = self.setup.config_of(id);
        let tries = config.is_some_and(comes_back);
        let port = config.map_or("", |config| &config.name);
        tracing::warn!(port, why, tries, "port lost");
        self.setup.lost.note(id, why, now, tries);
    }
}

/// Whether what is behind such a port may be there again by itself. A file that could not be written is not begun anew:
/// what was written to it would be lost.
fn comes_back(port: &PortConfig) -> bool {
    match port.device {
        DeviceConfig::Tap { .. }
        | DeviceConfig::Packet { .. }
        | DeviceConfig::MemifServer { .. }
        | DeviceConfig::MemifClient { .. } => true,
        DeviceConfig::Replay { .. } | DeviceConfig::Dump { .. } | DeviceConfig::Mirror { .. } => {
            false
        }
    }
}
