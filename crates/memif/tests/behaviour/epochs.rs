//! Ends of epochs: what is delivered before, who is told, and what stays behind.

use std::time::Duration;

use memif::Error;
use memif::testing::Setup;

use crate::harness::{A_WHILE, BRIEF, Place, SOON, connect_raw, end_of, small};

#[test]
fn an_end_is_told_once_to_each_receiver_and_each_sender_however_short_the_epoch() {
    let place = Place::new();
    let mut server = place.server(small());
    let (mut rx, mut tx) = (server.rx(0).expect("rx"), server.tx(0).expect("tx"));
    for _ in 1..=3 {
        // Over before either looked, without a frame.
        drop(connect_raw(&place, &server, Setup::new(0)));
        server.wait_down(SOON).expect("down");
    }
    for epoch in 1..=3 {
        assert!(tx.wait(SOON).is_ok() && rx.wait(SOON).is_ok());
        assert_eq!(end_of(&mut rx).epoch, epoch);
        match tx.send(b"frame", SOON) {
            Err(Error::Disconnected(ended)) => assert_eq!(ended.epoch, epoch),
            other => panic!("{other:?}"),
        }
    }
    assert!(rx.recv(BRIEF).expect_err("no end").is_timeout());
    assert!(tx.send(b"frame", BRIEF).expect_err("no end").is_timeout());
}

#[test]
fn the_end_of_an_empty_stream_is_told_to_a_receiver_that_waits() {
    for _ in 0..20 {
        let place = Place::new();
        let mut client = place.client(small());
        let mut rx = client.rx(0).expect("rx");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let server = place.server(small());
                server.wait_up(SOON).expect("up");
                server.close(Duration::ZERO);
            });
            assert!(end_of(&mut rx).clean);
        });
    }
}

#[test]
fn what_several_epochs_left_is_received_in_order_before_the_new() {
    let place = Place::new();
    let mut server = place.server(small());
    let mut rx = server.rx(0).expect("rx");
    let send = |epoch: u8| {
        let mut client = connect_raw(&place, &server, Setup::new(0));
        for number in 0..3 {
            let frame = [epoch, number];
            client.tx(0).send(&frame, Duration::ZERO).expect("sent");
        }
        client
    };
    for epoch in 1..=6 {
        drop(send(epoch));
        server.wait_down(SOON).expect("down");
    }
    let _alive = send(7);
    // Of what nobody looked at, the last three epochs and the new one are kept.
    for epoch in 4..=7 {
        for number in 0..3 {
            let frame = rx.recv(SOON).expect("kept");
            assert_eq!(
                (frame.epoch(), frame.to_vec()),
                (epoch.into(), vec![epoch, number])
            );
        }
        if epoch < 7 {
            assert_eq!(end_of(&mut rx).epoch, epoch.into());
        }
    }
    assert!(rx.recv(BRIEF).expect_err("no end").is_timeout());
}

#[test]
fn a_queue_whose_sender_was_not_looking_hears_of_what_was_lost() {
    let place = Place::new();
    let mut server = place.server(small());
    let mut tx = server.tx(0).expect("tx");
    let client = connect_raw(&place, &server, Setup::new(0));
    for _ in 0..3 {
        tx.send(b"frame", SOON).expect("sent");
    }
    drop(client);
    server.wait_down(SOON).expect("down");
    match tx.send(b"frame", SOON) {
        Err(Error::Disconnected(ended)) => assert_eq!(ended.undelivered, 3),
        other => panic!("{other:?}"),
    }
    let details = server.details();
    assert_eq!(details.queues[0].tx.undelivered, 3);
    assert_eq!(details.last_ended.map(|ended| ended.undelivered), Some(3));
}

#[test]
fn a_loan_of_an_epoch_that_ended_is_not_sent_in_the_next() {
    let place = Place::new();
    let mut server = place.server(small());
    let mut tx = server.tx(0).expect("tx");
    let client = connect_raw(&place, &server, Setup::new(0));
    let mut old = tx.loan(3, SOON).expect("room");
    let older = tx.loan(3, SOON).expect("room");
    drop(client);
    let mut client = connect_raw(&place, &server, Setup::new(0));
    assert!(tx.try_send(b"new").expect_err("told").is_disconnected());
    tx.send(b"new", SOON).expect("sent");
    old.write_at(0, b"old").expect("fits");
    match old.send() {
        Err(Error::Disconnected(ended)) => assert_eq!(ended.epoch, 1),
        other => panic!("{other:?}"),
    }
    drop(older);
    assert_eq!(client.rx(0).recv(A_WHILE).expect("received"), b"new");
    assert_eq!(client.rx(0).waiting(), 0);
}
