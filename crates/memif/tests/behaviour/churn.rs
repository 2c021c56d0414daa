//! Links that come and go under traffic.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use memif::{Error, LinkOptions, Rx, Tx, Wait};

use crate::harness::{BRIEF, Place, SOON};

/// Sends numbers, one after the other, until told to stop.
fn send_on(tx: &mut Tx, over: &AtomicBool) {
    let mut number = 0u64;
    while !over.load(Ordering::Relaxed) {
        match tx.send(&number.to_le_bytes(), BRIEF) {
            Ok(()) => number += 1,
            Err(Error::Timeout | Error::Disconnected(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Receives until told to stop, checks that numbers rise within an epoch, and that epochs do; how many came.
fn receive_on(rx: &mut Rx, over: &AtomicBool) -> usize {
    let (mut count, mut last) = (0, (0, None));
    while !over.load(Ordering::Relaxed) {
        match rx.recv(BRIEF) {
            Ok(frame) => {
                let mut number = [0; 8];
                assert_eq!(frame.copy_to(&mut number), 8);
                let next = (frame.epoch(), Some(u64::from_le_bytes(number)));
                assert!(next > last, "{next:?} after {last:?}");
                (count, last) = (count + 1, next);
            }
            Err(Error::Timeout) => {}
            Err(Error::Disconnected(ended)) => assert!(ended.epoch >= last.0),
            Err(error) => panic!("{error}"),
        }
    }
    count
}

/// Stops the others, also when this thread fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn come_and_go(server_stays: bool, wait: Wait) {
    let place = Place::new();
    let options = LinkOptions::new(0).slots(8).buffer_size(64).wait(wait);
    let over = AtomicBool::new(false);
    let mut staying = if server_stays {
        place.server(options.clone())
    } else {
        place.client(options.clone())
    };
    let (mut tx, mut rx) = (staying.tx(0).expect("tx"), staying.rx(0).expect("rx"));
    std::thread::scope(|scope| {
        scope.spawn(|| send_on(&mut tx, &over));
        let receiving = scope.spawn(|| receive_on(&mut rx, &over));
        let stop = Stop(&over);
        for round in 0..30 {
            let mut going = if server_stays {
                place.client(options.clone())
            } else {
                place.server(options.clone())
            };
            let (mut tx, mut rx) = (going.tx(0).expect("tx"), going.rx(0).expect("rx"));
            for number in 0..20u64 {
                tx.send(&number.to_le_bytes(), SOON).expect("sent");
                drop(rx.recv(SOON).expect("received"));
            }
            if round % 2 == 0 {
                going.close(Duration::from_millis(1));
            }
        }
        // What the last one sent is still received.
        let seen = || staying.details().queues[0].rx.frames;
        crate::harness::until(|| seen() >= 29 * 20);
        drop(stop);
        assert!(receiving.join().expect("joined") > 0);
    });
    assert_eq!(staying.epoch(), 30);
}

#[test]
fn clients_come_and_go_under_traffic() {
    for wait in [Wait::Poll, Wait::Interrupt, Wait::default()] {
        come_and_go(true, wait);
    }
}

#[test]
fn servers_come_and_go_under_traffic() {
    for wait in [Wait::Poll, Wait::Interrupt, Wait::default()] {
        come_and_go(false, wait);
    }
}
