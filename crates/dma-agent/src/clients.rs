//! Which ports are clients', and of whom.

use std::collections::BTreeMap;
use std::fmt;

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
    pub(crate) wire: Wire,
}

/// How a client exchanges frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// By descriptor sockets, as everybody can.
    Sockets,
    /// By rings, as our own can.
    Rings,
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Wire::Sockets => "sockets",
            Wire::Rings => "rings",
        })
    }
}

impl Clients {
    pub(crate) fn note(
        &mut self,
        id: PortId,
        who: Credentials,
        bytes: u64,
        service_name: String,
        wire: Wire,
    ) {
        let one = One {
            who,
            bytes,
            service_name,
            wire,
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

    /// The clients of a user.
    pub(crate) fn ids_of(&self, uid: u32) -> impl Iterator<Item = PortId> + '_ {
        let own = self.0.iter().filter(move |(_, one)| one.who.uid == uid);
        own.map(|(id, _)| *id)
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
