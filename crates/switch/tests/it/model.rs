//! The switch once more, as simple as it can be said: maps that are searched from one end to the other. Slow, and
//! right by looking at it.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use switch::{
    Alias, Did, Directed, DropReason, Endpoint, Flush, Learned, Mac, Nti, Policy, PortId, Refusal,
    Role, Sep, Settings, Watch,
};

use crate::moves::SPANNING_TREE;
use crate::net::Frame;

pub(crate) struct Host {
    pub(crate) port: PortId,
    pub(crate) seen: Duration,
}

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) ports: HashMap<PortId, Policy>,
    pub(crate) aliases: HashMap<Did, Alias>,
    pub(crate) hosts: HashMap<(Nti, u16, Mac), Host>,
    pub(crate) settings: Settings,
}

/// Ports that a frame reaches, mirrors and MTUs aside, and the membership it is for.
pub(crate) type Way = (BTreeSet<PortId>, Option<Endpoint>);

/// What may come out of a frame.
pub(crate) struct Outcome {
    pub(crate) nti: Nti,
    /// Any of these is right.
    pub(crate) ways: Vec<Way>,
    pub(crate) learned: Learned,
}

impl Model {
    pub(crate) fn decide(&mut self, frame: &Frame, now: Duration) -> Result<Outcome, DropReason> {
        let sender = self.ports.get(&frame.port).ok_or(DropReason::PortGone)?;
        if sender.is_mirror() {
            return Err(DropReason::MirrorPort);
        }
        let nti = frame.nti.unwrap_or(sender.default_nti);
        if !sender.ntis.contains(nti) {
            return Err(DropReason::NtiNotAllowed);
        }
        let directed = match frame.directed {
            Some(directed) => self.understood(directed)?.map(|alias| (alias, directed)),
            None => None,
        };
        let (ways, learned) = match directed {
            Some((alias, directed)) => (
                self.directed(frame.port, nti, alias, directed)?,
                Learned::No,
            ),
            None => {
                let learned = self.learn(frame, nti, now);
                (vec![(self.looked_up(frame, nti, now)?, None)], learned)
            }
        };
        Ok(Outcome { nti, ways, learned })
    }

    pub(crate) fn is_valid(&self, policy: &Policy, own: Option<PortId>) -> bool {
        let mut others = self.ports.iter().filter(|(id, _)| Some(**id) != own);
        let conflict = others.any(|(_, other)| {
            let shared = |one: &Endpoint| other.services.contains(one);
            other.did == policy.did || policy.services.iter().any(shared)
        });
        let watched_exist = match policy.role {
            Role::Mirror(Watch::Ports(set)) => set.iter().all(|id| self.ports.contains_key(&id)),
            _ => true,
        };
        !conflict
            && watched_exist
            && !self.aliases.contains_key(&policy.did)
            && policy.ntis.contains(policy.default_nti)
            && (policy.services.is_empty() || !policy.is_mirror())
    }

    pub(crate) fn replace(&mut self, port: PortId, policy: Policy) {
        self.hosts.retain(|(nti, _, _), host| {
            host.port != port || (policy.ntis.contains(*nti) && !policy.is_mirror())
        });
        self.ports.insert(port, policy);
    }

    pub(crate) fn remove(&mut self, port: PortId) {
        self.ports.remove(&port);
        self.flush(Flush::Port(port));
        self.aliases.retain(|_, alias| *alias != Alias::Port(port));
        for policy in self.ports.values_mut() {
            if let Role::Mirror(Watch::Ports(watched)) = &mut policy.role {
                watched.remove(port);
            }
        }
    }

    pub(crate) fn flush(&mut self, what: Flush) {
        self.hosts.retain(|(nti, _, mac), host| match what {
            Flush::All => false,
            Flush::Port(port) => host.port != port,
            Flush::Nti(flushed) => *nti != flushed,
            Flush::Mac(flushed) => *mac != flushed,
        });
    }

    pub(crate) fn age(&mut self, now: Duration) {
        let ageing = self.settings.ageing;
        self.hosts.retain(|_, host| now - host.seen < ageing);
    }

    pub(crate) fn behind(&self, port: PortId) -> usize {
        let hosts = self.hosts.values();
        hosts.filter(|host| host.port == port).count()
    }

    pub(crate) fn mirrors(&self, from: PortId, to: &BTreeSet<PortId>) -> BTreeSet<PortId> {
        let watches = |policy: &Policy| match policy.role {
            Role::Mirror(Watch::Everything) => true,
            Role::Mirror(Watch::Ports(set)) => {
                set.contains(from) || to.iter().any(|port| set.contains(*port))
            }
            _ => false,
        };
        let ports = self.ports.iter();
        ports
            .filter(|(_, policy)| watches(policy))
            .map(|(port, _)| *port)
            .collect()
    }

    /// The obstacle between two ports.
    pub(crate) fn obstacle(&self, from: PortId, to: PortId, nti: Nti) -> Option<DropReason> {
        let (sender, receiver) = (&self.ports[&from], &self.ports[&to]);
        if receiver.is_mirror() {
            Some(DropReason::MirrorPort)
        } else if from == to {
            Some(DropReason::Hairpin)
        } else if sender.isolated && receiver.isolated {
            Some(DropReason::Isolated)
        } else if !receiver.ntis.contains(nti) {
            Some(DropReason::NtiNotAtDestination)
        } else {
            None
        }
    }

    fn learn(&mut self, frame: &Frame, nti: Nti, now: Duration) -> Learned {
        if frame.source.is_group() || frame.source == Mac::ZERO {
            return Learned::Refused(Refusal::NotAHost);
        }
        let key = (nti, frame.vlan, frame.source);
        let old = self.hosts.get(&key).map(|host| (host.port, host.seen));
        let is_there = old.is_some_and(|(port, _)| port == frame.port);
        if !is_there && self.behind(frame.port) >= self.ports[&frame.port].learn_cap {
            return Learned::Refused(Refusal::PortCap);
        }
        if old.is_none() && self.hosts.len() >= self.settings.capacity {
            return Learned::Refused(Refusal::Capacity);
        }
        let host = Host {
            port: frame.port,
            seen: now,
        };
        self.hosts.insert(key, host);
        match old {
            Some((_, seen)) if now - seen >= self.settings.ageing => Learned::New,
            Some((from, _)) if from != frame.port => Learned::Moved { from },
            Some(_) => Learned::Refreshed,
            None => Learned::New,
        }
    }

    fn looked_up(
        &self,
        frame: &Frame,
        nti: Nti,
        now: Duration,
    ) -> Result<BTreeSet<PortId>, DropReason> {
        let host = self.hosts.get(&(nti, frame.vlan, frame.destination));
        let host = host.filter(|host| now - host.seen < self.settings.ageing);
        if let Some(host) = host.filter(|_| !frame.destination.is_group()) {
            return match self.obstacle(frame.port, host.port, nti) {
                Some(reason) => Err(reason),
                None => Ok([host.port].into()),
            };
        }
        let ports = self.ports.keys().copied();
        let mut reached: BTreeSet<_> = ports
            .filter(|to| self.obstacle(frame.port, *to, nti).is_none())
            .collect();
        let mut nobody = DropReason::NoOtherPort;
        if frame.destination == SPANNING_TREE {
            let speaks = |policy: &Policy| policy.services.iter().any(|one| one.svc.raw() == 3);
            reached.retain(|port| speaks(&self.ports[port]));
            nobody = DropReason::LinkLocal;
        }
        match reached.is_empty() {
            true => Err(nobody),
            false => Ok(reached),
        }
    }

    /// What a did stands for; `None` if it makes the frame an ordinary one.
    fn understood(&self, directed: Directed) -> Result<Option<Alias>, DropReason> {
        let mut ports = self.ports.iter();
        if let Some((port, _)) = ports.find(|(_, policy)| policy.did == directed.did) {
            return Ok(Some(Alias::Port(*port)));
        }
        match self.aliases.get(&directed.did) {
            Some(Alias::Learn) => Ok(None),
            Some(alias) => Ok(Some(*alias)),
            None => Err(DropReason::UnknownDid),
        }
    }

    fn directed(
        &self,
        from: PortId,
        nti: Nti,
        alias: Alias,
        directed: Directed,
    ) -> Result<Vec<Way>, DropReason> {
        let svc = match alias {
            Alias::Service(svc) => svc,
            _ => directed.svc,
        };
        let sep = directed.sep;
        if let Alias::Port(port) = alias {
            let policy = &self.ports[&port];
            if policy.role == Role::Uplink || policy.services.is_empty() {
                return match self.obstacle(from, port, nti) {
                    Some(reason) => Err(reason),
                    None => Ok(vec![([port].into(), Some(Endpoint { svc, sep }))]),
                };
            }
        }
        let mut owners: Vec<(Sep, PortId)> = Vec::new();
        for (port, policy) in &self.ports {
            let named = !matches!(alias, Alias::Port(only) if only != *port);
            let offered = policy.services.iter().filter(|one| named && one.svc == svc);
            owners.extend(offered.map(|one| (one.sep, *port)));
        }
        owners.sort();
        if owners.is_empty() {
            return Err(DropReason::NoSuchService);
        }
        owners.retain(|(one, _)| sep == Sep::ANY || *one == sep);
        let (_, first) = *owners.first().ok_or(DropReason::NoSuchMember)?;
        let refusal = self.obstacle(from, first, nti);
        owners.retain(|(_, to)| self.obstacle(from, *to, nti).is_none());
        let ways = owners
            .into_iter()
            .map(|(sep, port)| ([port].into(), Some(Endpoint { svc, sep })));
        match ways.len() {
            0 => Err(refusal.unwrap_or(DropReason::NoSuchMember)),
            _ => Ok(ways.collect()),
        }
    }
}
