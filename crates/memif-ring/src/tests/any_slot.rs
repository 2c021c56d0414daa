//! Buffers that a server of our own gives back in other slots than they came in.

use super::pair::{BUFFER, ToServer};
use crate::heap::{HeapRing, pool, regions};
use crate::{Binding, ClientProducer, Counters, Descriptor, PeerFault, SharedRing};

#[test]
fn a_held_frame_holds_up_nobody_else_between_our_own() {
    let mut pair = ToServer::to_server(2, 65_530, 4, Binding::Any);
    assert!(pair.send(10));
    pair.take(1);
    for _ in 0..100 {
        assert!(pair.send(20), "room is given back around the held frame");
        pair.take(1);
        pair.give_back(1);
        pair.audit();
    }
    pair.finish(4);
}

#[test]
fn chains_are_given_back_around_held_ones_in_any_order() {
    let mut pair = ToServer::to_server(3, 65_530, 8, Binding::Any);
    for round in 0..100 {
        while pair.send(100) || pair.send(20) {}
        pair.take(usize::MAX);
        let (middle, last) = (pair.held.len() / 2, pair.held.len() - 1);
        pair.give_back(if round % 2 == 0 { middle } else { last });
        pair.give_back(0);
        pair.audit();
    }
    pair.finish(8);
}

/// A client of four buffers with three of them published, and what its next look for room finds when the server wrote
/// this into the first slots and released them.
fn client_finds(returned: &[Descriptor]) -> Result<bool, PeerFault> {
    let (ring, counters) = (HeapRing::new(2), Counters::default());
    let memory = regions(&[4096]);
    let mut producer = ClientProducer::new(ring.clone(), pool(&memory, 0, 4, BUFFER), Binding::Any);
    for _ in 0..3 {
        let loan = producer.reserve(1).unwrap().unwrap();
        producer.stage(loan, 1, &counters);
    }
    producer.publish();
    for (index, &descriptor) in (0..).zip(returned) {
        ring.store(index, descriptor);
    }
    ring.publish_tail(u16::try_from(returned.len()).unwrap());
    let found = producer.has_room(1 + BUFFER as u64 * returned.len() as u64);
    producer.audit(&[]);
    found
}

#[test]
fn only_a_buffer_that_is_out_may_come_back() {
    let at = |offset| Descriptor {
        offset,
        ..Descriptor::default()
    };
    let foreign = |offset| Err(PeerFault::ForeignBuffer { region: 0, offset });
    assert_eq!(client_finds(&[at(0), at(64), at(128)]), Ok(true), "its own");
    assert_eq!(
        client_finds(&[at(128), at(0), at(64)]),
        Ok(true),
        "each in another slot"
    );
    assert_eq!(
        client_finds(&[at(128)]),
        Ok(true),
        "the last in the first slot"
    );
    assert_eq!(
        client_finds(&[at(192)]),
        foreign(192),
        "one that is not out"
    );
    assert_eq!(client_finds(&[at(64), at(64)]), foreign(64), "one twice");
    assert_eq!(client_finds(&[at(65)]), foreign(65), "the middle of one");
    assert_eq!(client_finds(&[at(4096)]), foreign(4096), "none");
}
