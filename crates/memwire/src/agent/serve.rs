//! The daemon: an agent in this process, until a signal ends it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use dma_agent::config::ConfigSource;
use dma_agent::{Agent, Notify, Program, SetupError, TakeOverError};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;
use signal_hook::consts::SIGHUP;

use crate::cli::Common;
use crate::exit::misuse;
use crate::report::{Summary, Talk, grouped, spell};
use crate::stop::Stop;

/// The option by which an agent takes over.
const TAKE_OVER: &str = "--take-over";

/// What the agent has done.
#[derive(Debug, Serialize)]
struct Served {
    seconds: f64,
    received: u64,
    delivered: u64,
    dropped: u64,
    refusals: u64,
    reloads: u64,
    /// A successor serves on.
    handed_over: bool,
}

/// Serves until SIGTERM or Ctrl-C, or until another agent takes over.
pub(super) fn run(source: ConfigSource, take_over: bool, common: &Common) -> anyhow::Result<()> {
    let talk = Talk::new(common, false);
    let stop = Stop::on_signals().context("cannot catch signals")?;
    let reload = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGHUP, Arc::clone(&reload)).context("cannot catch signals")?;
    raise_descriptors();
    let started = Instant::now();
    let mut agent = match take_over {
        true => Agent::take_over(source),
        false => Agent::start(source).map_err(TakeOverError::from),
    }
    .map_err(|error| match error {
        TakeOverError::Setup(SetupError::Config(_) | SetupError::NoPlace) => misuse(error),
        error => error.into(),
    })?;
    if let Some(program) = successor(common) {
        agent.upgrade_by(program);
    }
    let notify = Notify::from_environment();
    agent.notify_with(notify.clone());
    notify.ready("serving");
    let mut handed_over = false;
    while !stop.requested() && !handed_over {
        agent.turn(None)?;
        handed_over = agent.is_asked_to_hand_over() && agent.hand_over();
        if reload.swap(false, Ordering::Relaxed) {
            // What is wrong is logged; the agent goes on as it was.
            let _ = agent.reload();
        }
    }
    if !handed_over {
        notify.stopping();
    }
    talk.finish(&Served::of(&agent, started.elapsed(), handed_over))
}

/// This very command, to take over. Whoever started it by name gets what has that name then. An agent that ends with
/// its parent has none: the parent of its successor would be itself.
fn successor(common: &Common) -> Option<Program> {
    let mut words = std::env::args_os();
    let name = words.next().filter(|_| !common.tied)?;
    let mut arguments: Vec<_> = words.collect();
    if !arguments.iter().any(|word| word == TAKE_OVER) {
        arguments.push(TAKE_OVER.into());
    }
    Some(Program { name, arguments })
}

/// A client takes ten descriptors, by rings more than twenty: as many as this process may have.
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
    fn of(agent: &Agent, time: Duration, handed_over: bool) -> Self {
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
            handed_over,
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
