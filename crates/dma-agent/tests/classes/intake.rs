//! A client that sends on several tiers: whose frames are taken in first.

use dma_agent::Scheduling;

use crate::tenant::{Still, assert_in_order, classes, round, weighted};

#[test]
fn by_weight_each_class_of_a_sender_gets_its_share() {
    let mut still = Still::new(weighted());
    still.receiver.post(0, 1023);
    still.settle();
    for class in 0..4 {
        still.sender.send(class, 100);
    }
    still.settle();
    let got = still.receiver.receive(0);
    assert_eq!(got.len(), 400);
    assert_in_order(&got);
    // As long as all have frames: the highest class runs out of them first, after twelve rounds.
    for (number, one) in classes(&got)[..12 * 15].chunks(15).enumerate() {
        assert_eq!(one, round(), "round {number}");
    }
}

#[test]
fn by_strict_order_a_class_of_a_sender_waits_for_all_above_it() {
    let mut still = Still::new(Scheduling::Strict);
    still.receiver.post(0, 1023);
    still.settle();
    // More than is taken in at a time.
    for class in 0..4 {
        still.sender.send(class, 250);
    }
    still.settle();
    let got = still.receiver.receive(0);
    assert_eq!(got.len(), 1000);
    assert_in_order(&got);
    assert!(classes(&got).is_sorted_by(|one, next| one >= next));
}

#[test]
fn a_class_that_is_alone_has_all_turns() {
    let mut still = Still::new(weighted());
    still.receiver.post(0, 1023);
    still.sender.send(1, 700);
    still.settle();
    assert_eq!(still.receiver.receive(0).len(), 700);
}
