//! What a predecessor had becomes an agent's own: judged as if it came from a stranger.

use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use memif::Address;
use memif::unix::{SocketClaim, SocketFile, StreamListener};
use rustix::net::{AddressFamily, sockopt};
use switch::{Did, Endpoint, Entry, Mac, Nti, NtiSet, Policy, PortId, Sep, Svc};

use super::{Agent, Error};
use crate::LARGEST_FRAME;
use crate::client::Client;
use crate::clients::Wire;
use crate::config::{Config, PortConfig, SocketAt};
use crate::counters::PortCounters;
use crate::handover::parcel::check;
use crate::handover::state::{
    AddressState, AgentState, Behind, ClientState, PortState, SocketRole, SocketState,
};
use crate::handover::{HandoverError, os, out_of_range};
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
    pub(super) fn inherit(&mut self, state: &AgentState) {
        let origin = Instant::now().checked_sub(state.uptime);
        self.origin = origin.unwrap_or(self.origin);
        self.reception.restore(state.refusals);
        self.setup.reloads = state.reloads;
        self.captures_started = state.captures;
        self.ports.gone = PortCounters::restore(&state.gone);
        self.switch.restore_statistics((&state.fdb).into());
        // The dids are as the predecessor had them, until the configuration is put into effect.
        let aliases: Vec<_> = self.switch.aliases().map(|(did, _)| did).collect();
        for did in aliases {
            self.switch.remove_alias(did);
        }
        self.setup.aliases.clear();
    }

    /// Listens where the predecessor does.
    pub(super) fn inherit_socket(
        &mut self,
        config: &Config,
        state: SocketState,
        socket: OwnedFd,
    ) -> Result<(), HandoverError> {
        if state.role == SocketRole::Metrics {
            return self.inherit_metrics(&state, socket);
        }
        let role = state.role;
        let Some((at, listener)) = adopt(config, state, &socket)? else {
            return Ok(());
        };
        let reactor = &self.reactor;
        let watched = match role {
            SocketRole::Control => self.desk.listen(reactor, listener),
            _ => self.reception.add(listener, &at.address, |fd, token| {
                reactor.watch_input(fd, token)
            }),
        };
        watched.map_err(|source| HandoverError::Os {
            call: "epoll_ctl",
            source,
        })?;
        match role {
            SocketRole::Control => self.setup.control = Some(at),
            _ => self.setup.doorbells.push(at),
        }
        Ok(())
    }

    fn inherit_metrics(
        &mut self,
        state: &SocketState,
        socket: OwnedFd,
    ) -> Result<(), HandoverError> {
        let address = String::from_utf8_lossy(&state.address.0);
        let address: SocketAddr = address.parse().map_err(out_of_range)?;
        let domain = sockopt::socket_domain(&socket).map_err(os("getsockopt(SO_DOMAIN)"))?;
        let is_internet = matches!(domain, AddressFamily::INET | AddressFamily::INET6);
        if !is_internet || sockopt::socket_acceptconn(&socket) != Ok(true) {
            return Err(out_of_range("a socket for metrics on which nobody listens"));
        }
        let listener = TcpListener::from(socket);
        let heard = self.metrics.listen(&self.reactor, listener);
        heard.map_err(|source| HandoverError::Os {
            call: "epoll_ctl",
            source,
        })?;
        self.setup.metrics = Some(address);
        Ok(())
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

/// The socket, at the address that the configuration or the predecessor has for it. `None` if its file is gone: then
/// nobody can find it anyway.
fn adopt(
    config: &Config,
    state: SocketState,
    socket: &OwnedFd,
) -> Result<Option<(SocketAt, StreamListener)>, HandoverError> {
    let bytes = OsString::from_vec(state.address.0);
    let own = match state.is_abstract {
        true => Address::Abstract(bytes.into_vec()),
        false => Address::Path(PathBuf::from(bytes)),
    };
    let claim = state.claim;
    let claim = claim.map(|(device, inode)| SocketClaim { device, inode });
    let wanted = config.doorbells.iter().chain(&config.control);
    let wanted = wanted.map(|one| &one.address).filter(|one| **one != own);
    for address in [&own].into_iter().chain(wanted) {
        let copy = socket.try_clone().map_err(|source| HandoverError::Os {
            call: "dup",
            source,
        })?;
        if let Ok(Some(listener)) = StreamListener::adopt(copy, address, claim) {
            let file = SocketFile {
                mode: state.mode,
                owner: state.owner,
                backlog: state.backlog,
            };
            let address = address.clone();
            return Ok(Some((SocketAt { address, file }, listener)));
        }
    }
    tracing::warn!(address = %own, "the socket of the predecessor is not there any more");
    Ok(None)
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
