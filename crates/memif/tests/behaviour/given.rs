//! Links over a socket that is connected already.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use memif::{Connection, Error, Limits, Link, LinkOptions};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use crate::harness::{BRIEF, SOON, connect, drive, small, until};

fn sockets() -> (OwnedFd, OwnedFd) {
    let (kind, flags) = (SocketType::SEQPACKET, SocketFlags::empty());
    socketpair(AddressFamily::UNIX, kind, flags, None).expect("a pair")
}

fn connection(socket: OwnedFd) -> Connection {
    Connection::new(socket).expect("a connection")
}

fn pair(options: impl Fn() -> LinkOptions) -> (Link, Link) {
    let (one, other) = sockets();
    let server = connection(one).server(options()).expect("a server");
    let client = connection(other).client(options()).expect("a client");
    connect(&server, &client);
    (server, client)
}

/// Whether a link says that there will be nothing any more.
fn is_closed(link: &Link) -> bool {
    matches!(
        link.wait_up(Some(Duration::ZERO)),
        Err(Error::Disconnected(_))
    )
}

#[test]
fn frames_go_both_ways_over_a_given_socket() {
    let (mut server, mut client) = pair(|| small().queues(4));
    for queue in 0..4 {
        let (mut tx, mut rx) = (client.tx(queue).unwrap(), server.rx(queue).unwrap());
        tx.send(b"up", SOON).unwrap();
        assert_eq!(rx.recv(SOON).unwrap().to_vec(), b"up");
        let (mut tx, mut rx) = (server.tx(queue).unwrap(), client.rx(queue).unwrap());
        tx.send(b"down", SOON).unwrap();
        assert_eq!(rx.recv(SOON).unwrap().to_vec(), b"down");
    }
}

#[test]
fn the_end_of_its_one_epoch_closes_a_link_and_loses_no_frame() {
    for server_leaves in [true, false] {
        let (server, client) = pair(small);
        let (mut leaving, mut left) = match server_leaves {
            true => (server, client),
            false => (client, server),
        };
        let mut rx = left.rx(0).unwrap();
        leaving.tx(0).unwrap().send(b"the last", SOON).unwrap();
        drop(leaving);
        until(|| {
            drive(&[&left]);
            !left.is_up()
        });
        assert!(is_closed(&left));
        assert_eq!(rx.recv(SOON).unwrap().to_vec(), b"the last");
        for _ in 0..3 {
            let ended = rx.recv(SOON);
            assert!(matches!(ended, Err(Error::Disconnected(_))), "{ended:?}");
        }
    }
}

#[test]
fn a_handshake_that_does_not_come_closes_the_link() {
    let (one, _other) = sockets();
    let connection = connection(one).handshake_deadline(Duration::from_millis(50));
    let server = connection.server(small()).expect("a server");
    let late = server.wait_up(SOON);
    let Err(Error::Disconnected(ended)) = late else {
        panic!("{late:?}")
    };
    assert_eq!(server.epoch(), 0);
    assert!(!ended.reason.is_empty());
}

#[test]
fn nobody_at_the_other_end_is_no_link() {
    let (one, other) = sockets();
    drop(other);
    let server = connection(one).server(small());
    assert!(matches!(server, Err(Error::Refused { .. })), "{server:?}");
    let (one, other) = sockets();
    let client = connection(other).client(small()).expect("a client");
    drop(one);
    let ended = client.wait_up(SOON);
    assert!(matches!(ended, Err(Error::Disconnected(_))), "{ended:?}");
}

#[test]
fn a_client_that_asks_for_another_link_or_offers_too_much_closes_both() {
    let refusals = [(LinkOptions::new(7), 64 << 30), (small().slots(1024), 4096)];
    for (options, bytes) in refusals {
        let (one, other) = sockets();
        let limits = Limits {
            bytes,
            ..Limits::default()
        };
        let server = connection(one).limits(limits).server(small());
        let server = server.expect("a server");
        let client = connection(other).client(options).expect("a client");
        until(|| {
            drive(&[&server, &client]);
            is_closed(&server) && is_closed(&client)
        });
    }
}

#[test]
fn a_peer_is_woken_by_a_socket_that_was_given_for_that() {
    let (one, other) = sockets();
    let (wakes, mut woken) = UnixStream::pair().expect("a pair");
    let server = connection(one).wake_by(wakes.into()).server(small());
    let (mut server, mut client) = (
        server.expect("a server"),
        connection(other).client(small()).expect("a client"),
    );
    connect(&server, &client);
    let (mut tx, mut rx) = (server.tx(0).unwrap(), client.rx(0).unwrap());
    let (mut back, mut taken) = (client.tx(0).unwrap(), server.rx(0).unwrap());
    woken.set_read_timeout(SOON).expect("set");
    assert!(!rx.arm().unwrap());
    tx.send(b"a frame", SOON).unwrap();
    woken.read_exact(&mut [0]).expect("woken for a frame");
    assert_eq!(rx.recv(SOON).unwrap().to_vec(), b"a frame");
    while back.try_send(b"more").unwrap() {}
    assert!(!back.arm().unwrap());
    assert!(!taken.burst(1).unwrap().is_empty());
    woken.read_exact(&mut [0]).expect("woken for room");
    assert!(back.try_send(b"more").unwrap());
}

#[test]
fn a_descriptor_of_another_sort_is_none() {
    let (stream, _) = UnixStream::pair().expect("a pair");
    let file = tempfile::tempfile().expect("a file");
    for other in [OwnedFd::from(stream), OwnedFd::from(file)] {
        let refused = Connection::new(other);
        assert!(matches!(refused, Err(Error::Os { .. })), "{refused:?}");
    }
}

#[test]
fn a_link_that_was_closed_here_is_told_there() {
    let (server, client) = pair(small);
    server.close(BRIEF.unwrap_or_default());
    until(|| {
        drive(&[&client]);
        is_closed(&client)
    });
    let ended = client.details().last_ended.expect("an end");
    assert!(ended.clean, "{ended:?}");
}
