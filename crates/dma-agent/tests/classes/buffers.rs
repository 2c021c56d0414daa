//! A receiver with fewer buffers than frames: whose frame gets the next one.

use std::io::Write;

use dma_agent::Scheduling;
use switch::DropReason;

use crate::common::{frame, port};
use crate::tenant::{Still, assert_in_order, classes, round, weighted};

/// Frames of all classes that wait, the lowest having come first.
fn waiting(scheduling: Scheduling, of_each: u64) -> Still {
    let mut still = Still::new(scheduling);
    for class in 0..4 {
        still.sender.send(class, of_each);
        still.settle();
    }
    assert_eq!(still.receiver.receive(0), [], "no buffer was posted");
    still
}

#[test]
fn by_weight_the_buffers_of_tier_0_are_shared() {
    let mut still = waiting(weighted(), 40);
    let mut all = Vec::new();
    for _ in 0..5 {
        still.receiver.post(0, 15);
        still.settle();
        let got = still.receiver.receive(0);
        assert_eq!(classes(&got), round());
        all.extend(got);
    }
    assert_in_order(&all);
}

#[test]
fn a_receiver_that_posts_one_buffer_at_a_time_gets_the_same() {
    let mut still = waiting(weighted(), 40);
    let mut all = Vec::new();
    for _ in 0..30 {
        still.receiver.post(0, 1);
        still.settle();
        all.extend(still.receiver.receive(0));
    }
    assert_in_order(&all);
    assert_eq!(classes(&all), [round(), round()].concat());
}

#[test]
fn by_strict_order_the_highest_class_gets_all_buffers_of_tier_0() {
    let mut still = waiting(Scheduling::Strict, 40);
    let mut all = Vec::new();
    for _ in 0..4 {
        still.receiver.post(0, 25);
        still.settle();
        all.extend(still.receiver.receive(0));
    }
    assert_in_order(&all);
    let expected = [(3, 40), (2, 40), (1, 20)];
    let expected = expected.map(|(class, count)| vec![class; count]).concat();
    assert_eq!(classes(&all), expected);
}

#[test]
fn a_flood_in_a_low_class_drops_none_of_a_higher_one() {
    for scheduling in [weighted(), Scheduling::Strict] {
        let mut still = Still::new(scheduling);
        for (class, count) in [(0, 900), (3, 100), (0, 50)] {
            still.sender.send(class, count);
            still.settle();
        }
        let seen = port(&still.agent, "receiver").expect("a port");
        let full = seen.counters.dropped[DropReason::QueueFull];
        assert_eq!((seen.waiting, full), (612, 438));
        assert_eq!(seen.counters.sent, 612, "what waits is accepted");
        still.receiver.post(0, 1023);
        still.settle();
        let got = still.receiver.receive(0);
        assert_in_order(&got);
        let high: Vec<_> = got.iter().filter(|got| got.class == 3).collect();
        assert_eq!((got.len(), high.len()), (612, 100));
        let seen = port(&still.agent, "receiver").expect("a port");
        assert_eq!((seen.waiting, seen.counters.sent), (0, 612));
    }
}

#[test]
fn a_class_goes_to_its_own_tier_once_the_receiver_has_posted_there() {
    let mut still = waiting(weighted(), 10);
    still.receiver.post(3, 200);
    still.receiver.post(0, 5);
    still.settle();
    for class in [3, 2] {
        still.sender.send(class, 10);
        still.settle();
    }
    let high = still.receiver.receive(3);
    assert_eq!(classes(&high), [3; 20], "those that had waited first");
    assert_in_order(&high);
    let low = still.receiver.receive(0);
    assert_eq!(
        classes(&low),
        [2, 2, 2, 2, 1],
        "shared among those without a tier"
    );
    // Out of buffers there, it does not take those of tier 0 instead: that would change the order.
    still.sender.send(3, 200);
    still.settle();
    still.receiver.post(0, 35);
    still.settle();
    let (high, low) = (still.receiver.receive(3), still.receiver.receive(0));
    assert_eq!((high.len(), low.len()), (180, 35));
    assert!(low.iter().all(|got| got.class < 3));
}

#[test]
fn a_frame_that_turns_out_too_long_for_its_buffer_is_not_counted_as_sent() {
    let mut still = Still::new(weighted());
    let long = frame(0xFF, 0xA, 0, 3000);
    let descriptor = still.sender.raw.prepare(&long, 'B', None);
    let written = still.sender.raw.sockets[4].write(&descriptor);
    assert_eq!(written.expect("room"), descriptor.len());
    still.sender.sent[0] += 1;
    still.sender.send(0, 1);
    still.settle();
    let counted = |still: &Still| {
        let counters = port(&still.agent, "receiver").expect("a port").counters;
        let too_long = counters.dropped[DropReason::TooLong];
        (counters.sent, counters.sent_bytes, too_long)
    };
    assert_eq!(counted(&still), (2, 3060, 0), "both wait");
    still.receiver.post(0, 1);
    still.settle();
    assert_eq!(counted(&still), (1, 60, 1));
    assert_eq!(still.receiver.receive(0).len(), 1, "in the same buffer");
}
