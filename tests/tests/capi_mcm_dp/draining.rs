//! Point 23: a destroy takes as long as the receiver needs for what was sent, and no longer.

use std::time::Duration;

use crate::pair::{Ends, Pair, small};

/// How much later than the last frame a destroy may return, on a machine with nothing better to do.
const AT_ONCE: Duration = Duration::from_millis(15);

fn destroy(pair: &mut Pair) -> Duration {
    pair.tx.ask("destroy 0").is("destroyed").took()
}

/// The shortest of several, since the machine may be busy in some of them.
fn at_best(mut measure: impl FnMut() -> Duration) -> Duration {
    (0..5).map(|_| measure()).min().expect("five")
}

#[test]
fn point_23_a_destroy_returns_at_once_when_the_receiver_has_taken_everything() {
    for ends in Ends::roles() {
        let took = at_best(|| {
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
        let took = at_best(|| {
            let mut pair = ends.connect(&small());
            pair.fill_up(0);
            pair.rx.ask("dequeue 0 0 0").is("buffer");
            let took = pair.rx.ask("destroy 0").is("destroyed").took();
            pair.tx.quit();
            pair.rx.quit();
            took
        });
        assert!(took < AT_ONCE, "at best {took:?}");
    }
}

#[test]
fn point_23_all_that_was_sent_before_a_destroy_reaches_a_slow_receiver() {
    for ends in Ends::roles() {
        let late = at_best(|| {
            let mut pair = ends.connect(&small());
            let frames = pair.fill_up(0);
            assert!(frames >= 8, "{frames} frames in a ring");
            pair.tx.begin("destroy 0");
            // 20 ms for each of up to sixteen frames.
            let got = pair.rx.ask(&format!("receive 0 {frames} 1000 20000 0"));
            let frames = i64::try_from(frames).expect("a few");
            let got = got.is("received").has("n", frames).has("bad", 0);
            let done = pair.tx.answer().is("destroyed");
            assert!(
                done.took() >= Duration::from_millis(100),
                "destroyed after {:?} with frames on their way",
                done.took()
            );
            pair.tx.quit();
            pair.rx.quit();
            Duration::from_micros((done.number("at") - got.number("at")).max(0).unsigned_abs())
        });
        assert!(late < AT_ONCE, "at best {late:?} after the last frame");
    }
}

#[test]
fn point_23_a_receiver_hears_of_the_end_after_the_last_frame() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        for number in 0..5 {
            pair.send(number, 100);
        }
        pair.tx.begin("destroy 0");
        for number in 0..5 {
            pair.receive(number, 100);
        }
        pair.rx.ask("dequeue 0 0 5000").is("none").has("error", 2);
        pair.tx.answer().is("destroyed");
        pair.quit();
    }
}

#[test]
fn point_23_a_receiver_that_takes_nothing_holds_a_destroy_up_for_a_second() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        pair.fill_up(0);
        let took = destroy(&mut pair);
        let second = Duration::from_secs(1);
        assert!(took >= second && took < 2 * second, "{took:?}");
        pair.quit();
    }
}

#[test]
fn point_23_a_receiver_that_is_gone_holds_up_nothing() {
    for ends in Ends::roles() {
        let took = at_best(|| {
            let mut pair = ends.connect(&small());
            pair.fill_up(0);
            pair.rx.process().kill();
            pair.tx.notices_the_end();
            let took = destroy(&mut pair);
            pair.tx.quit();
            took
        });
        assert!(took < AT_ONCE, "at best {took:?}");
    }
}

/// Dies while it is waited for.
#[test]
fn point_23_a_receiver_that_dies_ends_the_wait_of_a_destroy() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        pair.fill_up(0);
        pair.tx.begin("destroy 0");
        pair.tx.is_waiting();
        pair.rx.process().kill();
        let took = pair.tx.answer().is("destroyed").took();
        assert!(took < Duration::from_millis(900), "{took:?}");
        pair.tx.quit();
    }
}
