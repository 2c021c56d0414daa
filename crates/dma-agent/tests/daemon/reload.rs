//! Changes while clients are there.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::{Raw, frame};
use crate::daemon::{Daemon, eventually};

#[test]
fn frames_go_on_in_order_while_ports_come_and_go() {
    let daemon = Daemon::start("");
    let (mut one, mut two) = (
        Raw::register_text(&daemon.0, "one", 10, 256),
        Raw::register_binary(&daemon.0, "two", 11),
    );
    one.post(1023);
    two.post(1023);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let traffic = scope.spawn(|| {
            let mut number = 0;
            while !done.load(Ordering::Relaxed) || number < 1000 {
                let sent = frame(0xB, 0xA, number, 60 + (number % 900) as usize);
                one.send(&sent, 'A', None);
                assert_eq!(two.receive(number).0[..sent.len()], sent, "frame {number}");
                one.completion();
                two.send(&frame(0xA, 0xB, number, 60), 'B', None);
                assert_eq!(one.receive(number).0[..60], frame(0xA, 0xB, number, 60));
                two.completion();
                one.post(1);
                two.post(1);
                number += 1;
            }
            number
        });
        for round in 0..20 {
            let with = format!(
                "[[port]]\nname = 'sink'\ntype = 'dump'\npath = 'DIR/{round}.pcapng'\n\
                 [[port]]\nname = 'link'\ntype = 'memif-server'\nsocket = 'DIR/memif.sock'\nmtu = {}\n",
                1500 + round
            );
            assert_eq!(
                daemon.changes(&with),
                ["port sink: added", "port link: added"]
            );
            assert_eq!(
                daemon.changes(""),
                ["port link: removed", "port sink: removed"]
            );
        }
        done.store(true, Ordering::Relaxed);
        let frames = traffic.join().expect("all frames in order");
        assert_eq!(daemon.port("svc10-sep0").received, frames);
    });
    assert_eq!(daemon.clients().len(), 2);
    assert_eq!(daemon.status().reloads, 40);
}

#[test]
fn a_wrong_file_changes_nothing_and_says_where_it_is_wrong() {
    let sink =
        "[fdb]\nageing = 7\n[[port]]\nname = 'sink'\ntype = 'dump'\npath = 'DIR/sink.pcapng'\n";
    let daemon = Daemon::start(sink);
    let before = daemon.port("sink");
    for (wrong, said) in [
        ("[fdb]\nageing = -1\n", "agent.toml:2:10: fdb.ageing: -1 s"),
        (
            "[[port]]\nname = 'x'\ntype = 'dump'\npath = '/nowhere/x'\n",
            "port x: ",
        ),
        (
            "[[doorbell]]\npath = '/nowhere/x.sock'\n",
            "the directory /nowhere does not exist",
        ),
        (
            "[metrics]\nlisten = '192.0.2.1:1'\n",
            "metrics at 192.0.2.1:1: ",
        ),
    ] {
        let error = daemon.reload(wrong).expect_err("wrong").to_string();
        assert!(error.contains(said), "{error}");
        assert_eq!(daemon.ports(), std::slice::from_ref(&before), "{said}");
    }
    assert_eq!(daemon.status().reloads, 0);
    assert_eq!(daemon.changes(sink), [""; 0], "it is as it was");
}

#[test]
fn a_port_that_cannot_be_replaced_stays_as_it_was() {
    let with =
        |path: &str| format!("[[port]]\nname = 'sink'\ntype = 'dump'\npath = '{path}'\ndid = 9\n");
    let daemon = Daemon::start(&with("DIR/one.pcapng"));
    let [change] = &daemon.changes(&with("/nowhere/two.pcapng"))[..] else {
        panic!("one change")
    };
    assert!(
        change.starts_with("port sink: failed (") && change.ends_with("; it is as it was)"),
        "{change}"
    );
    assert_eq!(daemon.port("sink").did, 9);
    assert_eq!(
        daemon.changes(&with("DIR/two.pcapng")),
        ["port sink: replaced"]
    );
    assert_eq!(daemon.changes(&with("DIR/two.pcapng")), [""; 0]);
}

#[test]
fn a_port_may_get_another_name_and_a_client_gives_way_to_a_configured_did() {
    let daemon = Daemon::start(
        "[[port]]\nname = 'sink'\ntype = 'dump'\npath = 'DIR/sink.pcapng'\ndid = 9\n",
    );
    let _client = Raw::register_binary(&daemon.0, "tenant", 11);
    assert_eq!(daemon.port("tenant").did, 16);
    let changes = daemon
        .changes("[[port]]\nname = 'tape'\ntype = 'dump'\npath = 'DIR/sink.pcapng'\ndid = 16\n");
    assert_eq!(changes, ["port tape: changed (it was called sink)"]);
    assert_eq!(
        (daemon.port("tape").did, daemon.port("tenant").did),
        (16, 17)
    );
}

#[test]
fn two_ports_swap_their_dids() {
    let config = |a: u16, b: u16| {
        let one = |name: &str, did: u16| {
            format!(
                "[[port]]\nname = '{name}'\ntype = 'dump'\npath = 'DIR/{name}.pcapng'\ndid = {did}\n"
            )
        };
        one("a", a) + &one("b", b) + "[alias]\n20 = 'port a'\n"
    };
    let daemon = Daemon::start(&config(7, 8));
    let changes = daemon.changes(&config(8, 7));
    assert_eq!(changes, ["port a: changed", "port b: changed"]);
    assert_eq!((daemon.port("a").did, daemon.port("b").did), (8, 7));
}

#[test]
fn doorbells_come_and_go_and_who_came_by_them_stays() {
    let with =
        |name: &str, mode: &str| format!("[[doorbell]]\npath = 'DIR/{name}'\nmode = '{mode}'\n");
    let daemon = Daemon::start("");
    let client = Raw::register_binary(&daemon.0, "tenant", 11);
    let (a, b) = (daemon.path("a.sock"), daemon.path("b.sock"));
    assert_eq!(
        daemon.changes(&with("a.sock", "0600")),
        [format!("doorbell {a}: added")]
    );
    let moved = daemon.changes(&with("b.sock", "0600"));
    assert_eq!(
        moved,
        [
            format!("doorbell {a}: removed"),
            format!("doorbell {b}: added")
        ]
    );
    assert!(UnixStream::connect(&a).is_err() && UnixStream::connect(&b).is_ok());
    let opened = daemon.changes(&with("b.sock", "0666"));
    assert_eq!(opened, [format!("doorbell {b}: replaced")]);
    assert!(UnixStream::connect(&b).is_ok());
    assert_eq!(daemon.clients().len(), 1);
    drop(client);
}

#[test]
fn classes_are_shared_otherwise_from_now_on_also_for_frames_that_wait() {
    let daemon = Daemon::start("");
    let mut sender = Raw::register_binary(&daemon.0, "sender", 10);
    let mut receiver = Raw::register_binary(&daemon.0, "receiver", 11);
    assert_eq!(daemon.status().scheduling, "weighted 1:2:4:8");
    for number in 0..40_u8 {
        // The highest class comes last.
        let (class, sent) = (number / 10, frame(0xB, 0xA, number.into(), 60));
        let descriptor = sender.prepare(&sent, 'B', None);
        let written = sender.sockets[4 + usize::from(class)].write_all(&descriptor);
        written.expect("sent");
        let port = || daemon.port("receiver").waiting;
        eventually("it waits", || {
            (port() == u64::from(number) + 1).then_some(())
        });
    }
    let changes = daemon.changes("[qos]\nscheduling = 'strict'\n");
    assert_eq!(changes, ["qos: changed (strict)"]);
    receiver.post(40);
    let got = (0..40).map(|at| receiver.receive(at).0[14] / 10);
    let expected: Vec<u8> = [3, 2, 1, 0].map(|class| [class; 10]).concat();
    assert_eq!(got.collect::<Vec<_>>(), expected);
    assert_eq!(daemon.status().scheduling, "strict");
    assert_eq!(daemon.clients().len(), 2);
}

#[test]
fn links_of_several_ports_share_one_socket() {
    let link = |name: &str, id: u32| {
        format!(
            "[[port]]\nname = '{name}'\ntype = 'memif-server'\nsocket = 'DIR/memif.sock'\nid = {id}\n"
        )
    };
    let daemon = Daemon::start(&(link("a", 0) + &link("b", 1)));
    assert_eq!(
        daemon.changes(&(link("b", 1) + &link("c", 2))),
        ["port a: removed", "port c: added"]
    );
    assert_eq!(
        daemon.changes(&(link("b", 5) + &link("c", 2))),
        ["port b: replaced"]
    );
    assert_eq!(daemon.ports().len(), 2);
}
