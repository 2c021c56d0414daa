//! Frames and loans in other threads than their queue, and those that are never given back.

use std::mem;
use std::sync::mpsc;

use memif::{Frame, LinkOptions, Loan};

use crate::harness::{BRIEF, Place, SOON, small};

#[test]
fn frames_are_given_back_by_other_threads_in_any_order() {
    for server_sends in [true, false] {
        let place = Place::new();
        let (mut server, mut client) = place.pair(&LinkOptions::new(0).slots(64).buffer_size(64));
        let (mut tx, mut rx) = if server_sends {
            (server.tx(0).expect("tx"), client.rx(0).expect("rx"))
        } else {
            (client.tx(0).expect("tx"), server.rx(0).expect("rx"))
        };
        std::thread::scope(|scope| {
            let (even, evens) = mpsc::channel::<(u32, Frame)>();
            let (odd, odds) = mpsc::channel::<(u32, Frame)>();
            for (frames, held) in [(evens, 3), (odds, 9)] {
                scope.spawn(move || {
                    let mut kept = Vec::new();
                    for (count, frame) in frames.into_iter().enumerate() {
                        kept.push(frame);
                        if kept.len() == held {
                            // Every other time the oldest: a server's ring stalls behind it.
                            let (number, frame) = kept.remove(held / 2 * (count % 2));
                            assert_eq!(frame.to_vec(), number.to_le_bytes());
                        }
                    }
                });
            }
            scope.spawn(move || {
                for number in 0..20_000u32 {
                    tx.send(&number.to_le_bytes(), SOON).expect("sent");
                }
                tx.flush(SOON).expect("all given back");
            });
            for number in 0..20_000u32 {
                let frame = rx.recv(SOON).expect("received");
                let worker = if number % 2 == 0 { &even } else { &odd };
                worker.send((number, frame)).expect("a worker");
            }
        });
    }
}

#[test]
fn loans_are_filled_sent_and_dropped_by_other_threads() {
    for server_sends in [true, false] {
        let place = Place::new();
        let (mut server, mut client) = place.pair(&LinkOptions::new(0).slots(64).buffer_size(64));
        let (mut tx, mut rx) = if server_sends {
            (server.tx(0).expect("tx"), client.rx(0).expect("rx"))
        } else {
            (client.tx(0).expect("tx"), server.rx(0).expect("rx"))
        };
        let mut seen = vec![false; 9_000];
        std::thread::scope(|scope| {
            let channels: Vec<_> = (0..3).map(|_| mpsc::channel::<(u32, Loan)>()).collect();
            let (workers, loans): (Vec<_>, Vec<_>) = channels.into_iter().unzip();
            for loans in loans {
                scope.spawn(move || {
                    for (number, mut loan) in loans {
                        loan.write_at(0, &number.to_le_bytes()).expect("fits");
                        if number < 9_000 {
                            loan.send().expect("sent");
                        }
                    }
                });
            }
            scope.spawn(move || {
                for number in 0..9_000u32 {
                    let worker = &workers[usize::try_from(number % 3).expect("below 3")];
                    let dropped = tx.loan(4, SOON).expect("room");
                    let loan = tx.loan(4, SOON).expect("room");
                    worker.send((number, loan)).expect("a worker");
                    worker.send((u32::MAX, dropped)).expect("a worker");
                }
            });
            for _ in 0..9_000 {
                let mut number = [0; 4];
                rx.recv(SOON).expect("received").copy_to(&mut number);
                let place = usize::try_from(u32::from_le_bytes(number)).expect("a place");
                assert!(!mem::replace(&mut seen[place], true), "{place} came twice");
            }
        });
    }
}

#[test]
fn what_is_forgotten_costs_its_buffers_and_nothing_else() {
    for server_sends in [true, false] {
        let place = Place::new();
        let (mut server, mut client) = place.pair(&small());
        let (mut tx, mut rx) = if server_sends {
            (server.tx(0).expect("tx"), client.rx(0).expect("rx"))
        } else {
            (client.tx(0).expect("tx"), server.rx(0).expect("rx"))
        };
        for number in 0..3u8 {
            tx.send(&[number], SOON).expect("sent");
        }
        // A burst that is forgotten is given back by the next call, and not received again.
        mem::forget(rx.burst(2).expect("received"));
        assert_eq!(rx.recv(SOON).expect("received").to_vec(), [2]);
        mem::forget(rx.burst(1).expect("nothing"));
        assert!(rx.recv(BRIEF).expect_err("nothing").is_timeout());
        mem::forget(tx.loan(1, SOON).expect("room"));
        tx.send(&[3], SOON).expect("sent");
        mem::forget(rx.recv(SOON).expect("received"));
        for number in 0..100u8 {
            let sent = tx.try_send(&[number]).expect("sent");
            let stalls = !sent && number > 0;
            if stalls {
                break;
            }
            assert_eq!(rx.recv(SOON).expect("received").to_vec(), [number]);
        }
    }
}
