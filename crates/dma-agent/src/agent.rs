//! The agent: ports, the switch between them, and the doorbells by which clients come.

mod admit;
mod answer;
mod attend;
mod bequeath;
mod estate;
mod hand_over;
mod heir;
mod inherit;
mod inherit_sockets;
mod inspect;
mod plan;
mod policies;
mod reload;
mod revive;
mod sockets;
mod take_over;
mod turn;
mod upgrade;
mod views;

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use memif::Address;
use memif::unix::{SocketFile, StreamListener};
use switch::{Alias, Did, Misuse, Policy, PortId, Settings, Switch};

pub use inspect::PortView;
pub use take_over::TakeOverError;
pub use upgrade::Program;

use crate::admission::Admission;
use crate::clients::Clients;
use crate::control::desk::Desk;
use crate::device::{Device, Source};
use crate::metrics::Metrics;
use crate::naps::Naps;
use crate::ports::Ports;
use crate::reactor::{Happening, Reactor, Token};
use crate::reception::Reception;
use crate::schedule::Scheduling;
use crate::setup::Setup;

/// The did that existing tenants direct everything to, meaning: to whom it may concern.
const LEARN_DID: u16 = 4;
/// The first did that is given to a port without one of its own.
const FIRST_DID: u16 = 16;

/// Why the agent does not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A doorbell could not be made.
    #[error("{0}")]
    Bind(#[from] memif::BindError),
    /// A port contradicts the others.
    #[error("port {name}: {source}")]
    Port {
        /// The port.
        name: String,
        /// Why.
        source: Misuse,
    },
    /// The system refused.
    #[error("{call} failed: {source}")]
    Os {
        /// The call.
        call: &'static str,
        /// Its error.
        source: std::io::Error,
    },
}

/// Everything of a DMA Agent, driven by one thread.
///
/// A program calls [`Agent::turn`] again and again. Clients share files that they can truncate: call
/// [`memif::sigbus::contain`] before.
#[derive(Debug)]
pub struct Agent {
    reactor: Reactor,
    switch: Switch,
    ports: Ports,
    clients: Clients,
    reception: Reception,
    /// Ports that were given frames in this turn.
    dirty: Vec<PortId>,
    /// Ports that have frames without further news.
    busy: Vec<PortId>,
    /// Ports that have asked to be looked at again.
    naps: Naps,
    setup: Setup,
    desk: Desk,
    metrics: Metrics,
    /// News of those who are no clients: whose, and whether it is the end.
    others: Vec<(u32, bool)>,
    /// Captures there are, and were.
    captures: usize,
    captures_started: u64,
    /// Who wants to take over.
    heir: Option<heir::Heir>,
    upgrade: upgrade::Upgrade,
    /// The number that clients cannot guess.
    random: u64,
    /// News of this turn.
    news: Vec<Happening>,
    origin: Instant,
    next_housekeeping: Duration,
}

impl Agent {
    /// An agent without ports and doorbells. `random` is a number that clients cannot guess.
    ///
    /// # Errors
    /// [`Error::Os`].
    pub fn new(admission: Admission, settings: Settings, random: u64) -> Result<Self, Error> {
        let mut switch = Switch::new(settings, random);
        if let Ok(did) = Did::new(LEARN_DID) {
            // The first entry of an empty table is in nobody's way.
            let _ = switch.set_alias(did, Alias::Learn);
        }
        Ok(Self {
            reactor: Reactor::new().map_err(os("epoll_create1"))?,
            switch,
            ports: Ports::default(),
            clients: Clients::default(),
            reception: Reception::new(admission),
            dirty: Vec::new(),
            busy: Vec::new(),
            naps: Naps::default(),
            setup: Setup::new(),
            desk: Desk::default(),
            metrics: Metrics::default(),
            others: Vec::new(),
            captures: 0,
            captures_started: 0,
            heir: None,
            upgrade: upgrade::Upgrade::default(),
            random,
            news: Vec::new(),
            origin: Instant::now(),
            next_housekeeping: Duration::ZERO,
        })
    }

    /// Has clients come by another doorbell.
    ///
    /// # Errors
    /// [`Error::Bind`], [`Error::Os`].
    pub fn listen(&mut self, address: &Address, file: &SocketFile) -> Result<(), Error> {
        let listener = StreamListener::bind(address, file)?;
        let reactor = &self.reactor;
        self.reception
            .add(listener, address, |fd, token| {
                reactor.watch_input(fd, token)
            })
            .map_err(os("epoll_ctl"))
    }

    /// Adds a port. Without a did in its policy (0) it gets one that is free.
    ///
    /// # Errors
    /// [`Error::Port`], [`Error::Os`].
    pub fn add_port(
        &mut self,
        name: &str,
        mut policy: Policy,
        device: Box<dyn Device>,
    ) -> Result<PortId, Error> {
        if policy.did.raw() == 0 {
            policy.did = self.free_did();
        }
        self.enter_port(name, policy, device)
    }

    /// Adds a port with the did that it has.
    fn enter_port(
        &mut self,
        name: &str,
        policy: Policy,
        mut device: Box<dyn Device>,
    ) -> Result<PortId, Error> {
        device.schedule_by(self.setup.scheduling);
        let added = self
            .ports
            .add(&mut self.switch, policy, name.to_owned(), device);
        let id = added.map_err(|source| Error::Port {
            name: name.to_owned(),
            source,
        })?;
        if let Err(error) = self.watch(id) {
            self.remove_port(id, "it cannot be watched");
            return Err(os("epoll_ctl")(error));
        }
        self.busy(id);
        Ok(id)
    }

    /// Has all ports, those that come later among them, share between classes of frames in this way.
    pub fn schedule_by(&mut self, scheduling: Scheduling) {
        self.setup.scheduling = scheduling;
        self.ports.schedule_by(scheduling);
    }

    /// Removes a port.
    pub fn remove_port(&mut self, id: PortId, why: &str) {
        // Closing its descriptors ends the watching.
        if let Some(port) = self.ports.remove(id, self.is_mirror(id)) {
            tracing::info!(port = port.name, why, "port removed");
        }
        self.clients.forget(id);
        self.setup.forget(id);
        self.naps.set(id, None);
        // The switch knows every port there was.
        let _ = self.switch.remove_port(id);
    }

    fn is_mirror(&self, id: PortId) -> bool {
        self.switch.policy(id).is_some_and(Policy::is_mirror)
    }

    fn watch(&self, id: PortId) -> std::io::Result<()> {
        let device = self.ports.get(id).and_then(|port| port.device.as_ref());
        device.map_or(Ok(()), |device| self.watch_device(id, device.as_ref()))
    }

    fn watch_device(&self, id: PortId, device: &dyn Device) -> std::io::Result<()> {
        let index = u32::try_from(id.index()).unwrap_or(u32::MAX);
        device.watch(&mut |source: Source, fd: BorrowedFd<'_>| {
            self.reactor.watch_changes(fd, Token::Port(index, source.0))
        })
    }

    /// This port may have frames.
    fn busy(&mut self, id: PortId) {
        if let Some(port) = self.ports.get_mut(id)
            && !std::mem::replace(&mut port.is_busy, true)
        {
            self.busy.push(id);
        }
    }
}

/// For `map_err`: this call failed.
fn os(call: &'static str) -> impl FnOnce(std::io::Error) -> Error {
    move |source| Error::Os { call, source }
}
