//! Point 23: a destroy takes as long as the receiver needs for what was sent, and no longer.
//!
//! A receiver of this library takes what was sent also afterwards; a stranger is waited for.

use std::time::Duration;

use memif::testing::{Layout, RawClient, Setup};
use memwire_tests::deadline::SOON;
use memwire_tests::frames::number_of;

use crate::measure::at_best;
use crate::pair::{Ends, Pair, Place, small};
use crate::puppet::Puppet;

/// How long something may take that waits for nothing, on a machine with nothing better to do.
const AT_ONCE: Duration = Duration::from_millis(15);

fn destroy(pair: &mut Pair) -> Duration {
    pair.tx.ask("destroy 0").is("destroyed").took()
}

#[test]
fn point_23_a_destroy_returns_at_once_when_the_receiver_has_taken_everything() {
    for ends in Ends::roles() {
        let took = at_best(AT_ONCE, || {
            let mut pair = ends.connect(&small());
            for number in 0..20 {
                pair.works(number);
            }
            let took = destroy(&mut pair);
            pair.quit();
            took
        });
        assert!(took < AT_ONCE, "at best {took:?}");
    }
}

#[test]
fn point_23_a_destroy_of_a_receiver_returns_at_once() {
    for ends in Ends::roles() {
        let took = at_best(AT_ONCE, || {
            let mut pair = ends.connect(&small());
            pair.fill_up(0);
            pair.rx.ask("dequeue 0 0 0").is("buffer");
            let took = pair.rx.ask("destroy 0").is("destroyed").took();
            pair.quit();
            took
        });
        assert!(took < AT_ONCE, "at best {took:?}");
    }
}

/// Also when the sender's process is gone long before.
#[test]
fn point_23_all_that_was_sent_before_a_destroy_reaches_a_slow_receiver() {
    for ends in Ends::roles() {
        let took = at_best(AT_ONCE, || {
            let mut pair = ends.connect(&small());
            let frames = pair.fill_up(0);
            assert!(frames >= 8, "{frames} frames in a ring");
            let took = destroy(&mut pair);
            pair.tx.quit();
            // 10 ms for each of up to sixteen frames.
            let got = pair.rx.ask(&format!("receive 0 {frames} 1000 10000 0"));
            let frames = i64::try_from(frames).expect("a few");
            got.is("received").has("n", frames).has("bad", 0);
            pair.rx.ask("dequeue 0 0 5000").is("none").has("error", 2);
            pair.rx.quit();
            took
        });
        assert!(took < AT_ONCE, "at best {took:?}");
    }
}

#[test]
fn point_23_a_receiver_hears_of_the_end_after_the_last_frame() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        for number in 0..5 {
            pair.send(number, 100);
        }
        destroy(&mut pair);
        for number in 0..5 {
            pair.receive(number, 100);
        }
        let end = pair.rx.ask("dequeue 0 0 5000").is("none").has("error", 2);
        end.errno(rustix::io::Errno::NOTCONN);
        pair.quit();
    }
}

#[test]
fn point_23_a_receiver_that_is_gone_holds_up_nothing() {
    for ends in Ends::roles() {
        let took = at_best(AT_ONCE, || {
            let mut pair = ends.connect(&small());
            pair.fill_up(0);
            pair.rx.process().kill();
            let took = destroy(&mut pair);
            pair.tx.quit();
            took
        });
        assert!(took < AT_ONCE, "at best {took:?}");
    }
}

/// A sender of ours with 60 pictures a second, and a receiver that knows nothing of us.
fn with_stranger() -> (Puppet, RawClient, Place) {
    let place = Place::new(Ends::USUAL, &format!("{} fps=60 video.fps=60", small()));
    let mut tx = Puppet::start();
    tx.begin(&place.create_tx(0));
    let setup = Setup::new(0).with_layout(|layout: &mut Layout| {
        layout.log2_slots = 4;
        layout.buffer_size = 8192;
    });
    let client = place.stranger(setup);
    tx.answer().is("made");
    (tx, client, place)
}

#[test]
fn point_23_a_destroy_waits_until_a_stranger_has_taken_everything_and_no_longer() {
    let late = at_best(AT_ONCE, || {
        let (mut tx, mut client, _place) = with_stranger();
        tx.ask("send 0 10 100 0 0").is("sent").has("n", 10);
        tx.begin("destroy 0");
        for number in 0..10 {
            // Not to hide a race: this is a slow receiver.
            std::thread::sleep(Duration::from_millis(15));
            let frame = client.rx(0).recv(SOON).expect("a frame");
            assert_eq!(number_of(&frame), Some(number));
        }
        let done = memwire_tests::deadline::monotonic();
        let destroyed = tx.answer().is("destroyed");
        let least = Duration::from_millis(100);
        assert!(destroyed.took() >= least, "{:?}", destroyed.took());
        tx.quit();
        destroyed.duration("at").saturating_sub(done)
    });
    assert!(late < AT_ONCE, "at best {late:?} after the last frame");
}

#[test]
fn point_23_a_destroy_returns_at_once_when_a_stranger_has_taken_everything() {
    let took = at_best(AT_ONCE, || {
        let (mut tx, mut client, _place) = with_stranger();
        tx.ask("send 0 10 100 0 0").is("sent").has("n", 10);
        for _ in 0..10 {
            client.rx(0).recv(SOON).expect("a frame");
        }
        let took = tx.ask("destroy 0").is("destroyed").took();
        tx.quit();
        took
    });
    assert!(took < AT_ONCE, "at best {took:?}");
}

#[test]
fn point_23_a_stranger_that_takes_nothing_holds_a_destroy_up_for_a_second() {
    let (mut tx, _client, _place) = with_stranger();
    tx.ask("send 0 10 100 0 0").is("sent").has("n", 10);
    let took = tx.ask("destroy 0").is("destroyed").took();
    let second = Duration::from_secs(1);
    assert!(took >= second && took < 2 * second, "{took:?}");
    tx.quit();
}

#[test]
fn point_23_a_stranger_that_dies_ends_the_wait_of_a_destroy() {
    let (mut tx, client, _place) = with_stranger();
    tx.ask("send 0 10 100 0 0").is("sent").has("n", 10);
    tx.begin("destroy 0");
    tx.is_waiting();
    drop(client);
    let took = tx.answer().is("destroyed").took();
    assert!(took < Duration::from_millis(900), "{took:?}");
    tx.quit();
}
