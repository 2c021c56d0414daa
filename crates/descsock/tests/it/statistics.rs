//! Counters that move, and add up.

use std::sync::atomic::Ordering;

use descsock::{Client, Counters, Events};

use crate::agent::{Place, eventually, frame, receive};

#[test]
fn every_counter_moves() {
    let place = Place::new();
    let (tx, rx) = (place.client(8), place.client(9));
    tx.send(&frame(1, 100)).expect("sent");
    tx.send(&frame(2, 22)).expect("sent");
    eventually("both have come", || rx.statistics().rx_packets_in == 2);
    receive(&rx).expect("received");
    let (sent, got) = (tx.statistics(), rx.statistics());
    assert_eq!((sent.tx_packets_in, sent.tx_bytes_in), (2, 104 + 64));
    assert_eq!((sent.tx_packets_out, sent.tx_bytes_out), (2, 104 + 64));
    assert_eq!((got.rx_packets_in, got.rx_bytes_in), (2, 104 + 64));
    assert_eq!((got.rx_packets_out, got.rx_bytes_out), (1, 104));
    assert_eq!((got.rx_fc_drops, got.rx_lost, sent.tx_lost), (0, 0, 0));
    assert_eq!(got.connections, 1);
}

#[test]
fn frames_that_nobody_receives_are_dropped_from_the_end_and_counted() {
    let place = Place::new();
    let tx = place.client(8);
    let rx = Client::open(place.options(9).buffers(64, 64)).expect("a client");
    for count in 0..100 {
        tx.send(&frame(count, 64)).expect("sent");
    }
    eventually("all are taken", || tx.statistics().tx_packets_out == 100);
    eventually("the agent is done", || tx.close().is_err());
    // By sockets the client drops what is too much; by rings the agent does, and counts it.
    let (least, dropped) = if crate::RINGS {
        (64, 0)
    } else {
        (56, 100 - 56)
    };
    eventually("all have come", || {
        rx.statistics().rx_packets_in >= least + dropped
    });
    assert_eq!(rx.statistics().rx_fc_drops, dropped);
    for expected in 0..least {
        assert_eq!(receive(&rx).expect("received"), frame(expected, 64));
    }
    if !crate::RINGS {
        assert_eq!(rx.poll(Events::IN), Events::empty());
    }
}

#[test]
fn frames_are_counted_when_they_come_although_the_program_does_nothing() {
    static HERE: Counters = Counters::new();
    let place = Place::new();
    let tx = place.client(8);
    let _rx = Client::open(place.options(9).counters(&HERE)).expect("a client");
    for count in 1..=3 {
        tx.send(&frame(count, 100)).expect("sent");
        // Time and again, also after it was quiet.
        let is_counted = || HERE.rx_packets_in.load(Ordering::Relaxed) == count;
        eventually("it is counted", is_counted);
        std::thread::sleep(std::time::Duration::from_millis(250));
    }
}

#[test]
fn counting_happens_where_the_program_wants_it() {
    static HERE: Counters = Counters::new();
    let place = Place::new();
    let client = Client::open(place.options(8).counters(&HERE)).expect("a client");
    client.send(&frame(1, 64)).expect("sent");
    assert_eq!(HERE.tx_packets_in.load(Ordering::Relaxed), 1);
    eventually("it is gone", || {
        HERE.tx_packets_out.load(Ordering::Relaxed) == 1
    });
}
