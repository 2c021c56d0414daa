//! The successor's side of a handover: everything is opened and judged before it says *taken*.

use std::io;
use std::time::Duration;

use memif::Address;
use switch::PortId;

use super::Agent;
use super::estate::Estate;
use super::inherit::Vacant;
use super::plan::Sockets;
use crate::config::{Config, ConfigSource, places};
use crate::control::{Ask, Code, Control, ControlError, Reply};
use crate::handover::parcel::Channel;
use crate::handover::state::Word;
use crate::handover::{FORMAT, HandoverError};
use crate::setup::{Placed, SetupError};

/// Time for all that the predecessor sends: it finishes registrations that have begun first.
const PATIENCE: Duration = Duration::from_secs(20);
/// Time for the predecessor to close what only one can have open.
const CLOSING: Duration = Duration::from_secs(5);

/// Why an agent did not take over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TakeOverError {
    /// Its own configuration, or what that needs.
    #[error("{0}")]
    Setup(#[from] SetupError),
    /// The agent that runs cannot be asked, or does not agree.
    #[error("the agent at {address} does not hand over: {source}")]
    Control {
        /// Its control socket.
        address: String,
        /// Why.
        source: ControlError,
    },
    /// The agent that runs is somebody else's.
    #[error("the agent at {address} is uid {uid}'s: only uid {own}'s or root's is taken over")]
    Stranger {
        /// Its control socket.
        address: String,
        /// Whose it is.
        uid: u32,
        /// Who we are.
        own: u32,
    },
    /// What it handed over was not taken; it serves on.
    #[error("not taken over from the agent at {address}: {source}")]
    Handover {
        /// Its control socket.
        address: String,
        /// Why.
        source: HandoverError,
    },
}

impl Agent {
    /// An agent in the place of the one that runs at the configured control socket, with its clients, which notice
    /// nothing. If none runs there: as [`Agent::start`].
    ///
    /// # Errors
    /// [`TakeOverError`], and then the other one serves on.
    pub fn take_over(source: ConfigSource) -> Result<Agent, TakeOverError> {
        let config = source.load().map_err(SetupError::from)?;
        let at = config.control.as_ref().map(|control| &control.address);
        let Some(address) = at.cloned().or_else(places::control) else {
            tracing::info!("no place for a control socket, nobody to take over from: starting");
            return Ok(Agent::start(source)?);
        };
        let control = match Control::connect(&address) {
            Err(ControlError::NoAgent { source: error, .. }) if is_nobody(&error) => {
                tracing::info!(%address, "no agent runs there, nobody to take over from: starting");
                return Ok(Agent::start(source)?);
            }
            other => other.map_err(|source| refused(&address, source))?,
        };
        let channel = ask(control, &address)?;
        Agent::succeed(source, config, channel).map_err(|source| TakeOverError::Handover {
            address: address.to_string(),
            source,
        })
    }

    fn succeed(
        source: ConfigSource,
        config: Config,
        mut channel: Channel,
    ) -> Result<Agent, HandoverError> {
        channel.send(&Word::Ready, &[])?;
        let estate = Estate::receive(&mut channel);
        let built = estate.and_then(|estate| Agent::build(source, &config, estate));
        let (mut agent, vacant, sockets) = built.inspect_err(|error| {
            // Whether it hears that or not, it serves on.
            let _ = channel.send(&Word::Refused(error.to_string()), &[]);
        })?;
        channel.send(&Word::Taken, &[])?;
        agent.reception.keep_files();
        agent.desk.keep_file();
        if let Err(error) = channel.wait_for_end(CLOSING) {
            tracing::warn!(%error, "the predecessor does not let go");
        }
        agent.move_in(config, vacant, sockets);
        Ok(agent)
    }

    /// Makes an agent of what came, without touching anything of it.
    fn build(
        source: ConfigSource,
        config: &Config,
        estate: Estate,
    ) -> Result<(Agent, Vec<Vacant>, Sockets), HandoverError> {
        let random = estate.agent.random;
        let agent = Agent::new(config.admission.clone(), config.fdb, random);
        let mut agent = agent.map_err(|error| HandoverError::Refused(error.to_string()))?;
        agent.setup.source = source;
        agent.schedule_by(config.scheduling);
        agent.inherit(config, &estate.agent);
        let vacant = agent.inherit_all(config, estate)?;
        let sockets = agent.plan_sockets(config);
        let sockets = sockets.map_err(|error| HandoverError::Refused(error.to_string()))?;
        Ok((agent, vacant, sockets))
    }

    fn inherit_all(
        &mut self,
        config: &Config,
        estate: Estate,
    ) -> Result<Vec<Vacant>, HandoverError> {
        for (state, socket) in estate.sockets {
            let name = String::from_utf8_lossy(&state.address.0).into_owned();
            let inherited = self.inherit_socket(config, state, socket);
            inherited.map_err(|error| error.of("socket", &name))?;
        }
        let mut ports: Vec<Option<PortId>> = Vec::new();
        let mut vacant = Vec::new();
        for (state, descriptors) in estate.ports {
            let name = state.name.clone();
            let inherited = self.inherit_port(config, state, descriptors);
            let (id, empty) = inherited.map_err(|error| error.of("port", &name))?;
            ports.push(id);
            vacant.extend(empty);
        }
        self.inherit_addresses(&ports, &estate.addresses)?;
        Ok(vacant)
    }

    /// Becomes what the configuration wants, as by a reload: now that the predecessor is gone.
    fn move_in(&mut self, config: Config, vacant: Vec<Vacant>, sockets: Sockets) {
        for one in vacant {
            self.furnish(&config, one);
        }
        let (mut changes, mut steps) = (Vec::new(), Vec::new());
        for port in &config.ports {
            match self.step(&config, port) {
                Ok(step) => steps.push(step),
                Err(error) => tracing::error!(%error, "a port is missing until a reload"),
            }
        }
        let ports = self.plan_ports(steps);
        self.carry_out(&config, ports, sockets, &mut changes);
        changes.extend(self.follow_rules());
        super::reload::log(&changes);
        let clients = self.clients.ids().count();
        tracing::info!(clients, ports = self.ports().count(), "taken over");
    }

    /// Puts something behind a port that is there.
    fn furnish(&mut self, config: &Config, vacant: Vacant) {
        let Vacant { name, id, tap } = vacant;
        let Some(port) = config.ports.iter().find(|port| port.name == name) else {
            return; // then it would not be there
        };
        let config = port.clone();
        self.setup.ports.insert(name, Placed { id, config });
        let opened = self.setup.listeners.open_again(port, tap);
        let placed = opened.map_err(|error| error.to_string());
        if let Err(why) = placed.and_then(|device| self.occupy(id, device)) {
            self.miss(id, why);
        }
    }
}

/// Agrees with the agent that runs.
fn ask(mut control: Control, address: &Address) -> Result<Channel, TakeOverError> {
    let failed = |source| refused(address, source);
    let who = control
        .credentials()
        .map_err(|error| failed(error.into()))?;
    let own = rustix::process::geteuid().as_raw();
    if who.uid != own && who.uid != 0 {
        let (address, uid) = (address.to_string(), who.uid);
        return Err(TakeOverError::Stranger { address, uid, own });
    }
    let agreed = control.ask(Ask::TakeOver {
        formats: vec![FORMAT],
        version: env!("CARGO_PKG_VERSION").to_owned(),
    });
    match agreed {
        Ok(Reply::TakeOver {
            format: FORMAT,
            version,
        }) => {
            tracing::info!(%address, pid = who.pid, version, "taking over");
            Ok(Channel::new(control.into_socket(), PATIENCE))
        }
        Ok(_) => Err(failed(ControlError::Reply("another format".to_owned()))),
        Err(ControlError::Refused(failure)) if failure.code == Code::Request => {
            let text = format!("it is of a version that cannot: end it first ({failure})");
            Err(failed(ControlError::Reply(text)))
        }
        Err(error) => Err(failed(error)),
    }
}

fn refused(address: &Address, source: ControlError) -> TakeOverError {
    let address = address.to_string();
    TakeOverError::Control { address, source }
}

fn is_nobody(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, NotFound};
    matches!(error.kind(), NotFound | ConnectionRefused)
}
