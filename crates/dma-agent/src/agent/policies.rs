//! What ports may do, by configuration: configured ports, clients by the rules, dids and aliases.

use std::collections::BTreeSet;

use switch::{Alias, Did, Policy, PortId, PortSet, Role, Watch};

use super::Agent;
use crate::change::{Change, How};
use crate::config::{AliasTo, Config, DeviceConfig, PortConfig, PortRole, Watched};
use crate::setup::Placed;

/// Bytes of an Ethernet header, which an MTU does not count.
const HEADER: usize = 14;

impl Agent {
    /// What a configured port may do. Whom a mirror watches is settled when all ports are there.
    pub(super) fn configured_policy(&self, port: &PortConfig, largest: usize) -> Policy {
        let own = port.did.or_else(|| {
            let placed = self.setup.ports.get(&port.name)?;
            Some(self.switch.policy(placed.id)?.did)
        });
        let room = largest.saturating_sub(HEADER);
        let usual = match port.device {
            DeviceConfig::Replay { .. }
            | DeviceConfig::Dump { .. }
            | DeviceConfig::Mirror { .. } => room,
            _ => 1500,
        };
        let mut policy = Policy::new(own.unwrap_or_else(|| self.free_did()));
        policy.default_nti = port.nti;
        policy.ntis = port.ntis;
        policy.mtu = port.mtu.unwrap_or(usual).min(room);
        policy.isolated = port.isolated;
        policy.learn_cap = port.learn_cap;
        policy.role = match port.role {
            PortRole::Local => Role::Local,
            PortRole::Uplink => Role::Uplink,
            PortRole::Mirror(_) => Role::Mirror(Watch::Everything),
        };
        policy
    }

    /// Gives a port that is there the policy, and the name, that it has now.
    pub(super) fn keep(&mut self, name: &str, port: PortConfig) -> Option<Change> {
        let placed = self.setup.ports.remove(name)?;
        let id = placed.id;
        let is_same = placed.config == port;
        let new_name = port.name.clone();
        let entry = Placed {
            id,
            config: port.clone(),
        };
        self.setup.ports.insert(new_name.clone(), entry);
        let change = Change::new("port", &new_name, How::Changed);
        let there = self.ports.get_mut(id)?;
        there.name.clone_from(&new_name);
        let device = there.device.as_ref();
        let largest = device.map_or(usize::MAX, |device| device.largest());
        let policy = self.configured_policy(&port, largest);
        let told = port.mtu.or(placed.config.mtu.and(Some(policy.mtu)));
        if let Err(error) = self.switch.replace_policy(id, policy) {
            return Some(change.failed(error));
        }
        if let Some(mtu) = told
            && let Some(device) = self.ports.get_mut(id)?.device.as_mut()
            && let Err(error) = device.set_mtu(mtu)
        {
            return Some(change.failed(format!("an MTU of {mtu} behind it: {error}")));
        }
        match is_same {
            true => None,
            false if name != new_name => Some(change.because(format!("it was called {name}"))),
            false => Some(change),
        }
    }

    /// Who watches whom, by the numbers that ports have now.
    pub(super) fn apply_watches(&mut self, changes: &mut Vec<Change>) {
        let mirrors: Vec<_> = self.setup.ports.values().filter_map(mirror).collect();
        for (id, name, names) in mirrors {
            let ports = names.iter().filter_map(|name| self.setup.ports.get(name));
            let watched = ports.map(|placed| placed.id).collect::<PortSet>();
            let Some(mut policy) = self.switch.policy(id).cloned() else {
                continue;
            };
            policy.role = Role::Mirror(Watch::Ports(watched));
            if let Err(error) = self.switch.replace_policy(id, policy) {
                changes.push(Change::new("port", &name, How::Failed).because(error));
            }
        }
    }

    /// Whoever has a did that this configuration gives to somebody else gets another one.
    pub(super) fn make_way(&mut self, config: &Config) {
        let owner = |did: Did| config.ports.iter().find(|port| port.did == Some(did));
        let ports = config.ports.iter().filter_map(|port| port.did);
        let wanted: BTreeSet<Did> = ports.chain(config.aliases.keys().copied()).collect();
        for did in wanted {
            let Some(holder) = self.switch.port_by_did(did) else {
                continue;
            };
            let own = owner(did).and_then(|port| self.setup.ports.get(&port.name));
            if own.is_some_and(|placed| placed.id == holder) {
                continue;
            }
            let Some(mut policy) = self.switch.policy(holder).cloned() else {
                continue;
            };
            policy.did = self.free_did();
            // A did that nobody has is in nobody's way.
            let _ = self.switch.replace_policy(holder, policy);
        }
    }

    /// Takes the aliases away that do not hold any more.
    pub(super) fn forget_aliases(&mut self, config: &Config) {
        let old = &self.setup.aliases;
        let changed = old
            .iter()
            .filter(|(did, to)| config.aliases.get(did) != Some(to));
        for (did, _) in changed {
            self.switch.remove_alias(*did);
        }
    }

    pub(super) fn apply_aliases(&mut self, config: &Config, changes: &mut Vec<Change>) {
        let old = std::mem::replace(&mut self.setup.aliases, config.aliases.clone());
        let gone = old.keys().filter(|did| !config.aliases.contains_key(did));
        changes.extend(gone.map(|did| Change::new("alias", did, How::Removed)));
        for (did, to) in &config.aliases {
            let how = match old.get(did) {
                None => How::Added,
                Some(_) => How::Changed,
            };
            let change = Change::new("alias", did, how);
            match self.set_alias(*did, to) {
                Err(why) => changes.push(change.failed(why)),
                Ok(()) if old.get(did) == Some(to) => {}
                Ok(()) => changes.push(change),
            }
        }
    }

    fn set_alias(&mut self, did: Did, to: &AliasTo) -> Result<(), String> {
        let alias = match to {
            AliasTo::Learn => Alias::Learn,
            AliasTo::Owners => Alias::Owners,
            AliasTo::Service(svc) => Alias::Service(*svc),
            AliasTo::Port(name) => match self.setup.ports.get(name) {
                Some(placed) => Alias::Port(placed.id),
                None => return Err(format!("port {name} is not there")),
            },
        };
        self.switch
            .set_alias(did, alias)
            .map_err(|error| error.to_string())
    }

    /// Admission, the table and the classes; clients that are there follow the rules that hold for them now.
    pub(super) fn apply_rules(&mut self, config: &Config, changes: &mut Vec<Change>) {
        let old = &self.reception.admission;
        let rules_changed = old.rules != config.admission.rules;
        if rules_changed {
            changes.push(Change::new("allow", "", How::Changed));
        }
        if old.caps != config.admission.caps {
            changes.push(Change::new("caps", "", How::Changed));
        }
        self.reception.admission = config.admission.clone();
        if rules_changed {
            changes.extend(self.follow_rules());
        }
        if self.switch.settings() != config.fdb {
            self.switch.change_settings(config.fdb);
            changes.push(Change::new("fdb", "", How::Changed));
        }
        if self.switch.flooded_link_local() != config.flood_link_local {
            self.switch.flood_link_local(config.flood_link_local);
            changes.push(Change::new("forwarding", "", How::Changed));
        }
        if self.setup.scheduling != config.scheduling {
            self.schedule_by(config.scheduling);
            changes.push(Change::new("qos", "", How::Changed).because(config.scheduling));
        }
    }

    /// Gives clients that are there what the rules say of them now.
    pub(super) fn follow_rules(&mut self) -> Vec<Change> {
        let clients: Vec<PortId> = self.clients.ids().collect();
        let changes = clients.into_iter().filter_map(|id| self.follow_rule(id));
        changes.collect()
    }

    fn follow_rule(&mut self, id: PortId) -> Option<Change> {
        let client = self.clients.get(id)?;
        let mut policy = self.switch.policy(id)?.clone();
        let svc = policy.services.first()?.svc.raw();
        let name = &self.ports.get(id)?.name;
        let rule = self
            .reception
            .admission
            .rule_for(client.who, svc, &client.service_name);
        let rule = match rule {
            Ok(rule) => rule,
            Err(refusal) => {
                let note = format!("{refusal}: it stays until it leaves");
                return Some(Change::new("client", name, How::Kept).because(note));
            }
        };
        let new = (rule.nti, rule.ntis, rule.isolated);
        if new == (policy.default_nti, policy.ntis, policy.isolated) {
            return None;
        }
        (policy.default_nti, policy.ntis, policy.isolated) = new;
        let change = Change::new("client", name, How::Changed);
        match self.switch.replace_policy(id, policy) {
            Ok(_) => Some(change),
            Err(error) => Some(change.failed(error)),
        }
    }
}

fn mirror(placed: &Placed) -> Option<(PortId, String, Vec<String>)> {
    match &placed.config.role {
        PortRole::Mirror(Watched::Ports(names)) => {
            Some((placed.id, placed.config.name.clone(), names.clone()))
        }
        _ => None,
    }
}
