//! One agent after the other, at the same place.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use dma_agent::Agent;
use dma_agent::config::ConfigSource;
use dma_agent::control::{Ask, Control, PortInfo, Reply};
use memif::Address;

use crate::common::Running;
use crate::host::Host;

pub(crate) struct Dynasty(pub(crate) Running);

impl Dynasty {
    pub(crate) fn start(config: &str) -> Self {
        memif::sigbus::contain().expect("a handler");
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("agent.toml"), placed(config, &dir)).expect("written");
        let agent = Agent::start(source(&dir)).unwrap_or_else(|error| panic!("{error}"));
        Self(Running::run(dir, agent))
    }

    /// One that runs on this host, where successors have to be as well.
    pub(crate) fn start_on(host: &Host, config: &str) -> Self {
        let config = config.to_owned();
        host.run(move || Self::start(&config))
    }

    /// The next one takes over, on this host.
    pub(crate) fn succeed_on(self, host: &Host) -> Self {
        host.run(move || {
            let mut agents = self;
            agents.succeed();
            agents
        })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.dir.path().join(name)
    }

    /// Another configuration, for the next one.
    pub(crate) fn configure(&self, config: &str) {
        std::fs::write(self.path("agent.toml"), placed(config, &self.0.dir)).expect("written");
    }

    /// The next one takes over; what is left of the one before.
    pub(crate) fn succeed(&mut self) -> Agent {
        self.0.succeed(source(&self.0.dir))
    }

    pub(crate) fn ask(&self, ask: Ask) -> Reply {
        let address = Address::Path(self.path("control.sock"));
        let mut control = Control::connect(&address).expect("the agent answers");
        control.ask(ask).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn port(&self, name: &str) -> Option<PortInfo> {
        let Reply::Ports(ports) = self.ask(Ask::Ports) else {
            panic!("no ports");
        };
        ports.into_iter().find(|port| port.name == name)
    }
}

pub(crate) fn source(dir: &tempfile::TempDir) -> ConfigSource {
    ConfigSource {
        file: Some(dir.path().join("agent.toml")),
        doorbells: vec![Address::Path(dir.path().join("doorbell.sock"))],
        control: Some(Address::Path(dir.path().join("control.sock"))),
    }
}

fn placed(config: &str, dir: &tempfile::TempDir) -> String {
    config.replace("DIR", &dir.path().display().to_string())
}

/// Waits until something is so.
pub(crate) fn eventually<T>(what: &str, mut so: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = so() {
            return value;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
