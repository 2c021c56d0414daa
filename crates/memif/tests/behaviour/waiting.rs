//! Waiting: no busy loops, no lost wake-ups, timeouts that hold.

use std::os::fd::AsFd;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use memif::testing::Setup;
use memif::{Error, Link, LinkOptions, Rx, Tx, Wait};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{
    A_WHILE, Place, SOON, again, connect, connect_raw, drive, end_of, is_lazy, passes, small, until,
};

const SLEEPY: [Wait; 2] = [Wait::Interrupt, Wait::Adaptive(Duration::from_micros(20))];

fn is_readable(object: &impl AsFd) -> bool {
    let mut fds = [PollFd::new(object, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec::default())).expect("poll") == 1
}

#[test]
fn an_idle_wait_takes_no_processor_connected_or_not() {
    let a_while = Some(Duration::from_millis(200));
    for wait in SLEEPY {
        let place = Place::new();
        let options = small().wait(wait);
        let (mut server, mut client) = (place.server(options.clone()), place.client(options));
        let (mut rx, mut tx) = (server.rx(0).expect("rx"), client.tx(0).expect("tx"));
        let _ = server.wait_up(Some(Duration::ZERO));
        is_lazy(|| assert!(rx.recv(a_while).expect_err("nobody").is_timeout()));
        connect(&server, &client);
        is_lazy(|| assert!(rx.recv(a_while).expect_err("nothing").is_timeout()));
        while tx.try_send(b"x").expect("sent") {}
        is_lazy(|| assert!(tx.send(b"x", a_while).expect_err("full").is_timeout()));
        is_lazy(|| assert!(client.wait_down(a_while).expect_err("up").is_timeout()));
        drop((server, rx));
        drive(&[&client]);
        is_lazy(|| assert!(client.wait_up(a_while).expect_err("gone").is_timeout()));
    }
}

#[test]
fn a_link_polled_from_outside_is_readable_only_while_there_is_something_to_do() {
    let place = Place::new();
    let (server, client) = place.pair(&small());
    let settles = |link: &Link| {
        until(|| {
            drive(&[link]);
            !is_readable(link)
        });
    };
    settles(&server);
    settles(&client);
    drop(server);
    assert!(is_readable(&client));
    until(|| {
        drive(&[&client]);
        !client.is_up()
    });
    settles(&client);
}

#[test]
fn any_number_of_threads_wait_for_one_link() {
    for _ in 0..20 {
        let place = Place::new();
        let (server, client) = (place.server(small()), place.client(small()));
        let all_there = Barrier::new(5);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    all_there.wait();
                    server.wait_up(SOON).expect("up");
                });
            }
            all_there.wait();
            client.wait_up(SOON).expect("up");
        });
    }
}

/// Sends `count` frames through a ring of two slots to a receiver that keeps up; how long that took.
fn squeeze_through(tx: &mut Tx, rx: &mut Rx, count: u32) -> Duration {
    let started = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..count {
                tx.send(&number.to_le_bytes(), SOON).expect("sent");
            }
            tx.flush(SOON).expect("flushed");
        });
        for number in 0..count {
            let frame = rx.recv(SOON).expect("received");
            assert_eq!(frame.to_vec(), number.to_le_bytes());
        }
    });
    started.elapsed()
}

#[test]
fn a_sender_that_waits_for_room_is_woken_by_a_receiver_of_our_own() {
    for wait in SLEEPY {
        let place = Place::new();
        let (mut server, mut client) = place.pair(&LinkOptions::new(0).slots(2).wait(wait));
        let (mut out, mut back) = (server.tx(0).expect("tx"), client.tx(0).expect("tx"));
        let (mut there, mut here) = (client.rx(0).expect("rx"), server.rx(0).expect("rx"));
        // Looking again every 20 ms, as a sender does without being woken, would take 2 s for each.
        let took = squeeze_through(&mut out, &mut there, 200);
        assert!(took < Duration::from_secs(1), "server to client: {took:?}");
        let took = squeeze_through(&mut back, &mut here, 200);
        assert!(took < Duration::from_secs(1), "client to server: {took:?}");
    }
}

#[test]
fn a_sender_that_waits_for_room_beside_a_stranger_looks_again_soon() {
    let place = Place::new();
    let mut server = place.server(small().wait(Wait::Interrupt));
    let setup = Setup::new(0).with_layout(|layout| layout.log2_slots = 1);
    let mut client = connect_raw(&place, &server, setup);
    let mut tx = server.tx(0).expect("tx");
    let started = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..200 {
                tx.send(b"frame", SOON).expect("sent");
            }
        });
        for _ in 0..200 {
            assert_eq!(client.rx(0).recv(A_WHILE).expect("received"), b"frame");
        }
    });
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_frame_from_a_stranger_that_signals_wakes_a_sleeper_whatever_the_mode() {
    for wait in SLEEPY {
        let place = Place::new();
        let mut server = place.server(small().wait(wait));
        let mut client = connect_raw(&place, &server, Setup::new(0));
        let mut rx = server.rx(0).expect("rx");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..500 {
                    client.tx(0).send(b"frame", A_WHILE).expect("sent");
                    until(|| client.tx(0).room() == client.raw(true, 0).slots());
                }
            });
            for _ in 0..500 {
                assert_eq!(rx.recv(SOON).expect("received").to_vec(), b"frame");
            }
        });
    }
}

/// How much longer than `timeout` a wait took that nothing ended.
#[track_caller]
fn overshoot<T: std::fmt::Debug>(
    timeout: Duration,
    wait: impl FnOnce(Option<Duration>) -> Result<T, Error>,
) -> Duration {
    let started = Instant::now();
    assert!(wait(Some(timeout)).expect_err("nothing").is_timeout());
    let took = started.elapsed();
    took.checked_sub(timeout).expect("not before its time")
}

/// On a busy machine any single wait may be late: one of some has to be on time.
#[track_caller]
fn is_punctual(mut wait: impl FnMut(Option<Duration>) -> Result<(), Error>) {
    for timeout in [0, 300, 1_700, 20_000].map(Duration::from_micros) {
        let mut waits = (0..50).map(|_| overshoot(timeout, &mut wait));
        assert!(
            waits.any(|late| late < Duration::from_millis(1)),
            "{timeout:?}"
        );
    }
}

fn every_wait_is_punctual(wait: Wait) {
    let place = Place::new();
    let options = small().wait(wait);
    let (mut server, mut client) = (place.server(options.clone()), place.client(options));
    let (mut rx, mut tx) = (server.rx(0).expect("rx"), client.tx(0).expect("tx"));
    is_punctual(|timeout| rx.recv(timeout).map(drop));
    connect(&server, &client);
    is_punctual(|timeout| rx.recv(timeout).map(drop));
    is_punctual(|timeout| rx.wait(timeout));
    is_punctual(|timeout| client.wait_down(timeout));
    while tx.try_send(b"x").expect("sent") {}
    is_punctual(|timeout| tx.send(b"x", timeout));
    is_punctual(|timeout| tx.loan(1, timeout).map(drop));
    is_punctual(|timeout| tx.wait(timeout));
    is_punctual(|timeout| tx.flush(timeout));
}

#[test]
fn every_wait_ends_on_time() {
    for wait in [Wait::Poll, Wait::Interrupt, Wait::default()] {
        every_wait_is_punctual(wait);
    }
}

/// A process that is stopped and continued all the time, which ends a sleep in the kernel as any handled signal does.
#[test]
fn signals_neither_end_nor_lengthen_a_wait() {
    let Some(mut child) = again("waiting::signals_neither_end_nor_lengthen_a_wait") else {
        return every_wait_is_punctual(Wait::Interrupt);
    };
    let pid = Pid::from_child(&child);
    while child.try_wait().expect("looked").is_none() {
        // Both fail only when it has ended meanwhile.
        let _ = kill_process(pid, Signal::STOP);
        let _ = kill_process(pid, Signal::CONT);
        std::thread::yield_now();
    }
    passes(child);
}

#[test]
fn a_receiver_a_sender_and_a_link_in_three_threads_all_hear_of_one_client() {
    for wait in [Wait::Poll, Wait::Interrupt, Wait::default()] {
        let place = Place::new();
        let mut server = place.server(small().wait(wait));
        let (mut rx, mut tx) = (server.rx(0).expect("rx"), server.tx(0).expect("tx"));
        for _ in 0..20 {
            let mut client = place.client(small());
            let (mut from, mut to) = (client.rx(0).expect("rx"), client.tx(0).expect("tx"));
            std::thread::scope(|scope| {
                scope.spawn(|| server.wait_up(SOON).expect("up"));
                scope.spawn(|| tx.send(b"there", SOON).expect("sent"));
                scope.spawn(|| assert_eq!(rx.recv(SOON).expect("here").to_vec(), b"back"));
                assert_eq!(from.recv(SOON).expect("there").to_vec(), b"there");
                to.send(b"back", SOON).expect("sent");
            });
            drop((client, from, to));
            std::thread::scope(|scope| {
                scope.spawn(|| server.wait_down(SOON).expect("down"));
                scope.spawn(|| while tx.send(b"more", SOON).is_ok() {});
                scope.spawn(|| end_of(&mut rx));
            });
        }
    }
}
