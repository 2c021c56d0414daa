//! Which ports are clients', and of whom.

use std::collections::BTreeMap;

use memif::Credentials;
use switch::PortId;

use crate::admission::Census;

/// The clients there are.
#[derive(Debug, Default)]
pub(crate) struct Clients(BTreeMap<PortId, One>);

#[derive(Debug)]
pub(crate) struct One {
    pub(crate) who: Credentials,
    pub(crate) bytes: u64,
    /// As it registered.
    pub(crate) service_name: String,
}

impl Clients {
    pub(crate) fn note(&mut self, id: PortId, who: Credentials, bytes: u64, service_name: String) {
        let one = One {
            who,
            bytes,
            service_name,
        };
        self.0.insert(id, one);
    }

    pub(crate) fn forget(&mut self, id: PortId) {
        self.0.remove(&id);
    }

    pub(crate) fn who(&self, id: PortId) -> Option<Credentials> {
        self.0.get(&id).map(|one| one.who)
    }

    pub(crate) fn get(&self, id: PortId) -> Option<&One> {
        self.0.get(&id)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = PortId> + '_ {
        self.0.keys().copied()
    }

    /// What this user has.
    pub(crate) fn census(&self, uid: u32) -> Census {
        let own = self.0.values().filter(|one| one.who.uid == uid);
        own.fold(Census::default(), |sum, one| Census {
            clients: sum.clients + 1,
            bytes: sum.bytes.saturating_add(one.bytes),
        })
    }
}
