//! What an agent has, for a successor.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;

use memif::Address;
use memif::unix::StreamListener;
use switch::{DropReason, Entry, PortId};

use super::Agent;
use super::views::ranges;
use crate::clients::Wire;
use crate::config::SocketAt;
use crate::handover::parcel::Channel;
use crate::handover::state::{
    AddressState, AgentState, Behind, Bytes, Part, PortState, SocketRole, SocketState,
};
use crate::handover::{HandoverError, Legacy, MOST_ADDRESSES};
use crate::ports::Port;

/// Addresses in one parcel.
const ADDRESSES: usize = 4096;

impl Agent {
    /// Sends all there is.
    pub(super) fn bequeath(&self, to: &mut Channel) -> Result<(), HandoverError> {
        let mut parts = 1;
        to.send(&Part::Agent(Box::new(self.agent_state())), &[])?;
        for (state, socket) in self.sockets() {
            to.send(&Part::Socket(state), &[socket])?;
            parts += 1;
        }
        let mut numbers = BTreeMap::new();
        for (id, state, descriptors) in self.heritable() {
            let name = state.name.clone();
            let sent = to.send(&Part::Port(Box::new(state)), &descriptors);
            sent.map_err(|error| error.of("port", &name))?;
            numbers.insert(id, numbers.len());
            parts += 1;
        }
        for addresses in self.addresses(&numbers).chunks(ADDRESSES) {
            to.send(&Part::Addresses(addresses.to_vec()), &[])?;
            parts += 1;
        }
        to.send(&Part::End(parts), &[])
    }

    fn agent_state(&self) -> AgentState {
        let mut gone = self.ports.gone;
        let ends = |id| !self.is_heritable(id) && !self.is_mirror(id);
        for (_, port) in self.ports.iter().filter(|(_, port)| ends(port.id)) {
            gone.merge(&settled(port));
        }
        AgentState {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime: self.origin.elapsed(),
            random: self.random,
            refusals: self.reception.refusals(),
            reloads: self.setup.reloads,
            captures: self.captures_started,
            gone: gone.state(),
            fdb: (&self.switch.statistics()).into(),
        }
    }

    fn sockets(&self) -> Vec<(SocketState, BorrowedFd<'_>)> {
        let mut sockets = Vec::new();
        for (address, listener) in self.reception.doorbells() {
            let placed = self.setup.doorbells.iter();
            let placed = placed.clone().find(|one| one.address == *address);
            let at = placed
                .cloned()
                .unwrap_or_else(|| SocketAt::new(address.clone()));
            sockets.push(socket(SocketRole::Doorbell, &at, listener));
        }
        if let (Some(at), Some(listener)) = (&self.setup.control, self.desk.listener()) {
            sockets.push(socket(SocketRole::Control, at, listener));
        }
        if let (Some(at), Some(listener)) = (self.setup.metrics, self.metrics.listener()) {
            let address = at.to_string();
            let state = state(SocketRole::Metrics, address.as_bytes());
            sockets.push((state, listener.as_fd()));
        }
        sockets
    }

    /// Ports that go on at the successor's: of clients of the old wire, and those of the configuration.
    fn is_heritable(&self, id: PortId) -> bool {
        let client = self.clients.get(id);
        let by_sockets = client.is_some_and(|client| client.wire == Wire::Sockets);
        by_sockets || self.setup.config_of(id).is_some()
    }

    fn heritable(&self) -> impl Iterator<Item = (PortId, PortState, Vec<BorrowedFd<'_>>)> {
        let ports = self.ports.iter().map(|(_, port)| port);
        ports
            .filter(|port| self.is_heritable(port.id))
            .filter_map(|port| {
                let policy = self.switch.policy(port.id)?;
                let legacy = port.device.as_ref()?.legacy();
                let counters = match &legacy {
                    Some(_) => port.counters,
                    None => settled(port), // its device goes, with all that waits there
                };
                let (behind, descriptors) = self.behind(port, legacy);
                let state = PortState {
                    name: port.name.clone(),
                    is_mirror: policy.is_mirror(),
                    did: policy.did.raw(),
                    nti: policy.default_nti.raw(),
                    ntis: ranges(&policy.ntis),
                    mtu: policy.mtu,
                    isolated: policy.isolated,
                    learn_cap: policy.learn_cap,
                    counters: counters.state(),
                    behind,
                };
                Some((port.id, state, descriptors))
            })
    }

    fn behind<'a>(&self, port: &Port, legacy: Option<Legacy<'a>>) -> (Behind, Vec<BorrowedFd<'a>>) {
        let Some(mut legacy) = legacy else {
            return (Behind::Configured, Vec::new());
        };
        if let (Behind::Client(state), Some(one)) = (&mut legacy.behind, self.clients.get(port.id))
        {
            state.service_name.clone_from(&one.service_name);
        }
        (legacy.behind, legacy.descriptors)
    }

    fn addresses(&self, numbers: &BTreeMap<PortId, usize>) -> Vec<AddressState> {
        let address = |entry: Entry| {
            let port = *numbers.get(&entry.port)?;
            Some(AddressState {
                nti: entry.nti.raw(),
                vlan: entry.vlan,
                mac: entry.mac.0,
                port,
                age: u64::try_from(entry.age.as_millis()).unwrap_or(u64::MAX),
            })
        };
        self.fdb()
            .filter_map(address)
            .take(MOST_ADDRESSES)
            .collect()
    }
}

fn settled(port: &Port) -> crate::PortCounters {
    let mut counters = port.counters;
    let undelivered = port.device.as_ref().map(|device| device.undelivered());
    counters.settle(undelivered.unwrap_or(0), DropReason::PortGone);
    counters
}

fn socket<'a>(
    role: SocketRole,
    at: &SocketAt,
    listener: &'a StreamListener,
) -> (SocketState, BorrowedFd<'a>) {
    let (address, is_abstract) = match &at.address {
        Address::Path(path) => (path.as_os_str().as_bytes(), false),
        Address::Abstract(name) => (name.as_slice(), true),
    };
    let state = SocketState {
        is_abstract,
        mode: at.file.mode,
        owner: at.file.owner,
        backlog: at.file.backlog,
        claim: listener.claim().map(|claim| (claim.device, claim.inode)),
        ..state(role, address)
    };
    (state, listener.as_fd())
}

fn state(role: SocketRole, address: &[u8]) -> SocketState {
    SocketState {
        role,
        address: Bytes::from(address),
        is_abstract: false,
        mode: 0,
        owner: None,
        backlog: 0,
        claim: None,
    }
}
