//! What has to happen for a configuration to hold: found out, and made ready, before anything is touched.

use std::collections::BTreeSet;
use std::io;
use std::net::{SocketAddr, TcpListener};

use memif::unix::StreamListener;

use super::Agent;
use crate::config::{Config, PortConfig, SocketAt, places};
use crate::device::Device;
use crate::setup::SetupError;

/// What a configuration changes of the ports, with what is new already open.
#[derive(Debug)]
pub(super) struct Ports {
    pub(super) steps: Vec<Step>,
    pub(super) gone: Vec<String>,
}

/// What it changes of the sockets that the agent listens on, likewise.
#[derive(Debug)]
pub(super) struct Sockets {
    pub(super) doorbells: Vec<(SocketAt, StreamListener)>,
    pub(super) gone_doorbells: Vec<SocketAt>,
    /// With another mode or owner: they can only be made when the old ones are gone.
    pub(super) remade_doorbells: Vec<SocketAt>,
    pub(super) control: Socket<SocketAt, StreamListener>,
    pub(super) metrics: Socket<SocketAddr, TcpListener>,
}

/// What becomes of one configured port.
#[derive(Debug)]
pub(super) enum Step {
    /// It is new.
    Add(PortConfig, Box<dyn Device>),
    /// It is there, under this name.
    Keep(String, PortConfig),
    /// What is behind it is something else. `None`: it can only be opened when the old one is gone.
    Replace(PortConfig, Option<Box<dyn Device>>),
}

/// What becomes of a socket of which there is at most one.
#[derive(Debug)]
pub(super) enum Socket<At, Listener> {
    Keep,
    Drop,
    Listen(At, Listener),
    /// At the same address, otherwise: it can only be made when the old one is gone.
    Remake(At),
    /// As it is not needed, it is done without.
    Without(String),
}

impl Agent {
    /// Opens all that is new. When this fails, nothing has changed.
    pub(super) fn plan(&mut self, config: &Config) -> Result<(Ports, Sockets), SetupError> {
        let steps = config.ports.iter();
        let steps = steps.map(|port| self.step(config, port));
        let steps = steps.collect::<Result<_, _>>()?;
        Ok((self.plan_ports(steps), self.plan_sockets(config)?))
    }

    /// Whoever is there and has no step goes.
    pub(super) fn plan_ports(&self, steps: Vec<Step>) -> Ports {
        let kept: BTreeSet<_> = steps.iter().map(Step::present).collect();
        let there = self.setup.ports.keys();
        let gone = there.filter(|name| !kept.contains(name.as_str()));
        let gone = gone.cloned().collect();
        Ports { steps, gone }
    }

    /// Binds the sockets that are new.
    pub(super) fn plan_sockets(&self, config: &Config) -> Result<Sockets, SetupError> {
        let wanted = doorbells(config)?;
        let had = |socket: &SocketAt| {
            let mut doorbells = self.setup.doorbells.iter();
            doorbells.find(|one| one.address == socket.address)
        };
        let wants = |socket: &&SocketAt| wanted.iter().all(|one| one.address != socket.address);
        Ok(Sockets {
            gone_doorbells: self.setup.doorbells.iter().filter(wants).cloned().collect(),
            remade_doorbells: wanted
                .iter()
                .filter(|socket| had(socket).is_some_and(|old| old != *socket))
                .cloned()
                .collect(),
            doorbells: wanted
                .iter()
                .filter(|socket| had(socket).is_none())
                .map(bound)
                .collect::<Result<_, _>>()?,
            control: self.plan_control(config)?,
            metrics: self.plan_metrics(config)?,
        })
    }

    /// What becomes of one port; opens what is new behind it.
    pub(super) fn step(&mut self, config: &Config, port: &PortConfig) -> Result<Step, SetupError> {
        if let Some(placed) = self.setup.ports.get(&port.name) {
            let is_same = placed.config.device == port.device;
            let is_lost = self.setup.lost.why(placed.id).is_some();
            if is_same && !is_lost {
                return Ok(Step::Keep(port.name.clone(), port.clone()));
            }
            let device = self.setup.listeners.open(port).ok();
            return Ok(match is_same && device.is_none() {
                true => Step::Keep(port.name.clone(), port.clone()), // and goes on being tried
                false => Step::Replace(port.clone(), device),
            });
        }
        let stays = |name: &str| config.ports.iter().any(|port| port.name == name);
        let renamed = self.setup.same_device(&port.device);
        if let Some(name) = renamed.filter(|name| !stays(name)) {
            return Ok(Step::Keep(name.to_owned(), port.clone()));
        }
        let device = self.setup.listeners.open(port);
        let device = device.map_err(|source| SetupError::Open {
            name: port.name.clone(),
            source,
        })?;
        Ok(Step::Add(port.clone(), device))
    }

    fn plan_control(
        &self,
        config: &Config,
    ) -> Result<Socket<SocketAt, StreamListener>, SetupError> {
        let usual = || places::control().map(SocketAt::new);
        let Some(socket) = config.control.clone().or_else(usual) else {
            return Ok(Socket::Without("XDG_RUNTIME_DIR is not set".to_owned()));
        };
        if self.setup.control.as_ref() == Some(&socket) {
            return Ok(Socket::Keep);
        }
        let old = self.setup.control.as_ref();
        if old.is_some_and(|old| old.address == socket.address) {
            return Ok(Socket::Remake(socket));
        }
        match StreamListener::bind(&socket.address, &socket.file) {
            Ok(listener) => Ok(Socket::Listen(socket, listener)),
            Err(error) if config.control.is_none() => Ok(Socket::Without(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    fn plan_metrics(&self, config: &Config) -> Result<Socket<SocketAddr, TcpListener>, SetupError> {
        match config.metrics {
            same if same == self.setup.metrics => Ok(Socket::Keep),
            None => Ok(Socket::Drop),
            Some(address) => match listen(address) {
                Ok(listener) => Ok(Socket::Listen(address, listener)),
                Err(source) => Err(SetupError::Metrics { address, source }),
            },
        }
    }
}

impl Step {
    /// The name that the port has now, if it is there.
    fn present(&self) -> &str {
        match self {
            Step::Add(..) => "",
            Step::Keep(name, _) => name,
            Step::Replace(port, _) => &port.name,
        }
    }
}

fn doorbells(config: &Config) -> Result<Vec<SocketAt>, SetupError> {
    if !config.doorbells.is_empty() {
        return Ok(config.doorbells.clone());
    }
    let usual = places::doorbell().ok_or(SetupError::NoPlace)?;
    Ok(vec![SocketAt::new(usual)])
}

fn bound(socket: &SocketAt) -> Result<(SocketAt, StreamListener), SetupError> {
    let listener = StreamListener::bind(&socket.address, &socket.file)?;
    Ok((socket.clone(), listener))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
