//! The second process of a run: this program once more.
//!
//! It plays its half, verifies what it can and ends. Its standard input and output are what the run says: a shared
//! memory or eventfds of a baseline, so no descriptor has to be found by number.

use std::process::{Child, Command, Stdio, exit};
use std::thread::JoinHandle;

use anyhow::{Context as _, Result};
use clap::ValueEnum as _;
use rustix::process::{Signal, set_parent_process_death_signal};

use crate::cli::{PeerArgs, Settings};
use crate::cores::{self, Cores};
use crate::exchange::Run;
use crate::subject::Subject;

/// The second process, from its start to its good end. Any other end of it ends this process too.
#[derive(Debug)]
pub(crate) struct Peer {
    watch: JoinHandle<()>,
}

impl Peer {
    /// Starts it.
    pub(crate) fn start(
        subject: Subject,
        socket: &str,
        percent: u64,
        cores: Cores,
        input: Stdio,
        output: Stdio,
    ) -> Result<Self> {
        let name = subject.to_possible_value();
        let name = name.as_ref().map_or("", |value| value.get_name());
        let child = Command::new("/proc/self/exe")
            .args(["accompany", name, socket])
            .args(["--percent", &percent.to_string()])
            .args(["--cores", &cores.to_string()])
            .stdin(input)
            .stdout(output)
            .spawn()
            .context("cannot start the second process")?;
        // Raw baselines wait without a look at anything but the memory: only this thread sees a second process fail.
        let watch = std::thread::spawn(move || watch(child, subject));
        Ok(Self { watch })
    }

    /// Waits until it has ended well.
    pub(crate) fn finish(self) -> Result<()> {
        let ended = self.watch.join();
        ended
            .ok()
            .context("the thread that watches the second process panicked")
    }
}

/// The second process itself.
pub(crate) fn accompany(args: &PeerArgs, settings: &Settings) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))
        .context("cannot follow the first process")?;
    let cores = settings.cores.context("the second process needs --cores")?;
    cores::pin(cores.there)?;
    let run = Run::new(args.clone(), settings, cores);
    run.subject.exchange().accompany(&run)
}

fn watch(mut child: Child, subject: Subject) {
    match child.wait() {
        Ok(status) if status.success() => {}
        Ok(status) => fail(&format!(
            "{}: the second process failed: {status}",
            subject.label()
        )),
        Err(error) => fail(&format!("cannot wait for the second process: {error}")),
    }
}

fn fail(why: &str) -> ! {
    eprintln!("Error: {why}");
    exit(1)
}
