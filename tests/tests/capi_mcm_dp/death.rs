//! Points 9 and 10: peers that die, and those that come after them.

use std::time::Duration;

use rustix::io::Errno;

use crate::pair::{Ends, Pair, join, small};
use crate::puppet::Puppet;

/// What error_code and the result of an enqueue are when the peer is gone.
const CONNECTION_FAILED: i64 = 2;

/// A frame is received into each of these buffers, and kept.
fn hold(pair: &mut Pair, count: u64) {
    for number in 0..count {
        pair.send(number, 8192);
        pair.rx
            .ask(&format!("dequeue 0 {number} 1000"))
            .is("buffer");
    }
}

#[track_caller]
fn holds(puppet: &mut Puppet, count: i64) {
    for number in 0..count {
        let frame = puppet.ask(&format!("check {number}")).is("frame");
        frame.has("number", number).has("wrong", -1);
    }
}

#[test]
fn point_09_a_received_buffer_outlives_its_sender() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        hold(&mut pair, 3);
        pair.tx.process().kill();
        holds(&mut pair.rx, 3);
        let gone = pair.rx.ask("dequeue 0 9 5000").is("none");
        gone.has("error", CONNECTION_FAILED).errno(Errno::CONNRESET);
        holds(&mut pair.rx, 3);
        pair.replace_sender();
        for number in 50..90 {
            pair.works(number);
            holds(&mut pair.rx, 3);
        }
        for number in [1, 2, 0] {
            pair.rx.ask(&format!("enqueue 0 {number}")).has("code", 0);
        }
        pair.works(1);
        pair.quit();
    }
}

#[test]
fn point_09_a_transmit_buffer_outlives_its_receiver() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        for buffer in 0..3 {
            pair.tx
                .ask(&format!("dequeue 0 {buffer} 1000"))
                .is("buffer");
        }
        pair.rx.process().kill();
        pair.tx.notices_the_end();
        for buffer in 0..3 {
            pair.tx.ask(&format!("fill {buffer} 8192 {buffer}"));
        }
        holds(&mut pair.tx, 3);
        pair.tx.ask("cancel 0 0").has("code", 0);
        pair.tx.ask("enqueue 0 1").has("code", CONNECTION_FAILED);
        pair.tx.ask("destroy 0").is("destroyed");
        pair.tx.quit();
    }
}

#[test]
fn point_09_what_was_sent_before_the_death_arrives_before_the_news_of_it() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        for number in 0..5 {
            pair.send(number, 8192);
        }
        pair.tx.process().kill();
        for number in 0..5 {
            pair.receive(number, 8192);
        }
        let gone = pair.rx.ask("dequeue 0 0 5000").is("none");
        gone.has("error", CONNECTION_FAILED).errno(Errno::CONNRESET);
        pair.rx.quit();
    }
}

#[test]
fn point_10_an_enqueue_after_the_death_of_the_receiver_says_so() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        pair.tx.ask("dequeue 0 0 1000").is("buffer");
        pair.tx.ask("fill 0 100 1");
        // Its sockets are closed before its parent knows that it is gone.
        pair.rx.process().kill();
        let result = pair.tx.ask("enqueue 0 0").has("code", CONNECTION_FAILED);
        assert_ne!(result.number("errno"), 0, "{}", result.text());
        pair.tx.ask("error").has("present", 1);
        pair.tx.ask("stats 0").has("frames", 0).has("held", 0);
        pair.tx.quit();
    }
}

#[test]
fn point_10_a_sender_serves_one_receiver_after_another() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        for round in 1..=5 {
            for number in 0..30 {
                pair.works(number);
            }
            pair.fill_up(0);
            pair.rx.process().kill();
            let gone = pair.tx.ask("dequeue 0 0 5000").is("none");
            gone.has("error", CONNECTION_FAILED).errno(Errno::CONNRESET);
            // Said once; from then on it waits for the next one.
            pair.tx.ask("dequeue 0 0 20").is("none").has("error", 3);
            pair.tx
                .ask("stats 0")
                .has("connections", round)
                .has("connected", 0);
            pair.tx.begin("dequeue 0 0 -1");
            pair.tx.is_waiting();
            pair.rx = Puppet::start();
            let create = pair.place.create_rx(0);
            pair.rx.ask(&create).is("made");
            pair.tx.answer().is("buffer").has("error", 0);
            pair.tx.ask("fill 0 300 77");
            pair.tx.ask("enqueue 0 0").has("code", 0);
            pair.receive(77, 300);
        }
        pair.tx
            .ask("stats 0")
            .has("connections", 6)
            .has("connected", 1);
        pair.quit();
    }
}

#[test]
fn point_10_a_receiver_gets_frames_from_one_sender_after_another() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        for _ in 0..5 {
            for number in 0..30 {
                pair.works(number);
            }
            pair.tx.process().kill();
            let gone = pair.rx.ask("dequeue 0 0 5000").is("none");
            gone.has("error", CONNECTION_FAILED).errno(Errno::CONNRESET);
            pair.rx.ask("dequeue 0 0 20").is("none").has("error", 0);
            pair.rx.begin("dequeue 0 0 -1");
            pair.rx.is_waiting();
            pair.tx = Puppet::start();
            let create = pair.place.create_tx(0);
            pair.tx.ask(&create).is("made");
            pair.send(5, 100);
            pair.rx.answer().is("buffer").has("len", 100);
            pair.rx.ask("enqueue 0 0").has("code", 0);
        }
        pair.rx.ask("stats 0").has("connections", 6).has("lost", 0);
        pair.quit();
    }
}

#[test]
fn point_10_a_peer_that_closed_is_told_from_one_that_died() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        pair.send(1, 100);
        pair.tx.begin("destroy 0");
        pair.receive(1, 100);
        pair.tx.answer().is("destroyed");
        let gone = pair.rx.ask("dequeue 0 0 5000").is("none");
        gone.has("error", CONNECTION_FAILED).errno(Errno::NOTCONN);
        let again = pair.place.create_tx(0);
        join(&mut pair.tx, &again, &mut pair.rx);
        pair.works(2);
        pair.quit();
    }
}

#[test]
fn point_10_a_sender_hears_that_its_receiver_closed() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        pair.fill_up(0);
        pair.tx.begin("dequeue 0 0 -1");
        pair.tx.is_waiting();
        pair.rx.ask("destroy 0").is("destroyed");
        let gone = pair.tx.answer().is("none");
        gone.has("error", CONNECTION_FAILED).errno(Errno::NOTCONN);
        let again = pair.place.create_rx(0);
        join(&mut pair.rx, &again, &mut pair.tx);
        pair.works(3);
        pair.quit();
    }
}

/// A sender that looks for a receiver now and then, without waiting for it, as one does that has other
/// things to do for each picture.
#[test]
fn point_10_a_peer_is_let_in_by_dequeues_that_do_not_wait() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        pair.works(1);
        pair.rx.process().kill();
        pair.tx.notices_the_end();
        pair.tx
            .ask("dequeue 0 0 0")
            .is("none")
            .has("error", CONNECTION_FAILED);
        pair.rx = Puppet::start();
        let create = pair.place.create_rx(0);
        pair.rx.begin(&create);
        let mut pictures = 0;
        while !pair.rx.has_answered() {
            // Not to hide a race: this is the time of a picture.
            std::thread::sleep(Duration::from_millis(40));
            if pair.tx.ask("dequeue 0 0 0").text().starts_with("buffer") {
                pair.tx.ask("cancel 0 0").has("code", 0);
            }
            pictures += 1;
            assert!(pictures < 50, "{pictures} pictures without the receiver");
        }
        pair.rx.answer().is("made");
        pair.works(2);
        pair.quit();
    }
}
