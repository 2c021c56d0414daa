//! The switch as its owner sees it: ports, aliases and the table, which may all change while frames flow.

use core::fmt;
use core::time::Duration;

use crate::dids::Alias;
use crate::fdb::{Fdb, seen_before};
use crate::hash::Seed;
use crate::ports::Ports;
use crate::slot::Key;
use crate::{
    Did, Entry, Flush, Mac, Misuse, Policy, PortId, Refusal, Sep, Settings, Statistics, Svc,
};

/// Decides where frames go. It has no thread, no descriptor and no clock: one owner asks it frame by frame.
///
/// A `now` is a time since an origin of the owner's choosing, always the same and never going back.
pub struct Switch {
    pub(crate) ports: Ports,
    pub(crate) fdb: Fdb,
    pub(crate) seed: Seed,
    /// Link-local groups that are flooded, by number.
    pub(crate) flooded_groups: u16,
}

impl Switch {
    /// A switch without ports. `random` is a number that tenants cannot guess: it keeps them from choosing addresses
    /// that make look-ups slow. With the same one, flows keep the members of services that they had.
    pub fn new(settings: Settings, random: u64) -> Switch {
        let seed = Seed::new(random);
        Switch {
            ports: Ports::default(),
            fdb: Fdb::new(settings, seed),
            seed,
            flooded_groups: 0,
        }
    }

    /// Adds a port, at the lowest number that is free.
    ///
    /// # Errors
    /// [`Misuse`] says what is wrong with the policy, or in conflict with another port's.
    pub fn add_port(&mut self, policy: Policy) -> Result<PortId, Misuse> {
        self.ports.add(policy)
    }

    /// Gives a port another policy, and returns the one it had. Its addresses stay known, except in the domains that
    /// it leaves; when it has more of them than the new cap, it learns no others until enough have aged.
    ///
    /// # Errors
    /// [`Misuse`], and then nothing has changed.
    pub fn replace_policy(&mut self, port: PortId, policy: Policy) -> Result<Policy, Misuse> {
        let ntis = policy.ntis;
        let is_mirror = policy.is_mirror();
        let old = self.ports.replace(port, policy)?;
        if is_mirror || !ntis.covers(&old.ntis) {
            self.fdb
                .flush(|key, at| at == port && (is_mirror || !ntis.contains(key.nti())));
        }
        Ok(old)
    }

    /// Removes a port with its addresses and the aliases for it. Its number may be given to the next port that comes:
    /// what is still queued for it must go first.
    ///
    /// # Errors
    /// [`Misuse::NoSuchPort`].
    pub fn remove_port(&mut self, port: PortId) -> Result<Policy, Misuse> {
        let policy = self.ports.remove(port)?;
        self.flush(Flush::Port(port));
        Ok(policy)
    }

    /// A port's policy.
    pub fn policy(&self, port: PortId) -> Option<&Policy> {
        self.ports.get(port)
    }

    /// All ports, by ascending number.
    pub fn ports(&self) -> impl Iterator<Item = (PortId, &Policy)> {
        self.ports.iter()
    }

    /// The port whose did this is.
    pub fn port_by_did(&self, did: Did) -> Option<PortId> {
        self.ports.dids.port(did)
    }

    /// The lowest sep of a service that no port has: what a client that registers for it gets. `None` when the
    /// service has its fifteen members.
    pub fn free_sep(&self, svc: Svc) -> Option<Sep> {
        self.ports.services.free_sep(svc)
    }

    /// Makes a did mean something that is no port's own, or something else than before.
    ///
    /// # Errors
    /// [`Misuse::DidTaken`] if a port has the did, [`Misuse::NoSuchPort`] for an alias for no port.
    pub fn set_alias(&mut self, did: Did, alias: Alias) -> Result<(), Misuse> {
        if let Alias::Port(port) = alias {
            self.ports.known(port)?;
        }
        self.ports.dids.set_alias(did, alias)
    }

    /// Takes an alias away, and returns what it meant.
    pub fn remove_alias(&mut self, did: Did) -> Option<Alias> {
        self.ports.dids.remove_alias(did)
    }

    /// All aliases, by ascending did.
    pub fn aliases(&self) -> impl Iterator<Item = (Did, Alias)> + '_ {
        self.ports.dids.aliases()
    }

    /// How large the table is and how long it remembers.
    pub fn settings(&self) -> Settings {
        self.fdb.settings()
    }

    /// Changes the table's limits. Nothing is forgotten for being more than the new capacity; nothing comes in until
    /// enough has aged.
    pub fn change_settings(&mut self, settings: Settings) {
        self.fdb.change(settings);
    }

    /// The addresses that count at `now`, in no order.
    pub fn entries(&self, now: Duration) -> impl Iterator<Item = Entry> + '_ {
        self.fdb.entries(now)
    }

    /// Puts an address in that another switch knew: what [`Switch::entries`] of that one said, with the port that it is
    /// behind here. An address that is known already stays as it is. Counted as nothing.
    ///
    /// # Errors
    /// [`Refusal`]: as if a frame had come from there. A port that does not exist, or is not in the domain, has no
    /// hosts.
    pub fn restore(&mut self, entry: Entry, now: Duration) -> Result<(), Refusal> {
        let Entry { nti, vlan, mac, .. } = entry;
        let policy = self.ports.get(entry.port).ok_or(Refusal::NotAHost)?;
        let is_outside = policy.is_mirror() || !policy.ntis.contains(nti);
        if is_outside || mac.is_group() || mac == Mac::ZERO {
            return Err(Refusal::NotAHost);
        }
        let place = seen_before(entry.port, now, entry.age);
        let cap = policy.learn_cap;
        self.fdb.restore(Key::new(nti, vlan, mac), place, cap)
    }

    /// Counts on from what another switch has counted. The number of entries stays that of this table.
    pub fn restore_statistics(&mut self, statistics: Statistics) {
        self.fdb.restore_statistics(statistics);
    }

    /// How many addresses are kept for a port, also those that are too old and not removed yet: what its cap bounds.
    pub fn addresses_behind(&self, port: PortId) -> usize {
        self.fdb.behind(port)
    }

    /// Forgets addresses, and returns how many. Takes one pass over the table.
    pub fn flush(&mut self, what: Flush) -> usize {
        self.fdb.flush(|key, port| match what {
            Flush::All => true,
            Flush::Port(wanted) => port == wanted,
            Flush::Nti(wanted) => key.nti() == wanted,
            Flush::Mac(wanted) => key.mac() == wanted,
        })
    }

    /// Removes addresses that are too old, looking at `slots` slots of the table and going on there the next time;
    /// returns how many. Such addresses are not found anyway, but count for the caps until they are removed. There
    /// are two to four slots for each address of the capacity.
    pub fn age(&mut self, now: Duration, slots: usize) -> usize {
        self.fdb.age(now, slots)
    }

    /// What has happened in the table.
    pub fn statistics(&self) -> Statistics {
        self.fdb.statistics()
    }
}

impl fmt::Debug for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switch")
            .field("ports", &self.ports().count())
            .field("settings", &self.settings())
            .field("statistics", &self.statistics())
            .finish_non_exhaustive()
    }
}
