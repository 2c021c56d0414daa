//! Points 1 to 4 and 6: who waits for whom, how, and how long.

use std::time::{Duration, Instant};

use rustix::io::Errno;

use crate::measure::at_best;
use crate::pair::{Ends, Place, small};
use crate::puppet::Puppet;

/// What error_code is when there was no room in time.
const TIMEOUT: i64 = 3;
/// What error_code is when the peer is gone.
const CONNECTION_FAILED: i64 = 2;

#[test]
fn point_01_a_receiver_started_first_gets_the_frames() {
    for ends in Ends::every().filter(|ends| ends.rx_is_first) {
        let place = Place::new(ends, &small());
        let (mut tx, mut rx) = (Puppet::start(), Puppet::start());
        rx.begin(&place.create_rx(0));
        rx.is_waiting();
        tx.ask(&place.create_tx(0)).is("made");
        rx.answer().is("made");
        tx.ask("send 0 10 1000 0 1").is("sent").has("n", 10);
        let got = rx.ask("receive 0 10 5000 0 1").is("received");
        got.has("n", 10).has("bad", 0);
        tx.quit();
        rx.quit();
    }
}

#[test]
fn point_01_a_receiver_that_already_waits_for_a_frame_gets_the_first_one() {
    for ends in Ends::every() {
        let mut pair = ends.connect(&small());
        pair.rx.begin("dequeue 0 0 -1");
        pair.rx.is_waiting();
        pair.send(1, 100);
        pair.rx.answer().is("buffer").has("len", 100);
        pair.quit();
    }
}

#[test]
fn point_02_a_sender_without_room_sleeps_and_notices_that_its_receiver_was_killed() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        pair.fill_up(0);
        let waited = pair.tx.ask("dequeue 0 0 700").is("none");
        let cpu = waited.duration("cpu");
        assert!(
            cpu < Duration::from_millis(70),
            "{cpu:?} of CPU time in {:?}",
            waited.took()
        );
        waited.has("error", TIMEOUT).errno(Errno::TIMEDOUT);
        pair.tx.begin("dequeue 0 0 -1");
        pair.tx.is_waiting();
        // Not to hide a race: it has to stay asleep for a while to show what that costs.
        std::thread::sleep(Duration::from_millis(300));
        pair.rx.process().kill();
        let killed = Instant::now();
        let gone = pair.tx.answer().is("none").has("error", CONNECTION_FAILED);
        assert!(
            killed.elapsed() < Duration::from_secs(1),
            "noticed after {:?}",
            killed.elapsed()
        );
        assert!(
            gone.duration("cpu") < Duration::from_millis(50),
            "{}",
            gone.text()
        );
        gone.errno(Errno::CONNRESET);
        pair.tx.quit();
    }
}

#[test]
fn point_02_a_waiting_sender_gets_the_first_buffer_that_is_given_back() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        pair.fill_up(1);
        pair.tx.begin("dequeue 0 0 -1");
        pair.tx.is_waiting();
        pair.receive(1, 100);
        pair.tx.answer().is("buffer").has("error", 0);
        pair.quit();
    }
}

#[test]
fn point_02_a_waiting_receiver_sleeps_too_and_notices_that_its_sender_was_killed() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        pair.rx.begin("dequeue 0 0 -1");
        pair.rx.is_waiting();
        // Not to hide a race: it has to stay asleep for a while to show what that costs.
        std::thread::sleep(Duration::from_millis(300));
        pair.tx.process().kill();
        let gone = pair.rx.answer().is("none").has("error", CONNECTION_FAILED);
        assert!(
            gone.duration("cpu") < Duration::from_millis(50),
            "{}",
            gone.text()
        );
        gone.errno(Errno::CONNRESET);
        pair.rx.quit();
    }
}

#[test]
fn point_03_a_dequeue_that_may_not_wait_returns_at_once_from_an_empty_receiver() {
    for ends in Ends::every() {
        let mut pair = ends.connect(&small());
        let at_once = Duration::from_millis(1);
        let fastest = at_best(at_once, || {
            let nothing = pair.rx.ask("dequeue 0 0 0").is("none").has("error", 0);
            let nothing = nothing.errno(Errno::AGAIN);
            assert!(
                nothing.took() < Duration::from_secs(1),
                "{}",
                nothing.text()
            );
            nothing.took()
        });
        assert!(fastest < at_once, "at best {fastest:?}");
        pair.works(1);
        pair.rx.ask("dequeue 0 0 0").is("none").has("error", 0);
        pair.quit();
    }
}

#[test]
fn point_03_a_dequeue_that_may_not_wait_gets_what_is_there() {
    let mut pair = Ends::USUAL.connect(&small());
    pair.send(1, 100);
    pair.send(2, 200);
    pair.rx.ask("dequeue 0 0 0").is("buffer").has("len", 100);
    pair.rx.ask("dequeue 0 1 0").is("buffer").has("len", 200);
    pair.rx.ask("dequeue 0 2 0").is("none").has("error", 0);
    pair.quit();
}

/// Frames come every 3 ms; a receiver that allows each a whole second has to get all of them.
#[test]
fn point_04_no_dequeue_of_a_paced_stream_says_that_its_time_was_over() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        pair.rx.begin("receive 0 400 1000 0 0");
        let sent = pair.tx.ask("send 0 400 2000 3000 0").is("sent");
        sent.has("n", 400);
        let got = pair.rx.answer().is("received").has("n", 400);
        got.has("bad", 0).has("error", 0).has("seq_breaks", 0);
        pair.rx.ask("stats 0").is("stats").has("timeouts", 0);
        pair.quit();
    }
}

/// The sender rests for longer than the receiver waits: each wait is over no sooner than it says.
#[test]
fn point_04_a_dequeue_whose_time_is_over_has_waited_for_all_of_it() {
    let mut pair = Ends::USUAL.connect(&small());
    pair.tx.begin("send 0 20 100 30000 0");
    let (mut frames, mut timeouts) = (0, 0);
    while frames < 20 {
        let reply = pair.rx.ask("dequeue 0 0 12");
        if reply.text().starts_with("buffer") {
            pair.rx.ask("enqueue 0 0").has("code", 0);
            frames += 1;
            continue;
        }
        assert!(
            reply.took() >= Duration::from_millis(12),
            "{}",
            reply.text()
        );
        reply.is("none").has("error", 0).errno(Errno::TIMEDOUT);
        timeouts += 1;
    }
    pair.tx.answer().is("sent").has("n", 20);
    pair.rx.ask("stats 0").has("timeouts", timeouts);
    pair.quit();
}

#[test]
fn point_06_the_first_dequeue_of_a_fresh_sender_gives_room_without_waiting() {
    for ends in Ends::every() {
        let mut pair = ends.connect(&small());
        let first = pair.tx.ask("dequeue 0 0 0").is("buffer");
        first.has("error", 0).has("len", 8192).has("ts", 0);
        pair.tx.ask("fill 0 100 1");
        pair.tx.ask("enqueue 0 0").has("code", 0);
        pair.receive(1, 100);
        pair.quit();
    }
}
