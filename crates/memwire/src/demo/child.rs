//! Child processes of this same program, which end when this one does.

use std::ffi::OsString;
use std::io::Read as _;
use std::process::{self, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::stop::{SLICE, Stop};

/// A child that was asked to end has this long to do it.
const GRACE: Duration = Duration::from_secs(3);

/// A running child; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Child {
    name: &'static str,
    process: process::Child,
}

/// How the wait for two children ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// Both are done; the last line of each.
    Both(Value, Value),
    /// We were asked to stop.
    Stopped,
}

impl Child {
    /// Starts this program with these words. It may talk on our standard error.
    pub(crate) fn start(name: &'static str, words: &[OsString]) -> anyhow::Result<Child> {
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        let mut command = Command::new(program);
        command
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let process = command
            .spawn()
            .with_context(|| format!("cannot start the {name}"))?;
        Ok(Child { name, process })
    }

    fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        self.process
            .try_wait()
            .with_context(|| format!("cannot wait for the {}", self.name))
    }

    /// What the child said last, once it has ended well.
    fn last_word(&mut self, status: ExitStatus) -> anyhow::Result<Value> {
        let mut said = String::new();
        if let Some(stdout) = &mut self.process.stdout {
            stdout
                .read_to_string(&mut said)
                .context("cannot read from a child")?;
        }
        let name = self.name;
        let word = said
            .lines()
            .last()
            .and_then(|line| serde_json::from_str(line).ok());
        // A child that found frames corrupt says so in its last word; that is for the caller to judge.
        word.ok_or_else(|| anyhow!("the {name} ended with {status}"))
    }

    fn ask_to_end(&self) {
        if let Some(pid) = i32::try_from(self.process.id())
            .ok()
            .and_then(Pid::from_raw)
        {
            // Fails only for a process that has ended already.
            let _ = kill_process(pid, Signal::TERM);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.ask_to_end();
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until both are done, one has failed, or we are asked to stop.
pub(crate) fn wait_for_both(
    first: &mut Child,
    second: &mut Child,
    stop: &Stop,
) -> anyhow::Result<Ending> {
    loop {
        if stop.requested() {
            return Ok(Ending::Stopped);
        }
        match (first.ended()?, second.ended()?) {
            (Some(one), Some(other)) => {
                return Ok(Ending::Both(
                    first.last_word(one)?,
                    second.last_word(other)?,
                ));
            }
            (Some(status), None) if !status.success() => {
                bail!("the {} ended with {status}", first.name)
            }
            (None, Some(status)) if !status.success() => {
                bail!("the {} ended with {status}", second.name)
            }
            _ => thread::sleep(SLICE),
        }
    }
}
