//! Closing a link, from either side.

use std::time::{Duration, Instant};

use memif::{Ended, Error, Link, Side};

use crate::harness::{A_WHILE, Place, SOON, end_of, small};

fn close_tells(closing: Link, other: &Link, role: &str) {
    let ended = closing.close(Duration::ZERO);
    assert_eq!((ended.by, ended.clean), (Side::Us, true), "{role}");
    other.wait_down(SOON).expect("down");
    let told = other.details().last_ended.expect("an end");
    let expected = Ended {
        epoch: 1,
        by: Side::Peer,
        clean: true,
        reason: "closed".to_owned(),
        undelivered: 0,
    };
    assert_eq!(told, expected, "{role}");
}

#[test]
fn either_side_closes_and_both_know() {
    let place = Place::new();
    let (server, client) = place.pair(&small());
    close_tells(server, &client, "server");
    let place = Place::new();
    let (server, client) = place.pair(&small());
    close_tells(client, &server, "client");
}

#[test]
fn a_close_lingers_until_all_is_taken() {
    for server_closes in [true, false] {
        let place = Place::new();
        let (server, client) = place.pair(&small());
        let (mut sending, mut receiving) = if server_closes {
            (server, client)
        } else {
            (client, server)
        };
        let (mut tx, mut rx) = (sending.tx(0).expect("tx"), receiving.rx(0).expect("rx"));
        while tx.try_send(b"frame").expect("sent") {}
        let ended = std::thread::scope(|scope| {
            let closing = scope.spawn(|| sending.close(A_WHILE));
            let mut received = 0;
            while let Ok(frame) = rx.recv(SOON) {
                assert_eq!(frame.to_vec(), b"frame");
                received += 1;
            }
            assert_eq!(received, 8);
            closing.join().expect("closed")
        });
        assert_eq!(ended.undelivered, 0);
    }
}

#[test]
fn a_close_lingers_no_longer_than_it_may_and_says_what_was_not_taken() {
    for server_closes in [true, false] {
        let place = Place::new();
        let (server, client) = place.pair(&small());
        let mut sending = if server_closes { server } else { client };
        let mut tx = sending.tx(0).expect("tx");
        for _ in 0..5 {
            tx.send(b"frame", SOON).expect("sent");
        }
        let started = Instant::now();
        let ended = sending.close(Duration::from_millis(30));
        assert!(started.elapsed() >= Duration::from_millis(30));
        assert_eq!(ended.undelivered, 5);
        match tx.try_send(b"frame") {
            Err(Error::Disconnected(ended)) => assert_eq!(ended.by, Side::Us),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_link_dropped_is_closed_and_one_that_a_panic_drops_is_not() {
    for panics in [false, true] {
        let place = Place::new();
        let (mut server, mut client) = place.pair(&small());
        let (mut tx, mut rx) = (server.tx(0).expect("tx"), client.rx(0).expect("rx"));
        tx.send(b"half of it", SOON).expect("sent");
        let ending = std::thread::spawn(move || {
            let _link = (server, tx);
            assert!(!panics, "as asked for");
        });
        assert_eq!(ending.join().is_err(), panics);
        assert_eq!(rx.recv(SOON).expect("received").to_vec(), b"half of it");
        let ended = end_of(&mut rx);
        assert_eq!((ended.clean, ended.by), (!panics, Side::Peer), "{ended}");
    }
}

#[test]
fn after_a_close_no_call_waits_for_what_will_not_come() {
    let place = Place::new();
    let (mut server, client) = place.pair(&small());
    let (mut rx, mut tx) = (server.rx(0).expect("rx"), server.tx(0).expect("tx"));
    tx.send(b"frame", SOON).expect("sent");
    server.close(Duration::ZERO);
    for _ in 0..3 {
        // The first is the end of the epoch, the others are that there will be no more.
        assert!(rx.recv(None).expect_err("closed").is_disconnected());
        assert!(
            tx.send(b"frame", None)
                .expect_err("closed")
                .is_disconnected()
        );
    }
    assert!(rx.wait(None).is_err() && rx.arm().is_err());
    assert!(tx.wait(None).is_err() && tx.arm().is_err());
    client.wait_down(SOON).expect("down");
}

#[test]
fn a_link_stays_open_while_any_of_its_queues_is_used() {
    let place = Place::new();
    let (mut server, mut client) = place.pair(&small());
    let (mut rx, tx) = (server.rx(0).expect("rx"), server.tx(0).expect("tx"));
    let (mut to, mut from) = (client.tx(0).expect("tx"), client.rx(0).expect("rx"));
    drop((server, client, tx));
    for number in 0..20u8 {
        to.send(&[number], SOON).expect("sent");
        assert_eq!(rx.recv(SOON).expect("received").to_vec(), [number]);
    }
    drop(rx);
    assert!(end_of(&mut from).clean);
}
