//! Which ports are clients', and of whom.

use std::collections::BTreeMap;

use memif::Credentials;
use switch::PortId;

use crate::admission::Census;

/// The clients there are.
#[derive(Debug, Default)]
pub(crate) struct Clients(BTreeMap<PortId, One>);

#[derive(Debug)]
struct One {
    who: Credentials,
    bytes: u64,
}

impl Clients {
    pub(crate) fn note(&mut self, id: PortId, who: Credentials, bytes: u64) {
        self.0.insert(id, One { who, bytes });
    }

    pub(crate) fn forget(&mut self, id: PortId) {
        self.0.remove(&id);
    }

    pub(crate) fn who(&self, id: PortId) -> Option<Credentials> {
        self.0.get(&id).map(|one| one.who)
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
