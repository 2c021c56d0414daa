//! A running program whose words are kept in a file.

use std::fs::read_to_string;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use memwire_tests::deadline::eventually;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::NamedTempFile;

use crate::built::example;

/// How long any of the programs here may take, on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Killed when dropped.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    words: String,
    /// What it writes to both streams.
    said: NamedTempFile,
}

impl Program {
    /// Starts one of the examples with the words of a line.
    pub(crate) fn start(name: &str, line: &str) -> Program {
        Program::spawn(example(name).args(line.split_whitespace()))
    }

    /// Starts a prepared command. Its input stays open until [`Program::stdin`] is dropped.
    pub(crate) fn spawn(command: &mut Command) -> Program {
        let said = NamedTempFile::new().expect("a temporary file");
        // Copies of one descriptor write behind each other.
        let stdout = said.reopen().expect("the same file");
        let stderr = stdout.try_clone().expect("a descriptor");
        command.stdin(Stdio::piped()).stdout(stdout).stderr(stderr);
        let words = format!("{command:?}");
        let child = command.spawn();
        let child = child.unwrap_or_else(|error| panic!("{words}: {error}"));
        Program { child, words, said }
    }

    /// What it has said so far.
    pub(crate) fn said(&self) -> String {
        let said = read_to_string(self.said.path()).expect("text");
        format!("{}\n{said}", self.words)
    }

    /// Waits until it has said this.
    pub(crate) fn says(&self, what: &str) {
        let says = || read_to_string(self.said.path()).is_ok_and(|said| said.contains(what));
        eventually(what, PATIENCE, || says().then_some(()));
    }

    /// Waits for its end and asserts how it was; what it said.
    pub(crate) fn ends(self, code: i32) -> String {
        self.ends_within(PATIENCE, code)
    }

    /// The same, sooner.
    pub(crate) fn ends_within(mut self, time: Duration, code: i32) -> String {
        let status = eventually(&self.said(), time, || {
            self.child.try_wait().expect("a child of ours")
        });
        assert_eq!(status.code(), Some(code), "{status}: {}", self.said());
        self.said()
    }

    /// Waits until it waits for ever: the library then keeps SIGINT (2) back, to hear of it itself.
    pub(crate) fn sleeps(&self) {
        let status = format!("/proc/{}/status", self.child.id());
        eventually("it waits for ever", PATIENCE, || {
            let status = read_to_string(&status).expect("a child of ours");
            let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:"));
            let mask = u64::from_str_radix(mask?.trim(), 16).ok()?;
            (mask & 0b10 != 0).then_some(())
        });
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it runs");
    }

    /// Its input.
    pub(crate) fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("taken once")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail only for a program that has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
