//! Frames from one client to another.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use descsock::{Client, Options, Wait};

use crate::agent::{Place, frame, number, receive};

#[test]
fn a_frame_arrives_as_it_was_sent() {
    let place = Place::new();
    let (tx, rx) = (place.client(8), place.client(9));
    for len in [60, 61, 64, 1514, 2043, 2044] {
        assert_eq!(tx.send(&frame(1, len)).expect("sent"), len + 4);
        assert_eq!(receive(&rx).expect("received"), frame(1, len));
    }
}

#[test]
fn a_short_frame_is_padded_with_zeros_and_never_with_old_memory() {
    let place = Place::new();
    let options = place.options(8).buffers(4, 4);
    let tx = Client::open(options).expect("a client");
    let rx = place.client(9);
    for _ in 0..8 {
        tx.send(&[0xff; 2044]).expect("sent");
        receive(&rx).expect("received");
    }
    for _ in 0..8 {
        assert_eq!(tx.send(&frame(3, 22)).expect("sent"), 64);
        let mut expected = frame(3, 22);
        expected.resize(60, 0);
        assert_eq!(receive(&rx).expect("received"), expected);
    }
}

#[test]
fn frames_keep_their_order_and_none_is_lost_while_the_receiver_keeps_up() {
    let place = Place::new();
    let (tx, rx) = (place.client(8), place.client(9));
    let total = 200_000;
    let arrived = AtomicU64::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for sent in 0..total {
                while sent > arrived.load(Ordering::Relaxed) + 500 {
                    std::thread::yield_now();
                }
                tx.send(&frame(sent, 22 + (sent % 1500) as usize))
                    .expect("sent");
            }
        });
        for expected in 0..total {
            let received = receive(&rx).expect("received");
            assert_eq!(number(&received), expected);
            let sent = frame(expected, 22 + (expected % 1500) as usize);
            assert_eq!(received[..sent.len()], sent);
            arrived.store(expected, Ordering::Relaxed);
        }
    });
}

#[test]
fn jumbo_frames_go_between_clients_that_have_room_for_them() {
    let place = Place::new();
    let jumbo = |service| place.options(service).frame_capacity(9600).buffers(64, 64);
    let open = |options: Options| Client::open(options).expect("a client");
    let (tx, rx) = (open(jumbo(8)), open(jumbo(9)));
    assert_eq!(tx.frame_capacity(), 9600);
    for len in [2044, 2045, 9599, 9600] {
        assert_eq!(tx.send(&frame(5, len)).expect("sent"), len + 4);
        assert_eq!(receive(&rx).expect("received"), frame(5, len));
    }
}

#[test]
fn several_clients_of_one_process_get_what_is_for_all() {
    let place = Place::new();
    let clients: Vec<_> = (8..14).map(|service| place.client(service)).collect();
    for (at, sender) in clients.iter().enumerate() {
        sender.send(&frame(at as u64, 100)).expect("sent");
        for (other, receiver) in clients.iter().enumerate() {
            if other != at {
                let received = receive(receiver).expect("received");
                assert_eq!(number(&received), at as u64);
            }
        }
    }
}

#[test]
fn a_client_is_used_by_several_threads_at_once() {
    let place = Place::new();
    let (tx, rx) = (&place.client(8), &place.client(9));
    let each = 2000;
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for count in 0..each {
                    tx.send(&frame(thread << 32 | count, 64)).expect("sent");
                    if count % 100 == 99 {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                }
            });
        }
        let mut last = [None; 4];
        for _ in 0..4 * each {
            let number = number(&receive(rx).expect("received"));
            let (thread, count) = ((number >> 32) as usize, number & 0xffff_ffff);
            assert_eq!(count, last[thread].map_or(0, |last: u64| last + 1));
            last[thread] = Some(count);
        }
    });
}

#[test]
fn what_was_sent_before_closing_arrives() {
    let place = Place::new();
    let rx = place.client(9);
    for round in 0..20 {
        let tx = place.client(8);
        for count in 0..50 {
            tx.send(&frame(round * 50 + count, 64)).expect("sent");
        }
        tx.close().expect("open");
    }
    for expected in 0..1000 {
        assert_eq!(number(&receive(&rx).expect("received")), expected);
    }
}

#[test]
fn an_agent_that_comes_later_is_waited_for() {
    let mut place = Place::deserted();
    let options = place.options(8).wait(Wait::Never);
    std::thread::scope(|scope| {
        let opening = scope.spawn(move || Client::open(options));
        std::thread::sleep(Duration::from_millis(50));
        place.start();
        let client = opening.join().expect("no panic").expect("opened");
        assert!(client.is_connected());
    });
}

#[test]
fn a_client_receives_from_the_moment_it_is_open() {
    let place = Place::new();
    let tx = place.client(8);
    for round in 0..50 {
        let rx = place.client(9);
        for count in 0..20 {
            tx.send(&frame(round + count, 64)).expect("sent");
        }
        for count in 0..20 {
            assert_eq!(number(&receive(&rx).expect("received")), round + count);
        }
    }
}
