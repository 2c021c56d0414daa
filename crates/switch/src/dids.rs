//! What the dids of directed frames stand for: ports and aliases.

use alloc::collections::BTreeMap;

use crate::{Did, Misuse, PortId, Svc};

/// What a did means that is no port's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alias {
    /// The frame is not directed after all: it is learned from and looked up.
    Learn,
    /// The frame goes to this port, as if it had said the port's own did.
    Port(PortId),
    /// The frame goes to an owner of the service it names, on whichever port.
    Owners,
    /// The frame goes to an owner of this service, whatever service it names.
    Service(Svc),
}

/// Who has a did.
#[derive(Clone, Copy)]
enum Holder {
    Port(PortId),
    Alias(Alias),
}

/// All dids in use, each held once.
#[derive(Default)]
pub(crate) struct Dids(BTreeMap<Did, Holder>);

impl Dids {
    /// What `did` stands for, a port's own like an alias for that port.
    pub(crate) fn meaning(&self, did: Did) -> Option<Alias> {
        self.0.get(&did).map(|holder| match holder {
            Holder::Port(port) => Alias::Port(*port),
            Holder::Alias(alias) => *alias,
        })
    }

    /// The port whose own did it is.
    pub(crate) fn port(&self, did: Did) -> Option<PortId> {
        match self.0.get(&did) {
            Some(Holder::Port(port)) => Some(*port),
            _ => None,
        }
    }

    /// Whether `port` may have `did`: because it is free, or its own already.
    pub(crate) fn check(&self, did: Did, port: Option<PortId>) -> Result<(), Misuse> {
        match self.0.get(&did) {
            Some(Holder::Port(by)) if Some(*by) != port => Err(Misuse::DidTaken { did, by: *by }),
            Some(Holder::Alias(_)) => Err(Misuse::DidIsAlias { did }),
            _ => Ok(()),
        }
    }

    pub(crate) fn hold(&mut self, did: Did, port: PortId) {
        self.0.insert(did, Holder::Port(port));
    }

    pub(crate) fn release(&mut self, did: Did) {
        self.0.remove(&did);
    }

    /// Sets or replaces an alias.
    pub(crate) fn set_alias(&mut self, did: Did, alias: Alias) -> Result<(), Misuse> {
        match self.port(did) {
            Some(by) => Err(Misuse::DidTaken { did, by }),
            None => {
                self.0.insert(did, Holder::Alias(alias));
                Ok(())
            }
        }
    }

    pub(crate) fn remove_alias(&mut self, did: Did) -> Option<Alias> {
        match self.0.get(&did) {
            Some(Holder::Alias(alias)) => {
                let alias = *alias;
                self.release(did);
                Some(alias)
            }
            _ => None,
        }
    }

    /// Forgets the aliases for a port that goes: its number may soon be another's.
    pub(crate) fn remove_aliases_for(&mut self, port: PortId) {
        self.0.retain(
            |_, holder| !matches!(holder, Holder::Alias(Alias::Port(target)) if *target == port),
        );
    }

    pub(crate) fn aliases(&self) -> impl Iterator<Item = (Did, Alias)> + '_ {
        self.0.iter().filter_map(|(did, holder)| match holder {
            Holder::Alias(alias) => Some((*did, *alias)),
            Holder::Port(_) => None,
        })
    }
}
