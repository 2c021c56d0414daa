//! Our own peer as a process of its own, to talk to strangers and to be attacked.
//!
//! The program is `src/bin/endpoint.rs`. It says `ready`, then `up ID EPOCH`
//! and `down ID clean|dirty REASON` as its links come and go, and answers
//! `stats`, `details`, `send COUNT BYTES` and `quit`.

use std::ffi::OsStr;
use std::process::Command;

use crate::counters::Counters;
use crate::deadline::{SOON, becomes};
use crate::holdings::Holdings;
use crate::process::Running;

/// A running endpoint.
#[derive(Debug)]
pub struct Endpoint(Running);

impl Endpoint {
    /// Starts `program` (`env!("CARGO_BIN_EXE_endpoint")`) with a task (`echo`,
    /// `sink`), a role (`server`, `client`), an address and `key=value` options,
    /// and waits until it is ready.
    pub fn start(
        program: &str,
        task: &str,
        role: &str,
        address: impl AsRef<OsStr>,
        options: &[&str],
    ) -> Endpoint {
        let mut command = Command::new(program);
        command
            .args([task, role])
            .arg(address.as_ref())
            .args(options);
        let endpoint = Endpoint(Running::start("endpoint", &mut command));
        endpoint.hear(0, "ready");
        endpoint
    }

    /// How much it has said; a starting point for [`Endpoint::hear`].
    pub fn mark(&self) -> usize {
        self.0.mark()
    }

    /// Waits for a line that starts so, from `mark` on; its rest.
    pub fn hear(&self, mark: usize, start: &str) -> String {
        let rest = |line: &str| line.strip_prefix(start).map(|rest| rest.trim().to_owned());
        self.0.hear(mark, SOON, start, rest)
    }

    /// Whether it has ever said a line that starts so.
    pub fn has_said(&self, start: &str) -> bool {
        self.0
            .lines_since(0)
            .iter()
            .any(|line| line.starts_with(start))
    }

    /// Has it send numbered frames, over all its queues in turn.
    pub fn send(&mut self, count: u64, bytes: usize) {
        self.0.say(&format!("send {count} {bytes}"));
    }

    /// Its counters.
    pub fn counters(&mut self) -> Counters {
        let mark = self.0.mark();
        self.0.say("stats");
        self.0.hear(mark, SOON, "counters", Counters::read)
    }

    /// What it holds open.
    pub fn holdings(&self) -> Holdings {
        Holdings::of(self.0.pid())
    }

    /// Waits until it holds again what it held before.
    pub fn holds_again(&self, before: &Holdings) {
        becomes("what the endpoint holds open", before, || self.holdings());
    }

    /// Asks it to end and waits.
    pub fn quit(mut self) {
        self.0.say("quit");
        let status = self.0.exit(SOON);
        assert!(
            status.success(),
            "endpoint: {status}\n{}",
            self.0.transcript()
        );
    }

    /// The process.
    pub fn process(&mut self) -> &mut Running {
        &mut self.0
    }
}
