//! The agent by configuration: its start, and every change while clients are there.

use std::hash::{BuildHasher, Hasher, RandomState};

use super::Agent;
use super::plan::{Ports, Sockets, Step};
use crate::change::{Change, How};
use crate::config::{Config, ConfigSource, PortConfig};
use crate::notify::Notify;
use crate::setup::{Placed, SetupError};

impl Agent {
    /// An agent as a configuration wants it, which [`Agent::reload`] reads again.
    ///
    /// # Errors
    /// See [`SetupError`].
    pub fn start(source: ConfigSource) -> Result<Agent, SetupError> {
        let config = source.load()?;
        let random = RandomState::new().build_hasher().finish();
        let mut agent = Agent::new(config.admission.clone(), config.fdb, random)?;
        agent.setup.source = source;
        agent.schedule_by(config.scheduling);
        agent.switch.flood_link_local(config.flood_link_local);
        agent.apply(&config)?;
        Ok(agent)
    }

    /// Whom to tell of every reload.
    pub fn notify_with(&mut self, notify: Notify) {
        self.setup.notify = notify;
    }

    /// Reads the configuration again and does what has changed; no client notices, except by other rules. Logged and
    /// counted.
    ///
    /// # Errors
    /// [`SetupError`], and then nothing has changed.
    pub fn reload(&mut self) -> Result<Vec<Change>, SetupError> {
        self.setup.notify.reloading();
        let loaded = self.setup.source.load().map_err(SetupError::from);
        let applied = loaded.and_then(|config| self.apply(&config));
        match &applied {
            Ok(changes) => {
                self.setup.reloads += 1;
                tracing::info!(changes = changes.len(), "configuration reloaded");
            }
            Err(error) => tracing::error!(%error, "configuration not reloaded, nothing changed"),
        }
        self.setup.notify.ready(match &applied {
            Ok(_) => "serving",
            Err(_) => "serving with the old configuration: the new one is wrong",
        });
        applied
    }

    /// Puts a configuration into effect and says what that has changed.
    ///
    /// # Errors
    /// [`SetupError`], and then nothing has changed.
    pub fn apply(&mut self, config: &Config) -> Result<Vec<Change>, SetupError> {
        let plan = self.plan(config);
        if plan.is_err() {
            self.tidy_listeners();
        }
        let (ports, sockets) = plan?;
        let mut changes = Vec::new();
        self.carry_out(config, ports, sockets, &mut changes);
        log(&changes);
        Ok(changes)
    }

    /// Does what was planned. From here on nothing goes back.
    pub(super) fn carry_out(
        &mut self,
        config: &Config,
        ports: Ports,
        sockets: Sockets,
        changes: &mut Vec<Change>,
    ) {
        self.apply_ports(config, ports, changes);
        self.tidy_listeners();
        self.apply_rules(config, changes);
        self.apply_doorbells(
            sockets.doorbells,
            &sockets.gone_doorbells,
            &sockets.remade_doorbells,
            changes,
        );
        self.apply_control(sockets.control, changes);
        self.apply_metrics(sockets.metrics, changes);
    }

    /// Links keep their sockets by themselves.
    fn tidy_listeners(&mut self) {
        let ports = self.setup.ports.values().map(|placed| &placed.config);
        self.setup.listeners.keep(ports);
    }

    /// Those that go, those that change, those that come; then what dids mean, and who watches whom.
    fn apply_ports(&mut self, config: &Config, ports: Ports, changes: &mut Vec<Change>) {
        for name in &ports.gone {
            if let Some(placed) = self.setup.ports.get(name).cloned() {
                self.remove_port(placed.id, "not in the configuration any more");
                changes.push(Change::new("port", name, How::Removed));
            }
        }
        self.forget_aliases(config);
        self.make_way(config);
        // Those with a did of their own first: the others get what is left.
        let (named, others): (Vec<_>, Vec<_>) = ports
            .steps
            .into_iter()
            .partition(|step| step.config().did.is_some());
        for step in named.into_iter().chain(others) {
            changes.extend(self.apply_step(step));
        }
        self.apply_aliases(config, changes);
        self.apply_watches(changes);
    }

    fn apply_step(&mut self, step: Step) -> Option<Change> {
        match step {
            Step::Keep(name, port) => self.keep(&name, port),
            Step::Add(port, device) => Some(self.place(port, device, How::Added)),
            Step::Replace(port, device) => Some(self.replace(port, device)),
        }
    }

    fn place(&mut self, port: PortConfig, device: Box<dyn crate::Device>, how: How) -> Change {
        let change = Change::new("port", &port.name, how);
        let policy = self.configured_policy(&port, device.largest());
        match self.add_port(&port.name, policy, device) {
            Ok(id) => {
                let name = port.name.clone();
                self.setup.ports.insert(name, Placed { id, config: port });
                change
            }
            Err(error) => change.failed(error),
        }
    }

    /// Takes the old one away first. What cannot be had then leaves the old one in its place.
    fn replace(&mut self, port: PortConfig, device: Option<Box<dyn crate::Device>>) -> Change {
        let Some(old) = self.setup.ports.get(&port.name).cloned() else {
            return Change::new("port", &port.name, How::Failed).because("it is gone");
        };
        self.remove_port(old.id, "replaced by another configuration");
        let opened = device.map_or_else(|| self.setup.listeners.open(&port), Ok);
        match opened {
            Ok(device) => self.place(port, device, How::Replaced),
            Err(error) => {
                let failed = Change::new("port", &port.name, How::Failed);
                match self.setup.listeners.open(&old.config) {
                    Ok(device) => {
                        self.place(old.config, device, How::Kept);
                        failed.because(format!("{error}; it is as it was"))
                    }
                    Err(again) => failed.because(format!("{error}; the old one is gone: {again}")),
                }
            }
        }
    }
}

pub(super) fn log(changes: &[Change]) {
    for change in changes {
        match change.how {
            How::Failed => tracing::warn!("{change}"),
            _ => tracing::info!("{change}"),
        }
    }
}

impl Step {
    fn config(&self) -> &PortConfig {
        match self {
            Step::Add(port, _) | Step::Keep(_, port) | Step::Replace(port, _) => port,
        }
    }
}
