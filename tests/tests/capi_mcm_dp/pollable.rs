//! Point 21: a descriptor that says when there is something to do.

use std::time::{Duration, Instant};

use crate::pair::{Ends, small};
use crate::puppet::{Puppet, Reply};

const IN: i64 = 1;

/// It is readable, and stays so until somebody looks.
#[track_caller]
fn is_ready(puppet: &mut Puppet, how: &str) {
    for timeout in [5000, 0, 0] {
        let reply = puppet.ask(&format!("{how} 0 {timeout}")).is("ready");
        let reply = reply.has("n", 1);
        assert_eq!(reply.number("events") & IN, IN, "{}", reply.text());
    }
}

/// It is not, once a dequeue has said that there is nothing: `error` then. The peer may ring a moment
/// after what it rings for was seen; then a dequeue has to say so once more.
#[track_caller]
fn is_idle(puppet: &mut Puppet, how: &str, error: i64) {
    let is_quiet = |puppet: &mut Puppet, timeout| {
        let reply = puppet.ask(&format!("{how} 0 {timeout}")).is("ready");
        reply.number("n") == 0
    };
    for _ in 0..4 {
        if is_quiet(puppet, 0) && is_quiet(puppet, 10) {
            return;
        }
        has_nothing(puppet, error);
    }
    panic!("readable again and again, and there is nothing");
}

#[track_caller]
fn takes(puppet: &mut Puppet, len: i64) -> Reply {
    let frame = puppet.ask("dequeue 0 0 0").is("buffer").has("len", len);
    puppet.ask("enqueue 0 0").has("code", 0);
    frame
}

#[track_caller]
fn has_nothing(puppet: &mut Puppet, error: i64) {
    puppet.ask("dequeue 0 9 0").is("none").has("error", error);
}

/// The end of the peer is told, by one dequeue for each time that the descriptor is readable.
#[track_caller]
fn hears_of_the_end(puppet: &mut Puppet, how: &str) {
    for _ in 0..5 {
        is_ready(puppet, how);
        let told = puppet.ask("dequeue 0 9 0").is("none");
        if told.number("error") == 2 {
            return;
        }
    }
    panic!("readable five times, and no word of the end of the peer");
}

/// Without a peer it may be readable now and then, to look for the next one, but not all the time.
#[track_caller]
fn rests(puppet: &mut Puppet, how: &str, error: i64) {
    let end = Instant::now() + Duration::from_millis(300);
    let mut looks = 0;
    while Instant::now() < end {
        puppet.ask(&format!("{how} 0 50")).is("ready");
        has_nothing(puppet, error);
        looks += 1;
    }
    assert!(looks < 100, "{looks} looks for a peer in 300 ms");
}

/// Has the descriptor made, which is readable at first: nobody has looked yet.
#[track_caller]
fn watches(puppet: &mut Puppet, how: &str) {
    puppet.ask(&format!("{how} 0 0")).is("ready");
}

#[test]
fn point_21_the_descriptor_of_a_receiver_is_readable_while_frames_are_there() {
    for how in ["poll", "epoll"] {
        for ends in Ends::roles() {
            let mut pair = ends.connect(&small());
            watches(&mut pair.rx, how);
            has_nothing(&mut pair.rx, 0);
            is_idle(&mut pair.rx, how, 0);
            for round in 0..10 {
                pair.send(2 * round, 100);
                pair.send(2 * round + 1, 200);
                is_ready(&mut pair.rx, how);
                takes(&mut pair.rx, 100);
                is_ready(&mut pair.rx, how);
                takes(&mut pair.rx, 200);
                has_nothing(&mut pair.rx, 0);
                is_idle(&mut pair.rx, how, 0);
            }
            pair.quit();
        }
    }
}

/// "... or once for each time the descriptor is readable."
#[test]
fn point_21_one_dequeue_for_each_time_the_descriptor_is_readable_gets_every_frame() {
    for how in ["poll", "epoll"] {
        let mut pair = Ends::USUAL.connect(&small());
        pair.tx.begin("send 0 100 100 1000 0");
        let (mut frames, mut looks) = (0, 0);
        while frames < 100 {
            pair.rx
                .ask(&format!("{how} 0 5000"))
                .is("ready")
                .has("n", 1);
            if pair.rx.ask("dequeue 0 0 0").text().starts_with("buffer") {
                pair.rx.ask("check 0").has("number", frames);
                pair.rx.ask("enqueue 0 0").has("code", 0);
                frames += 1;
            }
            looks += 1;
            assert!(looks <= 250, "{looks} looks for {frames} frames");
        }
        pair.tx.answer().is("sent").has("n", 100);
        pair.quit();
    }
}

#[test]
fn point_21_a_poll_that_waits_wakes_for_the_first_frame() {
    for how in ["poll", "epoll"] {
        for ends in Ends::roles() {
            let mut pair = ends.connect(&small());
            watches(&mut pair.rx, how);
            has_nothing(&mut pair.rx, 0);
            for round in 0..10 {
                is_idle(&mut pair.rx, how, 0);
                pair.rx.begin(&format!("{how} 0 -1"));
                pair.rx.is_waiting();
                pair.send(round, 100);
                pair.rx.answer().is("ready").has("n", 1);
                takes(&mut pair.rx, 100);
                has_nothing(&mut pair.rx, 0);
            }
            pair.quit();
        }
    }
}

/// Waiting in dequeue and waiting for the descriptor may be mixed.
#[test]
fn point_21_a_dequeue_that_waits_leaves_the_descriptor_as_it_should_be() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        pair.rx.ask("poll 0 0").is("ready");
        for round in 0..10 {
            pair.rx.begin("dequeue 0 0 -1");
            pair.rx.is_waiting();
            pair.send(round, 100);
            pair.rx.answer().is("buffer");
            pair.rx.ask("enqueue 0 0").has("code", 0);
            has_nothing(&mut pair.rx, 0);
            is_idle(&mut pair.rx, "epoll", 0);
            pair.send(round, 300);
            is_ready(&mut pair.rx, "epoll");
            takes(&mut pair.rx, 300);
        }
        pair.quit();
    }
}

#[test]
fn point_21_the_descriptor_of_a_sender_is_readable_while_there_is_room() {
    for how in ["poll", "epoll"] {
        for ends in Ends::roles() {
            let mut pair = ends.connect(&small());
            is_ready(&mut pair.tx, how);
            let sent = pair.fill_up(0);
            is_idle(&mut pair.tx, how, 3);
            pair.tx.begin(&format!("{how} 0 -1"));
            pair.tx.is_waiting();
            pair.receive(0, 100);
            pair.tx.answer().is("ready").has("n", 1);
            is_ready(&mut pair.tx, how);
            pair.tx.ask("dequeue 0 0 0").is("buffer");
            has_nothing(&mut pair.tx, 3);
            is_idle(&mut pair.tx, how, 3);
            pair.tx.ask("cancel 0 0").has("code", 0);
            is_ready(&mut pair.tx, how);
            for number in 1..sent {
                pair.receive(number, 100);
            }
            pair.quit();
        }
    }
}

#[test]
fn point_21_the_descriptor_says_that_the_peer_is_gone() {
    for how in ["poll", "epoll"] {
        for ends in Ends::roles() {
            let mut pair = ends.connect(&small());
            watches(&mut pair.rx, how);
            has_nothing(&mut pair.rx, 0);
            is_idle(&mut pair.rx, how, 0);
            pair.rx.begin(&format!("{how} 0 -1"));
            pair.rx.is_waiting();
            pair.tx.process().kill();
            pair.rx.answer().is("ready").has("n", 1);
            hears_of_the_end(&mut pair.rx, how);
            rests(&mut pair.rx, how, 0);
            pair.rx.quit();
        }
    }
}

#[test]
fn point_21_the_descriptor_of_a_sender_says_that_its_receiver_is_gone() {
    for how in ["poll", "epoll"] {
        for ends in Ends::roles() {
            let mut pair = ends.connect(&small());
            watches(&mut pair.tx, how);
            pair.fill_up(0);
            is_idle(&mut pair.tx, how, 3);
            pair.tx.begin(&format!("{how} 0 -1"));
            pair.tx.is_waiting();
            pair.rx.process().kill();
            pair.tx.answer().is("ready").has("n", 1);
            hears_of_the_end(&mut pair.tx, how);
            rests(&mut pair.tx, how, 3);
            pair.tx.quit();
        }
    }
}
