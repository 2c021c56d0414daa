//! Point 13: sequence numbers and timestamps.

use crate::pair::{Ends, Pair, small};

/// Sends one frame with this metadata.
fn send(pair: &mut Pair, sequence: u16, timestamp: u32) {
    pair.tx.ask("dequeue 0 0 1000").is("buffer");
    pair.tx.ask("fill 0 100 1");
    pair.tx.ask(&format!("meta 0 {sequence} {timestamp}"));
    pair.tx.ask("enqueue 0 0").has("code", 0);
}

#[track_caller]
fn receive(pair: &mut Pair, sequence: u16, timestamp: u32) {
    let frame = pair.rx.ask("dequeue 0 0 1000").is("buffer").has("len", 100);
    frame
        .has("seq", sequence.into())
        .has("ts", timestamp.into());
    pair.rx.ask("enqueue 0 0").has("code", 0);
}

#[test]
fn point_13_sequence_numbers_and_timestamps_arrive_as_they_were_set() {
    for ends in Ends::every() {
        let mut pair = ends.connect(&small());
        let frames = [
            (0, 0),
            (7, 90_000),
            (65_535, u32::MAX),
            (0, 0),
            (1, 1),
            (0x8000, 0x8000_0000),
            (1, 0),
        ];
        for (sequence, timestamp) in frames {
            send(&mut pair, sequence, timestamp);
            receive(&mut pair, sequence, timestamp);
        }
        pair.quit();
    }
}

#[test]
fn point_13_the_number_of_a_frame_goes_from_65535_to_0_and_none_is_lost() {
    let mut pair = Ends::USUAL.connect(&small());
    for sequence in [65_533, 65_534, 65_535, 0, 1, 2] {
        send(&mut pair, sequence, 5);
        receive(&mut pair, sequence, 5);
    }
    pair.rx.ask("stats 0").has("lost", 0).has("frames", 6);
    // 3 and 4 are missing.
    send(&mut pair, 5, 5);
    receive(&mut pair, 5, 5);
    pair.rx.ask("stats 0").has("lost", 2);
    pair.quit();
}

#[test]
fn point_13_metadata_that_is_left_alone_counts_the_frames() {
    for ends in Ends::roles() {
        let mut pair = ends.connect("payload=0 width=8 height=4");
        for number in 0..5 {
            let room = pair.tx.ask("dequeue 0 0 1000").is("buffer");
            room.has("seq", number).has("ts", 0);
            pair.tx.ask("fill 0 100 1");
            pair.tx.ask("enqueue 0 0").has("code", 0);
            let frame = pair.rx.ask("dequeue 0 0 1000").is("buffer");
            frame.has("seq", number).has("ts", 0);
            pair.rx.ask("enqueue 0 0").has("code", 0);
        }
        pair.quit();
    }
}

#[test]
fn point_13_the_count_of_untouched_frames_wraps_too() {
    let mut pair = Ends::USUAL.connect("payload=0 width=8 height=4");
    pair.rx.begin("receive 0 65600 5000 0 0");
    pair.tx
        .ask("send 0 65600 30 0 0")
        .is("sent")
        .has("n", 65_600);
    let got = pair.rx.answer().is("received").has("n", 65_600);
    got.has("bad", 0).has("seq_breaks", 0).has("last_seq", 63);
    pair.rx.ask("stats 0").has("lost", 0);
    pair.quit();
}

#[test]
fn point_13_frames_sent_out_of_order_keep_their_own_metadata() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        for buffer in 0..4 {
            pair.tx
                .ask(&format!("dequeue 0 {buffer} 1000"))
                .is("buffer");
            pair.tx.ask(&format!("fill {buffer} 100 {buffer}"));
            let (sequence, timestamp) = (10 + buffer, 1000 * buffer);
            pair.tx
                .ask(&format!("meta {buffer} {sequence} {timestamp}"));
        }
        for buffer in [2, 3, 0, 1] {
            pair.tx.ask(&format!("enqueue 0 {buffer}")).has("code", 0);
        }
        for buffer in [2, 3, 0, 1] {
            let frame = pair.rx.ask("dequeue 0 0 1000").is("buffer");
            frame.has("seq", 10 + buffer).has("ts", 1000 * buffer);
            pair.rx.ask("check 0").has("number", buffer);
            pair.rx.ask("enqueue 0 0").has("code", 0);
        }
        pair.rx.ask("stats 0").has("lost", 0);
        pair.quit();
    }
}

/// A program that leaves the numbers alone says each once, in whatever order it sends.
#[test]
fn point_13_numbers_that_are_left_alone_are_given_once_each() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        let mut numbers = Vec::new();
        for _ in 0..3 {
            for buffer in 0..3 {
                let room = pair
                    .tx
                    .ask(&format!("dequeue 0 {buffer} 1000"))
                    .is("buffer");
                room.has("error", 0);
                pair.tx.ask(&format!("fill {buffer} 100 {buffer}"));
            }
            for buffer in [2, 1, 0] {
                pair.tx.ask(&format!("enqueue 0 {buffer}")).has("code", 0);
                let frame = pair.rx.ask("dequeue 0 0 1000").is("buffer");
                numbers.push(frame.number("seq"));
                pair.rx.ask("enqueue 0 0").has("code", 0);
            }
        }
        assert_eq!(numbers, [2, 1, 0, 5, 4, 3, 8, 7, 6]);
        pair.rx.ask("stats 0").has("lost", 0);
        pair.quit();
    }
}

#[test]
fn point_13_the_number_of_a_buffer_that_is_cancelled_is_used_again() {
    let mut pair = Ends::USUAL.connect(&small());
    for expected in 0..3 {
        pair.tx
            .ask("dequeue 0 0 1000")
            .is("buffer")
            .has("seq", expected);
        pair.tx.ask("cancel 0 0").has("code", 0);
        let room = pair.tx.ask("dequeue 0 0 1000").is("buffer");
        room.has("seq", expected);
        pair.tx.ask("fill 0 100 1");
        pair.tx.ask("enqueue 0 0").has("code", 0);
        let frame = pair.rx.ask("dequeue 0 0 1000").is("buffer");
        frame.has("seq", expected);
        pair.rx.ask("enqueue 0 0").has("code", 0);
    }
    pair.quit();
}

/// Several frames that a receiver holds at once each have their own.
#[test]
fn point_13_metadata_stays_with_a_buffer_that_is_held() {
    let mut pair = Ends::USUAL.connect(&small());
    for number in 0..4 {
        send(&mut pair, 100 + number, u32::from(number));
        let command = format!("dequeue 0 {number} 1000");
        let frame = pair.rx.ask(&command).is("buffer");
        frame.has("seq", (100 + number).into());
    }
    for number in [2, 0, 3, 1] {
        pair.rx.ask(&format!("enqueue 0 {number}")).has("code", 0);
    }
    pair.quit();
}
