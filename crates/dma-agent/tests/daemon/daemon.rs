//! An agent with a configuration file, in a thread, and a way to ask it.

use std::time::{Duration, Instant};

use dma_agent::config::ConfigSource;
use dma_agent::control::{Ask, ClientInfo, Control, ControlError, PortInfo, Reply, Status};
use dma_agent::{Agent, Change, Notify};
use memif::Address;

use crate::common::Running;

pub(crate) struct Daemon(pub(crate) Running);

impl Daemon {
    /// Starts with a configuration, to which a doorbell and a control socket are added.
    pub(crate) fn start(config: &str) -> Self {
        Self::start_with(config, Notify::default())
    }

    pub(crate) fn start_with(config: &str, notify: Notify) -> Self {
        memif::sigbus::contain().expect("a handler");
        let dir = tempfile::tempdir().expect("a directory");
        write(&dir, config);
        let source = ConfigSource {
            file: Some(dir.path().join("agent.toml")),
            doorbells: vec![Address::Path(dir.path().join("doorbell.sock"))],
            control: Some(Address::Path(dir.path().join("control.sock"))),
        };
        let mut agent = Agent::start(source).unwrap_or_else(|error| panic!("{error}"));
        agent.notify_with(notify);
        Self(Running::run(dir, agent))
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.dir.path().join(name).display().to_string()
    }

    pub(crate) fn control(&self) -> Control {
        let address = Address::Path(self.0.dir.path().join("control.sock"));
        Control::connect(&address).expect("the agent answers")
    }

    pub(crate) fn ask(&self, ask: Ask) -> Result<Reply, ControlError> {
        self.control().ask(ask)
    }

    /// Gives it another configuration.
    pub(crate) fn reload(&self, config: &str) -> Result<Vec<Change>, ControlError> {
        write(&self.0.dir, config);
        match self.ask(Ask::Reload)? {
            Reply::Reloaded(changes) => Ok(changes),
            other => panic!("{other:?}"),
        }
    }

    /// The same, as lines.
    pub(crate) fn changes(&self, config: &str) -> Vec<String> {
        let changes = self
            .reload(config)
            .unwrap_or_else(|error| panic!("{error}"));
        changes.iter().map(ToString::to_string).collect()
    }

    pub(crate) fn ports(&self) -> Vec<PortInfo> {
        match self.ask(Ask::Ports) {
            Ok(Reply::Ports(ports)) => ports,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn port(&self, name: &str) -> PortInfo {
        let found = self.ports().into_iter().find(|port| port.name == name);
        found.unwrap_or_else(|| panic!("no port {name}"))
    }

    pub(crate) fn clients(&self) -> Vec<ClientInfo> {
        match self.ask(Ask::Clients) {
            Ok(Reply::Clients(clients)) => clients,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn status(&self) -> Status {
        match self.ask(Ask::Status) {
            Ok(Reply::Status(status)) => *status,
            other => panic!("{other:?}"),
        }
    }
}

fn write(dir: &tempfile::TempDir, config: &str) {
    let config = config.replace("DIR", &dir.path().display().to_string());
    std::fs::write(dir.path().join("agent.toml"), config).expect("written");
}

/// Waits until something is so.
pub(crate) fn eventually<T>(what: &str, mut so: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = so() {
            return value;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
