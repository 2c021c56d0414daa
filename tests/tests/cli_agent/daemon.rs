//! An agent process in a directory of its own, and tenants of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use descsock::{Client, Options, Wait};
use memwire_tests::deadline::{SOON, eventually};
use serde_json::Value;

use crate::program::{Outcome, Program, memwire, run};
use crate::wire::Place;

/// Time for one frame, on a busy machine.
const PATIENCE: Wait = Wait::For(Duration::from_secs(20));

pub(crate) struct Daemon {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) program: Program,
}

impl Daemon {
    /// Plain: no configuration.
    pub(crate) fn start() -> Daemon {
        Daemon::prepared(|_, _| {})
    }

    /// With a configuration, in which DIR is the directory.
    pub(crate) fn configured(config: &str) -> Daemon {
        Daemon::prepared(|command, dir| {
            command.arg("--config").arg(write(dir, config));
        })
    }

    pub(crate) fn prepared(prepare: impl FnOnce(&mut Command, &tempfile::TempDir)) -> Daemon {
        let dir = tempfile::tempdir().expect("a directory");
        let mut command = agent(dir.path());
        prepare(&mut command, &dir);
        let program = Program::spawn(&mut command);
        let daemon = Daemon { dir, program };
        eventually("the agent answers", SOON, || {
            let asked = daemon.command(&["show", "status"]);
            (asked.code == Some(0)).then_some(())
        });
        daemon
    }

    /// The command of another agent for the same place.
    pub(crate) fn successor(&self) -> Command {
        let mut command = agent(self.dir.path());
        command.arg("--take-over");
        let config = self.path("agent.toml");
        if config.exists() {
            command.arg("--config").arg(config);
        }
        command
    }

    /// Has another process take over; what the one before has left behind.
    pub(crate) fn succeed(&mut self) -> Outcome {
        let next = Program::spawn(&mut self.successor());
        let old = std::mem::replace(&mut self.program, next).wait();
        assert_eq!(old.code, Some(0), "{}", old.stderr);
        old
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Gives the agent another configuration, without telling it.
    pub(crate) fn configure(&self, config: &str) {
        write(&self.dir, config);
    }

    /// Runs a command that asks this agent.
    pub(crate) fn command(&self, words: &[&str]) -> Outcome {
        let mut words: Vec<_> = words.iter().map(ToString::to_string).collect();
        words.push(format!("--control={}", self.path("control.sock").display()));
        run(words)
    }

    pub(crate) fn show(&self, what: &str) -> Value {
        self.command(&["show", what, "--json"]).success()
    }

    pub(crate) fn tenant(&self, name: &str, svc: u32) -> Client {
        let options = Options::new(self.path("doorbell.sock"), self.dir.path(), svc);
        Client::open(options.tenant(name).wait(PATIENCE)).expect("the agent lets it in")
    }
}

impl Place for Daemon {
    fn dir(&self) -> &Path {
        self.dir.path()
    }
}

/// The command of an agent in this directory.
fn agent(dir: &Path) -> Command {
    let mut command = memwire();
    command.arg("agent");
    command.arg("--doorbell").arg(dir.join("doorbell.sock"));
    command.arg("--control").arg(dir.join("control.sock"));
    command.env_remove("NOTIFY_SOCKET");
    command.env_remove("XDG_RUNTIME_DIR");
    command
}

fn write(dir: &tempfile::TempDir, config: &str) -> PathBuf {
    let path = dir.path().join("agent.toml");
    let config = config.replace("DIR", &dir.path().display().to_string());
    std::fs::write(&path, config).expect("written");
    path
}

/// A frame from one host to another, with a number in it.
pub(crate) fn frame(to: u8, from: u8, number: u32) -> Vec<u8> {
    let mut bytes = vec![0x5A; 100];
    bytes[..12].copy_from_slice(&[2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from]);
    bytes[12..14].copy_from_slice(&0x88B5_u16.to_be_bytes());
    bytes[14..18].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// Both send each other so many frames, and get them in order.
pub(crate) fn exchange(one: &Client, two: &Client, frames: u32) {
    let mut received = [0; 2048];
    for number in 0..frames {
        for (from, to, sent) in [
            (one, two, frame(0xB, 0xA, number)),
            (two, one, frame(0xA, 0xB, number)),
        ] {
            from.send(&sent).expect("sent");
            let count = to.recv(&mut received).expect("received").len;
            assert_eq!(received[..count], sent);
        }
    }
}
