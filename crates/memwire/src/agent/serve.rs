//! The daemon: an agent in this process, until a signal ends it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use dma_agent::config::ConfigSource;
use dma_agent::{Agent, Notify, SetupError};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;
use signal_hook::consts::SIGHUP;

use crate::cli::Common;
use crate::exit::misuse;
use crate::report::{Summary, Talk, grouped, spell};
use crate::stop::Stop;

/// What the agent has done.
#[derive(Debug, Serialize)]
struct Served {
    seconds: f64,
    received: u64,
    delivered: u64,
    dropped: u64,
    refusals: u64,
    reloads: u64,
}

/// Serves until SIGTERM or Ctrl-C.
pub(super) fn run(source: ConfigSource, common: &Common) -> anyhow::Result<()> {
    let talk = Talk::new(common, false);
    let stop = Stop::on_signals().context("cannot catch signals")?;
    let reload = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGHUP, Arc::clone(&reload)).context("cannot catch signals")?;
    raise_descriptors();
    let started = Instant::now();
    let mut agent = Agent::start(source).map_err(|error| match error {
        SetupError::Config(_) | SetupError::NoPlace => misuse(error),
        error => error.into(),
    })?;
    let notify = Notify::from_environment();
    agent.notify_with(notify.clone());
    notify.ready("serving");
    while !stop.requested() {
        agent.turn(None)?;
        if reload.swap(false, Ordering::Relaxed) {
            // What is wrong is logged; the agent goes on as it was.
            let _ = agent.reload();
        }
    }
    notify.stopping();
    talk.finish(&Served::of(&agent, started.elapsed()))
}

/// A client takes nine descriptors: as many as this process may have.
fn raise_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    // What there is has to do then.
    let _ = setrlimit(Resource::Nofile, raised);
}

impl Served {
    fn of(agent: &Agent, time: Duration) -> Self {
        let gone = agent.gone();
        let (mut received, mut delivered) = (gone.received, gone.sent);
        // Copies for mirrors come on top of what was delivered.
        for port in agent.ports().filter(|port| !port.policy.is_mirror()) {
            received += port.counters.received;
            delivered += port.counters.sent;
        }
        Self {
            seconds: time.as_secs_f64(),
            received,
            delivered,
            dropped: agent.drops().total(),
            refusals: agent.refusals(),
            reloads: agent.reloads(),
        }
    }
}

impl Summary for Served {
    fn rows(&self) -> Vec<(&'static str, String)> {
        vec![
            ("served", spell(Duration::from_secs_f64(self.seconds))),
            ("frames received", grouped(self.received)),
            ("frames delivered", grouped(self.delivered)),
            ("frames dropped", grouped(self.dropped)),
            ("clients refused", grouped(self.refusals)),
        ]
    }
}
