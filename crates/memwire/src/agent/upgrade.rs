//! `memwire agent upgrade`.

use std::thread::sleep;
use std::time::{Duration, Instant};

use dma_agent::control::{Ask, Reply, Status};
use serde::Serialize;

use super::ask::{At, unexpected};
use super::table::print;
use crate::cli::Common;

/// Time for a program to start and take over.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is asked whether it has.
const SLICE: Duration = Duration::from_millis(20);

#[derive(Debug, Serialize)]
struct Upgraded {
    from: Version,
    to: Version,
    clients: usize,
}

#[derive(Debug, Serialize)]
struct Version {
    version: String,
    pid: i32,
}

/// Fails when the agent is the one that it was.
pub(super) fn run(at: &At, common: &Common) -> anyhow::Result<()> {
    let old = status(at)?;
    let Reply::Upgrading(successor) = at.ask(Ask::Upgrade)? else {
        return Err(unexpected());
    };
    let new = wait(at, &old, successor)?;
    let clients = new.clients;
    let [from, to] = [old, new].map(|status| Version {
        version: status.version,
        pid: status.pid,
    });
    print(common, &Upgraded { from, to, clients }, |done| {
        let Upgraded { from, to, clients } = done;
        format!(
            "version {} (process {}) has taken over {clients} clients from version {} (process {})\n",
            to.version, to.pid, from.version, from.pid
        )
    })
}

fn wait(at: &At, old: &Status, successor: u32) -> anyhow::Result<Status> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        // Who is asked may be about to go: then the next one answers.
        if let Ok(now) = status(at) {
            if u32::try_from(now.pid) == Ok(successor) {
                return Ok(now);
            }
            if now.pid == old.pid && now.successor.is_none() {
                anyhow::bail!(
                    "process {successor} did not take over, and {} serves on: the agent's log says why",
                    old.pid
                );
            }
        }
        sleep(SLICE);
    }
    let seconds = PATIENCE.as_secs();
    anyhow::bail!("process {successor} has not taken over within {seconds} s")
}

fn status(at: &At) -> anyhow::Result<Status> {
    match at.ask(Ask::Status)? {
        Reply::Status(status) => Ok(*status),
        _ => Err(unexpected()),
    }
}
