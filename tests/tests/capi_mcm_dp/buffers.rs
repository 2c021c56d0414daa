//! Points 7 and 8: several buffers at once, in any order.

use crate::pair::{Ends, Pair, receive, send, small};
use crate::puppet::Puppet;

/// Buffer `buffer` holds this frame, whole.
#[track_caller]
fn holds(puppet: &mut Puppet, buffer: u64, number: u64) {
    let number = i64::try_from(number).expect("a small number");
    let frame = puppet.ask(&format!("check {buffer}")).is("frame");
    frame.has("number", number).has("wrong", -1);
}

/// The receiver takes frames into the buffers of the same numbers, and keeps them.
fn hold(pair: &mut Pair, numbers: std::ops::Range<u64>) {
    for number in numbers {
        pair.send(number, 8192);
        pair.rx
            .ask(&format!("dequeue 0 {number} 1000"))
            .is("buffer");
        holds(&mut pair.rx, number, number);
    }
}

#[test]
fn point_07_buffers_given_back_out_of_order_leave_those_still_held_alone() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        hold(&mut pair, 0..6);
        for number in [4, 1, 5] {
            pair.rx.ask(&format!("enqueue 0 {number}")).has("code", 0);
        }
        // As many more as it lets the sender send.
        let more = pair.fill_up(100);
        assert!(
            more >= 8,
            "{more} frames while three of sixteen buffers are held"
        );
        for number in 100..100 + more {
            pair.rx.ask("dequeue 0 50 1000").is("buffer");
            holds(&mut pair.rx, 50, number);
            pair.rx.ask("enqueue 0 50").has("code", 0);
            for held in [0, 2, 3] {
                holds(&mut pair.rx, held, held);
            }
        }
        pair.rx.ask("stats 0").has("held", 3);
        for number in [3, 0, 2] {
            pair.rx.ask(&format!("enqueue 0 {number}")).has("code", 0);
        }
        pair.rx.begin("receive 0 100 5000 0 200");
        let sent = pair.tx.ask("send 0 100 8192 0 200").is("sent");
        sent.has("n", 100);
        let got = pair.rx.answer().has("n", 100).has("bad", 0);
        got.has("seq_breaks", 0);
        pair.quit();
    }
}

/// One buffer that is never given back, and a stream that wants to go on.
#[test]
fn point_07_a_buffer_held_for_long_is_not_overwritten_by_a_stream() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        hold(&mut pair, 0..1);
        let mut number = 1;
        while number < 200 {
            let more = pair.fill_up(number);
            if more == 0 {
                break;
            }
            for number in number..number + more {
                pair.receive(number, 100);
            }
            number += more;
        }
        assert!(number >= 15, "{number} frames");
        holds(&mut pair.rx, 0, 0);
        pair.rx.ask("enqueue 0 0").has("code", 0);
        pair.works(7);
        pair.quit();
    }
}

#[test]
fn point_07_all_buffers_may_be_held_and_given_back_in_reverse() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        for round in 0..5 {
            let sent = pair.fill_up(10 * round);
            for index in 0..sent {
                pair.rx.ask(&format!("dequeue 0 {index} 1000")).is("buffer");
            }
            pair.tx.ask("dequeue 0 0 0").is("none").has("error", 3);
            pair.rx.ask("dequeue 0 99 0").is("none").has("error", 0);
            for index in (0..sent).rev() {
                holds(&mut pair.rx, index, 10 * round + index);
                pair.rx.ask(&format!("enqueue 0 {index}")).has("code", 0);
            }
        }
        pair.works(1);
        pair.quit();
    }
}

#[test]
fn point_08_several_transmit_buffers_go_out_in_the_order_in_which_they_are_sent() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        for round in 0..10 {
            for buffer in 0..5 {
                pair.tx
                    .ask(&format!("dequeue 0 {buffer} 1000"))
                    .is("buffer");
                let number = 100 * round + buffer;
                pair.tx.ask(&format!("fill {buffer} 8192 {number}"));
            }
            for buffer in [3, 0, 4, 2, 1] {
                pair.tx.ask(&format!("enqueue 0 {buffer}")).has("code", 0);
            }
            for buffer in [3, 0, 4, 2, 1] {
                pair.receive(100 * round + buffer, 8192);
            }
        }
        pair.tx.ask("stats 0").has("held", 0).has("frames", 50);
        pair.quit();
    }
}

/// Nothing is sent by itself, and what goes out first does not wait for what was lent first.
#[test]
fn point_08_a_buffer_that_is_kept_does_not_hold_up_those_sent_after_it() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        pair.tx.ask("dequeue 0 0 1000").is("buffer");
        pair.tx.ask("fill 0 8192 1000");
        for number in 0..40 {
            pair.send(number, 200);
            pair.receive(number, 200);
        }
        holds(&mut pair.tx, 0, 1000);
        pair.tx.ask("enqueue 0 0").has("code", 0);
        pair.receive(1000, 8192);
        pair.quit();
    }
}

#[test]
fn point_08_a_cancelled_buffer_is_not_sent_and_is_room_again() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        for round in 0..50 {
            pair.tx.ask("dequeue 0 0 1000").is("buffer");
            pair.tx.ask("dequeue 0 1 1000").is("buffer");
            pair.tx.ask("fill 0 100 666");
            pair.tx.ask(&format!("fill 1 100 {round}"));
            pair.tx.ask("cancel 0 0").has("code", 0);
            pair.tx.ask("enqueue 0 1").has("code", 0);
            pair.receive(round, 100);
        }
        pair.tx
            .ask("stats 0")
            .has("cancelled", 50)
            .has("frames", 50);
        pair.quit();
    }
}

#[test]
fn point_08_the_functions_of_the_context_are_those_of_the_library() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        for puppet in [&mut pair.tx, &mut pair.rx] {
            puppet.ask("via pointers");
        }
        for number in 0..40 {
            send(&mut pair.tx, 0, number, 8192);
            receive(&mut pair.rx, 0, number, 8192);
        }
        pair.rx.ask("dequeue 0 0 0").is("none").has("error", 0);
        pair.quit();
    }
}
