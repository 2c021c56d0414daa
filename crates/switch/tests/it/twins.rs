//! The switch beside its model: the same things happen to both, and they are compared after each.

use core::time::Duration;
use std::collections::BTreeSet;

use switch::{Alias, Flags, Flush, Learned, Policy, PortId, Role, Settings, Verdict, Watch};

use crate::model::{Model, Outcome};
use crate::moves::{Aliased, Flushed, Move, Sent, Wanted, Wish};
use crate::net::{Frame, Net, did};

/// The switch and its model, to which the same things happen.
pub(crate) struct Twins {
    pub(crate) net: Net,
    pub(crate) model: Model,
    ports: Vec<PortId>,
}

impl Twins {
    pub(crate) fn new(settings: Settings) -> Twins {
        Twins {
            net: Net::with(settings),
            model: Model {
                settings,
                ..Model::default()
            },
            ports: Vec::new(),
        }
    }

    pub(crate) fn go(&mut self, one: Move) {
        match one {
            Move::Send(sent) => self.send(&sent),
            Move::Wait(tenths) => self.net.now += Duration::from_millis(tenths * 100),
            Move::Age(slots) => self.age(slots),
            Move::Flush(what) => self.flush(&what),
            Move::Add(wish) => self.add(wish),
            Move::Replace(port, wish) => self.replace(port, wish),
            Move::Remove(port) => self.remove(port),
            Move::SetAlias(number, alias) => self.set_alias(number, &alias),
            Move::RemoveAlias(number) => {
                let removed = self.net.switch.remove_alias(did(number));
                assert_eq!(removed, self.model.aliases.remove(&did(number)));
            }
            Move::Settings(settings) => {
                self.net.switch.change_settings(settings);
                self.model.settings = settings;
            }
        }
        self.compare_tables();
    }

    pub(crate) fn port(&self, number: usize) -> Option<PortId> {
        self.ports.get(number % self.ports.len().max(1)).copied()
    }

    fn send(&mut self, sent: &Sent) {
        let Some(port) = self.port(sent.port) else {
            return;
        };
        let mut frame = Frame::new(port, sent.source, sent.destination)
            .vlan(sent.vlan)
            .length(sent.length)
            .udp(sent.udp);
        (frame.nti, frame.tier, frame.directed) = (sent.nti, sent.tier, sent.directed);
        let before = self.model.hosts.len();
        let expected = self.model.decide(&frame, self.net.now);
        match (self.net.send(&frame), expected) {
            (Ok(verdict), Ok(outcome)) => {
                self.compare(&frame, &verdict, &outcome);
                self.keeps_promises(&frame, &verdict);
                let taken_in = self.model.hosts.len() > before;
                let full = before >= self.model.settings.capacity;
                assert!(!(taken_in && full), "a full table took an address in");
            }
            (got, expected) => assert_eq!(got.err(), expected.err()),
        }
    }

    fn compare(&self, frame: &Frame, verdict: &Verdict, outcome: &Outcome) {
        let chosen: BTreeSet<PortId> = verdict.to.iter().chain(verdict.too_long.iter()).collect();
        let right = outcome.ways.iter().any(|(to, endpoint)| {
            let mirrors = self.model.mirrors(frame.port, to);
            chosen == to.union(&mirrors).copied().collect() && *endpoint == verdict.stamp.endpoint
        });
        assert!(right, "{verdict:?} is none of {:?}", outcome.ways);
        assert_eq!(verdict.learned, outcome.learned);
        assert_eq!(verdict.stamp.nti, outcome.nti);
        assert_eq!(verdict.stamp.tier, frame.tier);
        assert_eq!(verdict.stamp.did, self.model.ports[&frame.port].did);
    }

    /// What the documentation of the crate promises, without a look at how the model does it.
    fn keeps_promises(&self, frame: &Frame, verdict: &Verdict) {
        let header = if frame.vlan == 0 { 14 } else { 18 };
        let fits = |port: PortId| frame.length - header <= self.model.ports[&port].mtu;
        assert!(verdict.to.iter().all(fits) && !verdict.too_long.iter().any(fits));
        assert!(!verdict.to.contains(frame.port), "back to the sender");
        let sender = &self.model.ports[&frame.port];
        let receivers = verdict.to.iter().map(|port| &self.model.ports[&port]);
        for receiver in receivers.filter(|policy| !policy.is_mirror()) {
            assert!(receiver.ntis.contains(verdict.stamp.nti), "left the domain");
            assert!(!(sender.isolated && receiver.isolated), "isolated");
        }
        if verdict.stamp.flags.contains(Flags::DIRECTED) {
            assert_eq!(verdict.learned, Learned::No);
        }
        let group = verdict.stamp.flags.contains(Flags::MULTICAST);
        assert_eq!(group, frame.destination.is_group());
        assert!(!(group && verdict.stamp.flags.contains(Flags::LOOKUP_FAILED)));
    }

    fn age(&mut self, slots: usize) {
        let now = self.net.now;
        let before = self.model.hosts.len();
        let some = self.net.switch.age(now, slots);
        assert!(some <= slots);
        let all = some + self.net.switch.age(now, usize::MAX);
        self.model.age(now);
        assert_eq!(all, before - self.model.hosts.len());
    }

    fn flush(&mut self, what: &Flushed) {
        let what = match what {
            Flushed::Other(what) => *what,
            Flushed::Port(number) => match self.port(*number) {
                Some(port) => Flush::Port(port),
                None => return,
            },
        };
        let before = self.model.hosts.len();
        self.model.flush(what);
        let flushed = before - self.model.hosts.len();
        assert_eq!(self.net.switch.flush(what), flushed);
    }

    fn add(&mut self, wish: Wish) {
        let policy = self.policy(wish);
        let valid = self.model.is_valid(&policy, None);
        let added = self.net.switch.add_port(policy.clone());
        assert_eq!(added.is_ok(), valid, "{added:?}");
        if let Ok(port) = added {
            assert!(!self.model.ports.contains_key(&port));
            self.model.ports.insert(port, policy);
            self.ports.push(port);
        }
    }

    fn replace(&mut self, number: usize, wish: Wish) {
        let Some(port) = self.port(number) else {
            return;
        };
        let policy = self.policy(wish);
        let exists = self.model.ports.contains_key(&port);
        let valid = exists && self.model.is_valid(&policy, Some(port));
        let replaced = self.net.switch.replace_policy(port, policy.clone());
        assert_eq!(replaced.is_ok(), valid, "{replaced:?}");
        if valid {
            self.model.replace(port, policy);
        }
    }

    fn remove(&mut self, number: usize) {
        if let Some(port) = self.port(number) {
            let exists = self.model.ports.contains_key(&port);
            assert_eq!(self.net.switch.remove_port(port).is_ok(), exists);
            self.model.remove(port);
        }
    }

    fn set_alias(&mut self, number: u16, alias: &Aliased) {
        let alias = match alias {
            Aliased::Other(alias) => *alias,
            Aliased::Port(number) => match self.port(*number) {
                Some(port) => Alias::Port(port),
                None => return,
            },
        };
        let (number, mut ports) = (did(number), self.model.ports.values());
        let target = !matches!(alias, Alias::Port(port) if !self.model.ports.contains_key(&port));
        let valid = target && !ports.any(|policy| policy.did == number);
        let set = self.net.switch.set_alias(number, alias);
        assert_eq!(set.is_ok(), valid, "{set:?}");
        if valid {
            self.model.aliases.insert(number, alias);
        }
    }

    fn policy(&self, wish: Wish) -> Policy {
        let watched = |numbers: Vec<usize>| numbers.into_iter().filter_map(|one| self.port(one));
        Policy {
            did: did(wish.did),
            default_nti: wish.default_nti,
            mtu: wish.mtu,
            role: match wish.role {
                Wanted::Local => Role::Local,
                Wanted::Uplink => Role::Uplink,
                Wanted::MirrorAll => Role::Mirror(Watch::Everything),
                Wanted::Mirror(numbers) => Role::Mirror(Watch::Ports(watched(numbers).collect())),
            },
            isolated: wish.isolated,
            learn_cap: wish.learn_cap,
            services: wish.services,
            ntis: wish.ntis,
        }
    }

    fn compare_tables(&self) {
        let Model {
            hosts, settings, ..
        } = &self.model;
        let (switch, now) = (&self.net.switch, self.net.now);
        let mut live = 0;
        for entry in switch.entries(now) {
            let host = &hosts[&(entry.nti, entry.vlan, entry.mac)];
            assert_eq!((entry.port, entry.age), (host.port, now - host.seen));
            live += 1;
        }
        let counts = hosts
            .values()
            .filter(|host| now - host.seen < settings.ageing);
        assert_eq!(live, counts.count());
        assert_eq!(switch.statistics().entries, hosts.len());
        for (port, policy) in switch.ports() {
            assert_eq!(policy, &self.model.ports[&port]);
            assert_eq!(switch.addresses_behind(port), self.model.behind(port));
        }
    }
}
