//! What a link takes from the system, and that all of it comes back.

use std::any::Any;
use std::fs;
use std::time::Duration;

use memif::testing::Setup;
use memif::{Connector, Link, Rx, Tx};

use crate::harness::{Place, SOON, alone, connect_raw, drive, end_of, small, until};

/// Descriptors, threads and shared memory of this process.
#[derive(Debug, PartialEq, Eq)]
struct Holdings {
    descriptors: usize,
    threads: usize,
    memory: Vec<String>,
}

impl Holdings {
    fn now() -> Self {
        let count = |dir| fs::read_dir(dir).expect("listed").count();
        let maps = fs::read_to_string("/proc/self/maps").expect("read");
        let shared = |line: &&str| line.contains("memwire-") || line.contains("raw memif");
        Self {
            descriptors: count("/proc/self/fd"),
            threads: count("/proc/self/task"),
            memory: maps.lines().filter(shared).map(str::to_owned).collect(),
        }
    }
}

/// Numbers in no order that anybody planned, the same in each run.
struct Shuffle(u64);

impl Shuffle {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }
}

/// A frame received, and a loan and a frame not received.
fn kept(link: &mut Link, other: &mut Link) -> Vec<Box<dyn Any>> {
    let (mut tx, mut rx): (Tx, Rx) = (link.tx(0).expect("tx"), other.rx(0).expect("rx"));
    tx.send(b"received", SOON).expect("sent");
    let frame = rx.recv(SOON).expect("received");
    tx.send(b"not received", SOON).expect("sent");
    let loan = tx.loan(100, SOON).expect("room");
    vec![Box::new(tx), Box::new(rx), Box::new(frame), Box::new(loan)]
}

#[test]
fn everything_is_given_back_in_whatever_order_it_is_dropped() {
    if !alone("resources::everything_is_given_back_in_whatever_order_it_is_dropped") {
        return;
    }
    let mut shuffle = Shuffle(1);
    let before = Holdings::now();
    for round in 0..200 {
        let place = Place::new();
        let listener = place.listener();
        let mut server = listener.link(small()).expect("a link");
        let mut client = place.client(small());
        crate::harness::connect(&server, &client);
        let mut all = kept(&mut server, &mut client);
        all.extend(kept(&mut client, &mut server));
        all.extend([
            Box::new(server) as Box<dyn Any>,
            Box::new(client),
            Box::new(listener),
        ]);
        while !all.is_empty() {
            drop(all.swap_remove(shuffle.below(all.len())));
        }
        assert!(!place.path().exists(), "round {round}");
        drop(place);
        assert_eq!(Holdings::now(), before, "round {round}");
    }
}

#[test]
fn a_link_that_waits_for_its_peer_to_come_back_holds_nothing_of_the_old_one() {
    if !alone("resources::a_link_that_waits_for_its_peer_to_come_back_holds_nothing_of_the_old_one")
    {
        return;
    }
    let place = Place::new();
    let mut server = place.server(small().queues(2));
    let (mut rx, mut tx) = (server.rx(0).expect("rx"), server.tx(0).expect("tx"));
    drop(server.rx(1).expect("rx"));
    let before = Holdings::now();
    for _ in 0..3 {
        let setup = Setup::new(0).with_layout(|layout| (layout.s2m, layout.m2s) = (2, 2));
        let mut client = connect_raw(&place, &server, setup);
        for queue in 0..2 {
            client
                .tx(queue)
                .send(b"frame", Duration::ZERO)
                .expect("sent");
        }
        tx.send(b"frame", SOON).expect("sent");
        drop(rx.recv(SOON).expect("received"));
        drop(client);
        end_of(&mut rx);
        assert!(tx.send(b"frame", SOON).expect_err("told").is_disconnected());
        assert_eq!(Holdings::now(), before);
    }
}

#[test]
fn a_client_that_waits_for_its_server_to_come_back_holds_no_memory() {
    if !alone("resources::a_client_that_waits_for_its_server_to_come_back_holds_no_memory") {
        return;
    }
    let place = Place::new();
    let mut client = place.client(small());
    let mut rx = client.rx(0).expect("rx");
    drive(&[&client]);
    let before = Holdings::now();
    let mut server = place.server(small());
    crate::harness::connect(&server, &client);
    server
        .tx(0)
        .expect("tx")
        .send(b"frame", SOON)
        .expect("sent");
    let frame = rx.recv(SOON).expect("received");
    drop(server);
    end_of(&mut rx);
    assert_eq!(frame.to_vec(), b"frame");
    drop(frame);
    assert_eq!(Holdings::now(), before);
}

#[test]
fn a_client_that_is_refused_over_and_over_keeps_nothing_of_its_attempts() {
    if !alone("resources::a_client_that_is_refused_over_and_over_keeps_nothing_of_its_attempts") {
        return;
    }
    let place = Place::new();
    let server = place.server(small());
    let client = Connector::new(&place.address)
        .backoff(Duration::from_millis(1), Duration::from_millis(1))
        .link(small().queues(3))
        .expect("a client");
    let mut before = None;
    for failures in 1..=30 {
        until(|| {
            // The server has the last word, so nobody is halfway in.
            drive(&[&client, &server]);
            client.details().failures == failures
        });
        let holdings = Holdings::now();
        assert_eq!(before.get_or_insert(holdings), &Holdings::now());
    }
}
