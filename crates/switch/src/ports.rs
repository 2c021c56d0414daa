//! The ports that there are, and what follows from their policies: who is in a domain, who is isolated, who mirrors.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::dids::Dids;
use crate::services::Services;
use crate::{DropReason, Misuse, Nti, Policy, PortId, PortSet, Role, Watch};

/// All ports, their dids and services; kept so that a decision has to search nothing.
#[derive(Default)]
pub(crate) struct Ports {
    policies: Vec<Option<Policy>>,
    domains: BTreeMap<Nti, PortSet>,
    isolated: PortSet,
    mirrors: PortSet,
    smallest_mtu: usize,
    pub(crate) dids: Dids,
    pub(crate) services: Services,
}

impl Ports {
    pub(crate) fn add(&mut self, policy: Policy) -> Result<PortId, Misuse> {
        let free = self.policies.iter().position(Option::is_none);
        let index = free.unwrap_or(self.policies.len());
        let id = PortId::at(index).ok_or(Misuse::TooManyPorts)?;
        self.check(&policy, None)?;
        if index == self.policies.len() {
            self.policies.push(None);
        }
        self.enroll(id, policy);
        Ok(id)
    }

    /// Gives the port another policy and returns the old one.
    pub(crate) fn replace(&mut self, id: PortId, policy: Policy) -> Result<Policy, Misuse> {
        self.known(id)?;
        self.check(&policy, Some(id))?;
        let old = self.withdraw(id)?;
        self.enroll(id, policy);
        Ok(old)
    }

    pub(crate) fn remove(&mut self, id: PortId) -> Result<Policy, Misuse> {
        let old = self.withdraw(id)?;
        self.dids.remove_aliases_for(id);
        for policy in self.policies.iter_mut().flatten() {
            if let Role::Mirror(Watch::Ports(watched)) = &mut policy.role {
                watched.remove(id);
            }
        }
        Ok(old)
    }

    #[inline]
    pub(crate) fn get(&self, id: PortId) -> Option<&Policy> {
        self.policies.get(id.index())?.as_ref()
    }

    pub(crate) fn known(&self, id: PortId) -> Result<&Policy, Misuse> {
        self.get(id).ok_or(Misuse::NoSuchPort { port: id })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (PortId, &Policy)> {
        let slots = self.policies.iter().enumerate();
        slots.filter_map(|(index, policy)| Some((PortId::at(index)?, policy.as_ref()?)))
    }

    /// Whom a flood of `from` reaches in a domain.
    pub(crate) fn flood(&self, from: PortId, nti: Nti) -> PortSet {
        let Some(domain) = self.domains.get(&nti) else {
            return PortSet::EMPTY;
        };
        match self.isolated.contains(from) {
            true => domain.without(&self.isolated), // and with them, the sender
            false => domain.without(&PortSet::only(from)),
        }
    }

    /// Whether a frame in domain `nti` may pass from one port to another.
    #[inline]
    pub(crate) fn reach(&self, from: PortId, to: PortId, nti: Nti) -> Result<(), DropReason> {
        let policy = self.get(to).ok_or(DropReason::PortGone)?;
        if policy.is_mirror() {
            return Err(DropReason::MirrorPort);
        }
        if from == to {
            return Err(DropReason::Hairpin);
        }
        if policy.isolated && self.isolated.contains(from) {
            return Err(DropReason::Isolated);
        }
        match policy.ntis.contains(nti) {
            true => Ok(()),
            false => Err(DropReason::NtiNotAtDestination),
        }
    }

    /// Whether any port's MTU is below `payload` bytes.
    pub(crate) fn any_below(&self, payload: usize) -> bool {
        payload > self.smallest_mtu
    }

    /// The ports of `to` whose MTU is below `payload` bytes.
    pub(crate) fn too_small(&self, to: &PortSet, payload: usize) -> PortSet {
        let small = |id: &PortId| self.get(*id).is_some_and(|policy| policy.mtu < payload);
        to.iter().filter(small).collect()
    }

    pub(crate) fn any_mirrors(&self) -> bool {
        !self.mirrors.is_empty()
    }

    /// The mirrors that get a copy of what goes from `from` to `to`.
    pub(crate) fn mirrors(&self, from: PortId, to: &PortSet) -> PortSet {
        let watches = |id: &PortId| match self.get(*id).map(|policy| &policy.role) {
            Some(Role::Mirror(watch)) => watch.sees(from, to),
            _ => false,
        };
        self.mirrors.iter().filter(watches).collect()
    }

    fn check(&self, policy: &Policy, own: Option<PortId>) -> Result<(), Misuse> {
        policy.check()?;
        self.dids.check(policy.did, own)?;
        for endpoint in policy.services.iter().copied() {
            match self.services.owner(endpoint) {
                Some(by) if Some(by) != own => {
                    return Err(Misuse::EndpointTaken { endpoint, by });
                }
                _ => {}
            }
        }
        match policy.role {
            Role::Mirror(Watch::Ports(watched)) => watched
                .iter()
                .try_for_each(|port| self.known(port).map(|_| ())),
            _ => Ok(()),
        }
    }

    fn enroll(&mut self, id: PortId, policy: Policy) {
        self.dids.hold(policy.did, id);
        for endpoint in &policy.services {
            self.services.join(*endpoint, id);
        }
        if policy.is_mirror() {
            self.mirrors.insert(id);
        } else {
            for nti in policy.ntis.iter() {
                self.domains.entry(nti).or_default().insert(id);
            }
            if policy.isolated {
                self.isolated.insert(id);
            }
        }
        self.policies[id.index()] = Some(policy);
        self.measure();
    }

    fn withdraw(&mut self, id: PortId) -> Result<Policy, Misuse> {
        let slot = self.policies.get_mut(id.index());
        let policy = slot
            .and_then(Option::take)
            .ok_or(Misuse::NoSuchPort { port: id })?;
        self.dids.release(policy.did);
        for endpoint in &policy.services {
            self.services.leave(*endpoint);
        }
        self.mirrors.remove(id);
        self.isolated.remove(id);
        self.domains.retain(|_, members| {
            members.remove(id);
            !members.is_empty()
        });
        self.measure();
        Ok(policy)
    }

    fn measure(&mut self) {
        let mtus = self.policies.iter().flatten().map(|policy| policy.mtu);
        self.smallest_mtu = mtus.min().unwrap_or(0);
    }
}
