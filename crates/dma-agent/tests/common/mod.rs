//! A client that knows nothing but the wire, and an agent in a thread.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(
    clippy::cast_possible_truncation,
    reason = "numbers of tests that fit by their making"
)]

pub(crate) mod lines;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use dma_agent::config::ConfigSource;
use dma_agent::{Admission, Agent, PortView};
use memif::unix::SocketFile;
use switch::Settings;

#[allow(unused_imports, reason = "each test uses its part")]
pub(crate) use wire::*;

/// An agent that runs until dropped.
pub(crate) struct Running {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Agent>>,
    pub(crate) dir: tempfile::TempDir,
}

impl Running {
    pub(crate) fn start() -> Self {
        Self::with(Admission::same_user())
    }

    pub(crate) fn with(admission: Admission) -> Self {
        Self::prepared(admission, |_| {})
    }

    /// One that has been given ports before it runs.
    pub(crate) fn prepared(admission: Admission, prepare: impl FnOnce(&mut Agent)) -> Self {
        memif::sigbus::contain().expect("a handler");
        let dir = tempfile::tempdir().expect("a directory");
        let doorbell = dir.path().join("doorbell.sock");
        let mut agent = Agent::new(admission, Settings::default(), 7).expect("an agent");
        let address = memif::Address::Path(doorbell);
        agent
            .listen(&address, &SocketFile::default())
            .expect("a doorbell");
        prepare(&mut agent);
        Self::run(dir, agent)
    }

    /// One that is made already. Its doorbell, as far as clients of these tests go, is in this directory.
    pub(crate) fn run(dir: tempfile::TempDir, agent: Agent) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let thread = Some(spawn(agent, &stop));
        Self { stop, thread, dir }
    }

    /// Has a successor take over in its place, and returns what is left of it.
    pub(crate) fn succeed(&mut self, source: ConfigSource) -> Agent {
        let successor = Agent::take_over(source).unwrap_or_else(|error| panic!("{error}"));
        let next = spawn(successor, &self.stop);
        let old = self.thread.replace(next).expect("runs");
        old.join().expect("the agent did not panic")
    }

    pub(crate) fn doorbell(&self) -> PathBuf {
        Place::doorbell(self)
    }

    /// Ends it, and gives the agent back.
    pub(crate) fn stop(mut self) -> Agent {
        self.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("runs");
        thread.join().expect("the agent did not panic")
    }
}

/// Runs an agent until it is told to stop, or has handed everything over.
fn spawn(mut agent: Agent, stop: &Arc<AtomicBool>) -> JoinHandle<Agent> {
    let stop = Arc::clone(stop);
    std::thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            agent.turn(Some(Duration::from_millis(1))).expect("a turn");
            if agent.is_asked_to_hand_over() && agent.hand_over() {
                break;
            }
        }
        agent
    })
}

impl Place for Running {
    fn dir(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(
                ended.is_ok() || std::thread::panicking(),
                "the agent panicked"
            );
        }
    }
}

/// The port with this name.
pub(crate) fn port(agent: &Agent, name: &str) -> Option<PortView> {
    agent.ports().find(|port| port.name == name)
}
