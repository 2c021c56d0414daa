//! What can be seen of an agent from outside.

use memif::Credentials;
use switch::{DropCounters, Entry, Flush, Policy, PortId, Statistics};

use super::Agent;
use crate::counters::PortCounters;

/// What a port is and does, for people.
#[derive(Clone, Debug)]
pub struct PortView {
    /// Its number.
    pub id: PortId,
    /// Its name.
    pub name: String,
    /// What is behind it, in one word.
    pub kind: &'static str,
    /// What it may do.
    pub policy: Policy,
    /// Addresses known behind it.
    pub addresses: usize,
    /// What it has counted.
    pub counters: PortCounters,
    /// Frames that wait for it.
    pub waiting: u64,
    /// Bytes of memory that its other end has brought.
    pub memory: u64,
    /// Why there is nothing behind it, if there is not.
    pub lost: Option<String>,
    /// Who the client is, if it is one.
    pub client: Option<Credentials>,
}

impl Agent {
    /// The ports, in the order of their numbers.
    pub fn ports(&self) -> impl Iterator<Item = PortView> + '_ {
        self.switch.ports().filter_map(|(id, policy)| {
            let port = self.ports.get(id)?;
            let device = port.device.as_ref()?;
            Some(PortView {
                id,
                name: port.name.clone(),
                kind: device.kind(),
                policy: policy.clone(),
                addresses: self.switch.addresses_behind(id),
                counters: port.counters,
                waiting: device.undelivered(),
                memory: device.memory(),
                lost: self.setup.lost.why(id).map(str::to_owned),
                client: self.clients.who(id),
            })
        })
    }

    /// The addresses that are known.
    pub fn fdb(&self) -> impl Iterator<Item = Entry> + '_ {
        self.switch.entries(self.origin.elapsed())
    }

    /// What has happened in the table.
    pub fn fdb_statistics(&self) -> Statistics {
        self.switch.statistics()
    }

    /// Forgets addresses; returns how many.
    pub fn flush_fdb(&mut self, what: Flush) -> usize {
        self.switch.flush(what)
    }

    /// Frames dropped by reason, by all ports there are and were. Copies that a mirror did not get are no frames lost:
    /// they are counted at the mirror alone.
    pub fn drops(&self) -> DropCounters {
        self.ports.drops(|id| self.is_mirror(id))
    }

    /// What ports that are gone had counted, mirrors left out.
    pub fn gone(&self) -> PortCounters {
        self.ports.gone
    }

    /// How many were not let in.
    pub fn refusals(&self) -> u64 {
        self.reception.refusals()
    }
}
