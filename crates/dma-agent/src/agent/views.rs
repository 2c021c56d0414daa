//! The agent as those see it who ask.

use std::collections::BTreeMap;

use switch::{Nti, NtiSet, PortId, Role, Settings};

use super::{Agent, PortView};
use crate::control::{
    ClientInfo, DropsInfo, EndpointInfo, FDB_PAGE, FdbEntry, FdbInfo, MemberInfo, PortDrops,
    PortInfo, ServiceInfo, Status,
};
use crate::counters::by_name;

impl Agent {
    /// How large the table is and how long it remembers.
    pub fn fdb_settings(&self) -> Settings {
        self.switch.settings()
    }

    /// Reloads of the configuration that worked.
    pub fn reloads(&self) -> u64 {
        self.setup.reloads
    }

    pub(super) fn status(&self) -> Status {
        let doorbells = self.setup.doorbells.iter();
        let pid = rustix::process::getpid();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: pid.as_raw_nonzero().get(),
            successor: self.successor(),
            uptime: self.origin.elapsed().as_secs_f64(),
            doorbells: doorbells.map(|one| one.address.to_string()).collect(),
            config: self
                .setup
                .source
                .file
                .as_ref()
                .map(|file| file.display().to_string()),
            metrics: self.metrics.address().map(|address| address.to_string()),
            scheduling: self.setup.scheduling.to_string(),
            ports: self.switch.ports().count(),
            clients: self.clients.ids().count(),
            refusals: self.refusals(),
            reloads: self.setup.reloads,
        }
    }

    pub(super) fn fdb_info(&self, skip: usize) -> FdbInfo {
        let settings = self.switch.settings();
        let mut entries = self.fdb().skip(skip);
        let page: Vec<_> = entries.by_ref().take(FDB_PAGE).collect();
        let more = entries.next().is_some();
        let entry = |entry: switch::Entry| FdbEntry {
            nti: entry.nti.raw(),
            vlan: entry.vlan,
            mac: entry.mac.to_string(),
            port: self.name_of(entry.port),
            age: entry.age.as_secs_f64(),
        };
        FdbInfo {
            ageing: settings.ageing.as_secs_f64(),
            capacity: settings.capacity,
            statistics: (&self.fdb_statistics()).into(),
            entries: page.into_iter().map(entry).collect(),
            more,
        }
    }

    pub(super) fn services(&self) -> Vec<ServiceInfo> {
        let mut services: BTreeMap<u16, Vec<MemberInfo>> = BTreeMap::new();
        for port in self.ports() {
            for endpoint in &port.policy.services {
                let (sep, port) = (endpoint.sep.raw(), port.name.clone());
                let members = services.entry(endpoint.svc.raw()).or_default();
                members.push(MemberInfo { sep, port });
            }
        }
        let services = services.into_iter().map(|(svc, mut members)| {
            members.sort_by_key(|member| member.sep);
            ServiceInfo { svc, members }
        });
        services.collect()
    }

    pub(super) fn drops_info(&self) -> DropsInfo {
        let all = self.drops();
        let ports = self.ports().map(|port| PortDrops {
            refused: by_name(&port.counters.refused),
            dropped: by_name(&port.counters.dropped),
            port: port.name,
        });
        DropsInfo {
            total: all.total(),
            reasons: by_name(&all),
            ports: ports.collect(),
        }
    }

    pub(super) fn client_infos(&self) -> Vec<ClientInfo> {
        let clients = self.ports().filter_map(|port| {
            let client = self.clients.get(port.id)?;
            let endpoint = port.policy.services.first()?;
            Some(ClientInfo {
                did: port.policy.did.raw(),
                svc: endpoint.svc.raw(),
                sep: endpoint.sep.raw(),
                uid: client.who.uid,
                gid: client.who.gid,
                pid: client.who.pid,
                wire: client.wire.to_string(),
                bytes: client.bytes + port.memory,
                received: port.counters.received,
                sent: port.counters.sent,
                port: port.name,
            })
        });
        clients.collect()
    }

    fn name_of(&self, id: PortId) -> String {
        let port = self.ports.get(id);
        port.map_or_else(|| id.to_string(), |port| port.name.clone())
    }
}

pub(super) fn port_info(port: &PortView) -> PortInfo {
    let policy = &port.policy;
    let services = policy.services.iter().map(|one| EndpointInfo {
        svc: one.svc.raw(),
        sep: one.sep.raw(),
    });
    PortInfo {
        id: port.id.index(),
        name: port.name.clone(),
        kind: port.kind.to_owned(),
        lost: port.lost.clone(),
        did: policy.did.raw(),
        role: match policy.role {
            Role::Local => "local",
            Role::Uplink => "uplink",
            Role::Mirror(_) => "mirror",
        }
        .to_owned(),
        nti: policy.default_nti.raw(),
        ntis: ranges(&policy.ntis).iter().map(text).collect(),
        mtu: policy.mtu,
        isolated: policy.isolated,
        services: services.collect(),
        addresses: port.addresses,
        learn_cap: policy.learn_cap,
        received: port.counters.received,
        received_bytes: port.counters.received_bytes,
        sent: port.counters.sent,
        sent_bytes: port.counters.sent_bytes,
        waiting: port.waiting,
        refused: by_name(&port.counters.refused),
        dropped: by_name(&port.counters.dropped),
    }
}

/// First and last of each range of domains.
pub(super) fn ranges(ntis: &NtiSet) -> Vec<(u16, u16)> {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for nti in ntis.iter().map(Nti::raw) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == nti => *last = nti,
            _ => ranges.push((nti, nti)),
        }
    }
    ranges
}

/// `7`, `100-199`
fn text((first, last): &(u16, u16)) -> String {
    match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    }
}
