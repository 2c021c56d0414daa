//! Waiting: no busy loops, no lost wake-ups, timeouts that hold.

use std::os::fd::AsFd;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use memif::{Link, Wait};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::harness::{Place, SOON, connect, drive, small, thread_cpu, until};

const SLEEPY: [Wait; 2] = [Wait::Interrupt, Wait::Adaptive(Duration::from_micros(20))];

fn is_readable(object: &impl AsFd) -> bool {
    let mut fds = [PollFd::new(object, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec::default())).expect("poll") == 1
}

/// Asserts that `work` sleeps nearly all the time it takes.
#[track_caller]
fn is_lazy(work: impl FnOnce()) {
    let (started, before) = (Instant::now(), thread_cpu());
    work();
    let (passed, used) = (started.elapsed(), thread_cpu() - before);
    assert!(used < passed / 10, "{used:?} of {passed:?}");
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
