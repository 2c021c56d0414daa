//! `memwire agent upgrade`: the agent starts its successor itself, as a service does.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use memwire_tests::deadline::{SOON, eventually};
use rustix::process::{Pid, Signal, kill_process};

use crate::daemon::Daemon;
use crate::wire::{Load, Raw};

/// The agent that serves now, which is no child of this test; it ends with this.
struct Orphan(Pid);

impl Orphan {
    fn of(agent: &Daemon) -> Orphan {
        let pid = agent.show("status")["status"]["pid"].as_i64();
        let pid = pid
            .and_then(|pid| i32::try_from(pid).ok())
            .and_then(Pid::from_raw);
        Orphan(pid.expect("a process"))
    }
}

impl Drop for Orphan {
    fn drop(&mut self) {
        // Whether it is waited for when it has ended, and how soon, is up to this system.
        let words = format!("/proc/{}/cmdline", self.0.as_raw_nonzero());
        if kill_process(self.0, Signal::TERM).is_ok() {
            eventually("it ends", SOON, || {
                let words = std::fs::read(&words).unwrap_or_default();
                words.is_empty().then_some(())
            });
        }
    }
}

fn clients(agent: &Daemon) -> Load {
    let old = Raw::register_text(agent, "old", 10, 256);
    let new = Raw::register_binary(agent, "new", 11);
    Load::new((old, 'A'), (new, 'B'))
}

#[test]
fn an_agent_is_followed_by_the_program_as_it_is_now_and_the_service_manager_by_its_process() {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("notify.sock");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    let patience = Some(Duration::from_secs(20));
    socket.set_read_timeout(patience).expect("a timeout");
    let hear = || {
        let mut buffer = [0; 512];
        let count = socket.recv(&mut buffer).expect("told");
        String::from_utf8_lossy(&buffer[..count]).into_owned()
    };
    let agent = Daemon::prepared(|command, _| {
        command.env("NOTIFY_SOCKET", &path);
    });
    assert_eq!(hear(), "READY=1\nSTATUS=serving");
    let load = clients(&agent);
    let mut orphan = None;
    load.run(|load| {
        load.flow(200);
        let upgraded = agent.command(&["agent", "upgrade", "--json"]).success();
        let next = Orphan::of(&agent);
        assert_eq!(upgraded["to"]["pid"], next.0.as_raw_nonzero().get());
        assert_eq!(upgraded["clients"], 2);
        assert_eq!(hear(), format!("MAINPID={}", next.0.as_raw_nonzero()));
        assert_eq!(hear(), "READY=1\nSTATUS=serving");
        orphan = Some(next);
        load.flow(200);
    });
    drop(orphan);
    assert_eq!(hear(), "STOPPING=1");
    // Both have written to the same log.
    let Daemon { dir, program } = agent;
    let ended = program.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("handed over"), "{}", ended.stderr);
    assert!(!dir.path().join("doorbell.sock").exists());
}

#[test]
fn a_successor_that_does_not_start_is_told_of_and_the_agent_serves_on() {
    let agent = Daemon::configured("");
    let load = clients(&agent);
    load.run(|load| {
        load.flow(200);
        agent.configure("wrong");
        let failed = agent.command(&["agent", "upgrade"]);
        failed.failed(1, &["did not take over", "serves on"]);
        load.flow(200);
        agent.configure("");
    });
    let upgraded = agent.command(&["agent", "upgrade"]);
    let orphan = Orphan::of(&agent);
    assert_eq!(upgraded.code, Some(0), "{}", upgraded.stderr);
    assert!(upgraded.stdout.starts_with(b"version "));
    assert_eq!(agent.show("status")["status"]["clients"], 2);
    drop(orphan);
}
