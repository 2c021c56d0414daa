//! Two links in one process: what every user relies on.

use std::time::Duration;

use memif::{Address, Connector, Error, Link, LinkOptions, Listener, Rx, Tx, Wait};

const SOON: Option<Duration> = Some(Duration::from_secs(5));

/// A server and a client of interface 0 on a socket of their own.
struct Pair {
    _dir: tempfile::TempDir,
    server: Link,
    client: Link,
}

impl Pair {
    fn new(options: impl Fn() -> LinkOptions) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let address = Address::parse(dir.path().join("memif.sock")).unwrap();
        let listener = Listener::bind(&address).unwrap();
        let server = listener.link(options()).unwrap();
        let client = Connector::new(&address).link(options()).unwrap();
        Self {
            _dir: dir,
            server,
            client,
        }
    }

    fn up(options: impl Fn() -> LinkOptions) -> Self {
        let pair = Self::new(options);
        pair.connect();
        pair
    }

    /// Both ends live in one thread: each gets its turn until both are up.
    fn connect(&self) {
        let deadline = std::time::Instant::now() + Duration::from_secs(5);
        while !(self.server.is_up() && self.client.is_up()) {
            self.server.drive().unwrap();
            self.client.drive().unwrap();
            assert!(
                std::time::Instant::now() < deadline,
                "{:?} {:?}",
                self.server.details(),
                self.client.details()
            );
        }
    }

    fn server_to_client(&mut self) -> (Tx, Rx) {
        (self.server.tx(0).unwrap(), self.client.rx(0).unwrap())
    }

    fn client_to_server(&mut self) -> (Tx, Rx) {
        (self.client.tx(0).unwrap(), self.server.rx(0).unwrap())
    }
}

fn small() -> LinkOptions {
    LinkOptions::new(0).slots(8)
}

fn both_ways(options: impl Fn() -> LinkOptions + Copy, check: impl Fn(Tx, Rx)) {
    let mut pair = Pair::up(options);
    let (tx, rx) = pair.server_to_client();
    check(tx, rx);
    let mut pair = Pair::up(options);
    let (tx, rx) = pair.client_to_server();
    check(tx, rx);
}

#[test]
fn frames_arrive_whole_and_in_order_both_ways() {
    both_ways(small, |mut tx, mut rx| {
        for number in 0..1000u32 {
            tx.send(&number.to_le_bytes(), SOON).unwrap();
            let frame = rx.recv(SOON).unwrap();
            assert_eq!(frame.to_vec(), number.to_le_bytes());
        }
    });
}

#[test]
fn a_frame_larger_than_a_buffer_is_chained_and_arrives_whole() {
    both_ways(
        || small().buffer_size(64),
        |mut tx, mut rx| {
            let frame: Vec<u8> = (0..400u32).map(|byte| (byte % 251) as u8).collect();
            for _ in 0..50 {
                tx.send(&frame, SOON).unwrap();
                let received = rx.recv(SOON).unwrap();
                assert_eq!(received.segments().len(), 7);
                assert_eq!(received.to_vec(), frame);
            }
        },
    );
}

#[test]
fn loans_are_sent_in_any_order_and_arrive_in_the_order_of_sending() {
    both_ways(small, |mut tx, mut rx| {
        for _ in 0..20 {
            let mut loans: Vec<_> = (0..4u8)
                .map(|number| (number, tx.loan(1, SOON).unwrap()))
                .collect();
            for (number, loan) in &mut loans {
                loan.write_at(0, &[*number]).unwrap();
            }
            drop(loans.remove(1));
            for (_, loan) in loans.into_iter().rev() {
                loan.send().unwrap();
            }
            let received: Vec<_> = (0..3).map(|_| rx.recv(SOON).unwrap().to_vec()[0]).collect();
            assert_eq!(received, [3, 2, 0]);
        }
    });
}

#[test]
fn frames_are_held_and_given_back_in_any_order() {
    both_ways(small, |mut tx, mut rx| {
        let mut held = Vec::new();
        for number in 0..100u8 {
            tx.send(&[number; 32], SOON).unwrap();
            held.push((number, rx.recv(SOON).unwrap()));
            if held.len() == 5 {
                held.swap(0, 3);
                held.drain(..3);
            }
            for (number, frame) in &held {
                assert_eq!(frame.to_vec(), [*number; 32]);
            }
        }
    });
}

#[test]
fn a_full_ring_says_so_and_goes_on_when_frames_are_given_back() {
    both_ways(small, |mut tx, mut rx| {
        let sent = (0..100)
            .take_while(|_| tx.try_send(&[1; 10]).unwrap())
            .count();
        assert_eq!(sent, 8);
        assert!(matches!(
            tx.send(&[1; 10], Some(Duration::from_millis(5))),
            Err(Error::Timeout)
        ));
        assert_eq!(rx.burst(100).unwrap().len(), 8);
        assert!(tx.try_send(&[1; 10]).unwrap());
    });
}

#[test]
fn what_was_sent_before_a_close_is_received_and_then_the_end_is_told() {
    for _ in 0..20 {
        let mut pair = Pair::up(small);
        let (mut tx, mut rx) = pair.server_to_client();
        for number in 0..8u8 {
            tx.send(&[number], SOON).unwrap();
        }
        drop(tx);
        let ended = pair.server.close(Duration::ZERO);
        assert_eq!(ended.undelivered, 8);
        for number in 0..8u8 {
            assert_eq!(rx.recv(SOON).unwrap().to_vec(), [number]);
        }
        match rx.recv(SOON) {
            Err(Error::Disconnected(ended)) => assert!(ended.clean, "{ended:?}"),
            other => panic!("{other:?}"),
        }
        assert!(matches!(
            rx.recv(Some(Duration::from_millis(5))),
            Err(Error::Timeout)
        ));
    }
}

#[test]
fn frames_and_loans_stay_valid_after_the_link_is_gone() {
    both_ways(small, |mut tx, mut rx| {
        tx.send(b"kept", SOON).unwrap();
        let frame = rx.recv(SOON).unwrap();
        let mut loan = tx.loan(4, SOON).unwrap();
        drop((tx, rx));
        assert_eq!(frame.to_vec(), b"kept");
        loan.write_at(0, b"lost").unwrap();
    });
}

#[test]
fn a_waiting_receiver_is_woken_in_every_way_of_waiting() {
    for wait in [Wait::Poll, Wait::Interrupt, Wait::default()] {
        both_ways(
            move || small().wait(wait),
            |mut tx, mut rx| {
                std::thread::scope(|scope| {
                    scope.spawn(|| {
                        for number in 0..2000u32 {
                            tx.send(&number.to_le_bytes(), SOON).unwrap();
                        }
                    });
                    for number in 0..2000u32 {
                        assert_eq!(rx.recv(SOON).unwrap().to_vec(), number.to_le_bytes());
                    }
                });
            },
        );
    }
}

#[test]
fn a_link_comes_back_after_its_peer() {
    let dir = tempfile::tempdir().unwrap();
    let address = Address::parse(dir.path().join("memif.sock")).unwrap();
    let mut client = Connector::new(&address).link(small()).unwrap();
    let mut rx = client.rx(0).unwrap();
    for epoch in 1..=5u64 {
        let address = address.clone();
        let server = std::thread::spawn(move || {
            let listener = Listener::bind(&address).unwrap();
            let mut link = listener.link(small()).unwrap();
            let mut tx = link.tx(0).unwrap();
            tx.send(&epoch.to_le_bytes(), SOON).unwrap();
            link.close(Duration::from_secs(5))
        });
        let frame = rx.recv(SOON).unwrap();
        assert_eq!(
            (frame.to_vec(), frame.epoch()),
            (epoch.to_le_bytes().to_vec(), epoch)
        );
        drop(frame);
        assert!(matches!(rx.recv(SOON), Err(Error::Disconnected(_))));
        assert_eq!(server.join().unwrap().undelivered, 0);
    }
}
