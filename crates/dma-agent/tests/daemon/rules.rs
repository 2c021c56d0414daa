//! What a new configuration means for clients that are there.

use dma_agent::control::{Ask, Code, ControlError, FlushWhat, Reply};

use crate::common::{Raw, frame};
use crate::daemon::{Daemon, eventually};

#[test]
fn clients_follow_the_rule_that_holds_for_them_now() {
    let daemon = Daemon::start("");
    let (mut one, mut two) = (
        Raw::register_binary(&daemon.0, "one", 10),
        Raw::register_binary(&daemon.0, "two", 11),
    );
    one.post(100);
    two.post(100);
    let apart = "[[allow]]\nservices = [10]\n[[allow]]\nservices = 'all'\nnti = 7\n";
    let changes = daemon.changes(apart);
    assert_eq!(changes[0], "allow: changed");
    assert_eq!(changes.len(), 2, "{changes:?}");
    assert!(
        changes[1].starts_with("client two: kept (service 11 is not allowed"),
        "{changes:?}"
    );
    assert!(
        changes[1].ends_with(": it stays until it leaves)"),
        "{changes:?}"
    );
    let isolated = daemon.changes("[[allow]]\nnti = 7\nisolated = true\n");
    assert_eq!(
        isolated,
        [
            "allow: changed",
            "client one: changed",
            "client two: changed"
        ]
    );
    assert!(
        daemon
            .ports()
            .iter()
            .all(|port| port.isolated && port.nti == 7)
    );
    one.send(&frame(0xFF, 0xA, 1, 60), 'B', None);
    eventually("isolated ports do not hear each other", || {
        (daemon.port("one").refused.get("no-other-port") == Some(&1)).then_some(())
    });
    daemon.changes("");
    one.send(&frame(0xFF, 0xA, 2, 60), 'B', None);
    assert_eq!(two.receive(0).0[..60], frame(0xFF, 0xA, 2, 60));
}

#[test]
fn the_fdb_and_the_aliases_change_in_place() {
    let daemon = Daemon::start("");
    let (mut one, mut two) = (
        Raw::register_binary(&daemon.0, "one", 10),
        Raw::register_binary(&daemon.0, "two", 11),
    );
    two.post(10);
    one.send(&frame(0xFF, 0xA, 1, 60), 'B', None);
    two.receive(0);
    assert_eq!(daemon.control().fdb().expect("an answer").entries.len(), 1);
    let changes = daemon
        .changes("[fdb]\ncapacity = 32\nageing = 60\n[alias]\n4 = 'none'\n5 = 'service 11'\n");
    assert_eq!(
        changes,
        ["alias 4: removed", "alias 5: added", "fdb: changed"]
    );
    let fdb = daemon.control().fdb().expect("an answer");
    assert_eq!(
        (fdb.capacity, fdb.ageing, fdb.entries.len()),
        (32, 60.0, 1),
        "nothing is forgotten"
    );
    one.send(&frame(0xB, 0xA, 2, 60), 'B', Some((5, 3, 15)));
    assert_eq!(
        two.receive(1).0[..60],
        frame(0xB, 0xA, 2, 60),
        "by the alias"
    );
    one.send(&frame(0xB, 0xA, 3, 60), 'B', Some((4, 3, 15)));
    eventually("did 4 has no meaning", || {
        daemon.port("one").refused.get("unknown-did").copied()
    });
}

#[test]
fn addresses_are_forgotten_by_port_domain_and_address() {
    let daemon = Daemon::start("");
    let (mut one, mut two) = (
        Raw::register_binary(&daemon.0, "one", 10),
        Raw::register_binary(&daemon.0, "two", 11),
    );
    two.post(100);
    let mut seen = 0;
    let mut learn = || {
        for host in 1..=3 {
            one.send(&frame(0xFF, host, 1, 60), 'B', None);
            two.receive(seen);
            seen += 1;
        }
    };
    let flush = |what: FlushWhat| match daemon.ask(Ask::Flush(what)) {
        Ok(Reply::Flushed(count)) => count,
        other => panic!("{other:?}"),
    };
    learn();
    assert_eq!(flush(FlushWhat::Port("two".into())), 0);
    assert_eq!(flush(FlushWhat::Mac("02:00:00:00:00:02".into())), 1);
    assert_eq!(flush(FlushWhat::Nti(7)), 0);
    assert_eq!(flush(FlushWhat::Nti(4095)), 2);
    learn();
    assert_eq!(flush(FlushWhat::Port("one".into())), 3);
    learn();
    assert_eq!(flush(FlushWhat::Port("did:16".into())), 3);
    learn();
    assert_eq!(flush(FlushWhat::All), 3);
    for what in [
        FlushWhat::Port("three".into()),
        FlushWhat::Port("did:99".into()),
        FlushWhat::Nti(0),
        FlushWhat::Mac("x".into()),
    ] {
        match daemon.ask(Ask::Flush(what)) {
            Err(ControlError::Refused(failure)) => assert_eq!(failure.code, Code::NotFound),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn link_local_groups_are_flooded_from_the_moment_that_it_is_said() {
    let daemon = Daemon::start("");
    let (mut one, mut two) = (
        Raw::register_binary(&daemon.0, "one", 10),
        Raw::register_binary(&daemon.0, "two", 11),
    );
    two.post(10);
    let mut lldp = frame(0xB, 0xA, 1, 60);
    lldp[..6].copy_from_slice(&[1, 0x80, 0xC2, 0, 0, 0xE]);
    one.send(&lldp, 'B', None);
    eventually("it goes nowhere", || {
        (daemon.port("one").refused.get("link-local") == Some(&1)).then_some(())
    });
    let changes = daemon.changes("[forwarding]\nflood-link-local = [14]\n");
    assert_eq!(changes, ["forwarding: changed"]);
    one.send(&lldp, 'B', None);
    assert_eq!(two.receive(0).0[..60], lldp);
}
