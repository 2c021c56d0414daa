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
use crate::device::{Device, Gone, News, Source};
use crate::forward::Forwarding;
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
/// Table slots looked at for old addresses in each turn that has time for it.
const AGE_SLOTS: usize = 256;
/// How often there is time for it at least.
const HOUSEKEEPING: Duration = Duration::from_millis(500);

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

    /// Does what there is to do, waiting for it at most for `timeout`, `None` being for ever. One step of a loop.
    ///
    /// # Errors
    /// [`Error::Os`] when waiting itself does not work.
    pub fn turn(&mut self, timeout: Option<Duration>) -> Result<(), Error> {
        let timeout = self.patience(timeout);
        let mut news = std::mem::take(&mut self.news);
        let waited = self.reactor.wait(timeout, &mut news);
        waited.map_err(os("epoll_wait"))?;
        let now = self.origin.elapsed();
        for happening in news.drain(..) {
            self.notice(happening, now);
        }
        self.news = news;
        while let Some(id) = self.naps.pop(now) {
            self.busy(id);
        }
        self.serve(now);
        self.flush();
        self.attend(now);
        if now >= self.next_housekeeping {
            self.next_housekeeping = now + HOUSEKEEPING;
            self.switch.age(now, AGE_SLOTS);
            self.reception.expire(now);
            if self.heir.is_none() {
                self.reception.retry(&self.reactor);
            }
            self.dismiss(now);
            self.revive(now);
        }
        Ok(())
    }

    fn is_mirror(&self, id: PortId) -> bool {
        self.switch.policy(id).is_some_and(Policy::is_mirror)
    }

    fn patience(&self, timeout: Option<Duration>) -> Duration {
        if !self.busy.is_empty() || !self.others.is_empty() {
            return Duration::ZERO;
        }
        let now = self.origin.elapsed();
        let nap = self.naps.next().map(|due| due.saturating_sub(now));
        let nap = nap.unwrap_or(HOUSEKEEPING).min(HOUSEKEEPING);
        timeout.map_or(nap, |timeout| timeout.min(nap))
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

    fn notice(&mut self, happening: Happening, now: Duration) {
        match happening.token {
            Token::Port(index, source) => self.notice_port(index, Source(source), happening.ended),
            Token::Doorbell(index) => self.reception.answer(index, now, &self.reactor),
            Token::Visitor(index) => {
                if let Some((visitor, registration)) = self.reception.listen(index) {
                    self.admit(visitor, &registration);
                }
            }
            Token::Other(number) => self.others.push((number, happening.ended)),
        }
    }

    fn notice_port(&mut self, index: u32, source: Source, ended: bool) {
        let Some(port) = self.ports.at_index(index as usize) else {
            return; // it went in this very turn
        };
        if let Some(device) = &mut port.device {
            device.notice(News { source, ended });
        }
        let id = port.id;
        self.busy(id);
    }

    /// This port may have frames.
    fn busy(&mut self, id: PortId) {
        if let Some(port) = self.ports.get_mut(id)
            && !std::mem::replace(&mut port.is_busy, true)
        {
            self.busy.push(id);
        }
    }

    /// Lets every port that may have frames hand over some.
    fn serve(&mut self, now: Duration) {
        let mut busy = std::mem::take(&mut self.busy);
        for id in busy.drain(..) {
            match self.receive(id, now) {
                Ok(true) => self.busy.push(id),
                Ok(false) => {}
                Err(gone) => self.part_with(id, &gone),
            }
        }
        if self.busy.is_empty() {
            self.busy = busy; // keeps its memory
        }
    }

    fn receive(&mut self, id: PortId, now: Duration) -> Result<bool, Gone> {
        let Some(port) = self.ports.get_mut(id) else {
            return Ok(false);
        };
        let Some(mut device) = port.device.take() else {
            return Ok(false);
        };
        port.is_busy = false;
        if !std::mem::replace(&mut port.is_dirty, true) {
            self.dirty.push(id); // completions, at least
        }
        let more = device.receive(&mut Forwarding {
            switch: &mut self.switch,
            ports: &mut self.ports,
            dirty: &mut self.dirty,
            from: id,
            now,
        });
        let more_by_time = match &more {
            Ok(false) => device.look_again().map(|nap| now.saturating_add(nap)),
            _ => None,
        };
        self.naps.set(id, more_by_time);
        if let Some(port) = self.ports.get_mut(id) {
            port.device = Some(device);
            port.is_busy = matches!(more, Ok(true));
        }
        more
    }

    fn flush(&mut self) {
        let mut dirty = std::mem::take(&mut self.dirty);
        for id in dirty.drain(..) {
            let Some(port) = self.ports.get_mut(id) else {
                continue;
            };
            port.is_dirty = false;
            let flushed = port.device.as_mut().map_or(Ok(()), |device| device.flush());
            if let Err(gone) = flushed {
                self.part_with(id, &gone);
            }
        }
        self.dirty = dirty;
    }
}

/// For `map_err`: this call failed.
fn os(call: &'static str) -> impl FnOnce(std::io::Error) -> Error {
    move |source| Error::Os { call, source }
}
