//! Peers that break the rules of the rings.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use memif::testing::{Descriptor, RawClient, RawServer, RawSession, ServerSetup, Setup};
use memif::{Ended, Error, Link, LinkOptions, Seals, Side};

use crate::harness::{A_WHILE, BRIEF, Place, SOON, alone, connect_raw, end_of, small};

/// A client of ours and the raw server it is connected to.
fn with_raw_server(place: &Place) -> (Link, RawSession) {
    let server = RawServer::bind(place.path(), ServerSetup::default()).expect("a server");
    let client = place.client(small());
    let session = std::thread::scope(|scope| {
        let session = scope.spawn(|| server.serve().expect("a client"));
        client.wait_up(SOON).expect("up");
        session.join().expect("served")
    });
    (client, session)
}

/// A server of ours and the raw client that is connected to it.
fn with_raw_client(place: &Place, options: LinkOptions, setup: Setup) -> (Link, RawClient) {
    let server = place.server(options);
    let client = connect_raw(place, &server, setup);
    (server, client)
}

#[track_caller]
fn is_blamed(ended: &Ended, reason: &str) {
    assert!(!ended.clean && ended.by == Side::Peer, "{ended:?}");
    assert!(ended.reason.contains(reason), "{ended:?}");
}

#[track_caller]
fn end_in<T: std::fmt::Debug>(result: Result<T, Error>) -> Ended {
    match result {
        Err(Error::Disconnected(ended)) => ended,
        other => panic!("no end: {other:?}"),
    }
}

#[test]
fn a_server_whose_index_jumps_costs_a_receiver_what_is_on_the_ring_and_no_more() {
    let place = Place::new();
    let (mut client, mut server) = with_raw_server(&place);
    let mut rx = client.rx(0).expect("rx");
    server.tx(0).raw().set_tail(50_000);
    assert!(rx.recv(BRIEF).expect_err("nothing whole").is_timeout());
    assert!(client.is_up() && client.details().queues[0].rx.overrun > 0);
    let posted = server.tx(0).raw().head().wrapping_sub(50_000);
    assert_eq!(posted, 8, "all buffers are posted behind the jump");
}

#[test]
fn a_server_whose_index_jumps_ends_the_epoch_for_a_sender_once_and_is_told_why() {
    let place = Place::new();
    let (mut client, mut server) = with_raw_server(&place);
    let mut tx = client.tx(0).expect("tx");
    while tx.try_send(b"frame").expect("sent") {}
    server.rx(0).raw().set_tail(50_000);
    is_blamed(&end_in(tx.send(b"frame", SOON)), "50000");
    assert!(tx.send(b"frame", BRIEF).expect_err("none").is_timeout());
    let told = server.left(A_WHILE).expect("left");
    assert!(told.is_some_and(|reason| reason.contains("50000")));
    is_blamed(&client.details().last_ended.expect("an end"), "50000");
}

#[test]
fn a_client_whose_index_jumps_ends_the_epoch_for_a_sender_once() {
    let place = Place::new();
    let (mut server, mut client) = with_raw_client(&place, small(), Setup::new(0));
    let mut tx = server.tx(0).expect("tx");
    let loan = tx.loan(5, SOON).expect("room");
    client.rx(0).raw().set_head(50_000);
    is_blamed(&end_in(tx.loan(1 << 20, SOON)), "50000");
    is_blamed(&end_in(loan.send()), "50000");
    assert!(tx.send(b"frame", BRIEF).expect_err("none").is_timeout());
}

#[test]
fn a_flood_of_malformed_frames_does_not_outlast_a_timeout() {
    let place = Place::new();
    let (mut server, mut client) = with_raw_client(&place, small(), Setup::new(0));
    let mut rx = server.rx(0).expect("rx");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (tx, empty) = (client.tx(0), Descriptor::default());
            while !over.load(Ordering::Relaxed) {
                if tx.room() > 0 {
                    tx.raw().set_descriptor(tx.position(), empty);
                    tx.publish(1).expect("published");
                }
            }
        });
        let started = Instant::now();
        let timed_out = rx.recv(Some(Duration::from_millis(50)));
        over.store(true, Ordering::Relaxed);
        assert!(timed_out.expect_err("nothing whole").is_timeout());
        assert!(started.elapsed() < Duration::from_secs(1));
    });
    assert!(server.details().queues[0].rx.malformed > 0);
}

#[test]
fn memory_that_a_client_truncates_ends_the_epoch_and_not_the_process() {
    if !alone("hostile::memory_that_a_client_truncates_ends_the_epoch_and_not_the_process") {
        return;
    }
    memif::sigbus::contain().expect("contained");
    let place = Place::new();
    let setup = Setup::new(0).with_layout(|layout| layout.sealed = false);
    let options = small().seals(Seals::Waived);
    let (mut server, client) = with_raw_client(&place, options, setup);
    let (mut rx, mut tx) = (server.rx(0).expect("rx"), server.tx(0).expect("tx"));
    tx.send(b"frame", SOON).expect("room");
    for region in 0..2 {
        client.memory().truncate(region, 0).expect("truncated");
    }
    is_blamed(&end_of(&mut rx), "truncated");
    is_blamed(&end_in(tx.send(b"frame", SOON)), "truncated");
}

#[test]
fn asking_for_no_frames_loses_none_that_a_dead_peer_left() {
    let place = Place::new();
    let (mut server, mut client) = with_raw_client(&place, small(), Setup::new(0));
    let mut rx = server.rx(0).expect("rx");
    client.tx(0).send(b"last", Duration::ZERO).expect("sent");
    drop(client);
    server.wait_down(SOON).expect("down");
    assert!(rx.burst(0).expect("nothing").is_empty());
    assert_eq!(rx.recv(SOON).expect("kept").to_vec(), b"last");
    end_of(&mut rx);
}
