//! Getting in, first and again, and being refused.

use std::os::unix::net::UnixListener;

use memif::testing::{RawServer, ServerSetup, Setup, Step};
use memif::{Connector, Error, Link, LinkOptions, Mode, Secret};

use crate::harness::{A_WHILE, Place, SOON, arrive, connect, connect_raw, drive, small, until};

#[test]
fn a_client_on_its_way_to_a_link_that_is_closed_does_not_get_into_its_successor() {
    let place = Place::new();
    let listener = place.listener();
    let first = listener.link(small().queues(2)).expect("a link");
    let setup = Setup::new(0).with_layout(|layout| (layout.s2m, layout.m2s) = (2, 2));
    let client = arrive(&place, &first, setup, Step::Rings);
    drop(first);
    let secret = Secret::new(b"not for everybody").expect("a secret");
    let second = listener.link(small().secret(secret)).expect("a link");
    let _ = client.send_connect();
    drive(&[&second]);
    assert!(!second.is_up());
    let told = client.rejected(A_WHILE).expect("left");
    assert_eq!(told.as_deref(), Some("closed"));
}

/// Why a server refuses this client.
fn refused_by(server: &Link, client: &Link) -> String {
    std::thread::scope(|scope| {
        let refused = scope.spawn(|| client.wait_up(SOON));
        while !refused.is_finished() {
            drive(&[server]);
        }
        match refused.join().expect("joined") {
            Err(Error::Refused { reason, .. }) => reason,
            other => panic!("{other:?}"),
        }
    })
}

#[test]
fn a_client_with_the_wrong_secret_is_refused_and_both_sides_know_why() {
    let place = Place::new();
    let secret = Secret::new(b"not for everybody").expect("a secret");
    let server = place.server(small().secret(secret));
    let reason = refused_by(&server, &place.client(small()));
    assert_eq!(
        reason,
        "the server refused: client's secret is not the interface's"
    );
    let details = server.details();
    let told = details.last_failure.as_deref();
    assert_eq!(told, Some("client's secret is not the interface's"));
    assert!(details.failures > 0 && details.peer.is_none());
}

#[test]
fn a_client_that_does_not_match_is_told_in_what() {
    let place = Place::new();
    let server = place.server(small());
    let refused = |options| refused_by(&server, &place.client(options));
    assert_eq!(
        refused(LinkOptions::new(7)),
        "the server refused: client asked for id 7, which this server does not have"
    );
    assert_eq!(
        refused(small().mode(Mode::Ip)),
        "the server refused: client wants mode ip, the interface is ethernet"
    );
    assert_eq!(
        refused(small().queues(3)),
        "the server refused: client offered ring S2M 1, the server has 1 S2M rings: configure both ends equal"
    );
}

#[test]
fn a_server_of_another_version_is_named() {
    let place = Place::new();
    let server = RawServer::bind(place.path(), ServerSetup::default()).expect("a server");
    let client = place.client(small());
    std::thread::scope(|scope| {
        let refused = scope.spawn(|| client.wait_up(SOON));
        let session = server.accept(A_WHILE).expect("a client");
        let old = |hello: &mut memif::testing::Hello| {
            (hello.min_version, hello.max_version) = (0x0100, 0x0101);
        };
        session.send_hello(old).expect("sent");
        match refused.join().expect("joined") {
            Err(Error::Refused { reason, .. }) => assert_eq!(
                reason,
                "server speaks memif 0x0100 to 0x0101, this client 0x0200"
            ),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_server_that_says_why_and_leaves_is_heard_even_by_a_client_that_was_talking() {
    let place = Place::new();
    let server = RawServer::bind(place.path(), ServerSetup::default()).expect("a server");
    let client = place.client(small());
    let session = server.accept(A_WHILE).expect("a client");
    session.send_hello(|_| ()).expect("sent");
    session.send_disconnect("closing time").expect("sent");
    drop((session, server));
    match client.wait_up(SOON) {
        Err(Error::Refused { reason, .. }) => {
            assert_eq!(reason, "the server refused: closing time");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_two_clients_for_one_id_the_second_is_refused_until_the_first_leaves() {
    let place = Place::new();
    let (server, first) = place.pair(&small());
    let second = place.client(small());
    let mut refused = None;
    until(|| {
        drive(&[&server, &second]);
        refused = refused.take().or(second.details().last_failure);
        refused.is_some()
    });
    let in_use = "client asked for id 0, which is in use by another client";
    assert!(refused.is_some_and(|reason| reason.contains(in_use)));
    assert!(first.is_up());
    drop(first);
    connect(&server, &second);
    assert_eq!(server.epoch(), 2);
}

#[test]
fn of_two_clients_that_race_for_one_id_one_gets_it() {
    for _ in 0..20 {
        let place = Place::new();
        let server = place.server(small());
        let clients = [place.client(small()), place.client(small())];
        until(|| {
            drive(&[&server, &clients[0], &clients[1]]);
            let up = clients.iter().filter(|client| client.is_up()).count();
            assert!(up < 2);
            server.is_up() && up == 1 && clients.iter().any(|client| client.details().failures > 0)
        });
    }
}

#[test]
fn a_client_that_dies_and_comes_back_at_once_gets_in() {
    let place = Place::new();
    let server = place.server(small());
    for epoch in 1..=100 {
        let client = connect_raw(&place, &server, Setup::new(0));
        assert_eq!(server.epoch(), epoch);
        drop(client);
    }
}

#[test]
fn the_death_of_a_client_is_noticed_when_the_next_one_asks() {
    let place = Place::new();
    let server = place.server(small());
    let first = connect_raw(&place, &server, Setup::new(0));
    let second = arrive(&place, &server, Setup::new(0), Step::Hello);
    // The server learns of both at the same time, and hears first what the second says.
    second.send_init(|_| ()).expect("sent");
    drop(first);
    drive(&[&server]);
    second.ack().expect("let in");
}

#[test]
fn either_side_is_started_first_and_restarted_in_any_order() {
    let place = Place::new();
    let options = || LinkOptions::new(3).slots(8);
    let client = place.client(options());
    drive(&[&client]);
    let mut server = place.server(options());
    connect(&server, &client);
    for epoch in 2..=4 {
        drop(server);
        client.wait_down(SOON).expect("down");
        server = place.server(options());
        connect(&server, &client);
        assert_eq!((server.epoch(), client.epoch()), (1, epoch));
    }
    drop(client);
    for epoch in 2..=4 {
        let client = Connector::new(&place.address)
            .link(options())
            .expect("a client");
        connect(&server, &client);
        assert_eq!((server.epoch(), client.epoch()), (epoch, 1));
    }
}

#[test]
fn a_client_of_a_server_that_vanished_in_the_handshake_tries_again() {
    let place = Place::new();
    let client = place.client(small());
    for _ in 0..3 {
        let server = RawServer::bind(place.path(), ServerSetup::default()).expect("a server");
        let until_connect = std::thread::scope(|scope| {
            let session = scope.spawn(|| {
                let mut session = server.accept(A_WHILE).expect("a client");
                session.handshake_until_connect().expect("so far");
            });
            while !session.is_finished() {
                drive(&[&client]);
            }
            session.join()
        });
        until_connect.expect("so far");
    }
    let server = place.server(small());
    connect(&server, &client);
}

#[test]
fn a_socket_of_another_kind_or_of_somebody_else_is_named_at_once() {
    let place = Place::new();
    let stream = UnixListener::bind(place.path()).expect("a stream socket");
    let client = place.client(small());
    let told = client.wait_up(SOON).expect_err("no memif").to_string();
    let expected = format!(
        "connecting to {} failed: Protocol wrong type",
        place.address
    );
    assert!(told.starts_with(&expected), "{told}");
    drop(stream);
    std::fs::remove_file(place.path()).expect("removed");
    connect(&place.server(small()), &client);
}
