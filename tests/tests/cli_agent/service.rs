//! The agent as a service: what the service manager is told, and how it ends.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use memwire_tests::deadline::eventually;
use rustix::process::Signal;

use crate::daemon::{Daemon, exchange};

#[test]
fn the_service_manager_is_told_of_the_start_a_reload_and_the_end() {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("notify.sock");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a timeout");
    let hear = || {
        let mut buffer = [0; 512];
        let count = socket.recv(&mut buffer).expect("told");
        String::from_utf8_lossy(&buffer[..count]).into_owned()
    };
    let agent = Daemon::prepared(|command, _| {
        command.env("NOTIFY_SOCKET", &path);
    });
    assert_eq!(hear(), "READY=1\nSTATUS=serving");
    agent.program.signal(Signal::HUP);
    assert!(hear().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert_eq!(hear(), "READY=1\nSTATUS=serving");
    agent.program.signal(Signal::TERM);
    assert_eq!(hear(), "STOPPING=1");
    assert_eq!(agent.program.wait().code, Some(0));
}

#[test]
fn it_ends_well_on_a_signal_and_leaves_nothing_behind() {
    for signal in [Signal::TERM, Signal::INT] {
        let agent = Daemon::prepared(|command, _| {
            command.arg("--json");
        });
        let (one, two) = (agent.tenant("one", 8), agent.tenant("two", 9));
        exchange(&one, &two, 10);
        let Daemon { dir, program } = agent;
        program.signal(signal);
        let ended = program.wait();
        let said = ended.success();
        assert_eq!(
            (&said["received"], &said["delivered"]),
            (&20.into(), &20.into())
        );
        assert!(ended.stderr.contains("client"), "it logs: {}", ended.stderr);
        for name in ["doorbell.sock", "control.sock"] {
            assert!(!dir.path().join(name).exists(), "{name}");
        }
    }
}

#[test]
fn a_killed_agent_is_followed_by_another_at_the_same_place() {
    let agent = Daemon::start();
    let (one, two) = (agent.tenant("one", 8), agent.tenant("two", 9));
    exchange(&one, &two, 10);
    let Daemon { dir, program } = agent;
    program.kill();
    let agent = Daemon::prepared(|command, new| {
        command
            .arg("--doorbell")
            .arg(dir.path().join("doorbell.sock"));
        assert_ne!(dir.path(), new.path());
    });
    eventually("both come back", Duration::from_secs(20), || {
        (one.is_connected() && two.is_connected()).then_some(())
    });
    assert_eq!(agent.show("status")["status"]["clients"], 2);
    exchange(&one, &two, 10);
}
