//! What a predecessor had becomes an agent's own: judged as if it came from a stranger.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use switch::{Did, Endpoint, Entry, Mac, Nti, NtiSet, Policy, PortId, Sep, Svc};

use super::{Agent, Error};
use crate::LARGEST_FRAME;
use crate::client::Client;
use crate::clients::Wire;
use crate::config::{Config, PortConfig};
use crate::counters::PortCounters;
use crate::handover::parcel::check;
use crate::handover::state::{AddressState, AgentState, Behind, ClientState, PortState};
use crate::handover::{HandoverError, out_of_range};
use crate::lost::Absent;
use crate::tap::Tap;

/// Ranges of domains that one port can have: every other one.
const MOST_RANGES: usize = 2048;

/// A configured port that is there already, except for what is behind it.
#[derive(Debug)]
pub(super) struct Vacant {
    pub(super) name: String,
    pub(super) id: PortId,
    /// What a predecessor had behind it, if that can be passed on.
    pub(super) tap: Option<Tap>,
}

impl Agent {
    /// Goes on with the clock and the counters.
    pub(super) fn inherit(&mut self, config: &Config, state: &AgentState) {
        let origin = Instant::now().checked_sub(state.uptime);
        self.origin = origin.unwrap_or(self.origin);
        self.reception.restore(state.refusals);
        self.setup.reloads = state.reloads;
        self.captures_started = state.captures;
        self.ports.gone = PortCounters::restore(&state.gone);
        self.switch.restore_statistics((&state.fdb).into());
        // The dids are as the predecessor had them, until the configuration is put into effect: with its aliases.
        let aliases: Vec<_> = self.switch.aliases().map(|(did, _)| did).collect();
        for did in aliases {
            self.switch.remove_alias(did);
        }
        self.setup.aliases.clone_from(&config.aliases);
    }

    /// Makes a port of what the predecessor had as one. Its number here, and whether something is to be put behind it.
    pub(super) fn inherit_port(
        &mut self,
        config: &Config,
        state: PortState,
        descriptors: Vec<OwnedFd>,
    ) -> Result<(Option<PortId>, Option<Vacant>), HandoverError> {
        let policy = policy(&state)?;
        let counters = PortCounters::restore(&state.counters);
        let (name, is_mirror) = (state.name, state.is_mirror);
        let (id, vacant) = match state.behind {
            Behind::Client(client) => {
                let id = self.inherit_client(&name, policy, *client, descriptors)?;
                (id, None)
            }
            behind => match config.ports.iter().find(|port| port.name == name) {
                None => (None, None),
                Some(port) => {
                    let tap = match behind {
                        Behind::Tap => Some(inherit_tap(descriptors)?),
                        _ => None,
                    };
                    let id = self.enter_port(&name, policy, absent(port));
                    let id = id.map_err(refused)?;
                    (Some(id), Some(Vacant { name, id, tap }))
                }
            },
        };
        match id.and_then(|id| self.ports.get_mut(id)) {
            Some(port) => port.counters = counters,
            None if is_mirror => {}
            None => self.ports.gone.merge(&counters),
        }
        Ok((id, vacant))
    }

    /// `None` for a client that has only itself to blame.
    fn inherit_client(
        &mut self,
        name: &str,
        mut policy: Policy,
        state: ClientState,
        descriptors: Vec<OwnedFd>,
    ) -> Result<Option<PortId>, HandoverError> {
        let svc = Svc::new(state.svc).map_err(out_of_range)?;
        let sep = Sep::new(state.sep).map_err(out_of_range)?;
        policy.services = vec![Endpoint { svc, sep }];
        let (service_name, bytes) = (state.service_name.clone(), state.length);
        let (client, who) = match Client::inherit(state, descriptors) {
            Ok(both) => both,
            Err(error) if error.is_clients() => {
                tracing::warn!(port = name, reason = %error, "client not taken over");
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let id = self.enter_port(name, policy, Box::new(client));
        let id = id.map_err(refused)?;
        self.busy(id);
        self.clients
            .note(id, who, bytes, service_name, Wire::Sockets);
        Ok(Some(id))
    }

    /// Knows what the predecessor knew. `ports` are the numbers here of those that were handed over.
    pub(super) fn inherit_addresses(
        &mut self,
        ports: &[Option<PortId>],
        addresses: &[AddressState],
    ) -> Result<(), HandoverError> {
        let now = self.origin.elapsed();
        for address in addresses {
            let port = ports.get(address.port);
            let port =
                port.ok_or_else(|| out_of_range("an address of a port that is not there"))?;
            let Some(port) = *port else {
                continue;
            };
            let entry = Entry {
                nti: domain(address.nti)?,
                vlan: address.vlan,
                mac: Mac(address.mac),
                port,
                age: Duration::from_millis(address.age),
            };
            // What there is no room for any more is learned anew.
            let _ = self.switch.restore(entry, now);
        }
        Ok(())
    }
}

/// What is behind a port until the predecessor has let go of it.
fn absent(port: &PortConfig) -> Box<Absent> {
    Box::new(Absent {
        kind: port.device.kind(),
        largest: LARGEST_FRAME,
    })
}

fn inherit_tap(descriptors: Vec<OwnedFd>) -> Result<Tap, HandoverError> {
    let (got, due) = (descriptors.len(), 1);
    let [tun] = <[OwnedFd; 1]>::try_from(descriptors)
        .map_err(|_| HandoverError::Descriptors { got, due })?;
    Tap::inherit(tun).map_err(out_of_range)
}

fn policy(state: &PortState) -> Result<Policy, HandoverError> {
    let mut policy = Policy::new(Did::new(state.did).map_err(out_of_range)?);
    policy.default_nti = domain(state.nti)?;
    policy.ntis = domains(&state.ntis)?;
    policy.mtu = state.mtu;
    policy.isolated = state.isolated;
    policy.learn_cap = state.learn_cap;
    Ok(policy)
}

fn domains(ranges: &[(u16, u16)]) -> Result<NtiSet, HandoverError> {
    check("ranges of domains", ranges.len(), MOST_RANGES)?;
    let mut set = NtiSet::EMPTY;
    for raw in ranges.iter().flat_map(|(first, last)| *first..=*last) {
        set.insert(domain(raw)?);
    }
    Ok(set)
}

fn domain(raw: u16) -> Result<Nti, HandoverError> {
    Nti::new(raw).map_err(out_of_range)
}

fn refused(error: Error) -> HandoverError {
    out_of_range(error)
}
